"""Networks: plain modules, looked up by name."""

from collections.abc import Callable

from torch import nn

from ..config import ALONE, Config
from ..errors import pick
from .conditional import conditional_discriminator, conditional_generator
from .dcgan import DCGANDiscriminator, DCGANGenerator
from .fastgan import FastGANGenerator
from .fc import FCDiscriminator, FCGenerator
from .multiscale import MultiscaleDiscriminator, MultiscaleGenerator
from .progressive import ProgressiveDiscriminator, ProgressiveGenerator
from .projected import ProjectedDiscriminator
from .quick import Decoder, Encoder, QuickDiscriminator, QuickGenerator
from .r3gan import R3Discriminator, R3Generator
from .residual import ResidualDiscriminator, ResidualGenerator
from .stylegan2 import StyleGAN2Discriminator, StyleGAN2Generator
from .vae import GaussianEncoder

Shape = tuple[int, int, int]
Widths = tuple[int, ...]

# name: builds a network of length of z, widths, shape, number of classes
GENERATORS: dict[str, Callable[[int, Widths, Shape, int], nn.Module]] = {
    "fc": conditional_generator(FCGenerator),
    "dcgan": conditional_generator(DCGANGenerator),
    "quick": QuickGenerator,
    "residual": conditional_generator(ResidualGenerator),
    "vae": conditional_generator(Decoder),
    "progressive": ProgressiveGenerator,
    "multiscale": MultiscaleGenerator,
    "stylegan2": StyleGAN2Generator,
    "r3gan": R3Generator,
    "fastgan": FastGANGenerator,
}
# name: builds a network of widths, shape, number of classes
DISCRIMINATORS: dict[str, Callable[[Widths, Shape, int], nn.Module]] = {
    "fc": conditional_discriminator(FCDiscriminator),
    "dcgan": conditional_discriminator(DCGANDiscriminator),
    "quick": conditional_discriminator(QuickDiscriminator),
    "residual": conditional_discriminator(ResidualDiscriminator),
    "progressive": ProgressiveDiscriminator,
    "multiscale": MultiscaleDiscriminator,
    "stylegan2": StyleGAN2Discriminator,
    "r3gan": R3Discriminator,
    "projected": ProjectedDiscriminator,
    "none": lambda widths, shape, classes: nn.Identity(),  # of a recipe that knows no opponent
}


def build_generator(config: Config) -> nn.Module:
    """Return a fresh generator: z (B, latent), and labels (B,) if there are classes, to pictures in [-1, 1]."""
    network = pick(GENERATORS, config.generator.name, "generator")
    return network(config.latent, config.generator.widths, config.shape, len(config.classes))


def build_discriminator(config: Config) -> nn.Module:
    """Return a fresh discriminator: pictures, and labels (B,) if there are classes, to logits (B,) or several (B, N).

    Where it judges several pictures together, they come as one picture with all their channels.
    """
    network = pick(DISCRIMINATORS, config.discriminator.name, "discriminator")
    channels, height, width = config.shape
    return network(config.discriminator.widths, (packing(config) * channels, height, width), len(config.classes))


def packing(config: Config) -> int:
    """Return how many pictures the discriminator judges together: at most a batch, and one where they have labels.

    (A pack is of one label, and a batch seldom has enough pictures of each.)
    """
    if config.classes or config.discriminator.name in ALONE:
        return 1
    return max(1, min(config.balance.pack, config.phases[-1].batch))


def build_encoder(config: Config) -> nn.Module | None:
    """Return a fresh encoder of pictures, to codes (B, latent) or to Gaussians of codes, for a recipe that has one."""
    if config.encoder is not None:
        return GaussianEncoder(config.latent, config.encoder.widths, config.shape)
    return Encoder(config.latent, config.warm_start.encoder.widths, config.shape) if config.warm_start else None
