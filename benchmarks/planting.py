"""How sicknesses are planted: changes of the configuration, spoilt pictures, and accidents while it trains."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor, nn

from galleries import CHANNELS, FILES, Pictures, some, whole
from ganvas.config import Config, DataConfig, NetworkConfig, PhaseConfig
from ganvas.data import PreparedDataset, prepare
from ganvas.data.loader import Loader
from ganvas.events import run_to_end
from ganvas.planning.schedule import progress
from ganvas.training import phases, session
from ganvas.training.state import State
from ganvas.training.steps.optimize import Losses

SIZE = 16
DEAD = 0.95  # share of a layer's units that die

Change = Callable[[Config], Config]


# Configurations


def untouched(config: Config) -> Config:
    """Leave the configuration as it is."""
    return config


def rates(factor: float, *networks: str) -> Change:
    """Return a change that multiplies the learning rates of "generator", "discriminator" or both by `factor`.

    The generator of `quick` is moved by two optimisers, one after the other.
    """
    wanted = {*networks, *(("autoencoder",) if "generator" in networks else ())}
    if {"generator", "discriminator"} <= wanted:
        wanted.add("prior")

    def change(config: Config) -> Config:
        return replace(
            config,
            optimizers={
                name: replace(each, lr=each.lr * factor) if name in wanted else each
                for name, each in config.optimizers.items()
            },
        )

    return change


def fast_and_heavy(config: Config) -> Config:
    """Set beta1 to 0.9 everywhere, with five times the learning rate."""
    config = rates(5, "generator", "discriminator")(config)
    return replace(config, optimizers={name: replace(each, beta1=0.9) for name, each in config.optimizers.items()})


def large_critic(config: Config) -> Config:
    """Give the discriminator twice the channels at every stage, four times the weights, and no penalty."""
    critic = NetworkConfig(config.discriminator.name, tuple(2 * width for width in config.discriminator.widths))
    return replace(config, discriminator=critic, penalty=replace(config.penalty, name="none", gamma=0.0))


def penalty_times(factor: float) -> Change:
    """Return a change that multiplies the penalty's weight; by 0 it is left out."""

    def change(config: Config) -> Config:
        name = config.penalty.name if factor else "none"
        return replace(config, penalty=replace(config.penalty, name=name, gamma=factor * config.penalty.gamma))

    return change


def batch_of_two(config: Config) -> Config:
    """Train on two pictures a step."""
    return replace(config, phases=tuple(replace(each, batch=min(2, each.batch)) for each in config.phases))


def saturating(config: Config) -> Config:
    """Take the loss that the first paper begins with, whose gradient vanishes where the discriminator is sure."""
    return replace(config, loss="saturating")


def thin_latent(config: Config) -> Config:
    """Leave one dimension of z."""
    return replace(config, z_dim=1)


# Pictures, (N, C, H, W) uint8 to the same

SPOILT: dict[str, Callable[[Pictures], Pictures]] = {
    "whole": lambda pictures: pictures,
    "50": lambda pictures: some(pictures, 50),
    "60": lambda pictures: some(pictures, 60),
    "200": lambda pictures: some(pictures, 200),
    "300": lambda pictures: some(pictures, 300),
    "one": lambda pictures: np.repeat(some(pictures, 1), 1000, 0),
    "ten": lambda pictures: np.tile(some(pictures, 10), (100, 1, 1, 1)),
    "black": lambda pictures: _half_black(pictures),
}
MIXED_WITH = {"mnist": "clothes", "clothes": "mnist", "icons": "photos", "photos": "icons"}  # spoilt: "mixed"


def _half_black(pictures: Pictures) -> Pictures:
    kept: Pictures = np.random.default_rng(5).permutation(len(pictures)) % 2
    return pictures * kept.astype(np.uint8)[:, None, None, None]


def load(data: str, spoil: str, assets: Path, work: Path) -> tuple[PreparedDataset, DataConfig]:
    """Return the pictures of a case, spoilt or "whole"; written once as arrays in the work folder."""
    channels = CHANNELS[data]
    if spoil == "whole" and data == "people":
        config = DataConfig(str(assets / FILES[data]), SIZE, SIZE, channels)
        return run_to_end(prepare(config, workers=1)), config
    file = work / "sets" / f"{data}-{spoil}.npy"
    if not file.exists():
        if spoil == "whole":
            pictures = whole(data, SIZE, assets)
        else:
            pictures = _spoilt(data, spoil, lambda name: load(name, "whole", assets, work)[0].images)
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f".{file.stem}.{id(pictures)}.npy")
        np.save(part, np.ascontiguousarray(pictures[:, 0] if channels == 1 else pictures.transpose(0, 2, 3, 1)))
        part.replace(file)
    config = DataConfig(str(file), SIZE, SIZE, channels)
    return run_to_end(prepare(config, workers=1)), config


def _spoilt(data: str, spoil: str, sound: Callable[[str], Pictures]) -> Pictures:
    """Return the spoilt pictures of a set; if they are mixed, a third of another kind."""
    pictures = np.asarray(sound(data))
    if spoil != "mixed":
        return SPOILT[spoil](pictures)
    return np.concatenate([pictures, some(np.asarray(sound(MIXED_WITH[data])), len(pictures) // 2)])


# What is planted while it trains


@contextmanager
def changing_rates(factors: Callable[[float], dict[str, float]]) -> Iterator[None]:
    """Multiply learning rates by what `factors` says for a share of the budget: "" of all, or an optimizer's name."""
    usual = phases.set_learning_rates

    def set_rates(state: State, config: Config, factor: float) -> None:
        times = factors(progress(config, state.counters.step))
        usual(state, config, factor * times.get("", 1.0))
        for name, optimizer in state.optimizers.items():
            for group in optimizer.param_groups:
                group["lr"] *= times.get(name, 1.0)

    with patch.object(phases, "set_learning_rates", set_rates):
        yield


def jumping_rates() -> AbstractContextManager[None]:
    """Multiply all learning rates by 50 from half-time on, for good."""
    return changing_rates(lambda done: {"": 50.0 if done >= 0.5 else 1.0})


@contextmanager
def wild_weights(config: Config) -> Iterator[None]:
    """Draw the first weights of all networks from N(0, 0.5); those that are drawn anew later are as they should be."""
    usual = session.new_state

    def fresh(config: Config, device: torch.device) -> State:
        state = usual(config, device)
        for number, network in enumerate(state.networks.by_name().values()):
            same = torch.Generator().manual_seed(config.seed + (0 if network is state.networks.g_ema else number))
            for weights in network.parameters():
                if weights.ndim > 1:
                    nn.init.normal_(weights, 0.0, 0.5, generator=same)
        return state

    with patch.object(session, "new_state", fresh):
        yield


@contextmanager
def once_at(share: float, act: Callable[[State], Callable[[], None]]) -> Iterator[None]:
    """Do `act` to the state before the first step at this share of the budget, and what it returns after the step."""
    usual, done = phases.take_step, False

    def advance(phase: PhaseConfig, state: State, config: Config, loader: Loader) -> Losses:
        nonlocal done
        if done or progress(config, state.counters.step) < share:
            return usual(phase, state, config, loader)
        done, after = True, act(state)
        losses = usual(phase, state, config, loader)
        after()
        return losses

    with patch.object(phases, "take_step", advance):
        yield


def kill_units(state: State, averaged: bool = True) -> Callable[[], None]:
    """Let 95 % of the generator's ReLUs die: their batch norms put out -10, with hardly any variance.

    Args:
        averaged: whether those of the averaged generator die too.
    """
    for network in (state.networks.generator, state.networks.g_ema)[: 2 if averaged else 1]:
        for norm in network.modules():
            if isinstance(norm, nn.BatchNorm2d):
                dead = math.ceil(DEAD * norm.num_features)
                with torch.no_grad():
                    norm.bias[:dead] = -10.0
                    norm.weight[:dead] = 0.01
    return lambda: None


def poison(state: State) -> Callable[[], None]:
    """Make a gradient of the generator NaN, in one step."""
    weights = next(each for each in state.networks.generator.parameters() if each.ndim == 4)

    def to_nan(gradient: Tensor) -> Tensor:
        return torch.full_like(gradient, math.nan)

    return weights.register_hook(to_nan).remove


PLANTS: dict[str, Callable[[Config], AbstractContextManager[None]]] = {
    "": lambda config: nullcontext(),
    "jump": lambda config: jumping_rates(),
    "wild weights": wild_weights,
    "dead from the start": lambda config: once_at(0.0, kill_units),
    "dead at a third": lambda config: once_at(1 / 3, kill_units),
    "NaN": lambda config: once_at(0.4, poison),
}
