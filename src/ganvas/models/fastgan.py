"""The generator of FastGAN (Liu et al. 2021), as used in Projected GAN: light, and quick to learn from few pictures."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from .batch_norm import BatchNorm2d
from .conditional import ClassConditionalGenerator, ClassConditionalLatent
from .layers import Shape, Widths, resolutions

SKIP_DISTANCE = 3  # doublings that a skip-layer excitation bridges: from 4 px to 32 px, from 8 px to 64 px


class SkipLayerExcitation(nn.Module):
    """Gate on the channels of fine features, computed from coarse ones: fine * s(1x1(swish(4x4(pool(coarse))))).

    Source: Liu et al. 2021, section 3.1.

    Args:
        coarse_channels, fine_channels: channels.
    """

    def __init__(self, coarse_channels: int, fine_channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.AdaptiveAvgPool2d(4),
            nn.Conv2d(coarse_channels, fine_channels, 4),
            nn.SiLU(),
            nn.Conv2d(fine_channels, fine_channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """Return (B, fine_channels, H, W) for features (B, coarse_channels, h, w) and (B, fine_channels, H, W)."""
        gated: Tensor = fine * self.layers(coarse)
        return gated


class FastGANGenerator(ClassConditionalGenerator):
    """Blocks that double the size by nearest neighbour, convolution, batch norm and GLU, with skip-layer excitations.

    The paper's spectral norm and noise are left out. Batch norms already keep features in size, and without noise equal
    latents make equal images.

    Args:
        z_dim: length of z.
        widths: channels from the coarsest resolution to the finest.
        shape: (C, H, W) of the images.
        num_classes: 0, or their number.
    """

    def __init__(self, z_dim: int, widths: Widths, shape: Shape, num_classes: int = 0) -> None:
        super().__init__()
        channels, height, width = shape
        (first_height, first_width), *finer = resolutions(height, width, len(widths) - 1)
        self.conditional_latent = ClassConditionalLatent(z_dim, num_classes)
        first_channels = 2 * widths[0]
        self.input_block = nn.Sequential(
            nn.Linear(self.conditional_latent.dim, first_channels * first_height * first_width, bias=False),
            nn.Unflatten(1, (first_channels, first_height, first_width)),
            BatchNorm2d(first_channels),
            nn.GLU(1),
        )
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Upsample(size),
                nn.Conv2d(in_channels, 2 * out_channels, 3, padding=1, bias=False),
                BatchNorm2d(2 * out_channels),
                nn.GLU(1),
            )
            for (in_channels, out_channels), size in zip(pairwise(widths), finer, strict=True)
        )
        self.excitations = nn.ModuleList(
            SkipLayerExcitation(*pair) for pair in zip(widths, widths[SKIP_DISTANCE:], strict=False)
        )
        self.to_rgb = nn.Sequential(nn.Conv2d(widths[-1], channels, 3, padding=1), nn.Tanh())

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return images (B, C, H, W) in [-1, 1] for latents (B, z_dim) and labels (B,)."""
        features = self.input_block(self.conditional_latent(z, labels)).contiguous(memory_format=torch.channels_last)
        earlier = [features]
        for block in self.blocks:
            features = block(features)
            skip = len(earlier) - SKIP_DISTANCE
            if skip >= 0:
                features = self.excitations[skip](earlier[skip], features)
            earlier.append(features)
        images: Tensor = self.to_rgb(features)
        return images

    def early_features(self, z: Tensor) -> Tensor:
        """Return the features (B, F) of the coarsest resolution."""
        features: Tensor = self.input_block(z)
        return features.flatten(1)
