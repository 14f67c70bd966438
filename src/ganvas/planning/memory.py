"""What a training takes of the memory, and the batch that fits."""

import math
from dataclasses import replace
from itertools import pairwise

from ..config import Config, NetworkConfig
from ..distributed import LEAST_SHARE
from ..models.upsampling import split_widths, view_factor

FLOATS = 14  # numbers kept for each activation: of both networks, forward and back, twice for a penalty's gradient


def estimated_bytes(config: Config) -> int:
    """Return about what a training takes: weights with their moments, and what a step keeps of each image.

    Activations are counted as one of each width at each resolution; measured trainings took 0.5 to 1.5 times that.
    """
    networks = [activation_count(network, config.small_shape) for network in (config.generator, config.discriminator)]
    activations = math.prod(config.small_shape) + sum(count for count, _ in networks)
    weights = sum(count for _, count in networks)
    if config.upsampling is not None:  # the phases that enlarge need more, but for the smallest factors
        views, (channels, height, width) = config.upsampling.views, config.shape
        viewed = channels, height // view_factor(0, views), width // view_factor(0, views)
        large, more_weights = activation_count(config.upsampling.discriminator, viewed)
        activations = max(activations, math.prod(config.shape) + large + upsampler_activation_count(config))
        weights += views * more_weights
    return 4 * (FLOATS * activations * largest_batch(config) + 4 * weights)


def upsampler_activation_count(config: Config) -> int:
    """Return how many activations an upsampler keeps of each image; 0 where there is none."""
    if config.upsampling is None:
        return 0
    widths, (_, height, width) = config.upsampling.upsampler.widths, config.small_shape
    blocks, narrowing = split_widths(widths, config.upsampling.factor)
    finer: int = sum(4 ** (number + 1) * channels for number, channels in enumerate(narrowing))
    return height * width * (2 * sum(blocks) + finer)


def activation_count(network: NetworkConfig, shape: tuple[int, int, int]) -> tuple[int, int]:
    """Return how many activations a network keeps of each image, and how many weights it has."""
    _, height, width = shape
    pairs = list(pairwise(network.widths))
    if network.name == "fc":  # dense: one number a unit, and a weight from the widest layer to each pixel
        weights = sum(before * after for before, after in pairs) + max(network.widths) * math.prod(shape)
        return sum(network.widths), weights
    grids = [max(1, height >> halvings) * max(1, width >> halvings) for halvings in range(len(network.widths))]
    activations = sum(channels * places for channels, places in zip(sorted(network.widths), grids, strict=True))
    return activations, sum(16 * before * after for before, after in pairs)


def largest_batch(config: Config) -> int:
    """Return the most images that any step of a training takes."""
    return max(phase.batch for phase in config.phases)


def batch_to_share(batch: int, processes: int) -> int:
    """Return the smallest batch from `batch` on that so many processes can share in equal parts."""
    unit = LEAST_SHARE * processes
    return batch if processes == 1 else -(-batch // unit) * unit


def fitting_batch(config: Config, memory: int) -> int:
    """Return the batch, halved until a training takes no more than half of the memory."""
    batch = largest_batch(config)
    while batch > 4 and estimated_bytes(config) > memory / 2:
        batch //= 2
        config = replace(config, phases=tuple(replace(phase, batch=batch) for phase in config.phases))
    return batch
