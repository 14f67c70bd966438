"""What a loop gives to be looked at: taken as it is meant, or refused with a word on how it should be."""

from torch import Tensor

from ...errors import GanvasError
from ...image_io import MODES

MOST_LOGITS = 1024  # of a batch; all pairs of them are compared
USAGE = "Pictures are floats (N, C, H, W) in [-1, 1] with C of 1, 3 or 4, as a generator that ends in tanh makes them."


def pictures(what: str, given: Tensor, like: Tensor | None = None, least: int = 0) -> Tensor:
    """Return pictures (N, C, H, W) without their gradients.

    Args:
        what: how they are called in an error.
        like: others that have the same C, H and W.
        least: how many there have to be.

    Raises:
        GanvasError: they are no such pictures.
    """
    if not isinstance(given, Tensor) or not given.is_floating_point():
        raise GanvasError(f"{what} are {_kind(given)}.", USAGE)
    shape = tuple(given.shape)
    if len(shape) != 4 or shape[1] not in MODES or 0 in shape[1:] or shape[0] < least:
        raise GanvasError(f"{what} have the shape {shape}.", USAGE)
    if like is not None and shape[1:] != tuple(like.shape[1:]):
        raise GanvasError(f"{what} have the shape {shape}, the real pictures {tuple(like.shape)}.", USAGE)
    return given.detach()


def in_range(what: str, given: Tensor) -> Tensor:
    """Return real pictures that keep to [-1, 1].

    Raises:
        GanvasError: they do not.
    """
    if bool((given.abs() > 1.01).any()):
        raise GanvasError(f"{what} reach from {float(given.min()):.3g} to {float(given.max()):.3g}.", USAGE)
    return given


def loss(name: str, given: float | Tensor) -> float | Tensor:
    """Return a loss by itself; a tensor is read later, when there is time to wait for it.

    Raises:
        GanvasError: it is not one number.
    """
    if isinstance(given, Tensor) and given.numel() == 1 and not given.is_complex():
        return given.detach().reshape(()).clone()
    try:
        return float(given)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise GanvasError(
            f"The {name} loss is {_kind(given)}, and not one number.", "Give its mean: loss.mean()"
        ) from error


def logits(name: str, given: Tensor) -> Tensor:
    """Return one logit for each picture (N,): the mean of those of its patches, if there are several.

    Raises:
        GanvasError: they are no tensor of floats.
    """
    if not isinstance(given, Tensor) or not given.is_floating_point():
        raise GanvasError(f"The {name} are {_kind(given)}.", "Give what the discriminator returns: floats (N, ...).")
    rows = given.detach().float()
    rows = rows[:MOST_LOGITS] if rows.dim() else rows.reshape(1)
    return rows.reshape(len(rows), -1).mean(1) if rows.numel() else rows.reshape(-1)


def _kind(given: object) -> str:
    """Return what something is: "uint8 (64, 3, 32, 32)" for a tensor."""
    if isinstance(given, Tensor):
        return f"{str(given.dtype).removeprefix('torch.')} {tuple(given.shape)}"
    return type(given).__name__
