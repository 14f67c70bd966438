"""The coach at work in a training: when it looks, what it makes of it, and what it does about it.

All that it knows stands in the run's events, so that a resumed run goes on with the same history and comes to the same
verdicts.
"""

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import torch

from ...coach.diagnosis.check_times import FEWEST_STEPS, share_of_gap
from ...coach.diagnosis.diagnoses import SOUND
from ...coach.diagnosis.history import promising, suspicious, told
from ...coach.diagnosis.rules import diagnose
from ...coach.measurement.health_metrics import finite
from ...coach.measurement.ranks import agree
from ...coach.treatment.escalation import prescribe
from ...coach.treatment.prescription import treated
from ...config import Config
from ...data.prepare import Prepared
from ...events import Event, Scored, Signs, Treated, Verdict, read_events
from ...planning.schedule import ends_phase, phase_start, position, progress
from ...runs import Run
from ..state import State
from .health_check import Examiner
from .interventions import apply

SOON = 0.25  # of the usual gap, when the last look was bad and one more would make it a sickness
WORTHWHILE = 0.08  # of the budget: with less left, nothing that is prescribed could work
Known = Signs | Verdict | Treated | Scored


@dataclass
class Coach:
    """Watch over one run, and treat it if that is wished.

    `base` is the configuration without what was prescribed.
    """

    base: Config
    data: Prepared
    run: Run
    device: torch.device
    history: list[Known] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._examiner: Examiner | None = None
        self._untold: deque[Known] = deque()
        self._orders: list[Treated] = []  # prescribed or judged, and not done or noted yet
        self._plan = (-1, -1, 0.0)  # length of the history, start of the phase, when the next look is due
        if self.run.events_file.is_file():  # of a run that goes on
            self.history = [event for event in read_events(self.run.events_file)[0] if isinstance(event, Known)]

    @property
    def acts(self) -> bool:
        """Tell whether the coach may change anything."""
        return self.base.coach == "act"

    @property
    def verdict(self) -> Verdict | None:
        """Return the last verdict that was told."""
        return told(self.history)

    @property
    def sound(self) -> bool:
        """Tell whether nothing is known to be wrong."""
        return self.verdict is None or self.verdict.name in SOUND

    def config(self, state: State) -> Config:
        """Return the configuration with what is prescribed in it."""
        return treated(self.base, state.prescriptions)

    @property
    def has_stopped(self) -> bool:
        """Tell whether the coach has ended the run."""
        treatments = (event for event in self.history if isinstance(event, Treated))
        return self.acts and any(order.kind == "stop" for each in treatments for order in each.prescriptions)

    def mended(self, state: State) -> bool:
        """Tell whether the weights are finite numbers, after something was found not to be."""
        done = bool(self.history) and isinstance(self.history[-1], Treated)
        return self.acts and done and finite(state.networks().values(), {}) == 1

    def wants_saving(self, state: State) -> bool:
        """Tell whether this is a healthy moment to go back to: found at this very step, or the end of a good phase."""
        looked = next((event for event in reversed(self.history) if isinstance(event, Signs)), None)
        if not self.acts or looked is None or state.step in state.healthy:
            return False
        config = self.config(state)
        ends = ends_phase(config, state.step) and looked.step > phase_start(config, state.step)
        return (looked.step == state.step or ends) and self.sound and promising(self.history)

    def worse_than(self, step: int) -> bool:
        """Tell whether the samples are worse now than at the last examination until a step.

        What an autoencoder gives back is no sample.
        """
        looks = [event for event in self.history if isinstance(event, Signs)]
        then = [event for event in looks if event.step <= step]
        if not then or then[-1].phase == "autoencode":
            return False
        return looks[-1].values.get("distance", math.nan) > then[-1].values.get("distance", math.nan)

    def note(self, event: Event) -> None:
        """Remember an event that the training itself told."""
        if isinstance(event, Known):
            self.history.append(event)

    def due(self, state: State) -> bool:
        """Tell whether it is time to look: often at first and after a change, then as often as the budget allows."""
        if self.base.coach == "off" or not self.base.examinations:
            return False
        config = self.config(state)
        begin = phase_start(config, state.step)
        if self._plan[:2] != (len(self.history), begin):
            self._plan = len(self.history), begin, self._when(config, state.step, begin)
        return progress(config, state.step) >= self._plan[2]

    def _when(self, config: Config, step: int, begin: int) -> float:
        """Return the share of the budget at which the next look is due, in a phase that began at step `begin`.

        The clock begins anew with each phase and each prescription.
        """
        gap = 1 / self.base.examinations
        changes = [event.step for event in self.history if isinstance(event, Treated) and not event.outcome]
        anchor = max([begin, *(each for each in changes if each < step)])
        looks = [event.step for event in self.history if isinstance(event, Signs) and anchor < event.step < step]
        last = looks[-1] if looks else anchor
        share = SOON if self.sound and suspicious(self.history) else 1.0
        later: float = progress(config, last) + gap * min(share, share_of_gap(len(looks)))
        return min(1.0, max(later, progress(config, last + FEWEST_STEPS)))

    def attend(self, state: State, losses: dict[str, float]) -> bool:
        """Examine and diagnose, and tell whether anything is to be done about it, which `treat` does."""
        self._orders = []
        if self.base.coach == "off":
            return False
        self._examiner = self._examiner or Examiner(self.base, self.data, self.device)
        config = self.config(state)
        phase = position(config, state.step - 1).phase
        signs = self._examiner.examine(state, config, phase, losses)
        self._note(replace(signs, values=agree(signs.values)))
        before = self.verdict
        verdict = diagnose(self.history)
        if before is None or verdict.name != before.name:
            self._note(verdict)
        if not self.acts:
            return False
        worthwhile = 1 - progress(config, state.step) >= WORTHWHILE
        begin = phase_start(config, state.step)  # in the phases before, other things moved
        since = max([begin, *(each.step for each in state.prescriptions if each.kind in ("again", "afresh"))])
        healthy = [step for step in state.healthy if step > since]
        self._orders = list(prescribe(self.history, verdict, config, healthy, begin in state.healthy, worthwhile))
        return any(not order.outcome for order in self._orders)

    def treat(self, state: State) -> None:
        """Do what is to be done, and remember what came of what was done before; `state` may be another afterwards."""
        for order in self._orders:
            if not order.outcome:
                apply(state, self.base, order.prescriptions, self.run, self.data)
            self._note(order)
        self._orders = []

    def telling(self) -> Iterator[Event]:
        """Yield what was found and done and not told yet; nothing is lost if the listener leaves in between."""
        while self._untold:
            yield self._untold.popleft()

    def _note(self, event: Known) -> None:
        self.history.append(event)
        self._untold.append(event)
