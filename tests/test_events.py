"""Events go to one line of JSON and back."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganvas import events
from ganvas.errors import GanvasError
from ganvas.event_log import EVENTS, from_json, read_events, replay, to_json
from ganvas.events import Event, Evidence, Note, Prescription, Progress, Step  # fmt: skip

texts = st.one_of(st.text(), st.sampled_from(["nan", "inf", "-inf", "", "\n", "\ud800", "event"]))
VALUES = {str: texts, int: st.integers(), float: st.floats(), bool: st.booleans()}
VALUES[float | None] = st.none() | st.floats()  # type: ignore[index]
VALUES[tuple[int, ...]] = st.lists(st.integers()).map(tuple)  # type: ignore[index]
VALUES[dict[str, float]] = st.dictionaries(texts, st.floats())  # type: ignore[index]
for part in (Evidence, Prescription):
    VALUES[tuple[part, ...]] = st.lists(  # type: ignore[valid-type]
        st.builds(part, **{name: VALUES[each.type] for name, each in part.__dataclass_fields__.items()})
    ).map(tuple)


def any_event() -> st.SearchStrategy[Event]:
    def build(kind: type[Event]) -> st.SearchStrategy[Event]:
        return st.builds(kind, **{name: VALUES[each.type] for name, each in kind.__dataclass_fields__.items()})

    return st.one_of([build(kind) for kind in EVENTS.values()])


@given(any_event())
def test_round_trip(event: Event) -> None:
    line = to_json(event)
    assert "\n" not in line, "an event is one line"
    json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert repr(from_json(line)) == repr(event)  # repr, since NaN equals nothing


def test_every_event_can_be_read_back() -> None:
    kinds = {each.__name__ for each in Event.__subclasses__()}
    assert kinds == set(EVENTS), "replay would not know an event"


def test_special_numbers() -> None:
    event = from_json(to_json(Step(1, 2, 3, 0.5, math.inf, "x", {"a": math.nan, "b": -math.inf})))
    assert isinstance(event, Step)
    assert math.isnan(event.losses["a"])
    assert event.losses["b"] == -math.inf
    assert event.seconds == math.inf


def test_a_field_of_a_later_release_is_left_out() -> None:
    assert from_json('{"event":"Note","text":"hello","colour":"red"}') == Note("hello")


@pytest.mark.parametrize("line", ["", "{", "[]", "3", '"x"', "{}", '{"event":"Nothing"}', '{"event":"Note"}', "null"])
def test_not_an_event(line: str) -> None:
    with pytest.raises(GanvasError, match="Not an event"):
        from_json(line)


@pytest.mark.parametrize(
    "line",
    [
        '{"event":"Note","text":5}',
        '{"event":"SampleGrid","step":"ten","images_seen":1,"path":"p"}',
        '{"event":"SampleGrid","step":1.5,"images_seen":1,"path":"p"}',
        '{"event":"SampleGrid","step":true,"images_seen":1,"path":"p"}',
        '{"event":"SampleGrid","step":1%s,"images_seen":1,"path":"p"}' % ("0" * 400),
        '{"event":"HealthCheck","step":1,"images_seen":1,"progress":0.1,"phase":"x","metrics":{"a":"much"}}',
        '{"event":"HealthCheck","step":1,"images_seen":1,"progress":0.1,"phase":"x","metrics":[1]}',
        '{"event":"HealthCheck","step":1,"images_seen":1,"progress":true,"phase":"x","metrics":{}}',
        '{"event":"LogitHistograms","step":1,"images_seen":1,"low":0,"high":1,"real":["a"],"fake":[1]}',
        '{"event":"Signs","step":1,"images":1,"progress":0.1,"phase":"x","values":[1]}',
        '{"event":"Verdict","step":1,"images":1,"name":"x","confidence":1,"evidence":[{}],"what":"","why":""}',
        '{"event":"Treated","step":1,"images":1,"sickness":"x","prescriptions":[3],"outcome":"","text":""}',
        '{"images":1}',
        '{"event":[],"images":1}',
        '["images"]',
        '"images"',
        '{"event":"Treatment","step":1,"images_seen":1,"diagnosis":"x","prescriptions":[3],"outcome":"","text":""}',
        '{"event":"Treatment","step":1,"images_seen":1,"diagnosis":"x","prescriptions":{"kind":"lr"},"outcome":"","text":""}',
        "[" * 100_000,
    ],
)
def test_a_field_of_another_type_is_no_event(line: str) -> None:
    """Code that reads events can rely on the types, whatever is in the file."""
    with pytest.raises(GanvasError, match="Not an event"):
        from_json(line)


def test_reading_counts_the_lines_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    whole = to_json(Note("a")) + "\n"
    file.write_bytes(b"\xff\xfe\n" + whole.encode() + b'{"event":"OfALaterRelease"}\n' + whole.encode() + b'{"event":')
    assert read_events(file) == ([Note("a"), Note("a")], 2), "a cut-off last line is no fault"


def test_replay_leaves_out_a_cut_off_last_line(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    whole = [Note("a"), Progress("b", 1, 2)]
    file.write_text("".join(to_json(each) + "\n" for each in whole) + to_json(Note("torn"))[:-4], encoding="utf-8")
    assert list(replay(file)) == whole


def test_events_are_frozen() -> None:
    with pytest.raises(AttributeError):
        events.Note("a").text = "b"  # type: ignore[misc]
