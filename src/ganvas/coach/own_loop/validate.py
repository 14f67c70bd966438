"""What a loop gives to be looked at: taken as it is meant, or refused with a word on how it should be."""

from torch import Tensor

from ...config import CHANNELS
from ...errors import GanvasError

MAX_LOGITS = 1024  # of a batch; all pairs of them are compared
USAGE = "Pictures are floats (N, C, H, W) in [-1, 1] with C of 1, 3 or 4, as a generator that ends in tanh makes them."


def images(name: str, value: Tensor, like: Tensor | None = None, min_count: int = 0) -> Tensor:
    """Return pictures (N, C, H, W) without their gradients.

    Args:
        what: how they are called in an error.
        like: others that have the same C, H and W.
        least: how many there have to be.

    Raises:
        GanvasError: they are no such pictures.
    """
    if not isinstance(value, Tensor) or not value.is_floating_point():
        raise GanvasError(f"{name} are {_type_of(value)}.", USAGE)
    shape = tuple(value.shape)
    if len(shape) != 4 or shape[1] not in CHANNELS.values() or 0 in shape[1:] or shape[0] < min_count:
        raise GanvasError(f"{name} have the shape {shape}.", USAGE)
    if like is not None and shape[1:] != tuple(like.shape[1:]):
        raise GanvasError(f"{name} have the shape {shape}, the real pictures {tuple(like.shape)}.", USAGE)
    return value.detach()


def in_range(name: str, images: Tensor) -> Tensor:
    """Return real pictures that keep to [-1, 1].

    Raises:
        GanvasError: they do not.
    """
    if bool((images.abs() > 1.01).any()):
        raise GanvasError(f"{name} reach from {float(images.min()):.3g} to {float(images.max()):.3g}.", USAGE)
    return images


def loss(name: str, value: float | Tensor) -> float | Tensor:
    """Return a loss by itself; a tensor is read later, when there is time to wait for it.

    Raises:
        GanvasError: it is not one number.
    """
    if isinstance(value, Tensor) and value.numel() == 1 and not value.is_complex():
        return value.detach().reshape(()).clone()
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise GanvasError(
            f"The {name} loss is {_type_of(value)}, and not one number.", "Give its mean: loss.mean()"
        ) from error


def logits(name: str, value: Tensor) -> Tensor:
    """Return one logit for each picture (N,): the mean of those of its patches, if there are several.

    Raises:
        GanvasError: they are no tensor of floats.
    """
    if not isinstance(value, Tensor) or not value.is_floating_point():
        raise GanvasError(f"The {name} are {_type_of(value)}.", "Give what the discriminator returns: floats (N, ...).")
    rows = value.detach().float()
    rows = rows[:MAX_LOGITS] if rows.dim() else rows.reshape(1)
    return rows.reshape(len(rows), -1).mean(1) if rows.numel() else rows.reshape(-1)


def _type_of(value: object) -> str:
    """Return what something is: "uint8 (64, 3, 32, 32)" for a tensor."""
    if isinstance(value, Tensor):
        return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
    return type(value).__name__
