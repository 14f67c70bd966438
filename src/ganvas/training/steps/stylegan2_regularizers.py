"""What StyleGAN2 adds to a step: styles of two kinds in one picture, and paths of one length (Karras et al. 2020)."""

from typing import Protocol

import torch
from torch import Tensor

from ...config import StylesConfig
from ...models.stylegan2 import StyleGAN2Generator

DECAY = 0.01  # by which the mean path length moves towards each new one
SHRINK = 2  # the path length is taken of a batch so many times smaller


class Latents(Protocol):
    """Have latents (B, Z), labels (B,) or None, and a source of randomness."""

    @property
    def latents(self) -> Tensor:
        """(B, Z)."""

    @property
    def labels(self) -> Tensor | None:
        """(B,) or None."""

    @property
    def random(self) -> torch.Generator:
        """Of the step."""


def mixed(generator: StyleGAN2Generator, config: StylesConfig, material: Latents) -> Tensor:
    """Return styles (B, depth, W): of each picture's z and, from a random layer on, with a probability, of another z.

    The layers so learn not to rely on each other (style mixing, Karras et al. 2019, section 3.1).
    """
    z, random = material.latents, material.random
    styles = generator.style(z, material.labels)[:, None].expand(-1, generator.depth, -1)
    if config.mixing == 0:
        return styles
    others = torch.randn(z.shape, generator=random, device=z.device)
    crossing = torch.randint(1, generator.depth, (len(z), 1), generator=random, device=z.device)
    mixes = torch.rand((len(z), 1), generator=random, device=z.device) < config.mixing
    later = torch.arange(generator.depth, device=z.device) >= crossing
    other = generator.style(others, material.labels)[:, None]
    return torch.where((mixes & later)[:, :, None], other, styles)


def path_penalty(generator: StyleGAN2Generator, material: Latents) -> Tensor:
    """Return E[(|J^T y| - a)^2]: a step in w is to change the picture as much wherever it is taken (eq. 4).

    J is the picture's Jacobian in w, y ~ N(0, I) / sqrt(H W), and a the running mean of the lengths, which is kept in
    the generator.
    """
    few, random = max(1, len(material.latents) // SHRINK), material.random
    labels = None if material.labels is None else material.labels[:few]
    device, dtype = material.latents.device, material.latents.dtype
    z = torch.randn((few, material.latents.shape[1]), generator=random, device=device, dtype=dtype)
    styles = generator.style(z, labels)[:, None].expand(-1, generator.depth, -1)
    pictures = generator.draw(styles, random)
    y = torch.randn(pictures.shape, generator=random, device=device, dtype=dtype)
    height, width = pictures.shape[2:]
    (moved,) = torch.autograd.grad((pictures * y).sum() / (height * width) ** 0.5, styles, create_graph=True)
    lengths = moved.to(generator.path_mean.dtype).square().sum(2).mean(1).sqrt()
    generator.path_mean.lerp_(lengths.detach().mean(), DECAY)
    penalty: Tensor = (lengths - generator.path_mean).square().mean()
    return penalty
