"""Checks of what a user's loop passes in: accepted, or refused with a hint on what it should be."""

from torch import Tensor

from ...config import CHANNELS
from ...errors import GanvasError
from ...formatting import display_name
from ...translation import N_, _

MAX_LOGITS = 1024  # of a batch, since all pairs are compared
USAGE = N_("Pass floats (N, C, H, W) in [-1, 1], with 1, 3 or 4 channels, like the output of a generator with tanh.")


def images(name: str, value: Tensor, like: Tensor | None = None, min_count: int = 0) -> Tensor:
    """Return images (N, C, H, W), detached.

    Args:
        name: of the argument, for errors.
        like: images that must have the same C, H and W.
        min_count: how many there must be at least.

    Raises:
        GanvasError: the dtype or the shape is wrong.
    """
    if not isinstance(value, Tensor) or not value.is_floating_point():
        raise GanvasError(_("{name} are {kind}.").format(name=name, kind=_type_of(value)), _(USAGE))
    shape = tuple(value.shape)
    if len(shape) != 4 or shape[1] not in CHANNELS.values() or 0 in shape[1:] or shape[0] < min_count:
        raise GanvasError(_("{name} have the shape {shape}.").format(name=name, shape=shape), _(USAGE))
    if like is not None and shape[1:] != tuple(like.shape[1:]):
        raise GanvasError(
            _("{name} have the shape {shape}, the real pictures {real_shape}.").format(
                name=name, shape=shape, real_shape=tuple(like.shape)
            ),
            _(USAGE),
        )
    return value.detach()


def in_range(name: str, images: Tensor) -> Tensor:
    """Return images whose values are in [-1, 1].

    Raises:
        GanvasError: some are not.
    """
    if bool((images.abs() > 1.01).any()):
        raise GanvasError(
            _("{name} have values from {low:.3g} to {high:.3g}.").format(
                name=name, low=float(images.min()), high=float(images.max())
            ),
            _(USAGE),
        )
    return images


def loss(name: str, value: float | Tensor) -> float | Tensor:
    """Return a loss, detached; a tensor stays one, since reading it may mean waiting for a GPU.

    Raises:
        GanvasError: it is not a single number.
    """
    if isinstance(value, Tensor) and value.numel() == 1 and not value.is_complex():
        return value.detach().reshape(()).clone()
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise GanvasError(
            _("The {name} loss is {kind}, not a single number.").format(name=display_name(name), kind=_type_of(value)),
            _("Pass its mean: loss.mean()"),
        ) from error


def logits(name: str, value: Tensor) -> Tensor:
    """Return one logit per image (N,): the mean over patches, if there are several.

    Raises:
        GanvasError: it is not a tensor of floats.
    """
    if not isinstance(value, Tensor) or not value.is_floating_point():
        raise GanvasError(
            _("The {name} are {kind}.").format(name=name, kind=_type_of(value)),
            _("Pass what the discriminator returns: floats (N, ...)."),
        )
    rows = value.detach().float()
    rows = rows[:MAX_LOGITS] if rows.dim() else rows.reshape(1)
    return rows.reshape(len(rows), -1).mean(1) if rows.numel() else rows.reshape(-1)


def _type_of(value: object) -> str:
    """Return the type of a value for errors; for a tensor "uint8 (64, 3, 32, 32)"."""
    if isinstance(value, Tensor):
        return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
    return type(value).__name__
