"""Minutes are kept: how much of a budget is used, and what the steps to come are multiplied by so that it is met.

Calibration measures the first seconds of a process, which are slower than what follows, and nobody knows what else the
machine will have to do. So the pace is measured while the run trains.
"""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from ..config import Config
from ..planning.schedule import phase_at
from .state import Counters

CHECKS = 50  # of the pace, over a budget
MIN_SECONDS = 1.0  # between two checks
MIN_STEPS = 5  # of a phase, from which its pace can be told
WINDOW = 5  # checks over which the pace is measured: recent ones, since other programs come and go
Costs = dict[tuple[str, int], float]  # of a step, by phase and level, as calibrated: in relation to each other
TOLERANCE = 0.01  # of the time that is left; smaller errors wait
NOTICEABLE = 0.02  # seconds; a hook that took less was not due


class Pace:
    """The clock of a run with a budget of minutes.

    Args:
        minutes: of the run's budget; None where it is one of images.
        counters: of the state at which this session begins.
        began: `time.monotonic()` when this session's clock started, before its start-up.
    """

    def __init__(self, minutes: float | None, counters: Counters, began: float) -> None:
        self.budget = None if minutes is None else counters.budget_seconds or 60 * minutes
        self._began, self._before = began, max(counters.wall_seconds, counters.seconds)
        self._last_check = 0.0
        self._measured: deque[tuple[int, float]] = deque(maxlen=WINDOW)  # step of this phase, seconds until there
        self._recent: deque[tuple[float, float]] = deque(maxlen=WINDOW)  # the same of all phases, with costs of steps
        self._phase: tuple[str, int] = ("", 0)
        self._phase_step = 0
        self._hooks = 0.0  # seconds of this session that hooks took
        self._closing: dict[str, float] = {}  # by hook, what it took when it was last due
        self._trained = counters.seconds  # before this session

    def elapsed(self) -> float:
        """Return the seconds of the budget that are used, start-up included."""
        return self._before + time.monotonic() - self._began

    @contextmanager
    def timing(self, hook: str) -> Iterator[None]:
        """Count what a hook takes, which the steps have to leave time for."""
        began = time.perf_counter()
        yield
        seconds = time.perf_counter() - began
        self._hooks += seconds
        if seconds > NOTICEABLE:
            self._closing[hook] = seconds

    def correction(self, planned: Config, now: Config, counters: Counters) -> float | None:
        """Return what the steps to come are to be multiplied by; None where nothing is to be changed yet.

        Args:
            planned: with what steps cost in relation to each other, as calibrated.
            now: with the steps as they are planned now.
        """
        if self.budget is None or counters.step >= now.steps:
            return None
        elapsed = self.elapsed()
        position = phase_at(now, counters.step - 1)
        phase = position.phase
        if (phase.name, phase.level) != self._phase:
            self._phase, self._phase_step = (phase.name, phase.level), counters.step
            self._measured.clear()
            self._measured.append((counters.step, counters.seconds))
        if not self._recent:
            self._recent.append((_cost_until(now, _step_costs(planned), counters.step), counters.seconds))
        is_due = elapsed - self._last_check >= max(MIN_SECONDS, self.budget / CHECKS)
        if not is_due or counters.step - self._phase_step < MIN_STEPS:
            return None
        self._last_check = elapsed
        costs = _step_costs(planned)
        done = _cost_until(now, costs, counters.step)
        (step, seconds), (cost, all_seconds) = self._measured[0], self._recent[0]
        pace = (counters.seconds - seconds) / (counters.step - step)
        unit = (counters.seconds - all_seconds) / (done - cost)
        self._measured.append((counters.step, counters.seconds))
        self._recent.append((done, counters.seconds))
        coming = phase.steps - 1 - position.step
        later = _cost_until(now, costs, now.steps) - done - coming * costs[self._phase]
        return self._factor(planned, counters, coming * pace + later * unit, self.budget - elapsed)

    def _factor(self, planned: Config, counters: Counters, needed: float, left: float) -> float | None:
        """Return the factor for `left` seconds, where the steps to come need `needed`."""
        trained = max(counters.seconds - self._trained, 1e-6)
        closing = max(planned.closing_seconds, sum(self._closing.values()))  # large images may not have been drawn yet
        available = (left - closing) / (1 + self._hooks / trained)
        factor = max(available, 0.0) / needed
        return factor if abs(factor - 1) > TOLERANCE else None


def _step_costs(planned: Config) -> Costs:
    return {(each.name, each.level): each.time_share / each.steps for each in planned.phases}


def _cost_until(config: Config, costs: Costs, step: int) -> float:
    """Return what the first `step` steps cost, as calibrated."""
    cost, begin = 0.0, 0
    for phase in config.phases:
        cost += min(max(step - begin, 0), phase.steps) * costs[phase.name, phase.level]
        begin += phase.steps
    return cost
