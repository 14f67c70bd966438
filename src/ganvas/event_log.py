"""Events as lines of JSON: to a run's `events.jsonl`, and back; those of release 0.1 are translated."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .errors import GanvasError
from .events import (
    CheckpointSaved,
    DirectionFound,
    Done,
    Event,
    HealthCheck,
    Iteration,
    LogitHistograms,
    Note,
    Prescription,
    Progress,
    Projected,
    Replanned,
    SampleGrid,
    Score,
    Started,
    Step,
    Treatment,
    Verdict,
)
from .old_events import upgrade_event, upgrade_prescription
from .translation import _
from .typed_json import dataclass_from, parse_json, to_json_value

EVENTS_VARIABLE = "GANVAS_EVENTS"  # names a file to which a command appends its events, for whoever started it

EVENTS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        Progress, Note, Started, Step, SampleGrid, LogitHistograms, Score, CheckpointSaved, HealthCheck, Verdict,
        Treatment, Replanned, Iteration, Projected, DirectionFound, Done,
    )
}  # fmt: skip


def to_json(event: Event) -> str:
    """Return `event` as one line of JSON. NaN and infinities become the strings "nan", "inf" and "-inf"."""
    return json.dumps({"event": type(event).__name__, **to_json_value(asdict(event))}, separators=(",", ":"))


def from_json(line: str) -> Event:
    """Return the event in one line of JSON. Names of release 0.1 are translated; unknown fields are left out.

    Raises:
        GanvasError: the line is not JSON, names an unknown event, or a field is missing or of another type.
    """
    try:
        record = upgrade_event(parse_json(line))
        event: Event = dataclass_from(EVENTS[record.pop("event")], record)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GanvasError(
            _("Not an event: {line!r}").format(line=line[:80]),
            _("The file should be an events.jsonl that ganvas train has written."),
        ) from error
    return event


def prescription_from(record: dict[str, Any]) -> Prescription:
    """Return a prescription from its record in a checkpoint of this release or of 0.1."""
    return Prescription(**upgrade_prescription(record))


def append_event(path: Path, event: Event) -> None:
    """Append `event` to a file of events."""
    with path.open("a", encoding="utf-8") as file:
        file.write(to_json(event) + "\n")


def replay(path: Path) -> Iterator[Event]:
    """Yield the events of an `events.jsonl`. A last line cut off by a crash is left out."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):
                yield from_json(line)


def read_events(path: Path) -> tuple[list[Event], int]:
    """Return the events of an `events.jsonl` that can be read, and the number of lines that cannot.

    An incomplete last line does not count: the run is being written, or there was a power cut.
    """
    events, unreadable = [], 0
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if not line.endswith("\n"):
                break
            try:
                events.append(from_json(line))
            except GanvasError:
                unreadable += 1
    return events, unreadable
