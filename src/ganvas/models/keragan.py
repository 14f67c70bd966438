"""The generator of keragan's DCGAN, for networks that come from there: it enlarges, then convolves."""

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from .base import Generator
from .batch_norm import BatchNorm2d
from .layers import Shape, Widths

FIRST = 8  # side of what the latent is turned into
EPSILON = 1e-3  # of Keras' batch norms


class KeraganGenerator(Generator):
    """A dense layer, then layers that double the size by nearest neighbour and convolve.

    Args:
        z_dim: length of z.
        widths: channels of the dense layer, and of each layer after it.
        shape: (C, H, W) of the images.
    """

    def __init__(self, z_dim: int, widths: Widths, shape: Shape) -> None:
        super().__init__()
        self.dense = nn.Linear(z_dim, widths[0] * FIRST * FIRST)
        self.width = widths[0]
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            norm = BatchNorm2d(after, eps=EPSILON)
            layers += [nn.Upsample(scale_factor=2), nn.Conv2d(before, after, 3, padding=1), norm, nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], shape[0], 3, padding=1), nn.Tanh())

    def forward(self, z: Tensor) -> Tensor:
        """Return images (B, C, H, W) in [-1, 1] for latents (B, z_dim)."""
        first = F.relu(self.dense(z)).view(-1, self.width, FIRST, FIRST)
        images: Tensor = self.layers(first)
        return images
