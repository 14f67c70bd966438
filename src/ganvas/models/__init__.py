"""Generators and discriminators, looked up by name."""

from torch import nn

from ..config import Config, NetworkConfig
from ..errors import lookup
from ..translation import N_
from .base import Discriminator, Generator, NoDiscriminator
from .conditional import DiscriminatorFactory, GeneratorFactory
from .dcgan import DCGANDiscriminator, DCGANGenerator
from .fastgan import FastGANGenerator
from .fastgan_discriminator import FastGANDiscriminator
from .fc import FCDiscriminator, FCGenerator
from .keragan import KeraganGenerator
from .lightweight_gan import SETTINGS as LIGHTWEIGHT_SETTINGS
from .lightweight_gan import LightweightGenerator
from .multiscale import MultiscaleDiscriminator, MultiscaleGenerator
from .plain_stylegan2 import SETTINGS as PLAIN_STYLEGAN2_SETTINGS
from .plain_stylegan2 import PlainStyleGAN2Generator
from .progressive import ProgressiveDiscriminator, ProgressiveGenerator
from .projected import ProjectedDiscriminator
from .quick import AutoencoderGenerator, ConvDiscriminator, Decoder, Encoder, TransposedAutoencoderGenerator
from .r3gan import R3Discriminator, R3Generator
from .residual import ResidualDiscriminator, ResidualGenerator
from .stylegan2 import StyleGAN2Discriminator, StyleGAN2Generator
from .stylegan2_original import SETTINGS as STYLEGAN2_SETTINGS
from .stylegan2_original import OriginalStyleGAN2Generator
from .stylegan3 import SETTINGS as STYLEGAN3_SETTINGS
from .stylegan3 import StyleGAN3Generator
from .upsampling import UpsampledDiscriminator, UpsampledGenerator, Upsampler, view_factor
from .vae import GaussianEncoder

GENERATORS: dict[str, GeneratorFactory] = {
    "fc": GeneratorFactory(FCGenerator, embeds_labels=True),
    "dcgan": GeneratorFactory(DCGANGenerator, embeds_labels=True, settings=frozenset({"bias"})),
    "quick": GeneratorFactory(TransposedAutoencoderGenerator),
    "autoencoder": GeneratorFactory(AutoencoderGenerator),
    "residual": GeneratorFactory(ResidualGenerator, embeds_labels=True),
    "vae": GeneratorFactory(Decoder, embeds_labels=True),
    "progressive": GeneratorFactory(ProgressiveGenerator),
    "multiscale": GeneratorFactory(MultiscaleGenerator),
    "stylegan2": GeneratorFactory(StyleGAN2Generator),
    "r3gan": GeneratorFactory(R3Generator),
    "fastgan": GeneratorFactory(FastGANGenerator),
    "stylegan2-original": GeneratorFactory(OriginalStyleGAN2Generator, settings=STYLEGAN2_SETTINGS),
    "stylegan3": GeneratorFactory(StyleGAN3Generator, settings=STYLEGAN3_SETTINGS),
    "stylegan2-plain": GeneratorFactory(PlainStyleGAN2Generator, settings=PLAIN_STYLEGAN2_SETTINGS),
    "lightweight-gan": GeneratorFactory(LightweightGenerator, embeds_labels=True, settings=LIGHTWEIGHT_SETTINGS),
    "keragan": GeneratorFactory(KeraganGenerator, embeds_labels=True),
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
    build = lookup(GENERATORS, config.generator.name, N_("generator"))
    network = config.generator
    base = build(config.z_dim, network.widths, config.small_shape, len(config.classes), network.settings)
    if config.upsampling is None:
        return base
    upsampler = Upsampler(config.upsampling.upsampler.widths, config.shape, config.upsampling.factor)
    return UpsampledGenerator(base, upsampler)


def build_discriminator(config: Config) -> Discriminator:
    """Return a fresh discriminator: images, and labels (B,) if there are classes, to logits (B,) or (B, N).

    If it judges several images together (PacGAN), they come as one image with all their channels.
    """
    channels, height, width = config.small_shape
    small = _discriminator(config, config.discriminator, (packing(config) * channels, height, width))
    if config.upsampling is None:
        return small
    views, (channels, height, width) = config.upsampling.views, config.shape
    whole = view_factor(0, views)
    shape = channels, -(-height // whole), -(-width // whole)
    large = [_discriminator(config, config.upsampling.discriminator, shape) for _ in range(views)]
    return UpsampledDiscriminator(small, large, config.shape)


def _discriminator(config: Config, network: NetworkConfig, shape: tuple[int, int, int]) -> Discriminator:
    return lookup(DISCRIMINATORS, network.name, N_("discriminator"))(network.widths, shape, len(config.classes))


def packing(config: Config) -> int:
    """Return how many images the discriminator judges together: at most a batch, and one where they have labels.

    (A pack has one label, and a batch seldom has enough images of each.) Large images are judged singly too.
    """
    return max(1, min(config.balance.pac, config.phases[-1].batch)) if can_pack(config) else 1


def can_pack(config: Config) -> bool:
    """Return whether the discriminator can judge several images together."""
    network = lookup(DISCRIMINATORS, config.discriminator.name, N_("discriminator")).network
    return not config.classes and config.upsampling is None and network.can_pack


def build_encoder(config: Config) -> nn.Module | None:
    """Return a fresh encoder from images to codes (B, z_dim) or to Gaussians over codes, if the recipe has one."""
    if config.encoder is not None:
        return GaussianEncoder(config.z_dim, config.encoder.widths, config.small_shape)
    return Encoder(config.z_dim, config.autoencoder.encoder.widths, config.small_shape) if config.autoencoder else None
