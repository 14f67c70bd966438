"""Network that repaints images in one pass; a painting's statistics tell it how.

It is a quarter of Johnson's network in width. The scales and shifts after its instance norms are predicted from means
and standard deviations of the painting's VGG features, so that one network serves any painting. Two things are not
learned but computed, since they hold for any painting too: the image's colours are first moved to the painting's by an
affine map, and what the convolutions paint is added to a coarse copy of that.

Source: Johnson, Alahi and Fei-Fei, "Perceptual losses for real-time style transfer and super-resolution", 2016;
Dumoulin, Shlens and Kudlur, "A learned representation for artistic style", 2017; Ghiasi et al., "Exploring the
structure of a real-time, arbitrary neural artistic stylization network", 2017.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTHS = (8, 24, 48)  # channels at full, half and quarter resolution
RESIDUAL_BLOCKS = 4
LAST_WIDTH = 12  # channels of the last features at full resolution
STATISTICS_LAYERS = ("relu1_1", "relu2_1", "relu3_1")  # of VGG-16
STATISTICS_SIZE = 2 * (64 + 128 + 256)  # their means and standard deviations
HIDDEN_WIDTH = 64
COARSENESS = 4  # pixels of the coarse copy's pixels, along a side; the stride of the deepest features
HALO = 64  # pixels beyond a pixel that it depends on, rounded up to a multiple of the stride
FULL_STRENGTH = 0.4  # at which all that the convolutions paint is added; the usual one
EPSILON = 1e-5


class Norm(NamedTuple):
    """What an instance norm has measured: mean and variance of each channel, (B, C, 1, 1)."""

    mean: Tensor
    variance: Tensor


class Modulation(NamedTuple):
    """What a painting and a strength do to the network.

    Args:
        scales, shifts: for all channels of all instance norms, (B, channels).
        detail: how much of the image's own fine detail is kept, (B, 1, 1, 1); 1 is all.
        amount: how much of what the convolutions paint is added, (B, 1, 1, 1); 0 leaves the image as it is.
    """

    scales: Tensor
    shifts: Tensor
    detail: Tensor
    amount: Tensor


class FastStyleNetwork(nn.Module):
    """Convolutions whose instance norms are scaled and shifted as a painting's statistics tell."""

    statistics_mean: Tensor
    statistics_std: Tensor

    def __init__(self) -> None:
        super().__init__()
        full, half, quarter = WIDTHS
        self.stem = MirroredConv(3, full, 5)
        self.down = nn.ModuleList([MirroredConv(full, half, 3, stride=2), MirroredConv(half, quarter, 3, stride=2)])
        self.blocks = nn.ModuleList(MirroredConv(quarter, quarter, 3) for _ in range(2 * RESIDUAL_BLOCKS))
        self.up = nn.ModuleList([MirroredConv(quarter, half, 3), MirroredConv(half, LAST_WIDTH, 3)])
        self.last = MirroredConv(LAST_WIDTH, 3, 5)
        self.channels = (full, half, quarter, *(quarter for _ in self.blocks), half, LAST_WIDTH)
        total = sum(self.channels)
        self.hidden = nn.Linear(STATISTICS_SIZE + 1, HIDDEN_WIDTH)
        self.modulation = nn.Linear(HIDDEN_WIDTH, 2 * total + 1)
        self.register_buffer("statistics_mean", torch.zeros(STATISTICS_SIZE))
        self.register_buffer("statistics_std", torch.ones(STATISTICS_SIZE))
        nn.init.normal_(self.modulation.weight, std=0.01)
        nn.init.zeros_(self.modulation.bias)
        nn.init.normal_(self.last.conv.weight, std=0.002)

    def modulate(self, statistics: Tensor, strength: Tensor) -> Modulation:
        """Return what paintings with these statistics (B, STATISTICS_SIZE) do at strengths (B,) in [0, 1].

        Up to `FULL_STRENGTH` the painting grows from nothing, which need not be learned; beyond it, it is another one.
        """
        amount = (strength / FULL_STRENGTH).clamp(max=1)[:, None, None, None]
        beyond = (strength - FULL_STRENGTH).clamp(min=0)[:, None]
        standardized = (statistics - self.statistics_mean) / self.statistics_std
        hidden = F.silu(self.hidden(torch.cat([standardized, 4 * beyond], 1)))
        values = self.modulation(hidden)
        total = sum(self.channels)
        scales, shifts, detail = values.split([total, total, 1], 1)
        kept = torch.lerp(torch.ones_like(amount), 0.5 + detail[..., None, None], amount)
        return Modulation(1 + scales, shifts, kept, amount)

    def forward(
        self,
        images: Tensor,
        modulation: Modulation,
        norms: Sequence[Norm] = (),
        pooled: bool = False,
        given_share: float = 1.0,
    ) -> tuple[Tensor, list[Norm]]:
        """Return the painted images, and what each instance norm has measured.

        Args:
            images: (B, 3, H, W) in [0, 1], H and W multiples of 4 and at least 8, already in the painting's colours.
            norms: what the instance norms are to take as measured, instead of measuring.
            pooled: whether all images are parts of one, and measured together.
            given_share: weight of `norms`; where it is less than 1, the rest is what is measured.
        """
        norms_of_layers = _Norms(self.channels, modulation, norms, pooled, given_share)
        features = norms_of_layers(self.stem(images)).relu_()
        for down in self.down:
            features = norms_of_layers(down(features)).relu_()
        for first, second in zip(self.blocks[::2], self.blocks[1::2], strict=True):
            change = norms_of_layers(first(features)).relu_()
            features = features + norms_of_layers(second(change))
        for up in self.up:
            features = norms_of_layers(up(F.interpolate(features, scale_factor=2, mode="bilinear"))).relu_()
        coarse = F.interpolate(F.avg_pool2d(images, COARSENESS), images.shape[2:], mode="bilinear")
        painted = modulation.amount * self.last(features) + torch.lerp(coarse, images, modulation.detail)
        return painted, norms_of_layers.measured


class MirroredConv(nn.Module):
    """A convolution of images that are mirrored beyond their edges, so that no border is painted."""

    def __init__(self, inputs: int, outputs: int, kernel_size: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel_size, stride)
        self.margin = kernel_size // 2

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, outputs, H / stride, W / stride)."""
        mode = "reflect" if min(features.shape[2:]) > self.margin else "replicate"
        convolved: Tensor = self.conv(F.pad(features, (self.margin,) * 4, mode=mode))
        return convolved


class _Norms:
    """The instance norms of one pass, one after the other."""

    def __init__(
        self,
        channels: Sequence[int],
        modulation: Modulation,
        norms: Sequence[Norm],
        pooled: bool,
        given_share: float,
    ) -> None:
        scales, shifts = (torch.split(part[..., None, None], list(channels), 1) for part in modulation[:2])
        self.affine = iter(zip(scales, shifts, strict=True))
        self.given, self.pooled, self.given_share = iter(norms), pooled, given_share
        self.measured: list[Norm] = []

    def __call__(self, features: Tensor) -> Tensor:
        """Return features normalized, scaled and shifted."""
        scale, shift = next(self.affine)
        norm = next(self.given, None)
        if norm is None:
            norm = _measure(features, self.pooled)
        elif self.given_share < 1:
            measured = _measure(features, self.pooled)
            norm = Norm(*(torch.lerp(new, old, self.given_share) for new, old in zip(measured, norm, strict=True)))
        self.measured.append(norm)
        factor = scale * torch.rsqrt(norm.variance + EPSILON)
        return torch.addcmul(shift - norm.mean * factor, features, factor)


def _measure(features: Tensor, pooled: bool) -> Norm:
    """Return the mean and variance of each image's channels, or of all images' together.

    They are not computed by `torch.var_mean`, which takes a third of the network's time in this memory format.
    """
    over = (0, 2, 3) if pooled else (2, 3)
    mean = features.mean(over, keepdim=True)
    return Norm(mean, (features.square().mean(over, keepdim=True) - mean.square()).clamp(min=0))
