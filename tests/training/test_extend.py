"""Finished runs are given more; runs that are not finished, and budgets of the other kind, are refused."""

from pathlib import Path

import pytest

import ganvas
import tiny
from ganvas.checkpoint import load_newest
from ganvas.errors import GanvasError
from ganvas.event_log import replay
from ganvas.events import Done, Event, Note, Step
from ganvas.runs import Run

pytestmark = [pytest.mark.usefixtures("narrow_recipes"), pytest.mark.slow]


def done(events: list[Event]) -> Done:
    assert isinstance(events[-1], Done)
    return events[-1]


def more(run: Path, **budget: float) -> list[Event]:
    return list(ganvas.train(None, run, device="cpu", **budget))  # type: ignore[arg-type]


@pytest.mark.parametrize("recipe", ["dcgan", "quick", "progressive"])
def test_a_finished_run_goes_on_with_its_last_phase(pictures: Path, tmp_path: Path, recipe: str) -> None:
    first = done(tiny.train(pictures, tmp_path / "run", recipe))
    events = more(tmp_path / "run", images=80)
    assert any(isinstance(event, Note) and "Goes on for 80 pictures more" in event.text for event in events)
    second = done(events)
    assert second.reason == "finished"
    assert 80 <= second.images_seen - first.images_seen < 80 + 8, "more than a batch too many"
    steps = [event for event in replay(Run(tmp_path / "run").events_file) if isinstance(event, Step)]
    last = {event.phase for event in steps if event.step > first.step}
    assert last == {steps[-1].phase}
    third = done(more(tmp_path / "run", images=80))
    assert third.images_seen - second.images_seen == second.images_seen - first.images_seen, "and once more"


def test_what_is_given_besides_can_be_interrupted_and_goes_on(pictures: Path, tmp_path: Path) -> None:
    for name in ("whole", "parts"):
        tiny.train(pictures, tmp_path / name, "dcgan")
    assert done(more(tmp_path / "whole", images=200)).reason == "finished"
    stop = tiny.stop_after(5)
    events = tiny.train(None, tmp_path / "parts", "auto", images=200, stop=stop, size="auto")
    assert done(events).reason == "interrupted"
    assert done(more(tmp_path / "parts")).reason == "finished"
    one, other = (load_newest(tmp_path / name / "checkpoints") for name in ("whole", "parts"))
    assert one is not None
    assert other is not None
    assert one[1]["counters"]["step"] == other[1]["counters"]["step"]


def test_minutes_are_given_to_a_run_of_minutes(pictures: Path, tmp_path: Path) -> None:
    first = done(tiny.train(pictures, tmp_path / "run", "dcgan", None, minutes=0.05, coach="off"))
    second = done(more(tmp_path / "run", minutes=0.05))
    assert second.step > first.step
    assert second.reason == "finished"


def test_the_same_command_with_its_pictures_gives_nothing_more(pictures: Path, tmp_path: Path) -> None:
    first = done(tiny.train(pictures, tmp_path / "run", "dcgan"))
    assert done(tiny.train(pictures, tmp_path / "run", "dcgan")).step == first.step


def test_another_kind_of_budget_is_refused_with_what_to_type(pictures: Path, tmp_path: Path) -> None:
    tiny.train(pictures, tmp_path / "run", "dcgan")
    with pytest.raises(GanvasError, match=r"has a budget of images.\nGive it more of these: .*--images"):
        more(tmp_path / "run", minutes=5)


def test_a_run_that_is_not_finished_is_finished_first(pictures: Path, tmp_path: Path) -> None:
    tiny.train(pictures, tmp_path / "run", "dcgan", stop=tiny.stop_after(3))
    with pytest.raises(GanvasError, match=r"was begun with --images 200, not 999.*\nLeave --images out to go on"):
        more(tmp_path / "run", images=999)
    assert done(more(tmp_path / "run", images=tiny.IMAGES)).reason == "finished", "its own budget is no more"


def test_what_was_given_is_given_once_though_the_command_is_repeated(pictures: Path, tmp_path: Path) -> None:
    first = done(tiny.train(pictures, tmp_path / "run", "dcgan"))
    tiny.train(None, tmp_path / "run", "auto", images=104, stop=tiny.stop_after(4), size="auto")
    assert done(more(tmp_path / "run", images=104)).images_seen == first.images_seen + 104
