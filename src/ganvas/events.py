"""What long work tells whoever listens: frozen dataclasses that go to JSON and back.

Training and style transfer are generators of these events. The terminal, the run's `events.jsonl`, a notebook and the
tests are ordinary `for` loops over the same stream, live or replayed from the file.
"""

import json
import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

from .errors import GanvasError
from .old_events import upgrade_event, upgrade_prescription


@dataclass(frozen=True)
class Event:
    """Base of all events."""


@dataclass(frozen=True)
class Progress(Event):
    """Tell how far a piece of work is: `done` of `total` units of `what` ("pictures prepared")."""

    what: str
    done: int
    total: int


@dataclass(frozen=True)
class Note(Event):
    """Say one thing, once, that the user should know: a choice and its reason, a file skipped."""

    text: str


@dataclass(frozen=True)
class Started(Event):
    """Open a run, or go on with it: `step` and `images` are where it stands, `total_images` where it will end."""

    run: str
    recipe: str
    device: str
    step: int
    images_seen: int
    total_images: int
    resumed: bool


@dataclass(frozen=True)
class Step(Event):
    """Report one training step.

    `progress` is the share of the budget that is used up, `seconds` those spent on training so far; `losses` holds mean
    logits too, and `oscillation` how far each swings about its mean of the last 100 steps or so.
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
    """Tell that a sheet of the fixed latents was written to `path` (relative to the run)."""

    step: int
    images_seen: int
    path: str


@dataclass(frozen=True)
class Score(Event):
    """Give a measured quality: `value` of `score` by `network` over `count` samples, and its 95 % interval if known."""

    step: int
    images_seen: int
    score: str
    network: str
    value: float
    count: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class LogitHistograms(Event):
    """Show how the discriminator judges a batch of real pictures and one of fakes: counts in even bins, low to high.

    Well apart, it wins; on top of each other, it is fooled.
    """

    step: int
    images_seen: int
    low: float
    high: float
    real: tuple[int, ...]
    fake: tuple[int, ...]


@dataclass(frozen=True)
class CheckpointSaved(Event):
    """Tell that a checkpoint is whole on the disk at `path` (relative to the run), and if the training was healthy."""

    step: int
    images_seen: int
    path: str
    healthy: bool = True


@dataclass(frozen=True)
class HealthCheck(Event):
    """A health check: what was measured, by the names in `ganvas.coach.measurement.metric_names`."""

    step: int
    images_seen: int
    progress: float
    phase: str
    metrics: dict[str, float]


@dataclass(frozen=True)
class Evidence:
    """Say what a verdict rests on: which sign went from what to what, and how many pictures were seen when it began."""

    metric: str
    before: float
    now: float
    since: int


@dataclass(frozen=True)
class Verdict(Event):
    """How the training is: `name` is a key of `ganvas.coach.diagnosis.diagnoses`, `confidence` in [0, 1].

    `what` says what it is and `why` why it happens, each in a sentence for a beginner; `lost` is the share of the modes
    that are missing, for a collapse.
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
    """One change: `kind` is a key of `ganvas.coach.treatment.prescription.KINDS`, which says what the others mean."""

    kind: str
    network: str = ""
    value: float = 0.0
    name: str = ""
    step: int = 0


@dataclass(frozen=True)
class Treatment(Event):
    """Tell what the coach did about `sickness`, or, with an `outcome`, whether what it did before has helped.

    `outcome` is "" when something is prescribed, then "helped" or "failed"; `text` says it in words. `rung` counts up
    the ladder for the sickness: what comes next begins above it.
    """

    step: int
    images_seen: int
    diagnosis: str
    prescriptions: tuple[Prescription, ...]
    outcome: str
    text: str
    level: int = 0


@dataclass(frozen=True)
class Iteration(Event):
    """Report one iteration of style transfer at `scale` (pixels of the long side).

    `progress` is the share of the whole work that is done, in [0, 1]: an iteration costs more on a larger picture.
    """

    iteration: int
    iterations: int
    scale: int
    loss: float
    content: float
    style: float
    variation: float
    progress: float = 0.0


@dataclass(frozen=True)
class Done(Event):
    """Close the work: where the result lies, why it ended, and what to type next.

    `reason` is `finished`, `interrupted`, or `stopped` if the coach ended it.
    """

    path: str
    step: int
    images_seen: int
    seconds: float
    reason: str
    command: str = ""


T = TypeVar("T")


def run_to_end(events: Generator[Event, None, T], on_event: Callable[[Event], object] = lambda event: None) -> T:
    """Return what a generator of events returns, each event given to `show`; unseen if there is none."""
    while True:
        try:
            on_event(next(events))
        except StopIteration as end:
            result: T = end.value
            return result


EVENTS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        Progress, Note, Started, Step, SampleGrid, LogitHistograms, Score, CheckpointSaved, HealthCheck, Verdict, Treatment, Iteration, Done,
    )
}  # fmt: skip


def to_json(event: Event) -> str:
    """Return `event` as one line of JSON. NaN and infinities become the strings "nan", "inf" and "-inf"."""
    return json.dumps({"event": type(event).__name__, **_to_json_value(asdict(event))}, separators=(",", ":"))


def from_json(line: str) -> Event:
    """Return the event in one line of JSON; fields that this version does not know are left out.

    Raises:
        GanvasError: the line is not JSON, names no event that is known here, or holds something else than it should.
    """
    try:
        record = upgrade_event(json.loads(line))
        event: Event = _dataclass(EVENTS[record.pop("event")], record)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise GanvasError(
            f"Not an event: {line[:80]!r}", "Lines of events.jsonl are written by ganvas train."
        ) from error
    return event


def prescription_from(record: dict[str, Any]) -> Prescription:
    """Return a prescription from the record of it in a checkpoint, this release's or an older one's."""
    return Prescription(**upgrade_prescription(record))


def replay(path: Path) -> Iterator[Event]:
    """Yield the events of an `events.jsonl`. A last line torn by a crash is left out."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):
                yield from_json(line)


def read_events(path: Path) -> tuple[list[Event], int]:
    """Return the events of an `events.jsonl` that can be read, and how many lines cannot.

    A last line that is torn does not count: the run is being written, or a power cut tore it.
    """
    told, unreadable = [], 0
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if not line.endswith("\n"):
                break
            try:
                told.append(from_json(line))
            except GanvasError:
                unreadable += 1
    return told, unreadable


SPECIAL_NUMBERS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def _to_json_value(value: Any) -> Any:
    """Replace what JSON has no word for."""
    if isinstance(value, dict):
        return {key: _to_json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json_value(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _dataclass(kind: type, record: dict[str, Any]) -> Any:
    """Return a record as the dataclass `kind`."""
    types = {each.name: each.type for each in fields(kind)}
    return kind(**{name: _value(types[name], value) for name, value in record.items() if name in types})


def _value(kind: Any, value: Any) -> Any:
    """Return what JSON holds as a field of type `kind`: undo `_plain`, and take nothing that is of another type."""
    if isinstance(kind, UnionType):
        return None if value is None else _value(get_args(kind)[0], value)
    if get_origin(kind) is dict:
        return {name: _value(get_args(kind)[1], part) for name, part in value.items()}
    if get_origin(kind) is tuple:
        return tuple(_value(get_args(kind)[0], part) for part in value)
    if isinstance(value, dict):
        return _dataclass(kind, value)
    if kind is float and not isinstance(value, bool):
        return SPECIAL_NUMBERS[value] if isinstance(value, str) else float(value)
    if kind is int:
        float(value)  # a number that is too long for arithmetic is none
    if type(value) is not kind:
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value
