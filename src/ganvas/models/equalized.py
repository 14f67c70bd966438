"""Layers of the networks that grew out of ProGAN: equalised rates, normed pixels, deviation over the batch."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import wide

SLOPE = 0.2  # of the leaky rectifiers between these layers
ROOT = 2**0.5  # by which a rectifier makes features smaller, and a layer before it makes up for it


class EqualLinear(nn.Module):
    """Be a dense layer whose weights are N(0, 1) and scaled when used, so that Adam moves all layers alike.

    Source: Karras et al. 2018, ProGAN, section 4.1.

    Args:
        inputs, outputs: units.
        gain: of the scale gain / sqrt(inputs).
        bias: that every unit starts with.
        rate: by which this layer learns slower than others (StyleGAN's mapping: 0.01).
    """

    def __init__(self, inputs: int, outputs: int, gain: float = 1.0, bias: float = 0.0, rate: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
        self.scale, self.rate = gain * rate / inputs**0.5, rate

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, outputs) for (B, inputs)."""
        return F.linear(features, self.weight * self.scale, self.bias * self.rate)


class EqualConv2d(nn.Module):
    """Be a convolution with equalised rates as in `EqualLinear`.

    Args:
        before, after: channels.
        kernel: its side, odd.
        gain: of the scale gain / sqrt(before * kernel^2).
        stride: 1 keeps the grid, with zeros around it; 2 halves it without any.
        bias: whether there is one.
    """

    def __init__(
        self, before: int, after: int, kernel: int, gain: float = 1.0, stride: int = 1, bias: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(after, before, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(after)) if bias else None
        self.scale = gain / (before * kernel**2) ** 0.5
        self.stride, self.padding = stride, kernel // 2 if stride == 1 else 0

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, after, H', W') for (B, before, H, W)."""
        return F.conv2d(features, self.weight * self.scale, self.bias, self.stride, self.padding)


class PixelNorm(nn.Module):
    """Divide each pixel's features by their root mean square: x / sqrt(mean x^2 + 1e-8) (ProGAN, section 4.2)."""

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, C, ...) for (B, C, ...)."""
        return features * (wide(features).square().mean(1, keepdim=True) + 1e-8).rsqrt().to(features.dtype)


class BatchDeviation(nn.Module):
    """Add a channel that tells how much the pictures of a group differ (ProGAN, section 3; groups as in StyleGAN).

    Its one number is the mean, over channels and pixels, of the standard deviation over the group. A batch that is no
    multiple of the group is parted into as large groups as go; one that cannot be parted is one group.

    Args:
        group: pictures at most that are compared.
    """

    def __init__(self, group: int = 4) -> None:
        super().__init__()
        self.group = group

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, C + 1, H, W) for (B, C, H, W)."""
        batch, _, height, width = features.shape
        group = next((size for size in range(min(self.group, batch), 1, -1) if batch % size == 0), batch)
        grouped = wide(features).reshape(group, -1, *features.shape[1:])  # picture i is in group i mod (B / group)
        variance = (grouped - grouped.mean(0)).square().mean(0)
        told = (variance + 1e-8).sqrt().mean((1, 2, 3))
        plane = told.repeat(group).view(-1, 1, 1, 1).expand(-1, 1, height, width)
        return torch.cat([features, plane.to(features.dtype)], 1)
