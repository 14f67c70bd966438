"""DCGAN: convolutions all the way (Radford et al. 2016)."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from .base import Discriminator, Generator
from .batch_norm import BatchNorm2d
from .layers import Shape, TransposedConv, Widths, resolutions

EARLY_LAYERS = 3  # the first convolution, its norm and activation


def normal_init(module: nn.Module) -> None:
    """Draw convolution weights from N(0, 0.02) and batch-norm scales from N(1, 0.02), as the paper does."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


class DCGANGenerator(Generator):
    """Transposed convolutions, each of which doubles height and width.

    Args:
        z_dim: length of z.
        widths: channels from the coarsest stage on; n widths make images about 2^n times as large as the first stage.
        shape: (C, H, W) of the images.
        bias: 1 if the last convolution has one, as some imported networks do.
    """

    def __init__(self, z_dim: int, widths: Widths, shape: Shape, bias: float = 0) -> None:
        super().__init__()
        channels, height, width = shape
        coarsest, *finer = resolutions(height, width, len(widths))
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(z_dim, widths[0], coarsest, bias=False),
            BatchNorm2d(widths[0]),
            nn.ReLU(),
        ]
        for (in_channels, out_channels), size in zip(pairwise(widths), finer, strict=False):
            layers += [TransposedConv(in_channels, out_channels, size), BatchNorm2d(out_channels), nn.ReLU()]
        last = TransposedConv(widths[-1], channels, finer[-1])
        if bias:
            last.bias = nn.Parameter(torch.zeros(channels))
        self.layers = nn.Sequential(*layers, last, nn.Tanh())
        self.apply(normal_init)

    def forward(self, z: Tensor) -> Tensor:
        """Return images (B, C, H, W) in [-1, 1] for latents (B, z_dim)."""
        images: Tensor = self.layers(z[:, :, None, None])
        return images

    def early_features(self, z: Tensor) -> Tensor:
        """Return the features (B, F) of the coarsest stage."""
        features: Tensor = self.layers[:EARLY_LAYERS](z[:, :, None, None])
        return features.flatten(1)


class DCGANDiscriminator(Discriminator):
    """Strided convolutions, each of which halves height and width.

    Args:
        widths: channels from the finest stage on.
        shape: (C, H, W) of the images.
    """

    def __init__(self, widths: Widths, shape: Shape) -> None:
        super().__init__()
        channels, height, width = shape
        layers: list[nn.Module] = [nn.Conv2d(channels, widths[0], 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
        for in_channels, out_channels in pairwise(widths):
            convolution = nn.Conv2d(in_channels, out_channels, 4, 2, 1, bias=False)
            layers += [convolution, BatchNorm2d(out_channels), nn.LeakyReLU(0.2)]
        coarsest = (height >> len(widths), width >> len(widths))
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, coarsest, bias=False))
        self.apply(normal_init)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B,) for images (B, C, H, W)."""
        logits: Tensor = self.layers(images).flatten()
        return logits
