"""Augmentations on the device: the mirror for real pictures, and DiffAugment for what the discriminator sees.

All are differentiable, work on any shape (B, C, H, W), and draw from the generator that they are given.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from ..errors import GanvasError, did_you_mean


def flip(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror each picture (B, C, H, W) left to right with probability one half."""
    chosen = _uniform(pictures, generator) < 0.5
    return torch.where(chosen, pictures.flip(3), pictures)


def diff_augment(pictures: Tensor, policy: tuple[str, ...], generator: torch.Generator) -> Tensor:
    """Apply DiffAugment's `policy`, any of "color", "translation" and "cutout", to pictures (B, C, H, W) in [-1, 1].

    The same policy belongs on real and on fake pictures, in the discriminator's step and in the generator's. A fourth
    channel is alpha: it is moved and cut with the rest, its value is left alone.

    Raises:
        GanvasError: the policy has an unknown name.

    Source: Zhao et al. 2020, Differentiable Augmentation for Data-Efficient GAN Training.
    """
    for name in policy:
        if name not in POLICIES:
            near = did_you_mean(name, list(POLICIES))
            raise GanvasError(f"Unknown augmentation '{name}'.{near}", f"Known are {', '.join(POLICIES)}.")
        pictures = POLICIES[name](pictures, generator)
    return pictures


def color(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Shift brightness by U(-.5, .5), scale saturation by U(0, 2) and contrast by U(.5, 1.5), per picture."""
    colours, alpha = pictures[:, :3], pictures[:, 3:]
    colours = colours + (_uniform(pictures, generator) - 0.5)
    grey = colours.mean(dim=1, keepdim=True)
    colours = (colours - grey) * (_uniform(pictures, generator) * 2) + grey
    middle = colours.mean(dim=(1, 2, 3), keepdim=True)
    colours = (colours - middle) * (_uniform(pictures, generator) + 0.5) + middle
    return torch.cat((colours, alpha), 1) if alpha.shape[1] else colours


def translation(pictures: Tensor, generator: torch.Generator, ratio: float = 0.125) -> Tensor:
    """Move each picture by up to `ratio` of its height and width, whole pixels, zeros coming in."""
    batch, _, height, width = pictures.shape
    rows = _moved(batch, height, ratio, pictures.device, generator)[:, :, None]
    columns = _moved(batch, width, ratio, pictures.device, generator)[:, None, :]
    bordered = functional.pad(pictures, (1, 1, 1, 1)).permute(0, 2, 3, 1)  # the border of zeros is what comes in
    samples = torch.arange(batch, device=pictures.device)[:, None, None]
    return bordered[samples, rows, columns].permute(0, 3, 1, 2)


def cutout(pictures: Tensor, generator: torch.Generator, ratio: float = 0.5) -> Tensor:
    """Set to zero a box of `ratio` of the height and width, centred anywhere, cut off at the edges."""
    batch, _, height, width = pictures.shape
    rows = _outside(batch, height, ratio, pictures.device, generator)[:, None, :, None]
    columns = _outside(batch, width, ratio, pictures.device, generator)[:, None, None, :]
    return pictures * (rows | columns)


POLICIES: dict[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    "color": color,
    "translation": translation,
    "cutout": cutout,
}


def _uniform(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Return one number in [0, 1) per picture, (B, 1, 1, 1)."""
    shape = (pictures.shape[0], 1, 1, 1)
    return torch.rand(shape, generator=generator, device=pictures.device, dtype=pictures.dtype)


def _integers(low: int, high: int, batch: int, device: torch.device, generator: torch.Generator) -> Tensor:
    """Return one whole number in [low, high] per picture, (B, 1)."""
    return torch.randint(low, high + 1, (batch, 1), generator=generator, device=device)


def _moved(batch: int, length: int, ratio: float, device: torch.device, generator: torch.Generator) -> Tensor:
    """Return where each of `length` lines comes from, (B, length), in a picture with a border of one line."""
    most = int(length * ratio + 0.5)
    shift = _integers(-most, most, batch, device, generator)
    return (torch.arange(length, device=device) + shift + 1).clamp(0, length + 1)


def _outside(batch: int, length: int, ratio: float, device: torch.device, generator: torch.Generator) -> Tensor:
    """Tell which of `length` lines lie outside the box, (B, length)."""
    box = int(length * ratio + 0.5)
    # The paper's code draws the box's middle, one place further when its length is even.
    start = _integers(0, length - box % 2, batch, device, generator) - box // 2
    lines = torch.arange(length, device=device)
    return (lines < start) | (lines >= start + box)
