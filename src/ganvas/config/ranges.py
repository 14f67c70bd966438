"""Ranges of the numbers in a run's files. Beyond them a file is damaged or made to do harm: nothing is built by it."""

import dataclasses
import math
from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import GanvasError
from ..limits import MAX_BATCH, MAX_CLASSES, MAX_NUMBER, MAX_PHASES, MAX_SIDE, MAX_STAGES, MAX_WIDTH
from ..translation import N_, _
from .parts import CHANNELS, DataConfig, NetworkConfig
from .run import Config

Range = tuple[str, float, float, float]  # name of a number, the number, and the least and the most that it may be
NO_NETWORK = "none"
LEAST_SETTING = {"w_dim": 1, "mapping_lr_multiplier": 1e-9}  # what is divided by
FACTORS = (2, 4, 8)  # of an upsampling
HINT = N_("The file is damaged. Start a new run in another folder.")


def check_config(config: Config, where: str) -> None:
    """Check the numbers of a configuration that was read from a file.

    Args:
        where: the file, for the message.

    Raises:
        GanvasError: a number is out of its range.
    """
    check_ranges(_ranges(config), where)
    if config.data.channels not in CHANNELS.values():
        raise GanvasError(
            _("{where}: data.channels is {channels}.").format(where=where, channels=config.data.channels), _(HINT)
        )
    if config.upsampling and config.upsampling.factor not in FACTORS:
        raise GanvasError(
            _("{where}: upsampling.factor is {factor}.").format(where=where, factor=config.upsampling.factor), _(HINT)
        )


def check_ranges(ranges: Iterable[Range], where: str) -> None:
    """Check numbers that were read from the file `where`.

    Raises:
        GanvasError: a number is out of its range.
    """
    for name, value, low, high in ranges:
        if not low <= value <= high:
            raise GanvasError(
                _("{where}: {name} is {value:.6g}, and not between {low:,.6g} and {high:,.6g}.").format(
                    where=where, name=name, value=value, low=low, high=high
                ),
                _(HINT),
            )


def all_numbers(value: Any, name: str = "") -> Iterator[Range]:
    """Yield all numbers in plain data with the widest range; one that is no number is as bad as an infinite one."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from all_numbers(item, f"{name}.{key}".removeprefix("."))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from all_numbers(item, name)
    elif isinstance(value, int | float):
        number = math.inf if isinstance(value, float) and math.isnan(value) else value
        yield name, number, -MAX_NUMBER, MAX_NUMBER


def _ranges(config: Config) -> Iterator[Range]:
    seedless = dataclasses.replace(config, seed=0, requested=None, data=dataclasses.replace(config.data, limit_seed=0))
    yield from all_numbers(dataclasses.asdict(seedless))
    yield from _data_ranges(config.data)
    yield "z_dim", config.z_dim, 1, MAX_WIDTH
    yield "held_out", config.held_out, 0, MAX_NUMBER
    yield "balance.n_critic", config.balance.n_critic, 1, MAX_NUMBER
    yield "balance.grad_accum_steps", config.balance.grad_accum_steps, 1, MAX_NUMBER
    yield "balance.pac", config.balance.pac, 1, MAX_WIDTH
    yield _("the number of phases"), len(config.phases), 1, MAX_PHASES
    for phase in config.phases:
        yield _("time_share of {name}").format(name=phase.name), phase.time_share, 0, MAX_NUMBER
        yield _("batch of {name}").format(name=phase.name), phase.batch, 0, MAX_BATCH
        yield (
            _("steps of {name}").format(name=phase.name),
            phase.steps,
            min(1, config.steps),
            MAX_NUMBER,
        )  # none before it is planned
    yield _("the time_share of all phases"), sum(phase.time_share for phase in config.phases), 1e-9, MAX_NUMBER
    yield "penalty.interval", config.penalty.interval, 1, MAX_NUMBER
    for name, optimizer in config.optimizers.items():
        yield f"optimizers.{name}.lr", optimizer.lr, 0, MAX_NUMBER
        yield f"optimizers.{name}.beta1", optimizer.beta1, 0, 1
        yield f"optimizers.{name}.beta2", optimizer.beta2, 0, 1
    yield from _class_ranges(config)
    yield from _network_ranges(config)


def _data_ranges(data: DataConfig) -> Iterator[Range]:
    yield "data.height", data.height, 1, MAX_SIDE
    yield "data.width", data.width, 1, MAX_SIDE
    for name, pair in (("value_range", data.value_range), ("aspect", data.aspect)):
        if pair is not None:
            yield _("the number of numbers in data.{name}").format(name=name), len(pair), 2, 2
    if data.aspect is not None:
        yield _("the first of data.aspect"), data.aspect[0], 0, data.aspect[1]
    if data.limit is not None:
        yield "data.limit", data.limit, 1, MAX_NUMBER
    if data.window is not None:
        yield "data.window", data.window, 1, MAX_NUMBER


def _class_ranges(config: Config) -> Iterator[Range]:
    count = len(config.classes)
    yield _("the number of classes"), count, 0, MAX_CLASSES
    if config.class_counts:  # older runs have none
        yield _("the number of class_counts"), len(config.class_counts), count, count
        yield _("the least of class_counts"), min(config.class_counts), 0, MAX_NUMBER
        yield _("the sum of class_counts"), sum(config.class_counts), 1, MAX_NUMBER


def _network_ranges(config: Config) -> Iterator[Range]:
    for role, network, fewest in _networks(config):
        yield _("the number of {role}.widths").format(role=role), len(network.widths), fewest, MAX_STAGES
        for width in network.widths:
            yield _("a width of the {role}").format(role=role), width, 1, MAX_WIDTH
        for name, value in network.settings.items():
            yield f"{role}.settings.{name}", value, LEAST_SETTING.get(name, 0), MAX_WIDTH
    if config.autoencoder:
        yield "autoencoder.prior_batch", config.autoencoder.prior_batch, 1, MAX_BATCH
        yield "autoencoder.max_codes", config.autoencoder.max_codes, 1, MAX_NUMBER
    if config.upsampling:
        yield "upsampling.views", config.upsampling.views, 1, MAX_STAGES
        yield "upsampling.penalty.interval", config.upsampling.penalty.interval, 1, MAX_NUMBER
    if config.stylegan:
        yield "stylegan.pl_interval", config.stylegan.pl_interval, 1, MAX_NUMBER
    if config.ada:
        yield "ada.speed_images", config.ada.speed_images, 1, MAX_NUMBER


def _networks(config: Config) -> Iterator[tuple[str, NetworkConfig, int]]:
    """Yield the role of each network, its sizes, and how many widths it has at least."""
    yield "generator", config.generator, 1
    yield "discriminator", config.discriminator, 0 if config.discriminator.name == NO_NETWORK else 1
    if config.encoder:
        yield "encoder", config.encoder, 1
    if config.autoencoder:
        yield "autoencoder.encoder", config.autoencoder.encoder, 1
    if config.upsampling:
        yield "upsampling.upsampler", config.upsampling.upsampler, config.upsampling.factor.bit_length() - 1
        yield "upsampling.discriminator", config.upsampling.discriminator, 1
