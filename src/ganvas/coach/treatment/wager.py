"""Wagers: a treatment has to prove itself against the state before it, which was put aside.

The samples of both are compared. A treatment that goes on from there has to be as good soon. One that begins afresh
may be behind until it has been trained for as many images as the state before it. What is behind then is undone.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...events import Event, HealthCheck, Prescription, Treatment, Verdict
from ..diagnosis.diagnoses import HEALTHY_VERDICTS
from ..diagnosis.history import (
    MIN_STEPS_APART,
    PhaseHistory,
    first_check_of_phase,
    last_treated_at,
    present_phase,
    value_of,
)
from ..diagnosis.rules import FALLEN_BACK, SURE

MIN_CHECKS = 3  # health checks before a treatment is judged
MAX_CHECKS = 6  # health checks after which a treatment that has not helped has failed
BEHIND = 1.05  # times the distance of the state put aside; below it, two measurements may differ by chance
RESTARTS = frozenset({"rollback", "restart_phase", "reinitialize"})


@dataclass(frozen=True)
class Aside:
    """The state before a treatment, put aside as a checkpoint.

    step: of the checkpoint.
    distance: of its samples from the real images, finite.
    until: images seen from which on a treatment that began afresh has been trained for as long as this state.
    """

    step: int
    distance: float
    until: int


@dataclass(frozen=True)
class Wager:
    """What a treatment is judged by: the state put aside, if there is one, against the present samples.

    measure_distance: returns the distance of the present samples, NaN if they cannot be measured. It takes a moment.
    phase_ends: whether this is the last health check of the phase, so that there is no going back later.
    """

    aside: Aside | None = None
    measure_distance: Callable[[], float] = lambda: math.nan
    phase_ends: bool = False

    def is_behind(self) -> bool:
        """Tell whether the samples are plainly worse than those of the state put aside."""
        return self.aside is not None and self.measure_distance() > BEHIND * self.aside.distance

    def is_settled(self, history: Sequence[Event], phase: PhaseHistory) -> bool:
        """Tell whether it is time to decide: what began afresh has had as many images, or the phase ends."""
        if self.aside is None:
            return False
        return self.phase_ends or (phase.last.images_seen >= self.aside.until and _has_taken_effect(history, phase))


def judge(history: Sequence[Event], phase: PhaseHistory, verdict: Verdict, last: Treatment, wager: Wager) -> str:
    """Return "helped", "failed", or nothing while it is too early to tell.

    It helped only if nothing is wrong any more and the distance says so. Whether it is undone is for the caller to
    decide, who knows whether there is another remedy.

    Args:
        last: the treatment that is judged.
    """
    if phase.last_value("finite") < 1:
        return "failed"
    if last.step < first_check_of_phase(history):  # its phase is over
        return "helped" if verdict.name in HEALTHY_VERDICTS else "failed"
    if not (wager.phase_ends or _has_taken_effect(history, phase)):
        return ""
    if verdict.name not in HEALTHY_VERDICTS:
        late = wager.phase_ends or _checks_since(history) >= MAX_CHECKS
        return "failed" if verdict.confidence >= SURE or late else ""
    if phase.recent_median("feature_distance") > FALLEN_BACK * phase.minimum("feature_distance"):
        return "failed" if wager.phase_ends else ""  # it was better at first
    if _may_be_better(history, phase, last) and not wager.measure_distance() > _distance_to_beat(last, wager):
        return "helped"
    gave_up = not is_restart(last.prescriptions) and _checks_since(history) >= MAX_CHECKS
    return "failed" if gave_up or wager.phase_ends else ""


def is_over(history: Sequence[Event], wager: Wager, treatments: Sequence[Treatment]) -> bool:
    """Tell whether the state that was put aside is not needed any more: the treatments since have proved themselves.

    Args:
        treatments: what follows the history: outcomes and the next treatment.
    """
    phase, aside = present_phase(history), wager.aside
    given = [event for event in (*history, *treatments) if isinstance(event, Treatment)]
    if aside is None or phase is None or not given or not given[-1].outcome:
        return False
    is_better = given[-1].outcome == "helped" and not wager.measure_distance() > aside.distance
    return wager.is_settled(history, phase) or (bool(treatments) and is_better)


def is_restart(prescriptions: Sequence[Prescription]) -> bool:
    """Tell whether a treatment begins afresh, or goes back."""
    return any(prescription.kind in RESTARTS for prescription in prescriptions)


def head_start(phase: PhaseHistory, prescriptions: Sequence[Prescription], history: Sequence[Event]) -> int:
    """Return for how many images the present state has been trained more than what the treatment begins with."""
    checks = [event for event in history if isinstance(event, HealthCheck)]
    for prescription in prescriptions:
        if prescription.kind in RESTARTS:
            begin = prescription.step if prescription.kind == "rollback" else phase.started_at
            seen = max((check.images_seen for check in checks if check.step <= begin), default=0)
            return phase.last.images_seen - seen
    return 0


def new_aside(
    history: Sequence[Event],
    prescriptions: Sequence[Prescription],
    before: Aside | None,
    measure_distance: Callable[[], float],
) -> Aside | None:
    """Return how the state of the last health check is put aside; None if it is not worth it, or worse than `before`.

    Weights that are not finite are not worth it.

    Args:
        prescriptions: of the treatment that is about to be given.
    """
    phase = present_phase(history)
    if phase is None or phase.last_value("finite") < 1 or prescriptions[-1].kind == "stop":
        return None
    distance = measure_distance()
    if not math.isfinite(distance) or (before is not None and before.distance < distance):
        return None
    return Aside(phase.last.step, distance, phase.last.images_seen + head_start(phase, prescriptions, history))


def _distance_to_beat(last: Treatment, wager: Wager) -> float:
    """Return the distance that the samples must not exceed: of what was put aside, or of just before the treatment."""
    if is_restart(last.prescriptions) and wager.aside is not None:
        return wager.aside.distance
    return math.inf if last.distance is None else last.distance


def _may_be_better(history: Sequence[Event], phase: PhaseHistory, last: Treatment) -> bool:
    """Tell by the few samples of the health checks whether it is worth the time to measure the distance.

    A generator whose average lags behind is judged by its average later.
    """
    before = [event for event in history if isinstance(event, HealthCheck) and event.step == last.step]
    limit = BEHIND * value_of(before[0], "feature_distance") if before else math.inf
    return not phase.recent_median("feature_distance") > limit


def _has_taken_effect(history: Sequence[Event], phase: PhaseHistory) -> bool:
    """Tell whether enough has been trained and measured since the last treatment to judge it."""
    return _checks_since(history) >= MIN_CHECKS and phase.last.step - last_treated_at(history) >= MIN_STEPS_APART


def _checks_since(history: Sequence[Event]) -> int:
    treated_at = last_treated_at(history)
    return sum(isinstance(event, HealthCheck) and event.step > treated_at for event in history)
