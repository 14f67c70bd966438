"""Layers of ProGAN and its successors: equalized learning rates, pixel norm, minibatch standard deviation."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .precision import at_least_float32

LEAKY_SLOPE = 0.2  # of the leaky ReLUs between these layers
SQRT2 = 2**0.5  # gain of a layer before a ReLU, which makes features smaller by about so much


class EqualLinear(nn.Module):
    """Linear layer with equalized learning rate: weights ~ N(0, 1), scaled at run time, so Adam moves all layers alike.

    Source: Karras et al. 2018, ProGAN, section 4.1.

    Args:
        in_features, out_features: units.
        gain: of the scale gain / sqrt(in_features).
        bias: initial value of every unit's bias.
        lr_multiplier: learning rate relative to other layers (StyleGAN's mapping: 0.01).
    """

    def __init__(
        self, in_features: int, out_features: int, gain: float = 1.0, bias: float = 0.0, lr_multiplier: float = 1.0
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_features, in_features) / lr_multiplier)
        self.bias = nn.Parameter(torch.full((out_features,), bias / lr_multiplier))
        self.scale, self.lr_multiplier = gain * lr_multiplier / in_features**0.5, lr_multiplier

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, out_features) for (B, in_features)."""
        return F.linear(features, self.weight * self.scale, self.bias * self.lr_multiplier)


class EqualConv2d(nn.Module):
    """Convolution with equalized learning rate, as in `EqualLinear`.

    Args:
        in_channels, out_channels: channels.
        kernel_size: side of the kernel, odd.
        gain: of the scale gain / sqrt(in_channels * kernel_size^2).
        stride: 1 keeps the size, by zero padding; 2 halves it, without padding.
        bias: whether there is one.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        gain: float = 1.0,
        stride: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        self.scale = gain / (in_channels * kernel_size**2) ** 0.5
        self.stride, self.padding = stride, kernel_size // 2 if stride == 1 else 0

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, out_channels, H', W') for (B, in_channels, H, W)."""
        return F.conv2d(features, self.weight * self.scale, self.bias, self.stride, self.padding)


class PixelNorm(nn.Module):
    """Each pixel's features over their root mean square: x / sqrt(mean x^2 + 1e-8) (ProGAN, section 4.2)."""

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, C, ...) for (B, C, ...)."""
        return features * (at_least_float32(features).square().mean(1, keepdim=True) + 1e-8).rsqrt().to(features.dtype)


class MinibatchStdDev(nn.Module):
    """One more channel that says how much the images of a group differ (ProGAN, section 3; groups of 4 as in StyleGAN).

    Its value is the standard deviation over the group, averaged over channels and pixels. Where the batch is no
    multiple of the group size, the largest smaller size that divides it is taken; if there is none, the batch is one
    group.

    Args:
        group_size: images that are compared, at most.
    """

    def __init__(self, group_size: int = 4) -> None:
        super().__init__()
        self.group_size = group_size

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, C + 1, H, W) for (B, C, H, W)."""
        batch, _, height, width = features.shape
        size = next((size for size in range(min(self.group_size, batch), 1, -1) if batch % size == 0), batch)
        # A group is of images that follow each other, so that processes which share a batch have whole groups.
        groups = at_least_float32(features).reshape(-1, size, *features.shape[1:])
        variance = (groups - groups.mean(1, keepdim=True)).square().mean(1)
        std = (variance + 1e-8).sqrt().mean((1, 2, 3))
        channel = std.repeat_interleave(size).view(-1, 1, 1, 1).expand(-1, 1, height, width)
        return torch.cat([features, channel.to(features.dtype)], 1)
