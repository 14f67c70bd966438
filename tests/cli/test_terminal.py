"""Display of events: every kind of event can be shown, and no text is taken for markup."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ganvas.cli import terminal
from ganvas.cli.output import cell, echo
from ganvas.cli.terminal import console
from ganvas.event_log import EVENTS, EVENTS_VARIABLE, replay
from ganvas.events import (  # fmt: skip
    CheckpointSaved,
    DirectionFound,
    Done,
    Event,
    Evidence,
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

EVENTS_OF_EVERY_KIND: list[Event] = [
    Note("16 pictures [grey] were turned [/]"),
    Progress("pictures prepared", 12, 24),
    Started("runs/mine", "quick", "cpu (2 threads)", 0, 0, 5000, resumed=False),
    Step(10, 320, 5000, 0.1, 3.0, "sharpen", {"generator": 0.5, "discriminator": 1.25, "fake_logits": 0.0}),
    SampleGrid(10, 320, "samples/1.png"),
    Score(10, 320, "Frechet distance", "lite0", 1234.5, 512, 1200.25, 1268.75),
    Score(10, 320, "Coverage", "lite0", 0.4321, 512, 0.4, 0.5),
    LogitHistograms(10, 320, -2.0, 3.0, (0, 5), (5, 0)),
    CheckpointSaved(10, 320, "checkpoints/1"),
    HealthCheck(10, 320, 0.1, "sharpen", {"near_copies": 0.123}),
    Verdict(10, 320, "stalled", 0.9, (Evidence("feature_distance", 1.0, 2.0, 300),), "It [stands] still.", "Why?"),
    Treatment(10, 320, "stalled", (Prescription("lr", "generator", 2.0),), "", "Doubled the [generator's] rate."),
    Iteration(3, 60, 384, 0.5, 0.1, 0.3, 0.1),
    Replanned(11, 352, 1.25, 6000),
    DirectionFound("smile", "smile.safetensors", "smile.png", "from [serious] to smiling"),
    Projected(picture="me.png", path="out/me.png", distance=0.25, nearest=0.5, tuned=0.04, label="cat[s]"),
    Done("runs/mine", 10, 5000, 61.0, "finished", "ganvas sample runs/mine"),
]


@pytest.mark.parametrize(("reason", "full"), [("finished", True), ("interrupted", False)])
def test_work_that_ends_early_is_shown_as_done_and_interrupted_work_is_not(
    screen: Callable[[], str], reason: str, full: bool
) -> None:
    stroke = Iteration(3, 60, 384, 0.5, 0.1, 0.3, 0.1, progress=0.8)
    terminal.render_until_done(stream_of([stroke, Done("painting.png", 3, 0, 1.0, reason)]))
    assert ("100%" in screen()) == full


def test_every_kind_of_event_is_shown(screen: Callable[[], str]) -> None:
    assert {type(event).__name__ for event in EVENTS_OF_EVERY_KIND} == set(EVENTS)
    result = terminal.render_until_done(stream_of(EVENTS_OF_EVERY_KIND))
    shown = screen()
    assert result["reason"] == "finished"
    assert result["path"] == "runs/mine"
    for text in (
        "16 pictures [grey] were turned [/]",
        "recipe quick",
        "5,000 pictures",
        "1,234.5",
        "cpu (2 threads)",
        "Stalled: It [stands] still. Evidence: ",
        "Doubled the [generator's] rate.",
        "smile: from [serious] to smiling",
    ):
        assert text in shown, f"{text} was not shown"
    assert "ganvas sample runs/mine" in shown
    assert "1,200.2 to 1,268.8" in shown, "how certain a score is was not shown"
    assert "0.123" not in shown, "health metrics are for the report"
    assert "0.43" not in shown, "one of several scores is enough during training; the rest is in the report"


def test_a_score_without_an_interval_is_shown_alone(screen: Callable[[], str]) -> None:
    """The first release wrote such scores."""
    terminal.render_until_done(stream_of([Score(10, 320, "Frechet distance", "lite0", 1234.5, 512)]))
    shown = screen()
    assert "1,234.5" in shown
    assert " to " not in shown


def stream_of(events: list[Event]) -> Iterator[Event]:
    yield from events


def test_resuming_is_shown(screen: Callable[[], str]) -> None:
    terminal.render_until_done(stream_of([Started("r", "fc", "cpu", 5, 1280, 5000, resumed=True)]))
    assert "Resuming at 1,280 pictures" in screen()


def test_an_interrupted_run_says_how_to_continue(screen: Callable[[], str]) -> None:
    done = Done("runs/mine", 3, 96, 1.0, "interrupted", "ganvas train --out runs/mine")
    assert terminal.render_until_done(stream_of([done]))["reason"] == "interrupted"
    assert "To continue: ganvas train --out runs/mine" in screen()


class Interrupting(float):
    """A number during whose display Ctrl-C is pressed."""

    def __format__(self, spec: str) -> str:
        raise KeyboardInterrupt


def test_the_stream_is_closed_when_showing_fails(screen: Callable[[], str]) -> None:
    closed = []

    def stream() -> Iterator[Event]:
        try:
            yield Step(10, 80, 5000, 0.1, 60.0, "adversarial", {"generator": Interrupting(0.5)})
            yield Note("b")
        finally:
            closed.append(True)

    with pytest.raises(KeyboardInterrupt):
        terminal.render_until_done(stream())
    assert closed, "the stream was left open when showing an event failed"


def verdict(step: int, name: str) -> Verdict:
    evidence = (Evidence("near_copies", 0.05, 0.64, 80),)
    return Verdict(step, 8 * step, name, 0.9, evidence, f"What {name} is.", "Why it happens.")


def step(number: int) -> Step:
    return Step(number, 8 * number, 5000, 0.1, 60.0 * number, "adversarial", {"generator": 0.5})


def printed(screen: Callable[[], str], *events: Event) -> str:
    terminal.render_until_done(stream_of(list(events)))
    return screen()


def test_a_problem_is_one_line_with_its_evidence_and_since_when(screen: Callable[[], str]) -> None:
    shown = printed(screen, step(10), step(20), verdict(30, "mode collapse"))
    line = "Mode collapse: What mode collapse is. Evidence: near-copies among the samples: 64 % (5 % 10 min ago)."
    assert line in shown.splitlines()
    assert "Why it happens" not in shown, "one line is enough; the rest is in the report"


@pytest.mark.parametrize(
    "events",
    [
        [Started("r", "fc", "cpu", 50, 400, 5000, resumed=True), step(60), verdict(60, "mode collapse")],
        [verdict(5, "mode collapse")],
    ],
    ids=["before this process", "before the first report"],
)
def test_a_moment_without_a_known_time_is_dated_by_pictures(events: list[Event], screen: Callable[[], str]) -> None:
    assert "(5 % at 80 pictures)" in printed(screen, *events)


def test_health_is_quiet_unless_it_comes_back(screen: Callable[[], str]) -> None:
    shown = printed(screen, verdict(1, "warming up"), verdict(2, "healthy"))
    assert "ealthy" not in shown
    assert "arming" not in shown
    names = ("mode collapse", "warming up", "healthy", "warming up", "healthy")
    shown = printed(screen, *(verdict(at, name) for at, name in enumerate(names)))
    assert shown.count("Healthy again.") == 1
    assert "What warming up is" not in shown


def test_convergence_is_shown(screen: Callable[[], str]) -> None:
    assert "Converged: What converged is.\n" in printed(screen, verdict(1, "healthy"), verdict(2, "converged"))


def test_a_verdict_of_a_later_release_is_shown(screen: Callable[[], str]) -> None:
    assert "Sleepy: What sleepy is." in printed(screen, verdict(1, "sleepy"))


def test_a_run_that_the_coach_ended_says_so(screen: Callable[[], str]) -> None:
    done = Done("runs/mine", 3, 96, 1.0, "stopped", "ganvas sample runs/mine")
    assert "Stopped by the coach: 96 pictures in 1 s, runs/mine. Next: ganvas sample runs/mine" in printed(screen, done)


def test_a_strangers_text_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """OSC 52 writes to the clipboard, others clear the screen or hide what was printed."""
    hostile = "good\x1b]52;c;cm0gLXJm\x07\x1b[2J\rbad\x9b31m\nnext line\ud800"
    echo(hostile)
    console.print(hostile, markup=False)
    console.print(cell(hostile))
    shown = capsys.readouterr().err
    assert "\x1b" not in shown
    assert "\x9b" not in shown
    assert "\r" not in shown
    assert shown.count("\nnext line") >= 2, "line breaks stay"
    assert r"\x1b]52;c;cm0gLXJm\x07" in shown


def test_events_go_to_the_file_that_is_named_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "events.jsonl"
    events = [Progress("frames drawn", 1, 2), Done("film.mp4", 0, 0, 1.0, "finished")]
    terminal.render_until_done(stream_of(events))
    assert not file.exists()
    monkeypatch.setenv(EVENTS_VARIABLE, str(file))
    terminal.render_until_done(stream_of(events))
    assert list(replay(file)) == events
