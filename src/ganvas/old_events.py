"""Names that release 0.1 wrote into events.jsonl and checkpoints, and what they are called now."""

from typing import Any

EVENTS = {
    "Samples": "SampleGrid",
    "Scored": "Score",
    "Logits": "LogitHistograms",
    "Saved": "CheckpointSaved",
    "Signs": "HealthCheck",
    "Treated": "Treatment",
}
FIELDS = {
    "images": "images_seen",
    "oscillation": "loss_std",
    "values": "metrics",
    "lost": "modes_lost",
    "sickness": "diagnosis",
    "rung": "level",
}
EVIDENCE_FIELDS = {"sign": "metric", "was": "before"}
METRICS = {
    "pictures": "dataset_size",
    "batch": "batch_size",
    "latent": "latent_dim",
    "patience": "slow_start_images",
    "told_apart": "d_pair_accuracy",
    "remembered": "d_train_vs_heldout",
    "logit_size": "logit_magnitude",
    "generator_gradient": "generator_gradient_rms",
    "discriminator_gradient": "discriminator_gradient_rms",
    "generator_reach": "generator_lr_to_weight_ratio",
    "discriminator_reach": "discriminator_lr_to_weight_ratio",
    "generator_update": "generator_update_ratio",
    "discriminator_update": "discriminator_update_ratio",
    "generator_dead": "generator_dead_units",
    "discriminator_dead": "discriminator_dead_units",
    "distance": "feature_distance",
}
LOSS_STD = ("_swing", "_loss_std")  # suffixes: a user's own loop may have a loss of any name
PRESCRIPTIONS = {
    "rate": "lr",
    "skip": "d_skip",
    "critic": "n_critic",
    "noise": "instance_noise",
    "batch": "batch_size",
    "accumulate": "grad_accum",
    "pack": "pac",
    "revive": "reinit_dead_units",
    "back": "rollback",
    "again": "restart_phase",
    "afresh": "reinitialize",
}


def upgrade_event(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record of an event with today's names; one that has them already comes back as it is."""
    if "images" not in record:  # every event of 0.1 whose names have changed has this field, and no event has it now
        return record
    new = {FIELDS.get(name, name): value for name, value in record.items()}
    new["event"] = EVENTS.get(record["event"], record["event"])
    if "metrics" in new:
        new["metrics"] = {_metric(name): value for name, value in new["metrics"].items()}
    if "evidence" in new:
        new["evidence"] = [_upgrade_evidence(item) for item in new["evidence"]]
    if "prescriptions" in new:
        new["prescriptions"] = [upgrade_prescription(item) for item in new["prescriptions"]]
    return new


def upgrade_prescription(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record of a prescription with today's kinds; no kind of 0.1 means something else now."""
    return {**record, "kind": PRESCRIPTIONS.get(record["kind"], record["kind"])}


def _upgrade_evidence(record: dict[str, Any]) -> dict[str, Any]:
    new = {EVIDENCE_FIELDS.get(name, name): value for name, value in record.items()}
    return {**new, "metric": _metric(new["metric"])}


def _metric(name: str) -> str:
    old, new = LOSS_STD
    return name.removesuffix(old) + new if name.endswith(old) else METRICS.get(name, name)
