"""Class labels: an embedding beside z; for the discriminator a map beside the image, or a projection at its end.

Networks that handle labels themselves are built with `ClassConditionalLatent` and `ProjectionHead`.
`ConditionalGenerator` and `ConditionalDiscriminator` give labels to plain ones, which override none of the base
classes' methods.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor, nn

from ..errors import GanvasError
from ..translation import _
from .base import Discriminator, Generator
from .equalized import EqualLinear
from .layers import Shape, Widths

EMBEDDING_DIM = 16  # numbers that stand for a class beside z


class ClassConditionalLatent(nn.Module):
    """The latent z, and a learned embedding of the label beside it if there are classes.

    Args:
        z_dim: length of z.
        num_classes: 0, or their number.
    """

    def __init__(self, z_dim: int, num_classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(num_classes, EMBEDDING_DIM) if num_classes else None
        self.dim = z_dim + (EMBEDDING_DIM if num_classes else 0)

    def forward(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """Return (B, dim) for latents (B, z_dim) and labels (B,)."""
        return z if self.embedding is None or labels is None else torch.cat([z, self.embedding(labels)], 1)


class ClassConditionalGenerator(Generator):
    """Base of generators that take labels themselves, by a `ClassConditionalLatent`.

    Their forward takes z that has the label behind it already, without labels.
    """

    conditional_latent: ClassConditionalLatent

    def with_label(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """Return z (B, Z) with the embeddings of the labels (B,) behind it."""
        latent: Tensor = self.conditional_latent(z, labels)
        return latent


class ProjectionHead(nn.Module):
    """Last layer of a discriminator: one logit, which with classes also says how well the image fits its label.

    The logit is w.f + b + e(label).f / sqrt(F) (Miyato and Koyama 2018, projection).

    Args:
        in_features: number F of features.
        num_classes: 0, or their number.
        linear: computes w.f + b; an `EqualLinear` if none is given.
    """

    def __init__(self, in_features: int, num_classes: int, linear: nn.Module | None = None) -> None:
        super().__init__()
        self.linear = EqualLinear(in_features, 1) if linear is None else linear
        self.embedding = nn.Embedding(num_classes, in_features) if num_classes else None

    def forward(self, features: Tensor, labels: Tensor | None) -> Tensor:
        """Return logits (B,) for features (B, F) and labels (B,)."""
        logits: Tensor = self.linear(features).squeeze(1)
        if self.embedding is not None and labels is not None:
            logits = logits + (self.embedding(labels) * features).sum(1) / features.shape[1] ** 0.5
        return logits


class ConditionalGenerator(Generator):
    """Plain generator with labels: it gets z and a learned embedding of the label as one longer z.

    Args:
        build: makes the plain generator for a length of z.
        z_dim: length of z as seen from outside.
        num_classes: number of classes.
    """

    def __init__(self, build: Callable[[int], Generator], z_dim: int, num_classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(num_classes, EMBEDDING_DIM)
        self.network = build(z_dim + EMBEDDING_DIM)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """Return images (B, C, H, W) in [-1, 1] for latents (B, z_dim) and labels (B,)."""
        images: Tensor = self.network(self.with_label(z, labels))
        return images

    def early_features(self, z: Tensor) -> Tensor | None:
        """Return those of the plain generator."""
        return self.network.early_features(z)

    def with_label(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """Return z (B, Z) with the embeddings of the labels (B,) behind it."""
        return torch.cat([z, self.embedding(labels)], dim=1)

    def synthesize(self, w: Tensor) -> Tensor:
        """Return images (B, C, H, W) drawn from w (B, 1, Z + EMBEDDING_DIM)."""
        return self.network.synthesize(w)


class ConditionalDiscriminator(Discriminator):
    """Plain discriminator with labels: each label is shown as one more channel, which is learned (Mirza 2014).

    Args:
        build: makes the plain discriminator for a shape (C, H, W).
        shape: (C, H, W) of the images.
        num_classes: number of classes.
    """

    def __init__(self, build: Callable[[Shape], Discriminator], shape: Shape, num_classes: int) -> None:
        super().__init__()
        channels, height, width = shape
        self.label_maps = nn.Embedding(num_classes, height * width)
        nn.init.normal_(self.label_maps.weight, 0.0, 0.5)
        self.network = build((channels + 1, height, width))

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return logits (B,) for images (B, C, H, W) and labels (B,)."""
        maps = self.label_maps(labels).view(-1, 1, *images.shape[2:])
        logits: Tensor = self.network(torch.cat([images, maps], dim=1))
        return logits


@dataclass(frozen=True)
class GeneratorFactory:
    """Builder of one kind of generator.

    Args:
        network: its class.
        embeds_labels: whether a `ConditionalGenerator` brings it the labels; if not, it takes `num_classes` itself.
        settings: names of the numbers that it takes besides.
    """

    network: type[Generator]
    embeds_labels: bool = False
    settings: frozenset[str] = frozenset()

    def __call__(
        self,
        z_dim: int,
        widths: Widths,
        shape: Shape,
        num_classes: int,
        settings: Mapping[str, float] = MappingProxyType({}),
    ) -> Generator:
        """Return a fresh generator, with labels if there are classes.

        Args:
            z_dim, widths, shape, num_classes: as of the network.
            settings: what else it takes.

        Raises:
            GanvasError: it takes no such settings.
        """
        if unknown := settings.keys() - self.settings:
            raise GanvasError(
                _("A generator has settings that are not known: {names}.").format(names=", ".join(sorted(unknown))),
                _("The file is damaged, or from a later release: pip install --upgrade ganvas"),
            )
        if not self.embeds_labels:
            return self.network(z_dim, widths, shape, num_classes, **settings)
        if num_classes:
            return ConditionalGenerator(
                lambda longer_dim: self.network(longer_dim, widths, shape, **settings), z_dim, num_classes
            )
        return self.network(z_dim, widths, shape, **settings)


@dataclass(frozen=True)
class DiscriminatorFactory:
    """Builder of one kind of discriminator.

    Args:
        network: its class, whose attributes say what it can do.
        embeds_labels: whether a `ConditionalDiscriminator` shows it the labels; if not, it takes `num_classes` itself.
    """

    network: type[Discriminator]
    embeds_labels: bool = False

    def __call__(self, widths: Widths, shape: Shape, num_classes: int) -> Discriminator:
        """Return a fresh discriminator, with labels if there are classes."""
        if not self.embeds_labels:
            return self.network(widths, shape, num_classes)
        if num_classes:
            return ConditionalDiscriminator(lambda with_map: self.network(widths, with_map), shape, num_classes)
        return self.network(widths, shape)
