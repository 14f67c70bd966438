"""Treatments in words: what was prescribed, and whether it helped.

The words are in the language of whoever trains, and recorded with the treatment. Who reads them later in another one
gets what was prescribed by `words_of`.
"""

from collections.abc import Callable, Sequence

from ...events import Prescription, Treatment
from ...formatting import display_name, format_number, format_percent
from ...translation import ENGLISH, N_, _, language
from ..describe import title
from ..diagnosis.diagnoses import DIAGNOSES

PENALTY_NAMES = {
    "r1": "R1",
    "r2": "R2",
    "r1_r2": N_("R1 and R2"),
    "approximate_r1": N_("approximate R1"),
    "approximate_r1_r2": N_("approximate R1 and R2"),
    "gradient": N_("the gradient penalty"),
    "none": N_("none"),
}
LOSS_NAMES = {
    "bce": N_("the non-saturating loss"),
    "saturating": N_("the saturating loss"),
    "hinge": N_("the hinge loss"),
    "least_squares": N_("least squares"),
    "wasserstein": N_("the Wasserstein loss"),
    "relativistic": N_("the relativistic loss"),
    "relativistic_hinge": N_("the relativistic hinge loss"),
}


def penalty_name(name: str) -> str:
    """Return the name of a penalty for people; for one of a later release, its name."""
    return _(PENALTY_NAMES.get(name, name))


def loss_name(name: str) -> str:
    """Return the name of a loss for people; for one of a later release, its name."""
    return _(LOSS_NAMES[name]) if name in LOSS_NAMES else _("the loss {name}").format(name=name)


def _lr(it: Prescription) -> str:
    text = (
        _("halved the {network}'s learning rate")
        if it.value == 0.5
        else _("multiplied the {network}'s learning rate by {factor}")
    )
    return text.format(network=display_name(it.network), factor=format_number(it.value))


def _rollback(it: Prescription) -> str:
    if it.name == f"step {it.step:,}":
        return _("went back to step {step:,}").format(step=it.step)
    if it.name:
        return _("went back to {name}").format(name=it.name)
    return _("went back to the last healthy checkpoint")


TEXTS: dict[str, Callable[[Prescription], str]] = {
    "lr": _lr,
    "beta1": lambda it: _("set the {network}'s beta1 to {value}").format(
        network=display_name(it.network), value=format_number(it.value)
    ),
    "d_skip": lambda it: _("paused the discriminator whenever its loss is below {value}").format(
        value=format_number(it.value)
    ),
    "n_critic": lambda it: _("took {count:.0f} discriminator steps per generator step").format(count=it.value),
    "penalty": lambda it: _("set the penalty to {name} with gamma {gamma}").format(
        name=penalty_name(it.name), gamma=format_number(it.value)
    ),
    "loss": lambda it: _("switched to {loss}").format(loss=loss_name(it.name)),
    "augment": lambda it: _("augmented {share} of what the discriminator sees").format(share=format_percent(it.value)),
    "instance_noise": lambda it: _("added noise of {std} to what the discriminator sees").format(
        std=format_number(it.value)
    ),
    "batch_size": lambda it: _("set the batch size to {count:.0f}").format(count=it.value),
    "grad_accum": lambda it: _("accumulated the gradients of {count:.0f} steps for each update").format(count=it.value),
    "pace": lambda it: _("planned {factor} times as many of the steps to come").format(factor=format_number(it.value)),
    "extend": lambda it: _("went on for {count:.0f} steps more").format(count=it.value),
    "pac": lambda it: _("showed the discriminator {count:.0f} pictures at a time").format(count=it.value),
    "reinit_dead_units": lambda it: _("drew new weights for the dead units of the {network}").format(
        network=display_name(it.network)
    ),
    "rollback": _rollback,
    "restart_phase": lambda it: _("restarted this phase of the training"),
    "reinitialize": lambda it: _("restarted with new weights"),
    "stop": lambda it: _("stopped"),
}


def words_of(treatment: Treatment) -> str:
    """Return what was done, in the reader's language; as it was recorded where that is English, or tells more."""
    can_be_told = treatment.prescriptions and not treatment.outcome and treatment.prescriptions[-1].kind != "stop"
    if language() == ENGLISH or not can_be_told:
        return treatment.text
    return describe_prescriptions(treatment.prescriptions)


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
        text = _("{title}: the samples were better before the treatment. It was undone: went back to step {step:,}.")
    else:
        text = _("{title}: the treatment helped.") if outcome == "helped" else _("{title}: the treatment did not help.")
    return text.format(title=title(diagnosis), step=aside)


def describe_stop(diagnosis: str, treatments: Sequence[Treatment]) -> str:
    """Return why the training ends, what was tried, and what a person can do."""
    texts = (treatment.text.rstrip(".") for treatment in treatments)
    tried = "; ".join(f"{text[:1].lower()}{text[1:]}" for text in texts) or _("nothing that could help")
    return _("Stopped: {problem} could not be cured. Tried: {tried}. What you can do: {advice}").format(
        problem=title(diagnosis).lower(), tried=tried, advice=_(DIAGNOSES[diagnosis].advice)
    )
