"""Ctrl-C while Python trains: in a notebook, say."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import ganvas
import tiny
from ganvas.checkpoint import list_checkpoints
from ganvas.events import Done, Event, Started, Step
from ganvas.runs import Run

pytestmark = pytest.mark.usefixtures("narrow_recipes")


@pytest.fixture(autouse=True)
def as_in_a_script() -> Iterator[None]:
    """Give Ctrl-C the meaning that it has when Python starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def train(pictures: Path, out: Path) -> Iterator[Event]:
    return ganvas.train(pictures, out, recipe="dcgan", images=tiny.IMAGES, size="16", device="cpu")


def test_it_saves_ends_the_loop_and_the_same_call_goes_on(pictures: Path, tmp_path: Path) -> None:
    events: list[Event] = []
    for event in train(pictures, tmp_path / "run"):
        if isinstance(event, Step) and not any(isinstance(each, Step) for each in events):
            signal.raise_signal(signal.SIGINT)
        events.append(event)
    step = next(event.step for event in events if isinstance(event, Step))
    assert isinstance(done := events[-1], Done)
    assert (done.reason, done.step) == ("interrupted", step)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    again = list(train(pictures, tmp_path / "run"))
    started = next(event for event in again if isinstance(event, Started))
    assert (started.resumed, started.step, again[-1].reason) == (True, step, "finished")


def test_before_the_first_step_nothing_is_lost(pictures: Path, tmp_path: Path) -> None:
    events = []
    for event in train(pictures, tmp_path / "run"):
        if not events:
            signal.raise_signal(signal.SIGINT)
        events.append(event)
    assert (events[-1].reason, events[-1].step) == ("interrupted", 0)


def test_a_second_one_acts_at_once(pictures: Path, tmp_path: Path) -> None:
    events = train(pictures, tmp_path / "run")
    next(events)
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_whoever_leaves_the_loop_has_the_usual_ctrl_c_back(pictures: Path, tmp_path: Path) -> None:
    for event in train(pictures, tmp_path / "run"):
        if isinstance(event, Step):
            break
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert list_checkpoints(Run(tmp_path / "run").checkpoints), "it saves, too"


def test_who_listens_already_is_left_alone(pictures: Path, tmp_path: Path) -> None:
    heard = []
    signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    events = train(pictures, tmp_path / "run")
    next(events)
    signal.raise_signal(signal.SIGINT)
    assert heard == [signal.SIGINT]
