"""Treatments in words: what was prescribed, and whether it helped."""

from collections.abc import Callable, Sequence

from ...events import Prescription, Treatment
from ...formatting import format_number, format_percent
from ..describe import title
from ..diagnosis.diagnoses import DIAGNOSES

PENALTY_NAMES = {
    "r1": "R1", "r2": "R2", "r1_r2": "R1 and R2", "approximate_r1": "approximate R1",
    "approximate_r1_r2": "approximate R1 and R2", "gradient": "the gradient penalty", "none": "none",
}  # fmt: skip
LOSS_NAMES = {
    "bce": "the non-saturating loss",
    "saturating": "the saturating loss",
    "hinge": "the hinge loss",
    "least_squares": "least squares",
    "wasserstein": "the Wasserstein loss",
    "relativistic": "the relativistic loss",
    "relativistic_hinge": "the relativistic hinge loss",
}


def _lr(prescription: Prescription) -> str:
    rate = f"the {prescription.network}'s learning rate"
    halved = prescription.value == 0.5
    return f"halved {rate}" if halved else f"multiplied {rate} by {format_number(prescription.value)}"


def _penalty(prescription: Prescription) -> str:
    name = PENALTY_NAMES.get(prescription.name, prescription.name)
    return f"set the penalty to {name} with gamma {format_number(prescription.value)}"


TEXTS: dict[str, Callable[[Prescription], str]] = {
    "lr": _lr,
    "beta1": lambda it: f"set the {it.network}'s beta1 to {format_number(it.value)}",
    "d_skip": lambda it: f"paused the discriminator whenever its loss is below {format_number(it.value)}",
    "n_critic": lambda it: f"took {it.value:.0f} discriminator steps per generator step",
    "penalty": _penalty,
    "loss": lambda it: f"switched to {LOSS_NAMES.get(it.name, f'the loss {it.name}')}",
    "augment": lambda it: f"augmented {format_percent(it.value)} of what the discriminator sees",
    "instance_noise": lambda it: f"added noise of {format_number(it.value)} to what the discriminator sees",
    "batch_size": lambda it: f"set the batch size to {it.value:.0f}",
    "grad_accum": lambda it: f"accumulated the gradients of {it.value:.0f} steps for each update",
    "pace": lambda it: f"planned {format_number(it.value)} times as many of the steps to come",
    "extend": lambda it: f"went on for {it.value:.0f} steps more",
    "pac": lambda it: f"showed the discriminator {it.value:.0f} pictures at a time",
    "reinit_dead_units": lambda it: f"drew new weights for the dead units of the {it.network}",
    "rollback": lambda it: f"went back to {it.name or 'the last healthy checkpoint'}",
    "restart_phase": lambda it: "restarted this phase of the training",
    "reinitialize": lambda it: "restarted with new weights",
    "stop": lambda it: "stopped",
}


def describe_prescriptions(prescriptions: Sequence[Prescription]) -> str:
    """Return what was done: "Went back to the last healthy checkpoint, halved the generator's learning rate."."""
    text = ", ".join(TEXTS[each.kind](each) if each.kind in TEXTS else each.kind for each in prescriptions)
    return f"{text[:1].upper()}{text[1:]}."


def describe_outcome(diagnosis: str, outcome: str, aside: int = 0) -> str:
    """Return the outcome of a treatment: "Mode collapse: the treatment helped.".

    Args:
        aside: step of the state before the treatment, to which it went back if that is undone.
    """
    if outcome == "undone":
        return (
            f"{title(diagnosis)}: the samples were better before the treatment. It was undone: went back to step "
            f"{aside:,}."
        )
    return f"{title(diagnosis)}: the treatment {'helped' if outcome == 'helped' else 'did not help'}."


def describe_stop(diagnosis: str, treatments: Sequence[Treatment]) -> str:
    """Return why the training ends, what was tried, and what a person can do."""
    texts = (treatment.text.rstrip(".") for treatment in treatments)
    tried = "; ".join(f"{text[:1].lower()}{text[1:]}" for text in texts) or "nothing that could help"
    known = DIAGNOSES[diagnosis]
    return f"Stopped: {known.title.lower()} could not be cured. Tried: {tried}. What you can do: {known.advice}"
