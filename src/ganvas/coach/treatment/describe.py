"""What was prescribed, in words: one sentence, as a person would tell it."""

from collections.abc import Callable, Sequence

from ...events import Prescription, Treated
from ...formatting import number, percent
from ..describe import title
from ..diagnosis.diagnoses import SICKNESSES

NAMES = {
    "r1": "R1", "r2": "R2", "r1_r2": "R1 and R2", "approximate_r1": "approximate R1",
    "approximate_r1_r2": "approximate R1 and R2", "gradient": "the gradient penalty", "none": "none",
}  # fmt: skip
LOSSES = {"bce": "the usual loss, whose gradient does not vanish", "relativistic": "the relativistic loss"}


def _rate(order: Prescription) -> str:
    whose = f"the {order.network}'s learning rate"
    return f"halved {whose}" if order.value == 0.5 else f"multiplied {whose} by {number(order.value)}"


def _penalty(order: Prescription) -> str:
    return f"set the penalty to {NAMES.get(order.name, order.name)} with gamma {number(order.value)}"


TOLD: dict[str, Callable[[Prescription], str]] = {
    "rate": _rate,
    "beta1": lambda order: f"set the {order.network}'s beta1 to {number(order.value)}",
    "skip": lambda order: f"let the discriminator rest while its loss is below {number(order.value)}",
    "critic": lambda order: f"take {order.value:.0f} steps of the discriminator to one of the generator",
    "penalty": _penalty,
    "loss": lambda order: f"took {LOSSES.get(order.name, f'the loss {order.name}')}",
    "augment": lambda order: f"augmented {percent(order.value)} of what the discriminator sees",
    "noise": lambda order: f"put noise of {number(order.value)} on what the discriminator sees",
    "batch": lambda order: f"took batches of {order.value:.0f} pictures",
    "accumulate": lambda order: f"gathered the gradients of {order.value:.0f} steps before each move",
    "pack": lambda order: f"showed the discriminator {order.value:.0f} pictures at once",
    "revive": lambda order: f"drew the dead units of the {order.network} anew",
    "back": lambda order: f"went back to {order.name or 'the last healthy checkpoint'}",
    "again": lambda order: "began this phase of the training again",
    "afresh": lambda order: "began afresh with new weights",
    "stop": lambda order: "stopped",
}


def treatment_text(orders: Sequence[Prescription]) -> str:
    """Return what was done: "Went back to the last healthy checkpoint, halved the generator's learning rate."."""
    told = ", ".join(TOLD[order.kind](order) if order.kind in TOLD else order.kind for order in orders)
    return f"{told[:1].upper()}{told[1:]}."


def judged_text(sickness: str, outcome: str) -> str:
    """Return what came of it: "Mode collapse: what was done helped."."""
    return f"{title(sickness)}: what was done {'helped' if outcome == 'helped' else 'did not help'}."


def stopped_text(sickness: str, given: Sequence[Treated]) -> str:
    """Return why nothing more is tried, and what was."""
    texts = (event.text.rstrip(".") for event in given)
    tried = "; ".join(f"{text[:1].lower()}{text[1:]}" for text in texts) or "nothing that could help"
    known = SICKNESSES[sickness]
    return f"Stopped: {known.title.lower()} could not be cured. Tried: {tried}. By hand: {known.by_hand}"
