"""What only the author of a loop can do in it, in words."""

from collections.abc import Callable

from ...events import Prescription
from ...formatting import format_number, format_percent
from ..treatment.describe import LOSS_NAMES, PENALTY_NAMES

TEXTS: dict[str, Callable[[Prescription], str]] = {
    "lr": lambda it: f"Multiply the {it.network}'s learning rate by {format_number(it.value)}.",
    "beta1": lambda it: f"Set the {it.network}'s beta1 to {format_number(it.value)}.",
    "d_skip": lambda it: f"Pause the discriminator while the mean of its loss is below {format_number(it.value)}.",
    "n_critic": lambda it: f"Take {it.value:.0f} steps of the discriminator to one of the generator.",
    "penalty": lambda it: (
        f"Add {PENALTY_NAMES.get(it.name, it.name)} with gamma {format_number(it.value)} to the discriminator's loss."
    ),
    "loss": lambda it: f"Switch to {LOSS_NAMES.get(it.name, f'the loss {it.name}')}.",
    "augment": lambda it: (
        f"Augment {format_percent(it.value)} of what the discriminator sees, pictures and samples alike: shifts first."
    ),
    "instance_noise": lambda it: (
        f"Add noise with a standard deviation of {format_number(it.value)} to all that the discriminator sees."
    ),
    "batch_size": lambda it: f"Set the batch size to {it.value:.0f}.",
    "grad_accum": lambda it: f"Accumulate the gradients of {it.value:.0f} steps for each update.",
    "pac": lambda it: f"Show the discriminator {it.value:.0f} pictures at a time (PacGAN).",
    "reinit_dead_units": lambda it: f"Draw new weights for the dead units of the {it.network}.",
    "rollback": lambda it: "Go back to your last good checkpoint.",
    "reinitialize": lambda it: "Begin again with new weights.",
}


def by_hand(prescription: Prescription) -> list[str]:
    """Return what a person has to do for a prescription, a sentence; nothing where a person has nothing to do."""
    return [TEXTS[prescription.kind](prescription)] if prescription.kind in TEXTS else []
