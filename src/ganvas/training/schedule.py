"""Where a step stands in the whole: its phase, its learning rate, and what is due at it. Pure arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..config import Config, PhaseConfig


@dataclass(frozen=True)
class Position:
    """Name the phase of a step, the step within it, and whether it is the phase's first."""

    phase: PhaseConfig
    step: int

    @property
    def rate(self) -> float:
        """Return how far through the phase the step is, from 0 up to less than 1."""
        return self.step / self.phase.steps


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


def decay(position: Position, share: float) -> float:
    """Return the learning rate's factor: 1, then over the last `share` of the phase linearly down to (almost) 0."""
    left = 1 - position.rate
    return min(1.0, left / share) if share > 0 else 1.0


def due(step: int, steps: int, times: int) -> bool:
    """Tell whether with the end of `step` one of `times` evenly spread occasions has come; the last step is one."""
    return times > 0 and step * times // steps > (step - 1) * times // steps


def with_images(config: Config, images: int) -> Config:
    """Return `config` with each phase's steps set so that about `images` pictures are seen, each phase its share."""
    return with_steps(config, [phase.share * images / phase.batch for phase in config.phases])


def with_seconds(config: Config, seconds: float, seconds_per_step: Sequence[float]) -> Config:
    """Return `config` with each phase's steps set so that it takes its share of `seconds`."""
    return with_steps(
        config, [phase.share * seconds / each for phase, each in zip(config.phases, seconds_per_step, strict=True)]
    )


def with_steps(config: Config, steps: Sequence[float]) -> Config:
    """Return `config` with the steps of its phases, at least one each."""
    phases = tuple(replace(phase, steps=max(1, round(each))) for phase, each in zip(config.phases, steps, strict=True))
    return replace(config, phases=phases)
