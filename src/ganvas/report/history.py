"""A run's events, read back and sorted by what they tell: curves, phases, sheets, logits, scores, health, notes."""

import math
from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from ..coach.doctor import Span, Treatment, spans_of, treatments_of
from ..errors import GanvasError
from ..events import Done, Logits, Note, Samples, Scored, Signs, Started, Step, Verdict, read_events
from ..formatting import name_of
from ..runs import Run

LONGEST = 1e10  # seconds; what claims to have taken longer than three centuries is no record of a training


@dataclass(frozen=True)
class Point:
    """Hold one value of a loss or a sign: when (in seconds of training), in which phase, how much, how far it swung."""

    seconds: float
    phase: str
    value: float
    swing: float


@dataclass(frozen=True)
class Phase:
    """Name a stretch of the training and when it was, in seconds."""

    name: str
    start: float
    end: float


@dataclass(frozen=True)
class Sheet:
    """Say where a sheet of the fixed latents lies and when it was drawn."""

    path: Path
    step: int
    images: int
    seconds: float


@dataclass
class History:
    """Hold what a run's events tell, in the order in which it happened.

    `curves` are the losses by name; `scores` and `logits` come with the second of training at which they were taken;
    `examinations` counts those of the training's health, `signs` are what they measured by name, `spans` the verdicts
    as stretches of time, `treatments` what was done about them; `unreadable` counts the lines of events.jsonl that are
    damaged or of a later release.
    """

    starts: list[Started] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    curves: dict[str, list[Point]] = field(default_factory=dict)
    phases: list[Phase] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)
    logits: list[tuple[float, Logits]] = field(default_factory=list)
    scores: dict[tuple[str, str], list[tuple[float, Scored]]] = field(default_factory=dict)
    examinations: int = 0
    signs: dict[str, list[Point]] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    treatments: list[Treatment] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    done: Done | None = None
    unreadable: int = 0

    @property
    def step(self) -> int:
        """Return the last step that is told of."""
        return self.steps[-1].step if self.steps else 0

    @property
    def progress(self) -> float:
        """Return the share of the budget that was used up."""
        return self.steps[-1].progress if self.steps else 0.0

    @property
    def images(self) -> int:
        """Return how many real pictures were seen until then."""
        return self.steps[-1].images if self.steps else 0

    @property
    def seconds(self) -> float:
        """Return how long the training has taken until then."""
        return self.steps[-1].seconds if self.steps else 0.0

    def second(self, step: int) -> float:
        """Return when `step` was taken, in seconds of training, from the steps about it that were reported."""
        index = bisect_left(self.steps, step, key=lambda each: each.step)
        if index == len(self.steps):
            return self.seconds
        before = (self.steps[index - 1].step, self.steps[index - 1].seconds) if index else (0, 0.0)
        after = (self.steps[index].step, self.steps[index].seconds)
        share = max(0, step - before[0]) / max(1, after[0] - before[0])
        return before[1] + share * (after[1] - before[1])

    def second_of(self, images: int) -> float:
        """Return when so many pictures had been seen."""
        index = bisect_left(self.steps, images, key=lambda each: each.images)
        return self.steps[index].seconds if index < len(self.steps) else self.seconds


def read_history(run: Run) -> History:
    """Return what the run's events tell; a torn last line is left out, other unreadable lines are counted.

    Raises:
        GanvasError: nothing was trained yet.
    """
    history = History()
    events, history.unreadable = read_events(run.events_file) if run.events_file.is_file() else ([], 0)
    history.steps = [event for event in events if isinstance(event, Step) and 0 <= event.seconds < LONGEST]
    if not history.steps:
        raise GanvasError(f"{run.folder} has no training to report on yet.", f"Try: ganvas train --out {run.folder}")
    history.starts = [event for event in events if isinstance(event, Started)]
    history.notes = list(dict.fromkeys(event.text for event in events if isinstance(event, Note)))
    history.done = next((event for event in reversed(events) if isinstance(event, Done)), None)
    history.curves = _curves(history.steps)
    history.phases = _phases(history.steps)
    for event in events:
        if isinstance(event, Samples):
            path = run.samples / name_of(event.path)  # whatever else the path says: no file from elsewhere is shown
            history.sheets.append(Sheet(path, event.step, event.images, history.second(event.step)))
        elif isinstance(event, Logits) and _sound(event):
            history.logits.append((history.second(event.step), event))
        elif isinstance(event, Scored):
            kind = (event.score, event.network)
            history.scores.setdefault(kind, []).append((history.second(event.step), event))
        elif isinstance(event, Signs):
            history.examinations += 1
            for name, value in event.values.items():
                point = Point(history.second(event.step), event.phase, value, 0.0)
                history.signs.setdefault(name, []).append(point)
    verdicts = [event for event in events if isinstance(event, Verdict)]
    history.spans = spans_of(verdicts, (history.step, history.images))
    history.treatments = treatments_of(events)
    return history


def _curves(steps: list[Step]) -> dict[str, list[Point]]:
    curves: dict[str, list[Point]] = {}
    for step in steps:
        for name, value in step.losses.items():
            swing = step.oscillation.get(name, 0.0)
            curves.setdefault(name, []).append(Point(step.seconds, step.phase, value, swing))
    return curves


def _phases(steps: list[Step]) -> list[Phase]:
    """Return the stretches of one phase each; a boundary lies between the two steps that were reported about it."""
    turns = [0, *(index for index, (a, b) in enumerate(pairwise(steps), 1) if a.phase != b.phase)]
    edges = [0.0, *((steps[turn - 1].seconds + steps[turn].seconds) / 2 for turn in turns[1:]), steps[-1].seconds]
    return [Phase(steps[turn].phase, *edge) for turn, edge in zip(turns, pairwise(edges), strict=True)]


def _sound(event: Logits) -> bool:
    """Tell whether a histogram can be drawn: finite limits and something counted on both sides."""
    finite = math.isfinite(event.low) and math.isfinite(event.high) and event.low < event.high
    return finite and len(event.real) == len(event.fake) > 0 and sum(event.real) > 0 and sum(event.fake) > 0
