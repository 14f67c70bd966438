"""What a person sees: every kind of event can be shown, and nothing of it is taken for markup."""

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from ganvas import terminal
from ganvas.events import (
    EVENTS,
    Done,
    Event,
    Iteration,
    Logits,
    Note,
    Progress,
    Samples,
    Saved,
    Scored,
    Started,
    Step,
)  # fmt: skip

STREAM: list[Event] = [
    Note("16 pictures [grey] were turned [/]"),
    Progress("pictures prepared", 12, 24),
    Started("runs/mine", "quick", "cpu (2 threads)", 0, 0, 5000, resumed=False),
    Step(10, 320, 5000, 0.1, 3.0, "sharpen", {"generator": 0.5, "discriminator": 1.25, "fake_logits": 0.0}),
    Samples(10, 320, "samples/1.png"),
    Scored(10, 320, "Frechet distance", "lite0", 1234.5, 512, 1200.25, 1268.75),
    Scored(10, 320, "Coverage", "lite0", 0.4321, 512, 0.4, 0.5),
    Logits(10, 320, -2.0, 3.0, (0, 5), (5, 0)),
    Saved(10, 320, "checkpoints/1"),
    Iteration(3, 60, 384, 0.5, 0.1, 0.3, 0.1),
    Done("runs/mine", 10, 5000, 61.0, "finished", "ganvas sample runs/mine"),
]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    file = io.StringIO()
    monkeypatch.setattr(terminal, "console", Console(file=file, width=200, force_terminal=False))
    return file


def test_every_kind_of_event_is_shown(screen: io.StringIO) -> None:
    assert {type(event).__name__ for event in STREAM} == set(EVENTS)
    result = terminal.render(iter_of(STREAM))
    shown = screen.getvalue()
    assert result["reason"] == "finished"
    assert result["path"] == "runs/mine"
    for text in ("16 pictures [grey] were turned [/]", "recipe quick", "5,000 pictures", "1,234.5", "cpu (2 threads)"):
        assert text in shown, f"{text} was not shown"
    assert "ganvas sample runs/mine" in shown
    assert "1,200.2 to 1,268.8" in shown, "how certain a score is was not shown"
    assert "0.43" not in shown, "one score of several is enough on the way; the rest is in the report"


def test_a_score_without_an_interval_is_shown_alone(screen: io.StringIO) -> None:
    """Runs of the first release have such."""
    terminal.render(iter_of([Scored(10, 320, "Frechet distance", "lite0", 1234.5, 512)]))
    assert "1,234.5" in screen.getvalue()
    assert " to " not in screen.getvalue()


def iter_of(events: list[Event]) -> Iterator[Event]:
    yield from events


def test_going_on_is_said(screen: io.StringIO) -> None:
    terminal.render(iter_of([Started("r", "fc", "cpu", 5, 1280, 5000, resumed=True)]))
    assert "Going on at 1,280 pictures" in screen.getvalue()


def test_an_interrupted_run_says_how_to_go_on(screen: io.StringIO) -> None:
    done = Done("runs/mine", 3, 96, 1.0, "interrupted", "ganvas train --out runs/mine")
    assert terminal.render(iter_of([done]))["reason"] == "interrupted"
    assert "Go on with: ganvas train --out runs/mine" in screen.getvalue()


def test_the_stream_is_closed_when_showing_fails(screen: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []

    def stream() -> Iterator[Event]:
        try:
            yield Note("a")
            yield Note("b")
        finally:
            closed.append(True)

    def fail(self: object, event: Event) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(terminal._Shown, "__call__", fail)
    with pytest.raises(KeyboardInterrupt):
        terminal.render(stream())
    assert closed, "the training was not told that its listener has left"
