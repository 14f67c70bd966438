"""The coach at work in a training: when it checks, what it concludes, and what it does about it.

All that it knows stands in the run's events. So a resumed run goes on with the same history and comes to the same
verdicts.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import torch

from ...coach.diagnosis.check_times import MIN_STEPS, gap_factor
from ...coach.diagnosis.diagnoses import HEALTHY_VERDICTS
from ...coach.diagnosis.history import is_change, is_promising, is_suspicious, last_verdict
from ...coach.diagnosis.verdict import diagnose
from ...coach.measurement.health_metrics import finite_share
from ...coach.measurement.ranks import average_over_ranks
from ...coach.treatment.escalation import WORTHWHILE, Situation, prescribe
from ...coach.treatment.prescription import before_treatment, with_prescriptions
from ...coach.treatment.requests import answer, asked_for, last_in_force
from ...coach.treatment.wager import Wager, is_over, new_aside
from ...config import Config, PhaseConfig
from ...data.prepare import PreparedDataset
from ...event_log import read_events
from ...events import Event, HealthCheck, Note, Prescription, Score, Treatment, Verdict
from ...models.base import Generator
from ...planning.schedule import (
    config_in_phase,
    ends_phase,
    phase_at,
    phase_start,
    progress,
    steps_left_in_phase,
)
from ...runs import Run
from ...translation import _, ngettext
from ..state import State
from ..state_io import write_checkpoint
from .health_check import HealthChecker
from .interventions import apply_prescriptions
from .restarts import undo, withdraw

STEPS_PER_LOOK = 10  # for a request
SOON = 0.25  # of the usual gap, when the last check was bad and one more would make it a sickness
RESTARTS = ("restart_phase", "reinitialize")
Known = HealthCheck | Verdict | Treatment | Score


@dataclass
class CoachRunner:
    """The coach of one run.

    Args:
        base: the configuration without prescriptions.
        history: what happened so far, as far as the coach goes by it.
        checker: measures the health; made at the first check, since it looks at real images.
        treatments_given: by this process, or undone.
        diagnose: returns the verdict on a history.
    """

    base: Config
    data: PreparedDataset
    run: Run
    device: torch.device
    history: list[Known] = field(default_factory=list)
    checker: HealthChecker | None = None
    treatments_given: int = 0
    diagnose: Callable[[Sequence[Event]], Verdict] = diagnose

    def __post_init__(self) -> None:
        self._pending: deque[Event] = deque()
        self._treatments: list[Treatment] = []  # prescribed or judged, and not applied or recorded yet
        self._config: tuple[tuple[Prescription, ...], Config] | None = None  # the last one, by its prescriptions
        self._forgets_aside = False
        self._distance: float | None = None  # of the samples at the present check, where it was measured
        self._next_check = (-1, -1, 0.0)  # length of the history, start of the phase, share of the budget
        if self.run.events_file.is_file():  # of a run that goes on
            events, unreadable = read_events(self.run.events_file)
            self.history = [event for event in events if isinstance(event, Known)]
            if unreadable and self.base.coach != "off":
                text = ngettext(
                    "A line of {file} cannot be read: the coach does without.",
                    "{count} lines of {file} cannot be read: the coach does without.",
                    unreadable,
                )
                self._pending.append(Note(text.format(count=unreadable, file=self.run.events_file)))

    @property
    def acts(self) -> bool:
        """Whether the coach may change anything."""
        return self.base.coach == "act"

    @property
    def verdict(self) -> Verdict | None:
        """The last verdict."""
        return last_verdict(self.history)

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is known to be wrong."""
        return self.verdict is None or self.verdict.name in HEALTHY_VERDICTS

    def config(self, state: State) -> Config:
        """Return the configuration with all prescriptions."""
        prescriptions = state.coach.prescriptions
        if self._config is None or self._config[0] is not prescriptions:  # it is asked for at each step
            self._config = prescriptions, with_prescriptions(self.base, prescriptions)
        return self._config[1]

    @property
    def has_stopped(self) -> bool:
        """Whether the coach has ended the run."""
        treatments = (event for event in self.history if isinstance(event, Treatment))
        return self.acts and any(item.kind == "stop" for treatment in treatments for item in treatment.prescriptions)

    def is_finite_again(self, state: State) -> bool:
        """Return whether a treatment has made the weights finite again."""
        treated_now = bool(self.history) and isinstance(self.history[-1], Treatment)
        return self.acts and treated_now and finite_share(state.networks.by_name().values(), {}) == 1

    def should_checkpoint(self, state: State) -> bool:
        """Return whether this is a healthy moment to go back to: just checked, or the end of a good phase."""
        last = next((event for event in reversed(self.history) if isinstance(event, HealthCheck)), None)
        if not self.acts or last is None or state.counters.step in state.coach.healthy_checkpoints:
            return False
        config = self.config(state)
        ends = ends_phase(config, state.counters.step) and last.step > phase_start(config, state.counters.step)
        return (last.step == state.counters.step or ends) and self.is_healthy and is_promising(self.history)

    def distance(self, network: Generator) -> float:
        """Return the distance of a generator's samples from the real images."""
        self.checker = self.checker or HealthChecker(self.base, self.data, self.device)
        return self.checker.network_distance(network, self.base)

    def note(self, event: Event) -> None:
        """Remember an event of the training itself."""
        if isinstance(event, Known):
            self.history.append(event)

    def check_is_due(self, state: State) -> bool:
        """Return whether a check is due: often at first and after a change, then as often as the budget allows."""
        if self.base.coach == "off" or not self.base.health_checks:
            return False
        if self.acts and state.counters.step % STEPS_PER_LOOK == 0 and asked_for(self.run):
            return True
        config = self.config(state)
        begin = phase_start(config, state.counters.step)
        if state.coach.aside and _ends_phase(config, state.counters.step):
            return True
        if self._next_check[:2] != (len(self.history), begin):
            self._next_check = len(self.history), begin, self._when(config, state.counters.step, begin)
        return progress(config, state.counters.step) >= self._next_check[2]

    def _when(self, config: Config, step: int, begin: int) -> float:
        """Return the share of the budget at which the next check is due, in a phase that began at step `begin`.

        The intervals begin anew with each phase and each prescription.
        """
        gap = 1 / self.base.health_checks
        changes = [event.step for event in self.history if is_change(event)]
        anchor = max([begin, *(each for each in changes if each < step)])
        checks = [event.step for event in self.history if isinstance(event, HealthCheck) and anchor < event.step < step]
        last = checks[-1] if checks else anchor
        share = SOON if self.is_healthy and is_suspicious(self.history) else 1.0
        later: float = progress(config, last) + gap * min(share, gap_factor(len(checks)))
        return min(1.0, max(later, progress(config, last + MIN_STEPS)))

    def check(self, state: State, losses: dict[str, float]) -> bool:
        """Measure and diagnose; return whether a remedy is due, which `apply_remedies` applies."""
        self._treatments = []
        if self.base.coach == "off":
            return False
        self.checker = self.checker or HealthChecker(self.base, self.data, self.device)
        config = self.config(state)
        phase = phase_at(config, state.counters.step - 1).phase
        found = self.checker.check(state, config, phase, losses)
        self._record(replace(found, metrics=average_over_ranks(found.metrics)))
        before = self.verdict
        verdict = self.diagnose(self.history)
        if before is None or verdict.name != before.name:
            self._record(verdict)
        if not self.acts:
            return False
        self._distance, situation = None, self._situation(state, config, phase)
        self._treatments = self._answers(state, verdict) or list(prescribe(self.history, verdict, situation))
        self._forgets_aside = is_over(self.history, situation.wager, self._treatments)
        return any(not treatment.outcome for treatment in self._treatments)

    def _answers(self, state: State, verdict: Verdict) -> list[Treatment]:
        """Return the treatments that a person asks for; a request is answered once."""
        request, last = asked_for(self.run), last_in_force(self.history)
        if not request:
            return []
        self.run.request_file.unlink()
        if last is None:
            self._pending.append(Note(_("The coach was asked to change its last treatment, but none is in force.")))
            return []
        before = with_prescriptions(self.base, before_treatment(state.coach.prescriptions, last))
        is_open = not next(event for event in reversed(self.history) if isinstance(event, Treatment)).outcome
        return list(answer(last, verdict, request, before, is_open))

    def _situation(self, state: State, config: Config, phase: PhaseConfig) -> Situation:
        """Return what a treatment is chosen and judged by now."""
        step = state.counters.step
        begin = phase_start(config, step)  # earlier phases trained other things
        restarts = [each.step for each in state.coach.prescriptions if each.kind in RESTARTS]
        healthy = [each for each in state.coach.healthy_checkpoints if each > max([begin, *restarts])]
        return Situation(
            config=config_in_phase(config, phase),
            healthy_steps=tuple(healthy),
            can_restart_phase=begin in state.coach.healthy_checkpoints,
            steps_left=steps_left_in_phase(config, step),
            enough_budget=1 - progress(config, step) >= WORTHWHILE,
            wager=Wager(state.coach.aside, lambda: self._measure_distance(state, phase), _ends_phase(config, step)),
        )

    def _measure_distance(self, state: State, phase: PhaseConfig) -> float:
        """Return the distance of the present samples, measured once a check."""
        if self._distance is None and self.checker is not None:
            self._distance = self.checker.distance(state, self.base, phase)
        return math.nan if self._distance is None else self._distance

    def apply_remedies(self, state: State) -> None:
        """Apply what is prescribed, and record what came of earlier treatments; `state` is changed in place."""
        phase = phase_at(self.config(state), max(0, state.counters.step - 1)).phase
        for treatment in self._treatments:
            self.treatments_given += treatment.outcome in ("", "undone")
            if treatment.outcome == "undone":
                self._pending.extend(map(Note, self._undo(state)))
            elif not treatment.outcome:
                self._put_aside(state, phase, treatment)
                notes = apply_prescriptions(state, self.base, treatment.prescriptions, self.run, self.data)
                self._pending.extend(map(Note, notes))
            self._record(replace(treatment, distance=self._distance))
        self._treatments = []
        state.coach.aside = None if self._forgets_aside else state.coach.aside

    def _undo(self, state: State) -> list[str]:
        """Go back to what was put aside; where it is not needed any more, only take the settings back."""
        last = last_in_force(self.history)
        if state.coach.aside is None and last is not None:
            return withdraw(state, self.base, last)
        return undo(state, self.base, self.run)

    def _put_aside(self, state: State, phase: PhaseConfig, treatment: Treatment) -> None:
        """Put the state aside, to be gone back to if the treatment makes the samples worse.

        What was put aside before stays if its samples were better.
        """
        aside = new_aside(
            self.history, treatment.prescriptions, state.coach.aside, lambda: self._measure_distance(state, phase)
        )
        if aside is not None:
            state.coach.aside = aside
            write_checkpoint(self.run.aside, self.base, state, self.run.events_size())

    def pending_events(self) -> Iterator[Event]:
        """Yield what was found and done and not yielded yet; nothing is lost if the listener leaves in between."""
        while self._pending:
            yield self._pending.popleft()

    def _record(self, event: Known) -> None:
        self.history.append(event)
        self._pending.append(event)


def _ends_phase(config: Config, step: int) -> bool:
    """Tell whether after `step` steps a phase or the training is over."""
    return step >= config.steps or ends_phase(config, step)
