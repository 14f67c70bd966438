"""Networks: plain modules, looked up by name."""

from collections.abc import Callable

from torch import nn

from ..config import Config
from ..errors import pick
from .conditional import ConditionalDiscriminator, ConditionalGenerator
from .dcgan import DCGANDiscriminator, DCGANGenerator
from .fc import FCDiscriminator, FCGenerator
from .quick import Decoder, Encoder, QuickDiscriminator, QuickGenerator
from .residual import ResidualDiscriminator, ResidualGenerator
from .vae import GaussianEncoder

Shape = tuple[int, int, int]
Widths = tuple[int, ...]

GENERATORS: dict[str, Callable[[int, Widths, Shape], nn.Module]] = {
    "fc": FCGenerator,
    "dcgan": DCGANGenerator,
    "quick": QuickGenerator,
    "residual": ResidualGenerator,
    "vae": Decoder,
}
DISCRIMINATORS: dict[str, Callable[[Widths, Shape], nn.Module]] = {
    "fc": FCDiscriminator,
    "dcgan": DCGANDiscriminator,
    "quick": QuickDiscriminator,
    "residual": ResidualDiscriminator,
    "none": lambda widths, shape: nn.Identity(),  # of a recipe that knows no opponent
}


def build_generator(config: Config) -> nn.Module:
    """Return a fresh generator: z (B, latent), and labels (B,) if there are classes, to pictures in [-1, 1]."""
    network, widths, classes = (
        pick(GENERATORS, config.generator.name, "generator"),
        config.generator.widths,
        len(config.classes),
    )
    if network is QuickGenerator:
        return QuickGenerator(config.latent, widths, config.shape, classes)
    if classes:
        return ConditionalGenerator(lambda latent: network(latent, widths, config.shape), config.latent, classes)
    return network(config.latent, widths, config.shape)


def build_discriminator(config: Config) -> nn.Module:
    """Return a fresh discriminator: pictures, and labels (B,) if there are classes, to logits (B,).

    Where it judges several pictures together, they come as one picture with all their channels.
    """
    network, widths = pick(DISCRIMINATORS, config.discriminator.name, "discriminator"), config.discriminator.widths
    if config.classes and config.discriminator.name != "none":
        return ConditionalDiscriminator(lambda shape: network(widths, shape), config.shape, len(config.classes))
    channels, height, width = config.shape
    return network(widths, (packing(config) * channels, height, width))


def packing(config: Config) -> int:
    """Return how many pictures the discriminator judges together: at most a batch, and one where they have labels.

    (A pack is of one label, and a batch seldom has enough pictures of each.)
    """
    return 1 if config.classes else max(1, min(config.balance.pack, config.phases[-1].batch))


def build_encoder(config: Config) -> nn.Module | None:
    """Return a fresh encoder of pictures, to codes (B, latent) or to Gaussians of codes, for a recipe that has one."""
    if config.encoder is not None:
        return GaussianEncoder(config.latent, config.encoder.widths, config.shape)
    return Encoder(config.latent, config.warm_start.encoder.widths, config.shape) if config.warm_start else None
