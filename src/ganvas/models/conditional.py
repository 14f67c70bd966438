"""Labels for any pair of networks: an embedding beside z, and a plane of label beside the picture (Mirza 2014)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

EMBEDDING = 16  # numbers that stand for a class beside z


class ConditionalGenerator(nn.Module):
    """Make pictures of a class by lengthening z with a learned embedding of the label.

    Args:
        build: makes the plain generator for a length of z.
        latent: length of z as seen from outside.
        classes: number of classes.
    """

    def __init__(self, build: Callable[[int], nn.Module], latent: int, classes: int) -> None:
        super().__init__()
        self.latent = latent
        self.embedding = nn.Embedding(classes, EMBEDDING)
        self.network = build(latent + EMBEDDING)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """Return pictures (B, C, H, W) in [-1, 1] for latents (B, latent) and labels (B,)."""
        pictures: Tensor = self.network(torch.cat([z, self.embedding(labels)], dim=1))
        return pictures


class ConditionalDiscriminator(nn.Module):
    """Judge pictures together with their class, shown as one more channel that is learned for each label.

    Args:
        build: makes the plain discriminator for a shape (C, H, W).
        shape: of the pictures.
        classes: number of classes.
    """

    def __init__(
        self,
        build: Callable[[tuple[int, int, int]], nn.Module],
        shape: tuple[int, int, int],
        classes: int,
    ) -> None:
        super().__init__()
        channels, height, width = shape
        self.planes = nn.Embedding(classes, height * width)
        nn.init.normal_(self.planes.weight, 0.0, 0.5)
        self.network = build((channels + 1, height, width))

    def forward(self, pictures: Tensor, labels: Tensor) -> Tensor:
        """Return logits (B,) for pictures (B, C, H, W) and labels (B,)."""
        planes = self.planes(labels).view(-1, 1, *pictures.shape[2:])
        logits: Tensor = self.network(torch.cat([pictures, planes], dim=1))
        return logits
