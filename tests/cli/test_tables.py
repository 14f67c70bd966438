"""Tables: the findings on a training, as a person reads them."""

from collections.abc import Callable
from dataclasses import replace

from ganvas.cli.tables import show_findings
from ganvas.coach.doctor import Findings, Span, TreatmentResult
from ganvas.coach.model_health import Health
from ganvas.events import Evidence, Prescription, Treatment, Verdict


def span(name: str, start: int, end: int) -> Span:
    evidence = (Evidence("near_copies", 0.05, 0.64, 8 * start),)
    return Span(name, (start, 8 * start), (end, 8 * end), Verdict(end, 8 * end, name, 0.87, evidence, "What.", "Why."))


TREATMENT = Treatment(
    30, 240, "mode collapse", (Prescription("lr", "generator", 0.5),), "", "Halved [bold]the rate[/]."
)
SPANS = (span("healthy", 10, 20), span("mode collapse", 20, 50))
FINDINGS = Findings(SPANS, (TreatmentResult(TREATMENT, "failed", (50, 400), "No."),), "Rest.", 5)
HEALTHY = Findings(SPANS[:1], (), "", 5, is_over=True)


def test_findings_show_the_timeline_and_what_to_do(screen: Callable[[], str]) -> None:
    show_findings(FINDINGS)
    shown = screen()
    assert "5 health checks, the last one at 400 pictures seen." in shown
    lines = [line.split("  ")[0].strip() for line in shown.splitlines()]
    assert lines[2:5] == ["80 to 160", "160 to 400", "240"]
    assert "near-copies among the samples: 64 % (5 % at 160 pictures)" in shown
    assert "treatment (failed)" in shown
    assert "Halved [bold]the rate[/]." in shown, "a text became markup"
    assert "Last verdict: Mode collapse (87% sure). What." in shown
    assert "What to do: Rest." in shown
    assert "skipped" not in shown


def test_a_bad_end_is_called_so_and_what_the_model_is(screen: Callable[[], str]) -> None:
    ill, well = Health("mode collapse", 0.9), Health("healthy", 0.8)
    shown = []
    for findings, kept in ((FINDINGS, ill), (replace(FINDINGS, is_over=True), well), (HEALTHY, ill), (HEALTHY, None)):
        show_findings(findings, kept)
        shown.append(screen())
    assert [("Not healthy so far." in text, "Not healthy at its end." in text) for text in shown] == [
        (True, False),
        (False, True),
        (False, False),
        (False, False),
    ]
    assert ["from another time" in text for text in shown] == [False, True, True, False]
    assert "not healthy: mode collapse" in shown[2]


def test_unreadable_lines_and_long_timelines(screen: Callable[[], str]) -> None:
    show_findings(replace(FINDINGS, spans=FINDINGS.spans * 500, unreadable_lines=1234))
    shown = screen()
    assert "Unreadable lines, skipped: 1,234." in shown
    assert "... and 961 more" in shown
    assert shown.count("\n") < 60
