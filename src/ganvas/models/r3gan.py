"""The networks of R3GAN (Huang et al. 2024): ResNeXt-like residual blocks, without normalization or tricks.

A block is a 1x1 convolution that widens, a grouped 3x3 one, and a 1x1 one back, with biased leaky ReLUs between. Its
last convolution starts at zero, so that a fresh network is its shortcuts. The others start smaller the more blocks
there are (Fixup: Zhang et al. 2019). Sizes change by bilinear filters, never by strides. At the edges pixels are
repeated; the authors' code pads with zeros.
"""

from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor, nn

from .base import Discriminator
from .conditional import ClassConditionalGenerator, ClassConditionalLatent, ProjectionHead
from .equalized import LEAKY_SLOPE
from .layers import Shape, Widths, resize_bilinear, resolutions

BLOCKS_PER_STAGE = 2
EXPANSION = 2  # inner channels of a block over its outer ones
GROUP_WIDTH = 16  # channels of a group in the 3x3 convolution
LEAKY_GAIN = (2 / (1 + LEAKY_SLOPE**2)) ** 0.5  # keeps a leaky ReLU's output the size of its input


class R3Block(nn.Module):
    """Residual block: its branch adds nothing at first.

    Args:
        channels: of input and output.
        num_blocks: of the whole network; the more, the smaller the branch's initial weights.
    """

    def __init__(self, channels: int, num_blocks: int) -> None:
        super().__init__()
        inner = EXPANSION * channels
        groups = max(1, inner // GROUP_WIDTH) if inner % GROUP_WIDTH == 0 else 1
        self.conv_in = nn.Conv2d(channels, inner, 1)
        self.conv_group = nn.Conv2d(inner, inner, 3, padding=1, groups=groups)
        self.conv_out = nn.Conv2d(inner, channels, 1, bias=False)
        self.act1, self.act2 = nn.LeakyReLU(LEAKY_SLOPE, inplace=True), nn.LeakyReLU(LEAKY_SLOPE, inplace=True)
        # Two convolutions share L^(-1/2); each starts with the gain of the activation after it.
        for convolution in (self.conv_in, self.conv_group):
            fan_in = convolution.weight[0].numel()
            nn.init.normal_(convolution.weight, 0.0, LEAKY_GAIN * num_blocks**-0.25 / fan_in**0.5)
        for bias in (self.conv_in.bias, self.conv_group.bias):
            assert bias is not None
            nn.init.zeros_(bias)
        nn.init.zeros_(self.conv_out.weight)

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, channels, H, W) for (B, channels, H, W)."""
        inner = self.act1(self.conv_in(features))
        inner = self.act2(self.conv_group(inner))
        output: Tensor = features + self.conv_out(inner)
        return output


class R3Stage(nn.Module):
    """Change of channels and size, then the blocks at that size.

    Args:
        in_channels, out_channels: channels.
        size: (H, W) of the output.
        num_blocks: of the whole network.
        upsample: whether the size changes after the channels, which is cheaper where the input is smaller.
    """

    def __init__(
        self, in_channels: int, out_channels: int, size: tuple[int, int], num_blocks: int, upsample: bool
    ) -> None:
        super().__init__()
        self.size, self.upsample = size, upsample
        self.shortcut: nn.Module = nn.Identity()
        if in_channels != out_channels:
            self.shortcut = variance_preserving_init(nn.Conv2d(in_channels, out_channels, 1, bias=False))
        self.blocks = nn.Sequential(*(R3Block(out_channels, num_blocks) for _ in range(BLOCKS_PER_STAGE)))

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, out_channels, *size) for (B, in_channels, H, W)."""
        if self.upsample:
            features = resize_bilinear(self.shortcut(features), self.size)
        else:
            features = self.shortcut(resize_bilinear(features, self.size))
        output: Tensor = self.blocks(features)
        return output


class R3Generator(ClassConditionalGenerator):
    """Stages that upsample a learned constant, whose channels are scaled by a linear mapping of z.

    Args:
        z_dim: length of z.
        widths: channels from the coarsest resolution to the finest.
        shape: (C, H, W) of the images.
        num_classes: 0, or their number.
    """

    def __init__(self, z_dim: int, widths: Widths, shape: Shape, num_classes: int = 0) -> None:
        super().__init__()
        channels, height, width = shape
        sizes = resolutions(height, width, len(widths) - 1)
        self.conditional_latent = ClassConditionalLatent(z_dim, num_classes)
        self.basis = nn.Parameter(torch.randn(widths[0], *sizes[0]))
        self.mapping = variance_preserving_init(nn.Linear(self.conditional_latent.dim, widths[0], bias=False))
        pairs, num_blocks = pairwise((widths[0], *widths)), BLOCKS_PER_STAGE * len(widths)
        self.stages = nn.Sequential(
            *(R3Stage(*pair, size, num_blocks, upsample=True) for pair, size in zip(pairs, sizes, strict=True))
        )
        self.to_rgb = variance_preserving_init(nn.Conv2d(widths[-1], channels, 1, bias=False))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return images (B, C, H, W), about in [-1, 1], for latents (B, z_dim) and labels (B,)."""
        features = self.basis * self.mapping(self.conditional_latent(z, labels))[:, :, None, None]
        images: Tensor = self.to_rgb(self.stages(features.contiguous(memory_format=torch.channels_last)))
        return images

    def early_features(self, z: Tensor) -> Tensor:
        """Return the features (B, F) of the coarsest stage."""
        scaled = self.basis * self.mapping(z)[:, :, None, None]
        features: Tensor = self.stages[0](scaled)
        return features.flatten(1)


class R3Discriminator(Discriminator):
    """The generator's stages in reverse, then a depthwise convolution over the whole of the last resolution.

    Args:
        widths: channels from the finest resolution to the coarsest.
        shape: (C, H, W) of the images.
        num_classes: 0, or their number.
    """

    def __init__(self, widths: Widths, shape: Shape, num_classes: int = 0) -> None:
        super().__init__()
        channels, height, width = shape
        last, sizes = widths[-1], resolutions(height, width, len(widths) - 1)[::-1]
        self.from_rgb = variance_preserving_init(nn.Conv2d(channels, widths[0], 1, bias=False))
        pairs, num_blocks = pairwise((widths[0], *widths)), BLOCKS_PER_STAGE * len(widths)
        self.stages = nn.Sequential(
            *(R3Stage(*pair, size, num_blocks, upsample=False) for pair, size in zip(pairs, sizes, strict=True))
        )
        self.global_depthwise = variance_preserving_init(nn.Conv2d(last, last, sizes[-1], groups=last, bias=False))
        self.head = ProjectionHead(last, num_classes, variance_preserving_init(nn.Linear(last, 1, bias=False)))

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return logits (B,) for images (B, C, H, W) and labels (B,)."""
        features = self.global_depthwise(self.stages(self.from_rgb(images)))
        logits: Tensor = self.head(features.flatten(1), labels)
        return logits


Layer = TypeVar("Layer", nn.Conv2d, nn.Linear)


def variance_preserving_init(layer: Layer) -> Layer:
    """Return `layer` with weights that keep the variance of features, where no activation follows."""
    nn.init.normal_(layer.weight, 0.0, layer.weight[0].numel() ** -0.5)
    return layer
