"""The beginner's fully connected pair: images as vectors (Goodfellow et al. 2014, with batch norm)."""

import math

from torch import Tensor, nn

from .base import Discriminator, Generator
from .batch_norm import BatchNorm1d
from .layers import Shape, Widths

EARLY_LAYERS = 3  # the first dense one, its norm and activation


class FCGenerator(Generator):
    """Dense layers from latents to images: 100-256-512-1024-CHW in the usual lesson.

    Args:
        z_dim: length of z.
        widths: units of the hidden layers, first to last.
        shape: (C, H, W) of the images.
    """

    def __init__(self, z_dim: int, widths: Widths, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        layers: list[nn.Module] = []
        for in_features, out_features in zip((z_dim, *widths), widths, strict=False):
            layers += [nn.Linear(in_features, out_features), BatchNorm1d(out_features), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], math.prod(shape)), nn.Tanh())

    def forward(self, z: Tensor) -> Tensor:
        """Return images (B, C, H, W) in [-1, 1] for latents (B, z_dim)."""
        images: Tensor = self.layers(z).unflatten(1, self.shape)
        return images

    def early_features(self, z: Tensor) -> Tensor:
        """Return the units (B, F) of the first hidden layer."""
        units: Tensor = self.layers[:EARLY_LAYERS](z)
        return units


class FCDiscriminator(Discriminator):
    """Dense layers from images to a logit: CHW-512-256-1 in the usual lesson.

    Args:
        widths: units of the hidden layers, first to last.
        shape: (C, H, W) of the images.
    """

    def __init__(self, widths: Widths, shape: Shape) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Flatten()]
        for in_features, out_features in zip((math.prod(shape), *widths), widths, strict=False):
            layers += [nn.Linear(in_features, out_features), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], 1))

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B,) for images (B, C, H, W)."""
        logits: Tensor = self.layers(images).squeeze(1)
        return logits
