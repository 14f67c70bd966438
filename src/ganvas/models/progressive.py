"""ProGAN's pair, which begins with coarse pictures and grows level by level (Karras et al. 2018, section 2).

Both networks are handled at the full size whatever their level: the generator enlarges what it has drawn, the
discriminator averages down what it is shown. So nothing around them (augmentation, penalties, scores) need know of
growth. A penalty's gradient is with respect to full-size pictures too, and this keeps the metric of WGAN-GP the same
through the growth, unlike the paper's: two pictures that are enlarged s times lie s times as far apart as the small
ones, and the discriminator's slope is measured against that distance at every level.

The layers are the paper's (table 2; section 4), but for one thing: where a convolution stands beside a change of size
both are done at once, by a 4 x 4 kernel and a stride of 2, in half the time or less. In the generator that is the same
function; in the discriminator the pooling comes before the rectifier in place of after it.
"""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .conditional import LabelledLatent, Verdict, Widths
from .equalized import ROOT, SLOPE, BatchDeviation, EqualConv2d, EqualLinear, PixelNorm
from .layers import Shape


def enlarged(pictures: Tensor, times: int) -> Tensor:
    """Return (B, C, H * times, W * times) for (B, C, H, W) by nearest neighbour."""
    return F.interpolate(pictures, scale_factor=times, mode="nearest") if times > 1 else pictures


def shrunk(pictures: Tensor, times: int) -> Tensor:
    """Return (B, C, H / times, W / times) for (B, C, H, W) by averaging: the inverse of `enlarged`."""
    return F.avg_pool2d(pictures, times) if times > 1 else pictures


def coarsest(height: int, width: int, levels: int) -> tuple[int, int]:
    """Return the grid that leads to height x width when it is doubled `levels` - 1 times.

    Raises:
        ValueError: there is none.
    """
    times = 2 ** (levels - 1)
    if height % times or width % times:
        raise ValueError(f"{height} x {width} pictures cannot have {levels} levels: {times} must divide both sides.")
    return height // times, width // times


def coarsened(pictures: Tensor, level: float, levels: int) -> Tensor:
    """Return what real pictures look like at a level: without the detail that the generator cannot draw there.

    Args:
        pictures: (B, C, H, W).
        level: from 0 to levels - 1; between two, pictures are blended as the generator's are.
        levels: of the networks.

    Raises:
        ValueError: `level` is out of range, or the pictures cannot be halved so often.
    """
    _check(level, levels)
    coarsest(pictures.shape[2], pictures.shape[3], levels)
    top, part = math.ceil(level), level % 1
    times = 2 ** (levels - 1 - top)
    pictures = shrunk(pictures, times)
    if part:
        pictures = torch.lerp(enlarged(shrunk(pictures, 2), 2), pictures, part)
    return enlarged(pictures, times)


class _Doubled(EqualConv2d):
    """Have a 3 x 3 kernel, and give the 4 x 4 one that is the sum of it at the places (0, 0), (0, 1), (1, 0), (1, 1).

    Args:
        before, after: channels.
    """

    places: Tensor

    def __init__(self, before: int, after: int) -> None:
        super().__init__(before, after, 3, ROOT)
        places = torch.zeros(3, 3, 4, 4)
        for row in range(3):
            for column in range(3):
                places[row, column, row : row + 2, column : column + 2] = 1
        self.register_buffer("places", places.view(9, 16), persistent=False)

    def kernel(self, scale: float) -> Tensor:
        """Return the scaled sum (after, before, 4, 4), by one product of matrices: quicker than moving and adding."""
        return ((self.weight * scale).reshape(-1, 9) @ self.places).view(*self.weight.shape[:2], 4, 4)


class EnlargingConv2d(_Doubled):
    """Be nearest-neighbour doubling and a 3 x 3 convolution after it: a fine pixel sees only 2 x 2 coarse ones.

    Args:
        before, after: channels.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, after, 2H, 2W) for (B, before, H, W)."""
        kernel = self.kernel(self.scale).flip((2, 3)).transpose(0, 1)  # as seen from the coarse pixel
        return F.conv_transpose2d(features, kernel, self.bias, stride=2, padding=1)


class ShrinkingConv2d(_Doubled):
    """Be a 3 x 3 convolution and an average over 2 x 2 pixels after it.

    Args:
        before, after: channels.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, after, H / 2, W / 2) for (B, before, H, W)."""
        return F.conv2d(features, self.kernel(self.scale / 4), self.bias, stride=2, padding=1)


def beginning(length: int, width: int, grid: tuple[int, int]) -> nn.Sequential:
    """Return what makes the first features (B, width, *grid) of a generator from latents (B, length).

    The paper norms the latents too. Without it, latents that are shortened give safer pictures (truncation).
    """
    high, wide = grid
    return nn.Sequential(
        EqualLinear(length, width * high * wide, ROOT),
        nn.Unflatten(1, (width, high, wide)),
        nn.LeakyReLU(SLOPE),
        PixelNorm(),
        EqualConv2d(width, width, 3, ROOT),
        nn.LeakyReLU(SLOPE),
        PixelNorm(),
    )


def enlarging(before: int, after: int) -> nn.Sequential:
    """Return a generator's level: features (B, before, H, W) to (B, after, 2H, 2W)."""
    return nn.Sequential(
        EnlargingConv2d(before, after),
        nn.LeakyReLU(SLOPE),
        PixelNorm(),
        EqualConv2d(after, after, 3, ROOT),
        nn.LeakyReLU(SLOPE),
        PixelNorm(),
    )


def shrinking(before: int, between: int, after: int) -> nn.Sequential:
    """Return a discriminator's level: features (B, before, H, W) to (B, after, H / 2, W / 2)."""
    return nn.Sequential(
        EqualConv2d(before, between, 3, ROOT),
        nn.LeakyReLU(SLOPE),
        ShrinkingConv2d(between, after),
        nn.LeakyReLU(SLOPE),
    )


def ending(before: int, width: int, grid: tuple[int, int]) -> nn.Sequential:
    """Return what makes the last features (B, width) of a discriminator from (B, before, *grid)."""
    return nn.Sequential(
        BatchDeviation(),
        EqualConv2d(before + 1, width, 3, ROOT),
        nn.LeakyReLU(SLOPE),
        nn.Flatten(),
        EqualLinear(width * grid[0] * grid[1], width, ROOT),
        nn.LeakyReLU(SLOPE),
    )


def from_rgb(channels: int, width: int) -> nn.Sequential:
    """Return what makes a discriminator's first features (B, width, H, W) from pictures (B, channels, H, W)."""
    return nn.Sequential(EqualConv2d(channels, width, 1, ROOT), nn.LeakyReLU(SLOPE))


class Growing(nn.Module):
    """Have a level, at first the highest, that goes with the weights into files and back.

    The buffer `level` is a scalar: 0 is the coarsest level alone, 1.3 means that level 1 is there and level 2 has been
    faded in by 0.3. Change it by `set_level` or `load_state_dict`: forward reads a copy, as asking a GPU for a number
    would hold it up in every step.

    Args:
        levels: their number.
    """

    level: Tensor

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.levels = levels
        self.register_buffer("level", torch.tensor(levels - 1.0))
        self._level = levels - 1.0

    def stand_at(self, level: float) -> None:
        """Set the level in place."""
        self.level.fill_(level)
        self._level = float(self.level)

    def present(self) -> tuple[int, float]:
        """Return the highest level that is computed, and how far it has been faded in: 0 < part <= 1."""
        top = math.ceil(self._level)
        return top, 1 - (top - self._level)

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *rest: Any) -> None:
        super()._load_from_state_dict(state_dict, prefix, *rest)
        self._level = float(self.level)


def set_level(network: nn.Module, level: float) -> None:
    """Set the level of a progressive generator or discriminator.

    Args:
        network: of this module.
        level: from 0 to the number of levels - 1.

    Raises:
        TypeError: the network has no levels.
        ValueError: `level` is out of range.
    """
    if not isinstance(network, Growing):
        raise TypeError(f"A {type(network).__name__} has no level.")
    _check(level, network.levels)
    network.stand_at(level)


def _check(level: float, levels: int) -> None:
    if not 0 <= level <= levels - 1:
        raise ValueError(f"Level {level} is not between 0 and {levels - 1}.")


class ProgressiveGenerator(Growing):
    """Draw pictures at the present level and enlarge them to the full size.

    Args:
        latent: length of z.
        widths: channels from the coarsest grid to the finest, one for each level.
        shape: (C, H, W) of the pictures; the coarsest grid is H and W halved len(widths) - 1 times.
        classes: 0, or their number.

    Raises:
        ValueError: H or W cannot be halved so often.
    """

    def __init__(self, latent: int, widths: Widths, shape: Shape, classes: int = 0) -> None:
        super().__init__(len(widths))
        channels, height, width = shape
        self.labelled = LabelledLatent(latent, classes)
        self.beginning = beginning(self.labelled.length, widths[0], coarsest(height, width, len(widths)))
        self.blocks = nn.ModuleList([enlarging(before, after) for before, after in pairwise(widths)])
        self.to_rgb = nn.ModuleList([EqualConv2d(each, channels, 1) for each in widths])  # by level

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return pictures (B, C, H, W), about [-1, 1], for latents (B, latent) and labels (B,), if there are classes.

        Between two levels they are part * new + (1 - part) * enlarged old (figure 2).
        """
        top, part = self.present()
        before = features = self.beginning(self.labelled(z, labels))
        for block in self.blocks[:top]:
            before, features = features, block(features)
        pictures = self.to_rgb[top](features)
        if part < 1:
            pictures = torch.lerp(enlarged(self.to_rgb[top - 1](before), 2), pictures, part)
        return enlarged(pictures, 2 ** (self.levels - 1 - top))


class ProgressiveDiscriminator(Growing):
    """Judge full-size pictures by what is to be seen of them at the present level.

    Args:
        widths: channels from the finest grid to the coarsest, one for each level.
        shape: (C, H, W) of the pictures.
        classes: 0, or their number.

    Raises:
        ValueError: H or W cannot be halved so often.
    """

    def __init__(self, widths: Widths, shape: Shape, classes: int = 0) -> None:
        super().__init__(len(widths))
        channels, height, width = shape
        self.from_rgb = nn.ModuleList([from_rgb(channels, each) for each in widths])  # finest first, as all here
        self.blocks = nn.ModuleList([shrinking(before, before, after) for before, after in pairwise(widths)])
        self.ending = ending(widths[-1], widths[-1], coarsest(height, width, len(widths)))
        self.verdict = Verdict(widths[-1], classes)

    def forward(self, pictures: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return logits (B,) for pictures (B, C, H, W) and labels (B,), if there are classes.

        Between two levels the features are part * new + (1 - part) * those of the averaged pictures (figure 2).
        """
        top, part = self.present()
        start = self.levels - 1 - top
        pictures = shrunk(pictures, 2**start)
        features = self.from_rgb[start](pictures)
        if part < 1:
            features = self.blocks[start](features)
            start += 1
            features = torch.lerp(self.from_rgb[start](shrunk(pictures, 2)), features, part)
        for block in self.blocks[start:]:
            features = block(features)
        logits: Tensor = self.verdict(self.ending(features), labels)
        return logits
