"""The treatments of a user's loop: which is due, what came of it, and its being applied or undone."""

from collections.abc import Callable
from dataclasses import replace

from ...errors import GanvasError
from ...events import Event, Treatment, Verdict
from ...translation import _
from ..diagnosis.diagnoses import HEALTHY_VERDICTS
from ..diagnosis.history import is_promising
from ..measurement.ranks import average_over_ranks
from ..treatment.escalation import Situation
from ..treatment.wager import Wager, is_over, new_aside
from .prescribe import LoopSettings, situation, treatments
from .repair import Repairs

JUDGED = ("helped", "failed")  # outcomes about which there is nothing to do


class TreatmentRunner:
    """What `ganvas.Coach` does about its verdicts.

    Args:
        history: the coach's own, to which treatments and outcomes are added.
        total_steps: None if they are not known.
        measure_distance: returns the distance of the present samples, NaN if it cannot be measured.
    """

    def __init__(
        self,
        history: list[Event],
        repairs: Repairs,
        settings: LoopSettings,
        total_steps: int | None,
        measure_distance: Callable[[], float],
    ) -> None:
        self.repairs = repairs
        self._history, self._settings, self._total_steps = history, settings, total_steps
        self._measure_distance = measure_distance
        self._distance: float | None = None  # of the samples at the last check, where it was measured
        self._asked = (-1, False)  # length of the history, and whether by hand, that `_found` is for
        self._found: list[Treatment] = []

    def judge(self, verdict: Verdict, step: int) -> None:
        """After a health check, record what came of the last treatment, and keep a copy of a healthy moment."""
        self._distance, now = None, self._situation(step)
        found = treatments(self._history, now)
        self._record(found)
        if all(each.outcome in JUDGED for each in found) and is_over(self._history, now.wager, found):
            self.repairs.put_aside(None)
        if verdict.name in HEALTHY_VERDICTS and is_promising(self._history):
            self.repairs.keep(step)

    def prescribe(self, step: int, by_hand: bool) -> Treatment | None:
        """Return the treatment that is due, or the outcome "undone" where one has to be undone; None if nothing is."""
        asked = len(self._history), by_hand
        if self._asked != asked:  # it may be called at each step
            self._asked, self._found = asked, treatments(self._history, self._situation(step, by_hand))
        return next((each for each in self._found if each.outcome not in JUDGED), None)

    def apply(self, treatment: Treatment, step: int) -> list[str]:
        """Apply or undo what is due, and return what is left to the user.

        Raises:
            GanvasError: it is not due.
        """
        if treatment not in self._found:
            raise GanvasError(
                _("This treatment is not due."), _("Apply what coach.prescribe() returned last, and once.")
            )
        left: list[str] = []
        if treatment.outcome:
            self.repairs.undo()
        else:
            before = self.repairs.aside
            state = new_aside(self._history, treatment.prescriptions, before, self._distance_now)
            if state is not None and self.repairs.can_go_back:
                self.repairs.put_aside(state)
            left = self.repairs.apply(treatment.prescriptions, step)
        self._record(self._found)  # an outcome that only with this treatment was sure
        self._history.append(replace(treatment, distance=self._distance))
        self._found = []
        return left

    def _record(self, found: list[Treatment]) -> None:
        """Record outcomes about which there is nothing to do."""
        self._history += [replace(each, distance=self._distance) for each in found if each.outcome in JUDGED]

    def _situation(self, step: int, by_hand: bool = False) -> Situation:
        """Return what a treatment is chosen and judged by now."""
        ends = self._total_steps is not None and step >= self._total_steps
        wager = Wager(self.repairs.aside, self._distance_now, ends)
        return situation(self._history, self.repairs, self._settings, step, self._total_steps, wager, by_hand)

    def _distance_now(self) -> float:
        """Return the distance of the present samples, measured once a health check."""
        if self._distance is None:
            self._distance = average_over_ranks({"distance": self._measure_distance()})["distance"]
        return self._distance
