"""Tables: an examination as a person reads it."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from ganvas.cli import tables
from ganvas.cli.tables import show_findings
from ganvas.coach.doctor import Findings, Span, Treatment
from ganvas.events import Evidence, Prescription, Treated, Verdict


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    file = io.StringIO()
    monkeypatch.setattr(tables, "console", Console(file=file, width=200, force_terminal=False))
    return file


def span(name: str, start: int, end: int) -> Span:
    evidence = (Evidence("near_copies", 0.05, 0.64, 8 * start),)
    return Span(name, (start, 8 * start), (end, 8 * end), Verdict(end, 8 * end, name, 0.87, evidence, "What.", "Why."))


ORDER = Treated(30, 240, "mode collapse", (Prescription("rate", "generator", 0.5),), "", "Halved [bold]the rate[/].")
SPANS = (span("healthy", 10, 20), span("mode collapse", 20, 50))
FOUND = Findings(SPANS, (Treatment(ORDER, "failed", (50, 400), "No."),), "Rest.", 5)


def test_an_examination_tells_the_story_in_order_and_what_to_do(screen: io.StringIO) -> None:
    show_findings(FOUND)
    shown = screen.getvalue().replace("\u00a0", " ")
    assert "5 examinations, the last one at 400 pictures." in shown
    lines = [line.split("  ")[0].strip() for line in shown.splitlines()]
    assert lines[2:5] == ["80 to 160", "160 to 400", "240"]
    assert "near-copies among the samples: 64 %, it was 5 % at 160 pictures" in shown
    assert "treated, it failed" in shown
    assert "Halved [bold]the rate[/]." in shown, "a text became markup"
    assert "In the end: Mode collapse (87% sure). What." in shown
    assert "What to do: Rest." in shown
    assert "passed over" not in shown


def test_damaged_lines_and_long_stories(screen: io.StringIO) -> None:
    show_findings(replace(FOUND, spans=FOUND.spans * 500, unreadable=1234))
    shown = screen.getvalue()
    assert "Lines that could not be read and were passed over: 1,234." in shown
    assert "... and 961 more" in shown
    assert shown.count("\n") < 60
