"""From a budget of images or seconds to the steps of each phase. Pure arithmetic."""

from collections.abc import Sequence
from dataclasses import replace

from ..config import Config


def with_images(config: Config, images: int) -> Config:
    """Return `config` with each phase's steps set so that about `images` pictures are seen, each phase its share.

    A phase that reaches its bound leaves the rest of its pictures to those that have none.
    """
    costs = [phase.relative_step_cost for phase in config.phases]
    seconds = images / sum(phase.time_share / phase.relative_step_cost * phase.batch for phase in config.phases)
    bounds = _bounds(config, seconds, costs)
    free = [phase for phase, bound in zip(config.phases, bounds, strict=True) if not bound]
    left = images - sum(phase.batch * bound for phase, bound in zip(config.phases, bounds, strict=True))
    seconds = left / sum(phase.time_share / phase.relative_step_cost * phase.batch for phase in free)
    return with_steps(config, _steps(config, bounds, seconds, costs), costs)


def with_seconds(config: Config, seconds: float, seconds_per_step: Sequence[float]) -> Config:
    """Return `config` with each phase's steps set so that it takes its share of `seconds`.

    A phase that reaches its bound leaves the rest of its time to those that have none.
    """
    bounds = _bounds(config, seconds, seconds_per_step)
    left = seconds - sum(bound * each for bound, each in zip(bounds, seconds_per_step, strict=True))
    free = sum(phase.time_share for phase, bound in zip(config.phases, bounds, strict=True) if not bound)
    return with_steps(config, _steps(config, bounds, left / free, seconds_per_step), seconds_per_step)


def with_steps(config: Config, steps: Sequence[float], costs: Sequence[float]) -> Config:
    """Return `config` with the steps of its phases, at least one each, and the shares of the time that they take."""
    whole = [max(1, round(each)) for each in steps]
    total = sum(number * cost for number, cost in zip(whole, costs, strict=True))
    phases = tuple(
        replace(phase, steps=number, time_share=number * cost / total)
        for phase, number, cost in zip(config.phases, whole, costs, strict=True)
    )
    return replace(config, phases=phases)


def _bounds(config: Config, seconds: float, costs: Sequence[float]) -> list[int]:
    """Return the steps of each phase that its share of `seconds` would take beyond its bound, 0 for the others."""
    wanted = [phase.time_share * seconds / cost for phase, cost in zip(config.phases, costs, strict=True)]
    bounds = []
    for phase, steps, before in zip(config.phases, wanted, [0.0, *wanted], strict=False):
        yielding = (phase.max_steps_until / before) ** 0.5 if 0 < phase.max_steps_until < before else 1.0
        most = max(round(phase.max_steps * yielding), phase.min_max_steps)
        bounds.append(most if most < steps else 0)
    return bounds


def _steps(config: Config, bounds: Sequence[int], seconds: float, costs: Sequence[float]) -> list[float]:
    """Return each phase's steps: its bound, or what `share * seconds` allows."""
    triples = zip(config.phases, bounds, costs, strict=True)
    return [bound or phase.time_share * seconds / cost for phase, bound, cost in triples]
