"""Labels: an embedding beside z; and for the discriminator a plane beside the picture, or a projection at its end.

Networks that know labels themselves are built of `LabelledLatent` and `Verdict`; `conditional_generator` and
`conditional_discriminator` give labels to any other.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .equalized import EqualLinear
from .layers import Shape

EMBEDDING = 16  # numbers that stand for a class beside z
Widths = tuple[int, ...]


class LabelledLatent(nn.Module):
    """Lengthen z with a learned embedding of the label, if there are classes.

    Args:
        latent: length of z.
        classes: 0, or their number.
    """

    def __init__(self, latent: int, classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(classes, EMBEDDING) if classes else None
        self.length = latent + (EMBEDDING if classes else 0)

    def forward(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """Return (B, length) for latents (B, latent) and labels (B,)."""
        return z if self.embedding is None or labels is None else torch.cat([z, self.embedding(labels)], 1)


class Verdict(nn.Module):
    """Turn a picture's features into a logit; with classes, into how well it goes with its label too.

    The logit is w.f + b + e(label).f / sqrt(F) (Miyato and Koyama 2018, projection).

    Args:
        features: their number F.
        classes: 0, or their number.
        score: gives the first part; a layer with equalised rates if none is given.
    """

    def __init__(self, features: int, classes: int, score: nn.Module | None = None) -> None:
        super().__init__()
        self.score = EqualLinear(features, 1) if score is None else score
        self.embedding = nn.Embedding(classes, features) if classes else None

    def forward(self, features: Tensor, labels: Tensor | None) -> Tensor:
        """Return logits (B,) for features (B, F) and labels (B,)."""
        logits: Tensor = self.score(features).squeeze(1)
        if self.embedding is not None and labels is not None:
            logits = logits + (self.embedding(labels) * features).sum(1) / features.shape[1] ** 0.5
        return logits


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
    """Judge pictures together with their class, shown as one more channel that is learned for each label (Mirza 2014).

    Args:
        build: makes the plain discriminator for a shape (C, H, W).
        shape: of the pictures.
        classes: number of classes.
    """

    def __init__(self, build: Callable[[Shape], nn.Module], shape: Shape, classes: int) -> None:
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


def conditional_generator(
    network: Callable[[int, Widths, Shape], nn.Module],
) -> Callable[[int, Widths, Shape, int], nn.Module]:
    """Return what builds `network`, with labels if there are classes."""

    def build(latent: int, widths: Widths, shape: Shape, classes: int) -> nn.Module:
        if classes:
            return ConditionalGenerator(lambda length: network(length, widths, shape), latent, classes)
        return network(latent, widths, shape)

    return build


def conditional_discriminator(
    network: Callable[[Widths, Shape], nn.Module],
) -> Callable[[Widths, Shape, int], nn.Module]:
    """Return what builds `network`, with labels if there are classes."""

    def build(widths: Widths, shape: Shape, classes: int) -> nn.Module:
        if classes:
            return ConditionalDiscriminator(lambda labelled: network(widths, labelled), shape, classes)
        return network(widths, shape)

    return build
