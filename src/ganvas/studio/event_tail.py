"""The events of a run as they are written: from any byte on, thinned where there are many, and the last of a kind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

from ..errors import GanvasError
from ..event_log import from_json
from ..events import Event, Started, Step

POLL_SECONDS = 0.5
CHUNK = 1 << 20  # bytes that are read at once
MAX_STEPS = 400  # of a stretch that is sent at once; the others between are left out
TAIL = 1 << 16  # bytes at the end in which the last event of a kind is sought

E = TypeVar("E", bound=Event)


def last_event(path: Path, kind: type[E]) -> E | None:
    """Return the last event of a run if it is of this kind; None if it is not, or if a training began after it."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - TAIL))
            lines = file.read().split(b"\n")[:-1]
    except OSError:
        return None
    for line in reversed(lines):
        try:
            event = from_json(line.decode("utf-8", "replace"))
        except GanvasError:
            continue
        if isinstance(event, kind):
            return event
        if isinstance(event, Started | Step):
            return None
    return None


def read_from(path: Path, offset: int) -> tuple[list[tuple[int, Event]], int]:
    """Return the events after the first `offset` bytes, each with the offset behind it, and the offset behind all.

    Of many steps some are left out, evenly. An unfinished last line is left for the next time.

    Raises:
        ValueError: the file was cut since, or no line ends at `offset`.
    """
    found: list[tuple[int, Event]] = []
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, offset - 1))
        if offset > size or (offset and file.read(1) != b"\n"):
            raise ValueError
        rest = b""
        while chunk := file.read(CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                offset += len(line) + 1
                try:
                    found.append((offset, from_json(line.decode("utf-8", "replace"))))
                except GanvasError:
                    continue
            if len(found) > 4 * MAX_STEPS:
                found = thinned(found)
    return thinned(found), offset


def thinned(events: list[tuple[int, Event]], most: int = MAX_STEPS) -> list[tuple[int, Event]]:
    """Return the events with at most about `most` of the steps; the last step stays."""
    steps = sum(isinstance(event, Step) for _offset, event in events)
    every = -(-steps // most) if steps > most else 1
    kept, left = [], steps
    for offset, event in events:
        if isinstance(event, Step):
            left -= 1
            if left % every:
                continue
        kept.append((offset, event))
    return kept


async def follow(
    path: Path, offset: int, to_text: Callable[[Event], str], is_closing: Callable[[], bool]
) -> AsyncIterator[str]:
    """Yield server-sent events from a byte of events.jsonl on, for as long as somebody listens.

    Each has as its id the offset behind it: whoever comes back with the last one goes on exactly there. If the file
    was cut meanwhile, since a killed training took its last steps again, "again" tells the page to begin anew.
    """
    quiet = 0
    while not is_closing():
        try:
            events, end = await asyncio.to_thread(read_from, path, offset) if path.is_file() else ([], offset)
        except (ValueError, OSError):
            yield "event: again\ndata: {}\n\n"
            return
        for at, event in events:
            yield f"id: {at}\ndata: {to_text(event)}\n\n"
        quiet = 0 if end != offset else quiet + 1
        offset = end
        if quiet % 30 == 29:  # so that a lost connection is noticed, on both sides
            yield ": still here\n\n"
        await asyncio.sleep(POLL_SECONDS)
