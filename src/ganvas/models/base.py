"""Base classes: what a training loop may ask of any generator and of any discriminator, whatever its architecture.

A network overrides only what differs for it, so that nothing outside this package needs to know its class.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from .layers import Shape, Widths

SAMPLE_BATCH = 16


class Generator(nn.Module):
    """Base of all generators: z (B, Z), and labels (B,) if there are classes, to images (B, C, H, W) in [-1, 1]."""

    fakes_are_images: ClassVar[bool] = True
    """Whether the discriminator is shown the very images that are sampled, not other sizes of them."""

    @property
    def base(self) -> "Generator":
        """The generator that draws from z; itself, unless an upsampler makes its images larger."""
        return self

    def fakes(self, z: Tensor, labels: Tensor | None, rng: torch.Generator, style_mixing: float = 0.0) -> Tensor:
        """Return what the discriminator judges in training: by default the images themselves.

        Args:
            z: (B, Z).
            labels: (B,), or None where there are no classes.
            rng: source of whatever else is random, such as noise.
            style_mixing: probability that an image gets the styles of two latents, for networks with styles.
        """
        return self._images(z, labels)

    @property
    def sample_batch(self) -> int:
        """How many images are computed together when sampling, always: with other numbers, sums may round otherwise."""
        return SAMPLE_BATCH

    @property
    def has_mapping(self) -> bool:
        """Whether z is mapped into a space of styles, one for each layer, where straight lines make sense."""
        return False

    def sample(self, z: Tensor, labels: Tensor | None, truncation: float = 1.0) -> Tensor:
        """Return images (B, C, H, W) for those who sample: what is drawn from where `map` leads.

        Args:
            z: (B, Z).
            labels: (B,), or None where there are no classes.
            truncation: 1 draws from all that was learned; toward 0 images become safer and more alike.
        """
        return self.synthesize(self.map(z, labels, truncation))

    def map(self, z: Tensor, labels: Tensor | None, truncation: float = 1.0) -> Tensor:
        """Return w (B, num_ws, w_dim), from which images are drawn: by default z, truncated, and what the label adds.

        Args:
            z, labels, truncation: as in `sample`.
        """
        return self.with_label(truncation * z, labels)[:, None]

    def synthesize(self, w: Tensor) -> Tensor:
        """Return images (B, C, H, W) drawn from w (B, num_ws, w_dim)."""
        images: Tensor = self(w[:, 0])
        return images

    def with_label(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """Return z (B, Z) with what the network needs of the labels (B,) behind it; by default it needs nothing."""
        return z

    def match_reals(self, images: Tensor) -> Tensor:
        """Return real images (B, C, H, W) in the form that the fakes have now."""
        return images

    @property
    def batch_norm_is_frozen(self) -> bool:
        """Whether batch-norm statistics are kept as they are, and not measured anew before sampling."""
        return False

    def set_level(self, level: float) -> None:
        """Set the level of a growing network; others have none, and ignore it."""

    def update_statistics(self, z: Tensor, labels: Tensor | None) -> None:
        """Measure over these latents what sampling needs besides the weights; by default nothing."""

    def scales(self, z: Tensor, labels: Tensor | None) -> Tensor | None:
        """Return the images at every scale (B, levels, C, H, W), coarsest first, if the network draws several."""
        return None

    def early_features(self, z: Tensor) -> Tensor | None:
        """Return what the first layers make of z, (B, F): all directions of z are alike, and of these they are not.

        None where z is mapped to latents whose own directions differ.

        Args:
            z: (B, Z), with what the network needs of the label behind it.
        """
        return None

    def style_weights(self) -> list[Tensor]:
        """Return the weights (styles, w_dim) from w to each layer's styles, coarsest first; none without styles."""
        return []

    def parameters_of(self, part: str) -> list[nn.Parameter]:
        """Return the parameters that the optimizer named `part` moves; by default all of them."""
        return list(self.parameters())

    def compile_parts(self) -> list[nn.Module]:
        """Return the modules that torch.compile may take."""
        return [self]

    def _images(self, z: Tensor, labels: Tensor | None) -> Tensor:
        images: Tensor = self(z) if labels is None else self(z, labels)
        return images


class Discriminator(nn.Module):
    """Base of all discriminators: images (B, C, H, W), and labels (B,) if there are classes, to logits (B,) or (B, N).

    The class attributes say what a discriminator can do; they are known before one is built.
    """

    can_pack: ClassVar[bool] = True
    """Whether it can judge several images stacked as channels (PacGAN)."""
    can_freeze: ClassVar[bool] = True
    """Whether its first layers can be frozen (FreezeD)."""
    augments_color: ClassVar[bool] = True
    """Whether what it judges are RGB images, so that color augmentation and ADA can be applied."""
    penalty_interval: ClassVar[int] = 4
    """Steps between gradient penalties where none was asked for before: every fourth costs an eighth of the time."""
    is_opponent: ClassVar[bool] = True
    """Whether it judges anything at all; False in recipes without a discriminator."""
    has_auxiliary_loss: ClassVar[bool] = False
    """Whether it learns by a loss of its own besides the adversarial one."""

    @property
    def judges_features(self) -> bool:
        """Whether it judges what a frozen network makes of images, so that `features_of` and `logits_of` are there."""
        return False

    def features_of(self, images: Tensor) -> list[Tensor]:
        """Return a frozen network's features of images (B, C, H, W): (B, D, h, w) at several scales, fine to coarse."""
        raise NotImplementedError("This discriminator judges the images themselves.")

    def logits_of(self, features: list[Tensor], labels: Tensor | None) -> Tensor:
        """Return the logits for what `features_of` returns, and labels (B,) if there are classes."""
        raise NotImplementedError("This discriminator judges the images themselves.")

    def freezable_parameters(self) -> list[nn.Parameter]:
        """Return the parameters that lead to the logits, from the image on; a share of them can be frozen (FreezeD)."""
        return list(self.parameters())

    def logits_and_auxiliary_loss(
        self, images: Tensor, labels: Tensor | None, rng: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Return the logits of real images, and the loss that the discriminator learns by besides.

        Args:
            images: real images as the discriminator is shown them.
            labels: (B,), or None where there are no classes.
            rng: source of whatever is random.
        """
        raise NotImplementedError("This discriminator has no loss of its own.")

    def set_level(self, level: float) -> None:
        """Set the level of a growing network; others have none, and ignore it."""


class NoDiscriminator(Discriminator):
    """Placeholder of recipes without a discriminator: the identity, without parameters."""

    can_freeze = False
    is_opponent = False

    def __init__(self, widths: Widths = (), shape: Shape = (0, 0, 0), num_classes: int = 0) -> None:
        super().__init__()

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the images as they are."""
        return images
