"""From a budget of images or seconds to the steps of each phase. Pure arithmetic."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

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


def scale_remaining(config: Config, step: int, factor: float) -> Config:
    """Return `config` with `factor` times as much time for the steps after `step`, each phase its share of it.

    A phase that reaches its bound leaves the rest of its time to the others.
    """
    costs = [phase.time_share / max(1, phase.steps) for phase in config.phases]
    ends = list(accumulate(phase.steps for phase in config.phases))
    left = [min(phase.steps, max(0, end - step)) for phase, end in zip(config.phases, ends, strict=True)]
    done = [phase.steps - each for phase, each in zip(config.phases, left, strict=True)]
    most = _most_steps(config, [before + factor * each for before, each in zip(done, left, strict=True)])
    room = [max(0.0, bound - before) for bound, before in zip(most, done, strict=True)]
    bounded = [each if each < factor * rest else None for each, rest in zip(room, left, strict=True)]
    triples = list(zip(left, costs, bounded, strict=True))
    time = factor * sum(rest * cost for rest, cost, _ in triples)
    time -= sum(bound * cost for _, cost, bound in triples if bound is not None)
    free = sum(rest * cost for rest, cost, bound in triples if bound is None)  # the time that the others had
    scale = max(0.0, time) / free if free else 0.0
    coming = [scale * rest if bound is None else bound for rest, _, bound in triples]
    if left[-1]:
        coming[-1] = max(1.0, coming[-1])  # a run comes to its end by a step, which saves it
    return with_steps(config, [before + each for before, each in zip(done, coming, strict=True)], costs)


def _bounds(config: Config, seconds: float, costs: Sequence[float]) -> list[int]:
    """Return the steps of each phase that its share of `seconds` would take beyond its bound, 0 for the others."""
    wanted = [phase.time_share * seconds / cost for phase, cost in zip(config.phases, costs, strict=True)]
    return [int(most) if most < steps else 0 for most, steps in zip(_most_steps(config, wanted), wanted, strict=True)]


def _most_steps(config: Config, wanted: Sequence[float]) -> list[float]:
    """Return the most steps that each phase may take; infinity for those without a bound.

    Args:
        wanted: steps of each phase, since a bound may depend on those of the phase before.
    """
    most = list[float]()
    for phase, before in zip(config.phases, [0.0, *wanted], strict=False):
        yielding = (phase.max_steps_until / before) ** 0.5 if 0 < phase.max_steps_until < before else 1.0
        most.append(max(round(phase.max_steps * yielding), phase.min_max_steps) if phase.max_steps else math.inf)
    return most


def _steps(config: Config, bounds: Sequence[int], seconds: float, costs: Sequence[float]) -> list[float]:
    """Return each phase's steps: its bound, or what `share * seconds` allows."""
    triples = zip(config.phases, bounds, costs, strict=True)
    return [bound or phase.time_share * seconds / cost for phase, bound, cost in triples]
