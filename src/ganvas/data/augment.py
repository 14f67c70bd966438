"""Augmentations on the device: a random flip for real images, and DiffAugment for all input of the discriminator.

All are differentiable, work on any shape (B, C, H, W), and take their random numbers from the given torch.Generator.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from ..distributed import own_rows
from ..errors import lookup
from ..translation import N_


def random_flip(images: Tensor, generator: torch.Generator) -> Tensor:
    """Flip each image (B, C, H, W) left to right with probability one half."""
    flipped = _uniform(images, generator) < 0.5
    return torch.where(flipped, images.flip(3), images)


def random_turn(images: Tensor, turns: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Turn each image (B, C, H, W) counter-clockwise by a random one of `turns`, in quarters; odd ones need H = W."""
    chosen = (_uniform(images, generator) * len(turns)).long()
    turned = images
    for index, quarters in enumerate(turns):
        turned = torch.where(chosen == index, images.rot90(quarters, (2, 3)), turned)
    return turned


def diff_augment(images: Tensor, policy: tuple[str, ...], generator: torch.Generator) -> Tensor:
    """Apply DiffAugment's `policy`, any of "color", "translation" and "cutout", to images (B, C, H, W) in [-1, 1].

    Use the same policy for real and fake images, in the discriminator's step and in the generator's. A fourth channel
    is alpha: it is moved and cut like the others, but its values stay.

    Raises:
        GanvasError: the policy has an unknown name.

    Source: Zhao et al. 2020, Differentiable Augmentation for Data-Efficient GAN Training.
    """
    for name in policy:
        images = lookup(POLICIES, name, N_("augmentation"))(images, generator)
    return images


def color(images: Tensor, generator: torch.Generator) -> Tensor:
    """Shift brightness by U(-.5, .5), scale saturation by U(0, 2) and contrast by U(.5, 1.5), per image."""
    colors, alpha = images[:, :3], images[:, 3:]
    colors = colors + (_uniform(images, generator) - 0.5)
    gray = colors.mean(dim=1, keepdim=True)
    colors = (colors - gray) * (_uniform(images, generator) * 2) + gray
    mean = colors.mean(dim=(1, 2, 3), keepdim=True)
    colors = (colors - mean) * (_uniform(images, generator) + 0.5) + mean
    return torch.cat((colors, alpha), 1) if alpha.shape[1] else colors


def translation(images: Tensor, generator: torch.Generator, ratio: float = 0.125) -> Tensor:
    """Shift each image by whole pixels, up to `ratio` of its height and width, and fill with zeros."""
    batch, _, height, width = images.shape
    rows = _shifted_indices(batch, height, ratio, images.device, generator)[:, :, None]
    columns = _shifted_indices(batch, width, ratio, images.device, generator)[:, None, :]
    padded = functional.pad(images, (1, 1, 1, 1)).permute(0, 2, 3, 1)  # the zeros that fill are read from this border
    samples = torch.arange(batch, device=images.device)[:, None, None]
    return padded[samples, rows, columns].permute(0, 3, 1, 2)


def cutout(images: Tensor, generator: torch.Generator, ratio: float = 0.5) -> Tensor:
    """Set a box of `ratio` of the height and width to zero. Its centre is anywhere; it is clipped at the edges."""
    batch, _, height, width = images.shape
    rows = _outside_box(batch, height, ratio, images.device, generator)[:, None, :, None]
    columns = _outside_box(batch, width, ratio, images.device, generator)[:, None, None, :]
    return images * (rows | columns)


POLICIES: dict[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    "color": color,
    "translation": translation,
    "cutout": cutout,
}


def _uniform(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return one number in [0, 1) per image, (B, 1, 1, 1)."""
    shape = (images.shape[0], 1, 1, 1)
    return own_rows(torch.rand, shape, generator=generator, device=images.device, dtype=images.dtype)


def _integers(low: int, high: int, batch: int, device: torch.device, generator: torch.Generator) -> Tensor:
    """Return one integer in [low, high] per image, (B, 1)."""
    return own_rows(partial(torch.randint, low, high + 1), (batch, 1), generator=generator, device=device)


def _shifted_indices(batch: int, length: int, ratio: float, device: torch.device, generator: torch.Generator) -> Tensor:
    """Return the source index of each of `length` rows or columns, (B, length), in an image padded by one."""
    max_shift = int(length * ratio + 0.5)
    shift = _integers(-max_shift, max_shift, batch, device, generator)
    return (torch.arange(length, device=device) + shift + 1).clamp(0, length + 1)


def _outside_box(batch: int, length: int, ratio: float, device: torch.device, generator: torch.Generator) -> Tensor:
    """Return which of `length` rows or columns are outside the box, (B, length)."""
    box = int(length * ratio + 0.5)
    # As in the authors' code: the box's centre is drawn, from one more position when its length is even.
    start = _integers(0, length - box % 2, batch, device, generator) - box // 2
    lines = torch.arange(length, device=device)
    return (lines < start) | (lines >= start + box)
