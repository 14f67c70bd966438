"""The beginner's fully connected pair: pictures as vectors (Goodfellow et al. 2014, with batch norm)."""

import math

from torch import Tensor, nn


class FCGenerator(nn.Module):
    """Make pictures from latents by dense layers: 100-256-512-1024-CHW in the lesson.

    Args:
        latent: length of z.
        widths: units of the hidden layers, first to last.
        shape: (C, H, W) of the pictures.
    """

    def __init__(self, latent: int, widths: tuple[int, ...], shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.latent, self.shape = latent, shape
        layers: list[nn.Module] = []
        for before, after in zip((latent, *widths), widths, strict=False):
            layers += [nn.Linear(before, after), nn.BatchNorm1d(after), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], math.prod(shape)), nn.Tanh())

    def forward(self, z: Tensor) -> Tensor:
        """Return pictures (B, C, H, W) in [-1, 1] for latents (B, latent)."""
        pictures: Tensor = self.layers(z).unflatten(1, self.shape)
        return pictures


class FCDiscriminator(nn.Module):
    """Judge pictures by dense layers: CHW-512-256-1 in the lesson.

    Args:
        widths: units of the hidden layers, first to last.
        shape: (C, H, W) of the pictures.
    """

    def __init__(self, widths: tuple[int, ...], shape: tuple[int, int, int]) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Flatten()]
        for before, after in zip((math.prod(shape), *widths), widths, strict=False):
            layers += [nn.Linear(before, after), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], 1))

    def forward(self, pictures: Tensor) -> Tensor:
        """Return logits (B,) for pictures (B, C, H, W)."""
        logits: Tensor = self.layers(pictures).squeeze(1)
        return logits
