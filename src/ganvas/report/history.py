"""History of a run, read from its events: losses, phases, sample grids, logits, scores, health and notes."""

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from ..coach.doctor import Span, TreatmentResult, is_over, spans_of, treatment_results
from ..errors import GanvasError, ganvas_command
from ..event_log import read_events
from ..events import Done, HealthCheck, LogitHistograms, Note, SampleGrid, Score, Started, Step, Verdict
from ..formatting import basename
from ..runs import Run
from ..translation import _

MAX_LOGIT = 1e30  # larger ones overflow in a chart's arithmetic
MAX_SECONDS = 1e10  # three centuries; an event that claims a longer training is damaged


@dataclass(frozen=True)
class Point:
    """One value of a loss or a health metric, after `seconds` of training, with its standard deviation if known."""

    seconds: float
    phase: str
    value: float
    std: float


@dataclass(frozen=True)
class Phase:
    """A stretch of the training in one phase; start and end are in seconds of training."""

    name: str
    start: float
    end: float


@dataclass(frozen=True)
class GridImage:
    """The file of a sample grid (the same latents every time), and when it was drawn."""

    path: Path
    step: int
    images_seen: int
    seconds: float


@dataclass
class History:
    """Everything that a run's events say, each list in order of time.

    loss_curves: the losses by name.
    logit_histograms, scores: each with the seconds of training until then; scores by (score, network).
    health_checks: the number of health checks.
    health_metrics: what the health checks measured, by name.
    spans: the coach's verdicts as stretches of time.
    treatments: what the coach did about them.
    is_over: whether the training has ended, and not for the time being.
    unreadable_lines: number of lines of events.jsonl that are damaged or from a later release.
    """

    starts: list[Started] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    loss_curves: dict[str, list[Point]] = field(default_factory=dict)
    phases: list[Phase] = field(default_factory=list)
    sample_grids: list[GridImage] = field(default_factory=list)
    logit_histograms: list[tuple[float, LogitHistograms]] = field(default_factory=list)
    scores: dict[tuple[str, str], list[tuple[float, Score]]] = field(default_factory=dict)
    health_checks: int = 0
    health_metrics: dict[str, list[Point]] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    treatments: list[TreatmentResult] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    done: Done | None = None
    is_over: bool = False
    unreadable_lines: int = 0

    @property
    def step(self) -> int:
        """Return the last reported step."""
        return self.steps[-1].step if self.steps else 0

    @property
    def progress(self) -> float:
        """Return the share of the budget that is used up, in [0, 1]."""
        return self.steps[-1].progress if self.steps else 0.0

    @property
    def images_seen(self) -> int:
        """Return how many real images were seen until the last reported step."""
        return self.steps[-1].images_seen if self.steps else 0

    @property
    def seconds(self) -> float:
        """Return the seconds of training until the last reported step."""
        return self.steps[-1].seconds if self.steps else 0.0

    def seconds_at_step(self, step: int) -> float:
        """Return the seconds of training at `step`, interpolated between the reported steps around it."""
        index = bisect_left(self.steps, step, key=lambda each: each.step)
        if index == len(self.steps):
            return self.seconds
        before = (self.steps[index - 1].step, self.steps[index - 1].seconds) if index else (0, 0.0)
        after = (self.steps[index].step, self.steps[index].seconds)
        share = max(0, step - before[0]) / max(1, after[0] - before[0])
        return before[1] + share * (after[1] - before[1])

    def seconds_at_images(self, images_seen: int) -> float:
        """Return the seconds of training after which `images_seen` real images had been seen."""
        index = bisect_left(self.steps, images_seen, key=lambda each: each.images_seen)
        return self.steps[index].seconds if index < len(self.steps) else self.seconds


def read_history(run: Run) -> History:
    """Read the events of a run. An incomplete last line is ignored; other unreadable lines are counted.

    Raises:
        GanvasError: nothing was trained yet.
    """
    history = History()
    events, history.unreadable_lines = read_events(run.events_file) if run.events_file.is_file() else ([], 0)
    history.steps = [event for event in events if isinstance(event, Step) and 0 <= event.seconds < MAX_SECONDS]
    if not history.steps:
        raise GanvasError(
            _("Nothing has been trained in {run} yet.").format(run=run.folder),
            _("Try: {command}").format(command=ganvas_command("train", "--out", run.folder)),
        )
    history.starts = [event for event in events if isinstance(event, Started)]
    history.notes = list(dict.fromkeys(event.text for event in events if isinstance(event, Note)))
    history.done = next((event for event in reversed(events) if isinstance(event, Done)), None)
    history.is_over = is_over(events)
    history.loss_curves = _loss_curves(history.steps)
    history.phases = _phases(history.steps)
    for event in events:
        if isinstance(event, SampleGrid):
            path = run.samples / basename(event.path)  # the folder is ignored: no file from outside the run is shown
            seconds = history.seconds_at_step(event.step)
            history.sample_grids.append(GridImage(path, event.step, event.images_seen, seconds))
        elif isinstance(event, LogitHistograms) and _is_drawable(event):
            history.logit_histograms.append((history.seconds_at_step(event.step), event))
        elif isinstance(event, Score):
            kind = (event.score, event.network)
            history.scores.setdefault(kind, []).append((history.seconds_at_step(event.step), event))
        elif isinstance(event, HealthCheck):
            history.health_checks += 1
            for name, value in event.metrics.items():
                point = Point(history.seconds_at_step(event.step), event.phase, value, 0.0)
                history.health_metrics.setdefault(name, []).append(point)
    verdicts = [event for event in events if isinstance(event, Verdict)]
    history.spans = spans_of(verdicts, (history.step, history.images_seen))
    history.treatments = treatment_results(events)
    return history


def _loss_curves(steps: list[Step]) -> dict[str, list[Point]]:
    curves: dict[str, list[Point]] = {}
    for step in steps:
        for name, value in step.losses.items():
            std = step.loss_std.get(name, 0.0)
            curves.setdefault(name, []).append(Point(step.seconds, step.phase, value, std))
    return curves


def _phases(steps: list[Step]) -> list[Phase]:
    """Return the phases in order; a phase ends halfway between its last reported step and the next one."""
    changes = [0, *(index for index, (a, b) in enumerate(pairwise(steps), 1) if a.phase != b.phase)]
    edges = [0.0, *((steps[index - 1].seconds + steps[index].seconds) / 2 for index in changes[1:]), steps[-1].seconds]
    return [Phase(steps[index].phase, *edge) for index, edge in zip(changes, pairwise(edges), strict=True)]


def _is_drawable(event: LogitHistograms) -> bool:
    """Return whether the histograms can be drawn: sane limits, equally many bins, and a count on both sides."""
    in_order = -MAX_LOGIT < event.low < event.high < MAX_LOGIT
    return in_order and len(event.real) == len(event.fake) > 0 and sum(event.real) > 0 and sum(event.fake) > 0
