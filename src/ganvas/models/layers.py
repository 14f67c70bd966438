"""Pieces that several networks share."""

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from .batch_norm import BatchNorm2d
from .precision import at_least_float32

Shape = tuple[int, int, int]  # (C, H, W) of an image
Widths = tuple[int, ...]  # channels of each stage or level


def resolutions(height: int, width: int, halvings: int) -> list[tuple[int, int]]:
    """Return the sizes (H, W) from coarse to fine that end at height x width, each side halved and rounded up."""
    return [(-(-height >> n), -(-width >> n)) for n in range(halvings, -1, -1)]


class TransposedConv(nn.ConvTranspose2d):
    """Transposed convolution whose output has `size`: twice the input's, or one less where a side is odd.

    (28 = 2 * 14, 14 = 2 * 7, 7 = 2 * 4 - 1: an odd side has a kernel of 3 in place of 4.)
    """

    def __init__(self, in_channels: int, out_channels: int, size: tuple[int, int]) -> None:
        height, width = size
        super().__init__(in_channels, out_channels, (4 - height % 2, 4 - width % 2), 2, 1, bias=False)


class ResizeConv(nn.Module):
    """Doubles the size by nearest neighbour, then a 3 x 3 convolution without bias, at a transposed convolution's cost.

    Both at once are a transposed convolution whose 4 x 4 kernel is the 3 x 3 one summed over 2 x 2 windows. What is
    flat stays flat; free 4 x 4 kernels draw a grid into it (Odena et al. 2016, "Deconvolution and Checkerboard
    Artifacts").

    Args:
        in_channels, out_channels: of the features.
        size: height and width of the output: twice the input's, or one less where a side is odd. None is twice any.
    """

    def __init__(self, in_channels: int, out_channels: int, size: tuple[int, int] | None = None) -> None:
        super().__init__()
        self.size = size
        self.weight = nn.Parameter(nn.ConvTranspose2d(in_channels, out_channels, 3).weight.detach())

    def forward(self, features: Tensor) -> Tensor:
        """Return features (B, out_channels, H, W) for features (B, in_channels, h, w)."""
        kernel = 4 * F.avg_pool2d(F.pad(self.weight, (1, 1, 1, 1)), 2, 1)
        doubled = F.conv_transpose2d(features, kernel, stride=2, padding=1)
        return doubled if self.size is None else doubled[:, :, : self.size[0], : self.size[1]]


def down_convs(widths: Widths, shape: Shape, out_features: int, norm: bool) -> nn.Sequential:
    """Return convolutions that halve the image at each width, and a dense layer on what is left.

    Args:
        widths: channels from the finest stage to the coarsest.
        shape: (C, H, W) of the images.
        out_features: of the dense layer.
        norm: whether there are batch norms, except after the first convolution.
    """
    channels, height, width = shape
    layers: list[nn.Module] = []
    for index, (in_channels, out_channels) in enumerate(pairwise((channels, *widths))):
        layers.append(nn.Conv2d(in_channels, out_channels, 4, 2, 1))
        if norm and index > 0:
            layers.append(BatchNorm2d(out_channels))
        layers.append(nn.LeakyReLU(0.2))
    pixels = (height >> len(widths)) * (width >> len(widths))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * pixels, out_features))


def resize_bilinear(features: Tensor, size: tuple[int, int]) -> Tensor:
    """Return features (B, C, H, W) at another size; between a size and its double the filter is [1, 3, 3, 1].

    Computed in float32 at least, since CPUs cannot do it in less.
    """
    if features.shape[2:] == size:
        return features
    resized = F.interpolate(at_least_float32(features), size, mode="bilinear", antialias=size[0] < features.shape[2])
    return resized.to(features.dtype)
