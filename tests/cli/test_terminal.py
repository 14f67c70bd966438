"""What a person sees: every kind of event can be shown, and nothing of it is taken for markup."""

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from ganvas.cli import terminal
from ganvas.events import (
    EVENTS,
    Done,
    Event,
    Evidence,
    Iteration,
    Logits,
    Note,
    Prescription,
    Progress,
    Samples,
    Saved,
    Scored,
    Signs,
    Started,
    Step,
    Treated,
    Verdict,
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
    Signs(10, 320, 0.1, "sharpen", {"near_copies": 0.123}),
    Verdict(10, 320, "stalled", 0.9, (Evidence("distance", 1.0, 2.0, 300),), "It [stands] still.", "Why?"),
    Treated(10, 320, "stalled", (Prescription("rate", "generator", 2.0),), "", "Doubled the [generator's] rate."),
    Iteration(3, 60, 384, 0.5, 0.1, 0.3, 0.1),
    Done("runs/mine", 10, 5000, 61.0, "finished", "ganvas sample runs/mine"),
]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    file = io.StringIO()
    monkeypatch.setattr(terminal, "console", Console(file=file, width=200, force_terminal=False))
    return file


@pytest.mark.parametrize(("reason", "full"), [("finished", True), ("interrupted", False)])
def test_what_ends_early_is_shown_as_done_and_what_is_broken_off_is_not(
    screen: io.StringIO, reason: str, full: bool
) -> None:
    stroke = Iteration(3, 60, 384, 0.5, 0.1, 0.3, 0.1, progress=0.8)
    terminal.render(iter_of([stroke, Done("painting.png", 3, 0, 1.0, reason)]))
    assert ("100%" in screen.getvalue()) == full


def test_every_kind_of_event_is_shown(screen: io.StringIO) -> None:
    assert {type(event).__name__ for event in STREAM} == set(EVENTS)
    result = terminal.render(iter_of(STREAM))
    shown = screen.getvalue()
    assert result["reason"] == "finished"
    assert result["path"] == "runs/mine"
    for text in (
        "16 pictures [grey] were turned [/]",
        "recipe quick",
        "5,000 pictures",
        "1,234.5",
        "cpu (2 threads)",
        "Stalled: It [stands] still. (",
        "Doubled the [generator's] rate.",
    ):
        assert text in shown, f"{text} was not shown"
    assert "ganvas sample runs/mine" in shown
    assert "1,200.2 to 1,268.8" in shown, "how certain a score is was not shown"
    assert "0.123" not in shown, "signs are for the report"
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


def verdict(step: int, name: str) -> Verdict:
    evidence = (Evidence("near_copies", 0.05, 0.64, 80),)
    return Verdict(step, 8 * step, name, 0.9, evidence, f"What {name} is.", "Why it happens.")


def step(number: int) -> Step:
    return Step(number, 8 * number, 5000, 0.1, 60.0 * number, "adversarial", {"generator": 0.5})


def told(screen: io.StringIO, *events: Event) -> str:
    terminal.render(iter_of(list(events)))
    return screen.getvalue().replace("\u00a0", " ")


def test_a_sickness_is_one_line_with_its_evidence_and_since_when(screen: io.StringIO) -> None:
    shown = told(screen, step(10), step(20), verdict(30, "mode collapse"))
    line = "Mode collapse: What mode collapse is. (near-copies among the samples: 64 %, it was 5 % 10 min ago)"
    assert line in shown.splitlines()
    assert "Why it happens" not in shown, "one line is enough; the rest is in the report"


def test_what_was_before_this_process_is_dated_by_pictures(screen: io.StringIO) -> None:
    started = Started("r", "fc", "cpu", 50, 400, 5000, resumed=True)
    assert "it was 5 % at 80 pictures" in told(screen, started, step(60), verdict(60, "mode collapse"))


def test_a_sickness_before_the_first_report_is_dated_by_pictures(screen: io.StringIO) -> None:
    assert "it was 5 % at 80 pictures" in told(screen, verdict(5, "mode collapse"))


def test_health_is_quiet_unless_it_comes_back(screen: io.StringIO) -> None:
    shown = told(screen, verdict(1, "warming up"), verdict(2, "healthy"))
    assert "ealthy" not in shown
    assert "arming" not in shown
    names = ("mode collapse", "warming up", "healthy", "warming up", "healthy")
    shown = told(screen, *(verdict(at, name) for at, name in enumerate(names)))
    assert shown.count("Healthy again.") == 1
    assert "What warming up is" not in shown


def test_the_end_of_progress_is_told(screen: io.StringIO) -> None:
    assert "Converged: What converged is.\n" in told(screen, verdict(1, "healthy"), verdict(2, "converged"))


def test_a_verdict_of_a_later_release_is_told(screen: io.StringIO) -> None:
    assert "Sleepy: What sleepy is." in told(screen, verdict(1, "sleepy"))


def test_a_run_that_the_coach_ended_says_so(screen: io.StringIO) -> None:
    done = Done("runs/mine", 3, 96, 1.0, "stopped", "ganvas sample runs/mine")
    assert "Ended by the coach: 96 pictures in 1 s, runs/mine. Next: ganvas sample runs/mine" in told(screen, done)
