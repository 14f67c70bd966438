"""What one step is made of: real pictures, latents, labels, and what a generator makes of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ...config import Config
from ...data import Prepared
from ...data.augment import flip
from ...data.loader import Loader
from ...image_io import to_float
from ...models.multiscale import MultiscaleGenerator, pyramid
from ...models.progressive import ProgressiveGenerator, coarsened
from ...models.stylegan2 import StyleGAN2Generator
from ..state import State
from .stylegan2_regularizers import mixed


@dataclass(frozen=True)
class Draw:
    """Hold the material of a step.

    Args:
        real: pictures (B, C, H, W) in [-1, 1].
        latents: (B, Z).
        labels: (B,), or None.
        random: of all that is drawn in the step.
        augmented: probability that what the discriminator sees is augmented.
    """

    real: Tensor
    latents: Tensor
    labels: Tensor | None
    random: torch.Generator
    augmented: float = 1.0


def draw(
    config: Config, pictures: Tensor, labels: Tensor | None, random: torch.Generator, device: torch.device
) -> Draw:
    """Return the step's material on `device` from a batch of uint8 pictures."""
    real = to_float(pictures.to(device)).contiguous(memory_format=torch.channels_last)
    if config.flip:
        real = flip(real, random)
    latents = torch.randn((len(real), config.latent), generator=random, device=device)
    return Draw(real, latents, None if labels is None else labels.to(device), random, config.balance.augmented)


def loader_for(config: Config, data: Prepared) -> Loader:
    """Return what reads the pictures that `config` trains on; where they have labels, small classes come more often."""
    return Loader(data, config.seed, held_out=config.held_out, balanced=bool(config.classes))


def parted(material: Draw, parts: int) -> Iterator[Draw]:
    """Yield the material in so many parts, as equal as can be."""
    labels = [None] * parts if material.labels is None else list(material.labels.tensor_split(parts))
    whole = zip(material.real.tensor_split(parts), material.latents.tensor_split(parts), labels, strict=True)
    for real, latents, some in whole:
        yield replace(material, real=real, latents=latents, labels=some)


def effective(state: State, config: Config) -> float:
    """Return the probability of an augmentation at the state's step."""
    return state.augmented if config.adapt is not None else config.balance.augmented


def generate(generator: nn.Module, latents: Tensor, labels: Tensor | None) -> Tensor:
    """Return the generator's pictures (B, C, H, W) in [-1, 1], as those who sample get them."""
    pictures: Tensor = generator(latents) if labels is None else generator(latents, labels)
    return pictures


def fakes(generator: nn.Module, config: Config, material: Draw) -> Tensor:
    """Return what the discriminator is to judge: pictures of mixed styles, or of all scales, or as they are."""
    if isinstance(generator, StyleGAN2Generator) and config.styles:
        return generator.draw(mixed(generator, config.styles, material), material.random)
    if isinstance(generator, MultiscaleGenerator):
        return generator.pyramid(material.latents, material.labels)
    return generate(generator, material.latents, material.labels)


def alike(generator: nn.Module, material: Draw) -> Draw:
    """Return the material with real pictures of the form that the generator's have: grown so far, or of all scales."""
    if isinstance(generator, ProgressiveGenerator):
        return replace(material, real=coarsened(material.real, float(generator.level), generator.levels))
    if isinstance(generator, MultiscaleGenerator):
        return replace(material, real=pyramid(material.real, generator.levels))
    return material
