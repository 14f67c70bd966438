"""The networks of R3GAN (Huang et al. 2024): residual blocks as of ResNeXt, without normalisation and without tricks.

A block is a 1x1 convolution that widens, a grouped 3x3 one and a 1x1 one back, biased rectifiers between. The last
convolution of a block begins at zero, so that a fresh network is its shortcuts; the others are drawn smaller the more
blocks there are (Fixup: Zhang et al. 2019). Grids change by bilinear filters, never by strides; at their edges pixels
are repeated, where the authors' code has zeros.
"""

from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor, nn

from .conditional import LabelledLatent, Verdict
from .equalized import SLOPE
from .layers import Shape, grids, resampled

BLOCKS = 2  # on each grid
EXPANSION = 2  # of a block's inner width
GROUP = 16  # channels of a group in the 3x3 convolution
GAIN = (2 / (1 + SLOPE**2)) ** 0.5  # that keeps a leaky rectifier's output the size of its input


class R3Block(nn.Module):
    """Add to features what a narrow detour makes of them; nothing at first.

    Args:
        width: channels.
        blocks: of the whole network, by which the detour's weights are scaled.
    """

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        inner = EXPANSION * width
        groups = max(1, inner // GROUP) if inner % GROUP == 0 else 1
        self.widen = nn.Conv2d(width, inner, 1)
        self.mix = nn.Conv2d(inner, inner, 3, padding=1, groups=groups)
        self.narrow = nn.Conv2d(inner, width, 1, bias=False)
        self.rectify, self.rectify_again = nn.LeakyReLU(SLOPE, inplace=True), nn.LeakyReLU(SLOPE, inplace=True)
        # Two convolutions share L^(-1/2); each begins with the gain of the rectifier behind it.
        for convolution in (self.widen, self.mix):
            fan_in = convolution.weight[0].numel()
            nn.init.normal_(convolution.weight, 0.0, GAIN * blocks**-0.25 / fan_in**0.5)
        for bias in (self.widen.bias, self.mix.bias):
            assert bias is not None
            nn.init.zeros_(bias)
        nn.init.zeros_(self.narrow.weight)

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, width, H, W) for (B, width, H, W)."""
        inner = self.rectify(self.widen(features))
        inner = self.rectify_again(self.mix(inner))
        added: Tensor = features + self.narrow(inner)
        return added


class R3Stage(nn.Module):
    """Bring features to a width and a grid, and run the blocks of that grid.

    Args:
        before, after: channels.
        grid: (H, W) of what is returned.
        blocks: of the whole network.
        grows: whether the grid comes last, after the change of width, which is cheaper on the coarser grid.
    """

    def __init__(self, before: int, after: int, grid: tuple[int, int], blocks: int, grows: bool) -> None:
        super().__init__()
        self.grid, self.grows = grid, grows
        self.shortcut: nn.Module = nn.Identity()
        if before != after:
            self.shortcut = _drawn(nn.Conv2d(before, after, 1, bias=False))
        self.blocks = nn.Sequential(*(R3Block(after, blocks) for _ in range(BLOCKS)))

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, after, *grid) for (B, before, H, W)."""
        if self.grows:
            features = resampled(self.shortcut(features), self.grid)
        else:
            features = self.shortcut(resampled(features, self.grid))
        out: Tensor = self.blocks(features)
        return out


class R3Generator(nn.Module):
    """Grow pictures from a learned first grid, each channel of which is multiplied by a number drawn from z.

    Args:
        latent: length of z.
        widths: channels from the coarsest grid to the finest.
        shape: (C, H, W) of the pictures.
        classes: 0, or their number.
    """

    def __init__(self, latent: int, widths: tuple[int, ...], shape: Shape, classes: int = 0) -> None:
        super().__init__()
        channels, height, width = shape
        sides = grids(height, width, len(widths) - 1)
        self.latents = LabelledLatent(latent, classes)
        self.basis = nn.Parameter(torch.randn(widths[0], *sides[0]))
        self.mapping = _drawn(nn.Linear(self.latents.length, widths[0], bias=False))
        pairs, blocks = pairwise((widths[0], *widths)), BLOCKS * len(widths)
        self.stages = nn.Sequential(
            *(R3Stage(*pair, grid, blocks, True) for pair, grid in zip(pairs, sides, strict=True))
        )
        self.to_rgb = _drawn(nn.Conv2d(widths[-1], channels, 1, bias=False))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return pictures (B, C, H, W), about in [-1, 1], for latents (B, latent) and labels (B,)."""
        features = self.basis * self.mapping(self.latents(z, labels))[:, :, None, None]
        pictures: Tensor = self.to_rgb(self.stages(features.contiguous(memory_format=torch.channels_last)))
        return pictures


class R3Discriminator(nn.Module):
    """Judge pictures by the generator's blocks the other way, and one depthwise filter as large as the last grid.

    Args:
        widths: channels from the finest grid to the coarsest.
        shape: (C, H, W) of the pictures.
        classes: 0, or their number.
    """

    def __init__(self, widths: tuple[int, ...], shape: Shape, classes: int = 0) -> None:
        super().__init__()
        channels, height, width = shape
        sides = grids(height, width, len(widths) - 1)[::-1]
        self.from_rgb = _drawn(nn.Conv2d(channels, widths[0], 1, bias=False))
        pairs, blocks = pairwise((widths[0], *widths)), BLOCKS * len(widths)
        self.stages = nn.Sequential(
            *(R3Stage(*pair, grid, blocks, False) for pair, grid in zip(pairs, sides, strict=True))
        )
        self.gather = _drawn(nn.Conv2d(widths[-1], widths[-1], sides[-1], groups=widths[-1], bias=False))
        self.verdict = Verdict(widths[-1], classes, _drawn(nn.Linear(widths[-1], 1, bias=False)))

    def forward(self, pictures: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return logits (B,) for pictures (B, C, H, W) and labels (B,)."""
        features = self.gather(self.stages(self.from_rgb(pictures)))
        logits: Tensor = self.verdict(features.flatten(1), labels)
        return logits


Layer = TypeVar("Layer", nn.Conv2d, nn.Linear)


def _drawn(layer: Layer) -> Layer:
    """Draw weights that keep the size of features, where no rectifier follows."""
    nn.init.normal_(layer.weight, 0.0, layer.weight[0].numel() ** -0.5)
    return layer
