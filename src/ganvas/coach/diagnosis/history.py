"""History of a training's phase: its health checks in order, and what diagnoses ask of them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeGuard

from ...events import Event, Evidence, HealthCheck, Treatment, Verdict
from .diagnoses import DIAGNOSES

MIN_STEPS_APART = 100  # between two health checks, to compare the samples' quality
CLOSE = 0.35  # feature distance below which samples look like the real pictures
Condition = Callable[[HealthCheck], bool]


@dataclass(frozen=True)
class PhaseHistory:
    """The health checks of one phase, since it began or since the last treatment.

    checks: oldest first, never empty.
    started_at: the step at which the phase began or the weights were reinitialized.
    is_treated: whether there was a treatment in this training before these checks.
    """

    checks: tuple[HealthCheck, ...]
    started_at: int = 0
    is_treated: bool = False

    @property
    def last(self) -> HealthCheck:
        """Return the last health check."""
        return self.checks[-1]

    @property
    def age(self) -> int:
        """Return for how many steps the present weights have been trained in this phase."""
        return self.last.step - self.started_at

    def steps_over(self, checks: int) -> int:
        """Return the steps from the check before the last `checks` to the last one; 0 if there is none before."""
        return self.last.step - self.checks[-checks - 1].step if len(self.checks) > checks else 0

    def last_value(self, metric: str) -> float:
        """Return a metric's last value, NaN if it was not measured."""
        return value_of(self.last, metric)

    def recent_median(self, metric: str, checks: int = 3) -> float:
        """Return the median of a metric's last few finite values, NaN if there are none."""
        values = [value_of(check, metric) for check in self.checks[-checks:]]
        values = [value for value in values if math.isfinite(value)]
        return median(values) if values else math.nan

    def minimum(self, metric: str) -> float:
        """Return a metric's smallest finite value, infinity if there is none."""
        values = [value_of(check, metric) for check in self.checks]
        return min((value for value in values if math.isfinite(value)), default=math.inf)

    def streak(self, condition: Condition) -> int:
        """Return for how many checks in a row, up to the last one, the condition has been true."""
        count = 0
        for check in reversed(self.checks):
            if not condition(check):
                break
            count += 1
        return count

    def improvement(self, metric: str, checks: int) -> float:
        """Return by what share a metric fell over the last few checks: 0.5 if it halved, negative if it rose.

        The minimum of the last few checks is compared with the minimum of those before, so that one bad check does not
        count as a trend. NaN if there are too few.
        """
        return _fall(self.checks[:-checks], self.checks[-checks:], metric)

    def comes_nearer(self, share: float) -> bool:
        """Tell whether the samples of the last three checks, or of those after the first, have come nearer by `share`.

        That is to the real pictures, compared with all checks before.
        """
        recent = min(3, len(self.checks) - 1)
        return recent > 0 and self.improvement("feature_distance", recent) >= share

    def progress_over_half(self, metric: str) -> float:
        """Return by what share a metric has fallen since half of the images of this history had been seen.

        The smallest value since then is compared with the smallest before. So a training is given longer, the longer it
        has run: what is learned takes ever more images. NaN with fewer than three checks since or two before.
        """
        middle = (self.checks[0].images_seen + self.last.images_seen) / 2
        before = [check for check in self.checks if check.images_seen <= middle]
        since = [check for check in self.checks if check.images_seen > middle]
        return _fall(before, since, metric, least_before=2, least_since=3)

    def reach(self) -> float:
        """Return how far the generator may have come: learning rate relative to the weights, times the steps.

        NaN if it is not known.
        """
        ratios = _finite_values(self.checks, "generator_lr_to_weight_ratio")
        return self.age * sum(ratios) / len(ratios) if ratios else math.nan

    def evidence(self, metric: str, checks: int) -> Evidence:
        """Return what a metric is now and what it was before the last few checks."""
        first = self.checks[max(0, len(self.checks) - checks - 1)]
        return Evidence(metric, value_of(first, metric), self.last_value(metric), first.images_seen)


def value_of(check: HealthCheck, metric: str) -> float:
    """Return a metric's value in a health check, NaN if it was not measured or is not a number."""
    value = check.metrics.get(metric, math.nan)
    return float(value) if isinstance(value, int | float) else math.nan


def _finite_values(checks: Sequence[HealthCheck], metric: str) -> list[float]:
    return [value for check in checks if math.isfinite(value := value_of(check, metric))]


def _fall(
    before: Sequence[HealthCheck],
    since: Sequence[HealthCheck],
    metric: str,
    least_before: int = 1,
    least_since: int = 1,
) -> float:
    """Return by what share the smallest value since is below the smallest before; NaN with too few finite values."""
    earlier, later = _finite_values(before, metric), _finite_values(since, metric)
    if len(earlier) < least_before or len(later) < least_since or min(earlier) <= 0:
        return math.nan
    return 1 - min(later) / min(earlier)


def above(metric: str, limit: float) -> Condition:
    """Return the condition that a metric is above a limit; false if it was not measured."""
    return lambda check: value_of(check, metric) > limit


def below(metric: str, limit: float) -> Condition:
    """Return the condition that a metric is below a limit; false if it was not measured."""
    return lambda check: value_of(check, metric) < limit


def all_of(*conditions: Condition) -> Condition:
    """Return the condition that several are all true."""
    return lambda check: all(condition(check) for condition in conditions)


def _health_checks(history: Sequence[Event]) -> list[HealthCheck]:
    """Return the health checks of a history, oldest first."""
    return sorted((event for event in history if isinstance(event, HealthCheck)), key=lambda check: check.step)


def present_phase(history: Sequence[Event]) -> PhaseHistory | None:
    """Return the history of the present phase since the last treatment; None before the first health check.

    Args:
        history: the training's events in any order.
    """
    checks = _health_checks(history)
    if not checks:
        return None
    treated_at = last_treated_at(history)
    since = tuple(check for check in _of_present_phase(checks) if check.step > treated_at)
    return PhaseHistory(since or (checks[-1],), _started_at(history, checks), treated_at >= 0)


def _started_at(history: Sequence[Event], checks: Sequence[HealthCheck]) -> int:
    """Return the step of the last check of another phase, or of the last reinitialization if that came later."""
    of_other_phases = [check.step for check in checks if check.phase != checks[-1].phase]
    reinitialized = [event.step for event in history if isinstance(event, Treatment) and _reinitializes(event)]
    return max([0, *of_other_phases, *reinitialized])


def _reinitializes(event: Treatment) -> bool:
    return not event.outcome and any(prescription.kind == "reinitialize" for prescription in event.prescriptions)


def _of_present_phase(checks: Sequence[HealthCheck]) -> Sequence[HealthCheck]:
    """Return the checks, oldest first, since the phase of the last one began."""
    others = [index for index, check in enumerate(checks) if check.phase != checks[-1].phase]
    return checks[others[-1] + 1 :] if others else checks


def is_promising(history: Sequence[Event]) -> bool:
    """Tell whether the last health check shows a state worth going back to.

    The samples are about as good as they ever were, and have come a good part of the way to the real pictures, or are
    close to them. A training that goes wrong gets better in its first minutes too, but weights that were damaged then
    never recover fully.
    """
    phase = present_phase(history)
    if phase is None or len(phase.checks) < 2:
        return False
    distance, first = phase.last_value("feature_distance"), value_of(phase.checks[0], "feature_distance")
    return distance < CLOSE or distance < min(1.15 * phase.minimum("feature_distance"), 0.7 * first)


def is_suspicious(history: Sequence[Event]) -> bool:
    """Tell whether the last health check alone is bad enough to check again soon."""
    phase = present_phase(history)
    if phase is None:
        return False
    earlier = PhaseHistory(phase.checks[:-1]).minimum("feature_distance") if len(phase.checks) > 1 else math.inf
    collapsed = phase.last_value("near_copies") > 0.5 or phase.last_value("diversity") < 0.2
    return collapsed or phase.last_value("feature_distance") > 2 * earlier


def is_change(event: Event) -> TypeGuard[Treatment]:
    """Tell whether an event is a change of the training: a treatment was given, or undone."""
    return isinstance(event, Treatment) and event.outcome in ("", "undone")


def last_treated_at(history: Sequence[Event]) -> int:
    """Return the step at which a treatment was last given or undone, -1 if there was none."""
    return max((event.step for event in history if is_change(event)), default=-1)


def first_check_of_phase(history: Sequence[Event]) -> int:
    """Return the step of the present phase's first health check, 0 before it."""
    checks = _of_present_phase(_health_checks(history))
    return checks[0].step if checks else 0


def last_verdict(history: Sequence[Event]) -> Verdict | None:
    """Return the last verdict in the history; verdicts of a later release, with unknown names, are passed over."""
    verdicts = (event for event in history if isinstance(event, Verdict) and event.name in DIAGNOSES)
    return max(verdicts, key=lambda verdict: verdict.step, default=None)
