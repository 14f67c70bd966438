"""Limits of what a config.json may say. Beyond them it is damaged or made to do harm, and nothing is built from it."""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

from ..errors import GanvasError
from .parts import CHANNELS
from .run import Config

MAX_SIDE = 16_384  # pixels; a generator of such pictures would need hundreds of gigabytes
MAX_WIDTH = 65_536  # channels or units of a stage, and numbers of a latent; the largest recipes have 1,024
MAX_STAGES = 64  # of a network; each halving or doubling is one, and residual blocks are few
MAX_NUMBER = 1e18  # of anything else, seeds aside: what is larger does not fit into an index
NO_NETWORK = "none"


def check_limits(config: Config, where: str) -> None:
    """Check the numbers of a configuration that was read from a file.

    Args:
        where: the file, for the message.

    Raises:
        GanvasError: a number is out of its range.
    """
    for name, value, low, high in _ranges(config):
        if not low <= value <= high:
            raise GanvasError(
                f"{where}: {name} is {value:.6g}, and not between {low:,.6g} and {high:,.6g}.",
                "The file is damaged. Start a new run in another folder.",
            )
    if config.data.channels not in CHANNELS.values():
        raise GanvasError(f"{where}: data.channels is {config.data.channels}.", "Start a new run in another folder.")


def _ranges(config: Config) -> Iterator[tuple[str, float, float, float]]:
    """Yield the name of each number, its value, and the least and the most that it may be."""
    for name, number in _numbers(dataclasses.asdict(dataclasses.replace(config, seed=0, requested=None))):
        yield name, number, -MAX_NUMBER, MAX_NUMBER
    yield "data.height", config.data.height, 1, MAX_SIDE
    yield "data.width", config.data.width, 1, MAX_SIDE
    yield "z_dim", config.z_dim, 1, MAX_WIDTH
    yield "held_out", config.held_out, 0, MAX_NUMBER
    yield "balance.n_critic", config.balance.n_critic, 1, MAX_NUMBER
    yield "balance.grad_accum_steps", config.balance.grad_accum_steps, 1, MAX_NUMBER
    yield "the number of phases", len(config.phases), 1, MAX_STAGES
    for phase in config.phases:
        yield f"batch of {phase.name}", phase.batch, 0, MAX_NUMBER
        yield f"steps of {phase.name}", phase.steps, 0, MAX_NUMBER
    for name, optimizer in config.optimizers.items():
        yield f"optimizers.{name}.lr", optimizer.lr, 0, MAX_NUMBER
        yield f"optimizers.{name}.beta1", optimizer.beta1, 0, 1
        yield f"optimizers.{name}.beta2", optimizer.beta2, 0, 1
    for role, network in (("generator", config.generator), ("discriminator", config.discriminator)):
        fewest = 0 if network.name == NO_NETWORK else 1
        yield f"the number of {role}.widths", len(network.widths), fewest, MAX_STAGES
        for width in network.widths:
            yield f"a width of the {role}", width, 1, MAX_WIDTH


def _numbers(value: Any, name: str = "") -> Iterator[tuple[str, float]]:
    """Yield all numbers in plain data, with their names; one that is no number is as bad as an infinite one."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _numbers(item, f"{name}.{key}".removeprefix("."))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _numbers(item, name)
    elif isinstance(value, int | float):
        yield name, math.inf if isinstance(value, float) and math.isnan(value) else value
