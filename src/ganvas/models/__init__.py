"""Networks: plain modules, looked up by name."""

from collections.abc import Callable
from functools import partial

from torch import nn

from ..config import Config
from .conditional import ConditionalDiscriminator, ConditionalGenerator
from .dcgan import DCGANDiscriminator, DCGANGenerator
from .fc import FCDiscriminator, FCGenerator

Shape = tuple[int, int, int]
Widths = tuple[int, ...]

GENERATORS: dict[str, Callable[[int, Widths, Shape], nn.Module]] = {"fc": FCGenerator, "dcgan": DCGANGenerator}
DISCRIMINATORS: dict[str, Callable[[Widths, Shape], nn.Module]] = {"fc": FCDiscriminator, "dcgan": DCGANDiscriminator}


def build_generator(config: Config) -> nn.Module:
    """Return a fresh generator: z (B, latent), and labels (B,) if there are classes, to pictures in [-1, 1]."""
    network, widths = GENERATORS[config.generator.name], config.generator.widths
    if not config.classes:
        return network(config.latent, widths, config.shape)
    build = partial(_generator, network, widths, config.shape)
    return ConditionalGenerator(build, config.latent, len(config.classes))


def build_discriminator(config: Config) -> nn.Module:
    """Return a fresh discriminator: pictures, and labels (B,) if there are classes, to logits (B,)."""
    network, widths = DISCRIMINATORS[config.discriminator.name], config.discriminator.widths
    if not config.classes:
        return network(widths, config.shape)
    return ConditionalDiscriminator(partial(network, widths), config.shape, len(config.classes))


def _generator(
    network: Callable[[int, Widths, Shape], nn.Module], widths: Widths, shape: Shape, latent: int
) -> nn.Module:
    return network(latent, widths, shape)
