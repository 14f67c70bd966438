"""What people do to a training that nobody planted: settings taken from elsewhere, and what comes late in a run."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn

from ganvas.config import Config, NetworkConfig, OptimizerConfig, PenaltyConfig, PhaseConfig
from ganvas.data.loader import Loader
from ganvas.models import DISCRIMINATORS
from ganvas.models.conditional import DiscriminatorFactory
from ganvas.models.dcgan import DCGANDiscriminator
from ganvas.models.layers import Shape, Widths
from ganvas.planning.schedule import progress
from ganvas.training import phases
from ganvas.training.state import State
from ganvas.training.steps.optimize import Losses
from planting import PLANTS, Change, changing_rates, kill_units, once_at

CLIP = 0.01  # of a critic's weights (Arjovsky et al. 2017, algorithm 1)
PLAIN = "dcgan without norms"
BRIGHT = 2 / 3  # the quantile of mean brightness above which pictures are lost


class PlainDiscriminator(DCGANDiscriminator):
    """DCGAN's discriminator as the lesson has it: without batch norms."""

    def __init__(self, widths: Widths, shape: Shape) -> None:
        super().__init__(widths, shape)
        self.layers = nn.Sequential(*(layer for layer in self.layers if not isinstance(layer, nn.BatchNorm2d)))


DISCRIMINATORS[PLAIN] = DiscriminatorFactory(PlainDiscriminator, embeds_labels=True)


# Configurations


def chain(*changes: Change) -> Change:
    """Return a change that makes several, one after the other."""

    def change(config: Config) -> Config:
        for each in changes:
            config = each(config)
        return config

    return change


def set_to(**fields: Any) -> Change:
    """Return a change that sets fields of the configuration."""
    return lambda config: replace(config, **fields)


def balance(**fields: Any) -> Change:
    """Return a change that sets fields of `Config.balance`."""
    return lambda config: replace(config, balance=replace(config.balance, **fields))


def batch(count: int) -> Change:
    """Return a change of the images a step, in phases that look at any."""
    return lambda config: replace(
        config, phases=tuple(replace(phase, batch=count) if phase.batch else phase for phase in config.phases)
    )


def pair(lr: float, beta1: float, beta2: float, *, of_discriminator: float | None = None) -> dict[str, OptimizerConfig]:
    """Return the optimizers of generator and discriminator, with a rate of its own for the latter if one is given."""
    return {
        "generator": OptimizerConfig(lr, beta1, beta2),
        "discriminator": OptimizerConfig(lr if of_discriminator is None else of_discriminator, beta1, beta2),
    }


def adam(lr: float, beta1: float = 0.5) -> Change:
    """Return a change of both optimizers of a pair."""
    return set_to(optimizers=pair(lr, beta1, 0.999))


def betas(beta1: float) -> Change:
    """Return a change of all optimizers' beta1."""
    return lambda config: replace(
        config, optimizers={name: replace(each, beta1=beta1) for name, each in config.optimizers.items()}
    )


def no_norm(config: Config) -> Config:
    """Take the batch norms out of DCGAN's discriminator."""
    return replace(config, discriminator=replace(config.discriminator, name=PLAIN))


def no_penalty(config: Config) -> Config:
    """Leave the penalty out."""
    return replace(config, penalty=PenaltyConfig())


def wider(factor: int) -> Change:
    """Return a change that gives every stage of the discriminator `factor` times the channels or units."""
    return lambda config: replace(
        config,
        discriminator=NetworkConfig(config.discriminator.name, tuple(factor * w for w in config.discriminator.widths)),
    )


def narrower(factor: int) -> Change:
    """Return a change that leaves every stage of the generator one of `factor` channels or units."""
    return lambda config: replace(
        config, generator=NetworkConfig(config.generator.name, tuple(w // factor for w in config.generator.widths))
    )


# What comes while it trains


@contextmanager
def after_each_step(act: Callable[[State], None]) -> Iterator[None]:
    """Do `act` to the state after each step."""
    usual = phases.take_step

    def advance(phase: PhaseConfig, state: State, config: Config, loader: Loader) -> Losses:
        losses = usual(phase, state, config, loader)
        act(state)
        return losses

    with patch.object(phases, "take_step", advance):
        yield


@torch.no_grad()
def clip_weights(state: State) -> None:
    """Clip the discriminator's weights, as the first Wasserstein GAN does after each of its steps."""
    for weights in state.networks.discriminator.parameters():
        if weights.ndim > 1:
            weights.clamp_(-CLIP, CLIP)


@contextmanager
def penalty_that_ends(share: float) -> Iterator[None]:
    """Let a schedule end the penalty: from this share of the budget on, a thousandth of it is left."""
    usual = phases.config_at_step

    def at_step(config: Config, step: int) -> Config:
        now = usual(config, step)
        if progress(config, step) < share:
            return now
        return replace(now, penalty=replace(now.penalty, gamma=now.penalty.gamma / 1000))

    with patch.object(phases, "config_at_step", at_step):
        yield


class DarkLoader:
    """The pictures of another loader without the brightest third, in whose place others come again."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._limit = float(brightness(loader.batch(0, 3000)[0]).quantile(BRIGHT))

    def batch(self, images_seen: int, count: int) -> tuple[Tensor, Tensor | None]:
        """Return images (count, C, H, W) uint8 that are not bright."""
        images, labels = self._loader.batch(images_seen, count)
        dark = torch.nonzero(brightness(images) <= self._limit).flatten()
        if count and len(dark):
            kept = dark[torch.arange(count) % len(dark)]
            images, labels = images[kept], None if labels is None else labels[kept]
        return images, labels


def brightness(images: Tensor) -> Tensor:
    """Return the mean value (N,) of images (N, C, H, W)."""
    return images.float().mean((1, 2, 3))


@contextmanager
def lost_kind(share: float) -> Iterator[None]:
    """Let no bright picture come any more from this share of the budget on, as where a file has become unreadable."""
    usual, dark = phases.take_step, list[DarkLoader]()

    def advance(phase: PhaseConfig, state: State, config: Config, loader: Loader) -> Losses:
        if progress(config, state.counters.step) < share:
            return usual(phase, state, config, loader)
        if not dark:
            dark.append(DarkLoader(loader))
        return usual(phase, state, config, dark[0])  # type: ignore[arg-type]

    with patch.object(phases, "take_step", advance):
        yield


def later(share: float, **times: float) -> Callable[[Config], AbstractContextManager[None]]:
    """Return a plant: from this share of the budget on, learning rates are multiplied, by optimizer."""
    return lambda config: changing_rates(lambda done: times if done >= share else {})


def creeping(most: float) -> Callable[[Config], AbstractContextManager[None]]:
    """Return a plant: all learning rates grow evenly, in the logarithm, from their own size to `most` times it."""
    return lambda config: changing_rates(lambda done: {"": math.exp(done * math.log(most))})


PLANTS |= {
    "clip": lambda config: after_each_step(clip_weights),
    "penalty ends": lambda config: penalty_that_ends(0.5),
    "kind lost": lambda config: lost_kind(0.5),
    "generator's rate jumps": later(0.5, generator=40.0),
    "discriminator stops": later(0.5, discriminator=0.0),
    "warm restart": lambda config: changing_rates(lambda done: {"": 15.0 if done >= 0.6 else 1.0}),
    "rates creep": creeping(100.0),
    "dead under the average": lambda config: once_at(0.5, lambda state: kill_units(state, averaged=False)),
}
