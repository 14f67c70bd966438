"""Generators and discriminators, looked up by name."""

from torch import nn

from ..config import Config
from ..errors import lookup
from .base import Discriminator, Generator, NoDiscriminator
from .conditional import DiscriminatorFactory, GeneratorFactory
from .dcgan import DCGANDiscriminator, DCGANGenerator
from .fastgan import FastGANGenerator
from .fastgan_discriminator import FastGANDiscriminator
from .fc import FCDiscriminator, FCGenerator
from .multiscale import MultiscaleDiscriminator, MultiscaleGenerator
from .progressive import ProgressiveDiscriminator, ProgressiveGenerator
from .projected import ProjectedDiscriminator
from .quick import AutoencoderGenerator, ConvDiscriminator, Decoder, Encoder
from .r3gan import R3Discriminator, R3Generator
from .residual import ResidualDiscriminator, ResidualGenerator
from .stylegan2 import StyleGAN2Discriminator, StyleGAN2Generator
from .vae import GaussianEncoder

GENERATORS: dict[str, GeneratorFactory] = {
    "fc": GeneratorFactory(FCGenerator, embeds_labels=True),
    "dcgan": GeneratorFactory(DCGANGenerator, embeds_labels=True),
    "quick": GeneratorFactory(AutoencoderGenerator),
    "residual": GeneratorFactory(ResidualGenerator, embeds_labels=True),
    "vae": GeneratorFactory(Decoder, embeds_labels=True),
    "progressive": GeneratorFactory(ProgressiveGenerator),
    "multiscale": GeneratorFactory(MultiscaleGenerator),
    "stylegan2": GeneratorFactory(StyleGAN2Generator),
    "r3gan": GeneratorFactory(R3Generator),
    "fastgan": GeneratorFactory(FastGANGenerator),
}
DISCRIMINATORS: dict[str, DiscriminatorFactory] = {
    "fc": DiscriminatorFactory(FCDiscriminator, embeds_labels=True),
    "dcgan": DiscriminatorFactory(DCGANDiscriminator, embeds_labels=True),
    "quick": DiscriminatorFactory(ConvDiscriminator, embeds_labels=True),
    "residual": DiscriminatorFactory(ResidualDiscriminator, embeds_labels=True),
    "progressive": DiscriminatorFactory(ProgressiveDiscriminator),
    "multiscale": DiscriminatorFactory(MultiscaleDiscriminator),
    "stylegan2": DiscriminatorFactory(StyleGAN2Discriminator),
    "r3gan": DiscriminatorFactory(R3Discriminator),
    "fastgan": DiscriminatorFactory(FastGANDiscriminator),
    "projected": DiscriminatorFactory(ProjectedDiscriminator),
    "none": DiscriminatorFactory(NoDiscriminator),
}


def build_generator(config: Config) -> Generator:
    """Return a fresh generator: z (B, z_dim), and labels (B,) if there are classes, to images in [-1, 1]."""
    build = lookup(GENERATORS, config.generator.name, "generator")
    return build(config.z_dim, config.generator.widths, config.shape, len(config.classes))


def build_discriminator(config: Config) -> Discriminator:
    """Return a fresh discriminator: images, and labels (B,) if there are classes, to logits (B,) or (B, N).

    If it judges several images together (PacGAN), they come as one image with all their channels.
    """
    build = lookup(DISCRIMINATORS, config.discriminator.name, "discriminator")
    channels, height, width = config.shape
    return build(config.discriminator.widths, (packing(config) * channels, height, width), len(config.classes))


def packing(config: Config) -> int:
    """Return how many images the discriminator judges together: at most a batch, and one where they have labels.

    (A pack has one label, and a batch seldom has enough images of each.)
    """
    if config.classes or not lookup(DISCRIMINATORS, config.discriminator.name, "discriminator").network.can_pack:
        return 1
    return max(1, min(config.balance.pac, config.phases[-1].batch))


def build_encoder(config: Config) -> nn.Module | None:
    """Return a fresh encoder from images to codes (B, z_dim) or to Gaussians over codes, if the recipe has one."""
    if config.encoder is not None:
        return GaussianEncoder(config.z_dim, config.encoder.widths, config.shape)
    return Encoder(config.z_dim, config.autoencoder.encoder.widths, config.shape) if config.autoencoder else None
