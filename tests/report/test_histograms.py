"""Histograms of logits: real above, samples below, the same axis early and late."""

from pathlib import Path

import example_runs

from ganvas.events import Event, LogitHistograms
from ganvas.report.histograms import logit_charts
from ganvas.report.history import read_history


def charts(tmp_path: Path, *logits: LogitHistograms) -> list[str]:
    events: list[Event] = [example_runs.step(n, "adversarial", {"generator": 1.0}) for n in range(1, 11)]
    return list(logit_charts(read_history(example_runs.write_run(tmp_path / "run", [*events, *logits]))))


def test_first_middle_and_last_are_shown(tmp_path: Path) -> None:
    drawn = charts(tmp_path, *(LogitHistograms(n, 8 * n, -1.0, 1.0, (1, 3), (3, 1)) for n in range(1, 11)))
    assert ["After 2\u00a0s" in drawn[0], "After 10\u00a0s" in drawn[1], "After 20\u00a0s" in drawn[2]] == [True] * 3
    assert len(drawn) == 3


def test_one_is_shown_once_and_none_gives_no_chart(tmp_path: Path) -> None:
    assert len(charts(tmp_path, LogitHistograms(1, 8, -1.0, 1.0, (1,), (1,)))) == 1
    assert charts(tmp_path / "other") == []


def test_real_and_fake_differ_by_place_and_pattern(tmp_path: Path) -> None:
    (chart,) = charts(tmp_path, LogitHistograms(1, 8, -2.0, 2.0, (0, 1, 3, 4), (4, 3, 1, 0)))
    assert chart.count('class="bar real"') == chart.count('class="bar fake"') == 4
    assert "real pictures ↑" in chart
    assert "samples ↓" in chart
    assert "Mean of real pictures 0.875, of samples −0.875. Overlap 25\u00a0%." in chart
    assert "25\u00a0% of the samples" not in chart.partition("<desc>")[0]


def test_far_outliers_do_not_squeeze_the_rest(tmp_path: Path) -> None:
    counts = (5000, 5000, *(0,) * 29, 1)
    (chart,) = charts(tmp_path, LogitHistograms(1, 8, 0.0, 32.0, counts, counts))
    assert chart.count('class="bar real"') == 2, "bins that are nearly empty do not stretch the axis"
