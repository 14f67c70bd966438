"""Where a step stands in the whole: its phase, its learning rate, and what is due at it. Pure arithmetic."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..config import Config, PhaseConfig


@dataclass(frozen=True)
class Position:
    """Name the phase of a step, and which step of the phase it is (from 0)."""

    phase: PhaseConfig
    step: int


def position(config: Config, step: int) -> Position:
    """Return where `step` (from 0) stands.

    Raises:
        IndexError: the training has no such step.
    """
    for phase in config.phases:
        if step < phase.steps:
            return Position(phase, step)
        step -= phase.steps
    raise IndexError("past the last step")


def phase_start(config: Config, step: int) -> int:
    """Return how many steps came before the phase of the last of `step` steps, however often it was begun again."""
    last = max(0, step - 1)
    begin, before = 0, 0
    for number, phase in enumerate(config.phases):
        if number == 0 or not phase.continues(config.phases[number - 1]):
            begin = before
        before += phase.steps
        if last < before:
            break
    return begin


def ends_phase(config: Config, step: int) -> bool:
    """Tell whether after `step` steps a phase is over, and another one comes."""
    return 0 < step < config.steps and not position(config, step).phase.continues(position(config, step - 1).phase)


def ends_stage(config: Config, step: int) -> bool:
    """Tell whether after `step` steps a growing network is about to grow."""
    if not 0 < step < config.steps:
        return False
    return position(config, step).phase.level != position(config, step - 1).phase.level


def annealed(config: Config, step: int) -> Config:
    """Return `config` with what its settings have become at `step`, if they change on the way."""
    if config.anneal is None:
        return config
    done = (1 - math.cos(math.pi * progress(config, step))) / 2
    rate, forgetting, gamma = (
        1 + done * (end - 1) for end in (config.anneal.rate, config.anneal.forgetting, config.anneal.gamma)
    )
    optimisers = {
        name: replace(each, learning_rate=rate * each.learning_rate, beta2=1 - forgetting * (1 - each.beta2))
        for name, each in config.optimisers.items()
    }
    return replace(
        config,
        optimisers=optimisers,
        penalty=replace(config.penalty, gamma=gamma * config.penalty.gamma),
        balance=replace(config.balance, augmented=(done if config.anneal.augments else 1) * config.balance.augmented),
    )


def rate_factor(position: Position) -> float:
    """Return what the learning rates are multiplied by: up along the phase's ramp, then linearly down to its floor."""
    phase = position.phase
    rise = min(1.0, (position.step + 1) / phase.ramp) if phase.ramp else 1.0
    return rise * max(phase.floor, 1 - position.step / phase.steps)


def progress(config: Config, step: int) -> float:
    """Return the share of the budget, in [0, 1], that is used up after `step` steps."""
    if step >= config.steps:
        return 1.0
    used, left = 0.0, step
    for phase in config.phases:
        used += phase.share * min(left, phase.steps) / phase.steps
        left = max(0, left - phase.steps)
    return used / sum(phase.share for phase in config.phases)


def ripeness(config: Config, step: int) -> float:
    """Return the share of the last phase, in [0, 1], that is done after `step` steps.

    Only there samples are what they will be; a score taken while an autoencoder learns to draw tells nothing.
    """
    begin = phase_start(config, config.steps)
    return min(1.0, max(0.0, (step - begin) / (config.steps - begin)))


def due(before: float, after: float, times: int) -> bool:
    """Tell whether one of `times` occasions, evenly spread over (0, 1] with the last at 1, lies in (before, after]."""
    return math.floor(after * times) > math.floor(before * times)


def with_images(config: Config, images: int) -> Config:
    """Return `config` with each phase's steps set so that about `images` pictures are seen, each phase its share.

    A phase that reaches its bound leaves the rest of its pictures to those that have none.
    """
    costs = [phase.cost for phase in config.phases]
    seconds = images / sum(phase.share / phase.cost * phase.batch for phase in config.phases)
    bounds = _bounds(config, seconds, costs)
    free = [phase for phase, bound in zip(config.phases, bounds, strict=True) if not bound]
    left = images - sum(phase.batch * bound for phase, bound in zip(config.phases, bounds, strict=True))
    seconds = left / sum(phase.share / phase.cost * phase.batch for phase in free)
    return with_steps(config, _steps(config, bounds, seconds, costs), costs)


def with_seconds(config: Config, seconds: float, seconds_per_step: Sequence[float]) -> Config:
    """Return `config` with each phase's steps set so that it takes its share of `seconds`.

    A phase that reaches its bound leaves the rest of its time to those that have none.
    """
    bounds = _bounds(config, seconds, seconds_per_step)
    left = seconds - sum(bound * each for bound, each in zip(bounds, seconds_per_step, strict=True))
    free = sum(phase.share for phase, bound in zip(config.phases, bounds, strict=True) if not bound)
    return with_steps(config, _steps(config, bounds, left / free, seconds_per_step), seconds_per_step)


def with_steps(config: Config, steps: Sequence[float], costs: Sequence[float]) -> Config:
    """Return `config` with the steps of its phases, at least one each, and the shares of the time that they take."""
    whole = [max(1, round(each)) for each in steps]
    total = sum(number * cost for number, cost in zip(whole, costs, strict=True))
    phases = tuple(
        replace(phase, steps=number, share=number * cost / total)
        for phase, number, cost in zip(config.phases, whole, costs, strict=True)
    )
    return replace(config, phases=phases)


def _bounds(config: Config, seconds: float, costs: Sequence[float]) -> list[int]:
    """Return the steps of each phase that its share of `seconds` would take beyond its bound, 0 for the others."""
    wanted = [phase.share * seconds / cost for phase, cost in zip(config.phases, costs, strict=True)]
    bounds = []
    for phase, steps, before in zip(config.phases, wanted, [0.0, *wanted], strict=False):
        yielding = (phase.most_after / before) ** 0.5 if 0 < phase.most_after < before else 1.0
        most = max(round(phase.most * yielding), phase.most_left)
        bounds.append(most if most < steps else 0)
    return bounds


def _steps(config: Config, bounds: Sequence[int], seconds: float, costs: Sequence[float]) -> list[float]:
    """Return each phase's steps: its bound, or what `share * seconds` allows."""
    triples = zip(config.phases, bounds, costs, strict=True)
    return [bound or phase.share * seconds / cost for phase, bound, cost in triples]
