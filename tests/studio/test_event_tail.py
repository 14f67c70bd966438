"""Events as they are sent to the page: from a byte on, thinned, and from the start if the file was cut."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from ganvas.event_log import to_json
from ganvas.events import Done, Event, Note, Step
from ganvas.studio import event_tail
from ganvas.studio.event_tail import follow, last_event, read_from, thinned


def step(number: int) -> Step:
    """Return a step."""
    return Step(number, 8 * number, 1000, number / 100, float(number), "adversarial", {"generator": 0.5})


def write(path: Path, *events: Event, end: str = "") -> None:
    """Append events to a file."""
    with path.open("a") as file:
        file.writelines(f"{to_json(event)}\n" for event in events)
        file.write(end)


def test_goes_on_exactly_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, *map(step, range(10)), end='{"event":"No')
    found, offset = read_from(path, 0)
    assert [event.step for _at, event in found] == list(range(10))  # type: ignore[attr-defined]
    for at, event in found:
        after, _end = read_from(path, at)
        assert len(after) == 9 - event.step  # type: ignore[attr-defined]
    with path.open("a") as file:
        file.write('te","text":"x"}\n')
    assert read_from(path, offset)[0][0][1] == Note("x")


def test_a_file_that_was_cut_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, step(1), step(2))
    offset = read_from(path, 0)[1]
    for wrong in (offset + 1, offset - 1, 3):
        with pytest.raises(ValueError, match=r"^$"):
            read_from(path, wrong)


def test_long_histories_are_thinned_evenly_and_keep_all_else(tmp_path: Path) -> None:
    events: list[tuple[int, Event]] = [(number, step(number)) for number in range(5000)]
    events.insert(77, (0, Note("kept")))
    kept = thinned(events, 100)
    steps = [event.step for _at, event in kept if isinstance(event, Step)]
    assert len(steps) == 100
    assert steps[-1] == 4999
    assert {later - earlier for earlier, later in pairwise(steps)} == {50}
    assert Note("kept") in [event for _at, event in kept]
    path = tmp_path / "events.jsonl"
    write(path, *map(step, range(20_000)))
    found, offset = read_from(path, 0)
    assert len(found) <= 2 * event_tail.MAX_STEPS
    assert offset == path.stat().st_size
    assert found[-1][1] == step(19_999)


def test_follows_live_and_tells_when_it_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_tail, "POLL_SECONDS", 0.01)
    path = tmp_path / "events.jsonl"
    write(path, step(1))

    async def listen() -> list[str]:
        told: list[str] = []
        async for text in follow(path, 0, to_json, lambda: False):
            told.append(text)
            if len(told) == 1:
                write(path, step(2))
            if len(told) == 2:
                path.write_text("")
        return told

    with ThreadPoolExecutor(1) as thread:  # a browser's test may have a loop of its own in this one
        told = thread.submit(asyncio.run, listen()).result()
    assert told[1] == f"id: {len(to_json(step(1))) + len(to_json(step(2))) + 2}\ndata: {to_json(step(2))}\n\n"
    assert told[2].startswith("event: again")


def test_the_last_event_counts_only_if_nothing_began_after_it(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    assert last_event(path, Done) is None
    done = Done("run", 1, 8, 1.0, "finished")
    write(path, step(1), done, Note("x"), end="half a li")
    assert last_event(path, Done) == done
    path.write_text("")
    write(path, done, step(2))
    assert last_event(path, Done) is None
