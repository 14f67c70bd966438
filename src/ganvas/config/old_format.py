"""Configurations that older releases wrote, as this one would have written them."""

from typing import Any

# Old name: new name, of the fields of each part of a format 2 configuration (release 0.1).
TOP = {
    "latent": "z_dim",
    "width": "channel_mult",
    "optimisers": "optimizers",
    "warm_start": "autoencoder",
    "compiled": "compile",
    "adapt": "ada",
    "styles": "stylegan",
    "origin": "init_from",
    "frozen": "freeze_d",
    "ema": "ema_half_life",
    "asked_images": "total_images",
    "sheets": "sample_grids",
    "patience": "slow_start_images",
    "examinations": "health_checks",
    "images_per_examination": "images_per_health_check",
}
PARTS = {
    "data": {"labels": "conditional"},
    "penalty": {"every": "interval"},
    "balance": {
        "critic": "n_critic",
        "skip_below": "d_skip_below_loss",
        "augmented": "augment_p",
        "noise": "instance_noise_std",
        "accumulate": "grad_accum_steps",
        "pack": "pac",
    },
    "ada": {"images": "speed_images", "most": "max_p", "least": "min_p"},
    "anneal": {
        "rate": "lr_factor",
        "forgetting": "one_minus_beta2_factor",
        "gamma": "gamma_factor",
        "augments": "ramps_augment_p",
    },
    "stylegan": {"mixing": "style_mixing_prob", "path_weight": "pl_weight", "path_every": "pl_interval"},
    "autoencoder": {
        "code_noise": "code_noise_std",
        "most_codes": "max_codes",
        "adversarial": "adversarial_weight",
        "imagined": "prior_fraction",
    },
}
PHASE = {
    "share": "time_share",
    "cost": "relative_step_cost",
    "ramp": "warmup_steps",
    "floor": "final_lr_factor",
    "most": "max_steps",
    "most_after": "max_steps_until",
    "most_left": "min_max_steps",
    "fade": "fade_in",
}
OPTIMIZER = {"learning_rate": "lr"}


def upgrade(record: object, format: int) -> object:
    """Return a configuration of an older release with today's names; what is not one comes back as it is.

    Args:
        format: today's.
    """
    if not isinstance(record, dict):
        return record
    if record.get("format") == 1:  # scored at each checkpoint or never
        scored = record.pop("scored", False)
        record = record | {"format": 2, "evaluations": record.get("checkpoints", 0) if scored else 0}
    if record.get("format") != 2:
        return record
    new = _renamed(record, TOP) | {"format": format}
    for part, names in PARTS.items():
        if part in new:
            new[part] = _renamed(new[part], names)
    if isinstance(new.get("phases"), list):
        new["phases"] = [_renamed(phase, PHASE) for phase in new["phases"]]
    if isinstance(new.get("optimizers"), dict):
        new["optimizers"] = {name: _renamed(each, OPTIMIZER) for name, each in new["optimizers"].items()}
    return new


def _renamed(part: Any, names: dict[str, str]) -> Any:
    """Return a part with its keys renamed; what is no object is left for the reader to refuse."""
    return {names.get(key, key): value for key, value in part.items()} if isinstance(part, dict) else part
