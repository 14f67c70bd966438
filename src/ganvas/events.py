"""Events of long work, such as a training: frozen dataclasses.

Training and style transfer are generators of events. The terminal, the run's `events.jsonl`, a notebook and the tests
are ordinary `for` loops over the same stream, live or replayed from the file.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TypeVar


@dataclass(frozen=True)
class Event:
    """Base of all events.

    Example:
        >>> import ganvas
        >>> event = ganvas.events.Note("A sentence for the user.")
        >>> isinstance(event, ganvas.Event)
        True
    """


@dataclass(frozen=True)
class Progress(Event):
    """Progress of a piece of work: `done` of `total` units of `what` ("pictures prepared")."""

    what: str
    done: int
    total: int


@dataclass(frozen=True)
class Note(Event):
    """A sentence that the user should read once: a choice and its reason, or a file that was skipped.

    It is in the language of whoever trains.
    """

    text: str


@dataclass(frozen=True)
class Started(Event):
    """The beginning of a run, or its continuation from `step` and `images_seen` on; it ends at `total_images`."""

    run: str
    recipe: str
    device: str
    step: int
    images_seen: int
    total_images: int
    resumed: bool


@dataclass(frozen=True)
class Step(Event):
    """A training step.

    progress: share of the budget that is used up.
    seconds: spent on training so far.
    losses: by name, with mean logits among them.
    loss_std: standard deviation of each over about the last 100 steps.
    """

    step: int
    images_seen: int
    total_images: int
    progress: float
    seconds: float
    phase: str
    losses: dict[str, float]
    loss_std: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class SampleGrid(Event):
    """A grid of samples from fixed latents, written to `path` (relative to the run)."""

    step: int
    images_seen: int
    path: str


@dataclass(frozen=True)
class Score(Event):
    """A quality score: `value` of `score` by `network` for `count` samples, with its 95 % interval if known.

    at: size in pixels at which samples and real pictures were compared, "64x64"; "" of 0.1, which did not say.
    """

    step: int
    images_seen: int
    score: str
    network: str
    value: float
    count: int
    low: float | None = None
    high: float | None = None
    at: str = ""


@dataclass(frozen=True)
class LogitHistograms(Event):
    """Histograms of the discriminator's logits for real and generated pictures: counts in equal bins, low to high.

    If they are far apart, the discriminator wins; if they overlap, it is fooled.
    """

    step: int
    images_seen: int
    low: float
    high: float
    real: tuple[int, ...]
    fake: tuple[int, ...]


@dataclass(frozen=True)
class CheckpointSaved(Event):
    """A checkpoint, complete on the disk at `path` (relative to the run), and whether the training was healthy then."""

    step: int
    images_seen: int
    path: str
    healthy: bool = True


@dataclass(frozen=True)
class HealthCheck(Event):
    """A health check: metrics by their names in `ganvas.coach.measurement.metric_names`."""

    step: int
    images_seen: int
    progress: float
    phase: str
    metrics: dict[str, float]


@dataclass(frozen=True)
class Evidence:
    """What a verdict rests on: a metric that went from `before`, at `since` images seen, to `now`."""

    metric: str
    before: float
    now: float
    since: int


@dataclass(frozen=True)
class Verdict(Event):
    """The diagnosis of a training.

    name: a key of `ganvas.coach.diagnosis.diagnoses.DIAGNOSES`.
    confidence: in [0, 1].
    what, why: what it is and why it happens, each a sentence for a beginner, in English: `coach.describe.in_words`
        tells them in the reader's language.
    modes_lost: for a collapse, the share of the real pictures whose mode is missing.
    """

    step: int
    images_seen: int
    name: str
    confidence: float
    evidence: tuple[Evidence, ...]
    what: str
    why: str
    modes_lost: float | None = None


@dataclass(frozen=True)
class Prescription:
    """One change: `kind` is a key of `ganvas.coach.treatment.prescription.KINDS`, which explains the other fields."""

    kind: str
    network: str = ""
    value: float = 0.0
    name: str = ""
    step: int = 0


@dataclass(frozen=True)
class Treatment(Event):
    """What the coach did about a diagnosis, or, with an outcome, whether its last treatment has helped.

    diagnosis: name of the verdict that is treated.
    outcome: "" when something is prescribed; later "helped", "failed", or "undone": it made the samples worse, and
        the training went back to the state before it.
    text: what was done, or the outcome, in a sentence, in the language of whoever trains.
    level: position on the diagnosis's ladder of remedies, from 1; the next treatment comes from above it.
    distance: Frechet distance of the samples from the real images at that moment, by a few hundred of each; None where
        it was not measured.
    """

    step: int
    images_seen: int
    diagnosis: str
    prescriptions: tuple[Prescription, ...]
    outcome: str
    text: str
    level: int = 0
    distance: float | None = None


@dataclass(frozen=True)
class Replanned(Event):
    """The steps to come were multiplied by `factor`, so that a budget of minutes is kept.

    total_images: that will be seen in all.
    """

    step: int
    images_seen: int
    factor: float
    total_images: int


@dataclass(frozen=True)
class Iteration(Event):
    """An iteration of style transfer at `scale` (pixels of the long side).

    `progress` is the share of the whole work that is done, in [0, 1]; iterations at larger scales cost more.
    """

    iteration: int
    iterations: int
    scale: int
    loss: float
    content: float
    style: float
    variation: float
    progress: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Projected(Event):
    """A picture whose nearest latent was found, and how near that is: a squared distance, 0 for the same picture.

    picture: its file.
    path: of what the generator draws from the latent.
    nearest: distance of the nearest random sample, to compare with.
    tuned: distance after the generator was tuned; None where it was not.
    label: class of the latent; "" for a run without classes.
    """

    picture: str
    path: str
    distance: float
    nearest: float
    tuned: float | None = None
    label: str = ""


@dataclass(frozen=True)
class DirectionFound(Event):
    """A direction of a generator's latents, written to `path`, and its `sheet`; `text` says how it was found."""

    name: str
    path: str
    sheet: str
    text: str = ""


@dataclass(frozen=True)
class Done(Event):
    """The end of the work: where the result is, why it ended, and the command to type next.

    `reason` is "finished", "interrupted", or "stopped" if the coach ended it.
    """

    path: str
    step: int
    images_seen: int
    seconds: float
    reason: str
    command: str = ""


T = TypeVar("T")


def run_to_end(events: Generator[Event, None, T], on_event: Callable[[Event], object] = lambda event: None) -> T:
    """Run a generator of events to its end and return its result; each event is passed to `on_event`."""
    while True:
        try:
            on_event(next(events))
        except StopIteration as end:
            result: T = end.value
            return result
