"""Building blocks of ProGAN (Karras et al. 2018), which multiscale and StyleGAN2 networks use too.

They are the paper's (table 2; section 4) with one exception. Where a convolution stands beside a change of size, both
are one 4 x 4 convolution of stride 2, in half the time or less. In the generator this is the same function. In the
discriminator the pooling comes before the activation, not after it.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .equalized import LEAKY_SLOPE, SQRT2, EqualConv2d, EqualLinear, MinibatchStdDev, PixelNorm


def upsample_nearest(images: Tensor, factor: int) -> Tensor:
    """Return (B, C, H * factor, W * factor) for (B, C, H, W) by nearest neighbour."""
    return F.interpolate(images, scale_factor=factor, mode="nearest") if factor > 1 else images


def downsample_mean(images: Tensor, factor: int) -> Tensor:
    """Return (B, C, H / factor, W / factor) for (B, C, H, W) by averaging: the inverse of `upsample_nearest`."""
    return F.avg_pool2d(images, factor) if factor > 1 else images


def coarsest_size(height: int, width: int, levels: int) -> tuple[int, int]:
    """Return the size that becomes height x width when it is doubled `levels` - 1 times.

    Raises:
        ValueError: there is none.
    """
    factor = 2 ** (levels - 1)
    if height % factor or width % factor:
        raise ValueError(f"{height} x {width} pictures cannot have {levels} levels: {factor} must divide both sides.")
    return height // factor, width // factor


class _FusedResampleConv2d(EqualConv2d):
    """Convolution with a learned 3 x 3 kernel that gives a 4 x 4 one: its sum over shifts by 0 or 1 in both directions.

    Args:
        in_channels, out_channels: channels.
    """

    shifts: Tensor

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 3, SQRT2)
        shifts = torch.zeros(3, 3, 4, 4)
        for row in range(3):
            for column in range(3):
                shifts[row, column, row : row + 2, column : column + 2] = 1
        self.register_buffer("shifts", shifts.view(9, 16), persistent=False)

    def kernel(self, scale: float) -> Tensor:
        """Return the scaled sum (out, in, 4, 4), as one matrix product: faster than shifting and adding."""
        return ((self.weight * scale).reshape(-1, 9) @ self.shifts).view(*self.weight.shape[:2], 4, 4)


class UpConv2d(_FusedResampleConv2d):
    """Nearest-neighbour upsampling and a 3 x 3 convolution after it: each output pixel sees only 2 x 2 input pixels.

    Args:
        in_channels, out_channels: channels.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, out_channels, 2H, 2W) for (B, in_channels, H, W)."""
        kernel = self.kernel(self.scale).flip((2, 3)).transpose(0, 1)  # as seen from the input pixel
        return F.conv_transpose2d(features, kernel, self.bias, stride=2, padding=1)


class DownConv2d(_FusedResampleConv2d):
    """A 3 x 3 convolution and 2 x 2 average pooling after it.

    Args:
        in_channels, out_channels: channels.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, out_channels, H / 2, W / 2) for (B, in_channels, H, W)."""
        return F.conv2d(features, self.kernel(self.scale / 4), self.bias, stride=2, padding=1)


def input_block(in_features: int, channels: int, size: tuple[int, int]) -> nn.Sequential:
    """Return a generator's first layers: latents (B, in_features) to features (B, channels, *size).

    The paper normalizes the latents too. Without it, shorter latents give safer images (truncation).
    """
    height, width = size
    return nn.Sequential(
        EqualLinear(in_features, channels * height * width, SQRT2),
        nn.Unflatten(1, (channels, height, width)),
        nn.LeakyReLU(LEAKY_SLOPE),
        PixelNorm(),
        EqualConv2d(channels, channels, 3, SQRT2),
        nn.LeakyReLU(LEAKY_SLOPE),
        PixelNorm(),
    )


def up_block(in_channels: int, out_channels: int) -> nn.Sequential:
    """Return a generator's level: features (B, in_channels, H, W) to (B, out_channels, 2H, 2W)."""
    return nn.Sequential(
        UpConv2d(in_channels, out_channels),
        nn.LeakyReLU(LEAKY_SLOPE),
        PixelNorm(),
        EqualConv2d(out_channels, out_channels, 3, SQRT2),
        nn.LeakyReLU(LEAKY_SLOPE),
        PixelNorm(),
    )


def from_rgb(image_channels: int, channels: int) -> nn.Sequential:
    """Return a discriminator's first layer: images (B, image_channels, H, W) to features (B, channels, H, W)."""
    return nn.Sequential(EqualConv2d(image_channels, channels, 1, SQRT2), nn.LeakyReLU(LEAKY_SLOPE))


def down_block(in_channels: int, mid_channels: int, out_channels: int) -> nn.Sequential:
    """Return a discriminator's level: features (B, in_channels, H, W) to (B, out_channels, H / 2, W / 2)."""
    return nn.Sequential(
        EqualConv2d(in_channels, mid_channels, 3, SQRT2),
        nn.LeakyReLU(LEAKY_SLOPE),
        DownConv2d(mid_channels, out_channels),
        nn.LeakyReLU(LEAKY_SLOPE),
    )


def epilogue(in_channels: int, channels: int, size: tuple[int, int]) -> nn.Sequential:
    """Return a discriminator's last layers: features (B, in_channels, *size) to (B, channels)."""
    return nn.Sequential(
        MinibatchStdDev(),
        EqualConv2d(in_channels + 1, channels, 3, SQRT2),
        nn.LeakyReLU(LEAKY_SLOPE),
        nn.Flatten(),
        EqualLinear(channels * size[0] * size[1], channels, SQRT2),
        nn.LeakyReLU(LEAKY_SLOPE),
    )
