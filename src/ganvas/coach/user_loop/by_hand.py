"""What only the author of a loop can do in it, in words."""

from collections.abc import Callable

from ...events import Prescription
from ...formatting import display_name, format_number, format_percent
from ...translation import _
from ..treatment.describe import loss_name, penalty_name

TEXTS: dict[str, Callable[[Prescription], str]] = {
    "lr": lambda it: _("Multiply the {network}'s learning rate by {factor}.").format(
        network=display_name(it.network), factor=format_number(it.value)
    ),
    "beta1": lambda it: _("Set the {network}'s beta1 to {value}.").format(
        network=display_name(it.network), value=format_number(it.value)
    ),
    "d_skip": lambda it: _("Pause the discriminator while the mean of its loss is below {value}.").format(
        value=format_number(it.value)
    ),
    "n_critic": lambda it: _("Take {count:.0f} steps of the discriminator to one of the generator.").format(
        count=it.value
    ),
    "penalty": lambda it: _("Add {name} with gamma {gamma} to the discriminator's loss.").format(
        name=penalty_name(it.name), gamma=format_number(it.value)
    ),
    "loss": lambda it: _("Switch to {loss}.").format(loss=loss_name(it.name)),
    "augment": lambda it: _(
        "Augment {share} of what the discriminator sees, pictures and samples alike: shifts first."
    ).format(share=format_percent(it.value)),
    "instance_noise": lambda it: _(
        "Add noise with a standard deviation of {std} to all that the discriminator sees."
    ).format(std=format_number(it.value)),
    "batch_size": lambda it: _("Set the batch size to {count:.0f}.").format(count=it.value),
    "grad_accum": lambda it: _("Accumulate the gradients of {count:.0f} steps for each update.").format(count=it.value),
    "pac": lambda it: _("Show the discriminator {count:.0f} pictures at a time (PacGAN).").format(count=it.value),
    "reinit_dead_units": lambda it: _("Draw new weights for the dead units of the {network}.").format(
        network=display_name(it.network)
    ),
    "rollback": lambda it: _("Go back to your last good checkpoint."),
    "reinitialize": lambda it: _("Begin again with new weights."),
}


def by_hand(prescription: Prescription) -> list[str]:
    """Return what a person has to do for a prescription, a sentence; nothing where a person has nothing to do."""
    return [TEXTS[prescription.kind](prescription)] if prescription.kind in TEXTS else []
