"""What one step works on: real images, latents, labels, and the random numbers of the step."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ...config import Config
from ...data import PreparedDataset
from ...data.augment import random_flip, random_turn
from ...data.loader import Loader
from ...data.stream import StreamLoader
from ...data.windows import check_enough, read_shards
from ...distributed import own_rows, process_count
from ...image_io import to_float
from ..state import State

Batches = Loader | StreamLoader


@dataclass(frozen=True)
class Batch:
    """The inputs of a step.

    Args:
        real: images (B, C, H, W) in [-1, 1].
        z: latents (B, Z).
        labels: (B,), or None.
        rng: source of everything random in the step.
        augment_p: probability that an image is augmented before the discriminator sees it.
    """

    real: Tensor
    z: Tensor
    labels: Tensor | None
    rng: torch.Generator
    augment_p: float = 1.0

    @property
    def condition(self) -> tuple[Tensor, ...]:
        """What networks take besides latents or images: the labels, if there are any."""
        return () if self.labels is None else (self.labels,)

    def microbatches(self, count: int) -> Iterator["Batch"]:
        """Yield the batch in `count` parts, as equal as can be."""
        labels = [None] * count if self.labels is None else list(self.labels.tensor_split(count))
        parts = zip(self.real.tensor_split(count), self.z.tensor_split(count), labels, strict=True)
        for real, z, part_labels in parts:
            yield replace(self, real=real, z=z, labels=part_labels)


def make_batch(
    config: Config, images: Tensor, labels: Tensor | None, rng: torch.Generator, device: torch.device
) -> Batch:
    """Return a batch on `device` from uint8 images (B, C, H, W); mirrored and turned at random if the run says so."""
    real = to_float(images.to(device)).contiguous(memory_format=torch.channels_last)
    if config.flip:
        real = random_flip(real, rng)
    if config.turn:
        real = random_turn(real, config.turns, rng).contiguous(memory_format=torch.channels_last)
    z = own_rows(torch.randn, (len(real), config.z_dim), generator=rng, device=device)
    return Batch(real, z, None if labels is None else labels.to(device), rng, config.balance.augment_p)


def make_loader(config: Config, data: PreparedDataset) -> Loader:
    """Return the loader of the pictures that `config` trains on; with labels, small classes come more often."""
    return Loader(data, config.seed, held_out=config.held_out, balanced=bool(config.classes))


def open_batches(config: Config, data: PreparedDataset) -> Batches:
    """Return what gives the batches of a training: a loader of the pictures, or a stream of those in shards.

    Args:
        data: the prepared pictures, or a sample of those in shards.
    """
    loader = make_loader(config, data)
    shards = read_shards(config.data.path) if config.data.window is not None else None
    if shards is None:
        return loader
    check_enough(shards, config.data.window or 0, config.data.path, process_count())
    return StreamLoader(config.data, shards, data, loader, config.seed, config.classes)


def augment_probability(state: State, config: Config) -> float:
    """Return the probability of an augmentation now: adapted to the discriminator, or as configured."""
    return state.counters.ada_p if config.ada is not None else config.balance.augment_p


def generate(generator: nn.Module, z: Tensor, labels: Tensor | None) -> Tensor:
    """Return the generator's images (B, C, H, W) in [-1, 1]."""
    images: Tensor = generator(z) if labels is None else generator(z, labels)
    return images
