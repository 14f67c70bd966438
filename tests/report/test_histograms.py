"""Histograms of logits: real above, samples below, the same axis early and late."""

from pathlib import Path

import made

from ganvas.events import Event, Logits
from ganvas.report.histograms import logit_charts
from ganvas.report.history import read_history


def charts(tmp_path: Path, *logits: Logits) -> list[str]:
    told: list[Event] = [made.step(n, "adversarial", {"generator": 1.0}) for n in range(1, 11)]
    return list(logit_charts(read_history(made.run(tmp_path / "run", [*told, *logits]))))


def test_first_middle_and_last_are_shown(tmp_path: Path) -> None:
    shown = charts(tmp_path, *(Logits(n, 8 * n, -1.0, 1.0, (1, 3), (3, 1)) for n in range(1, 11)))
    assert ["After 2\u00a0s" in shown[0], "After 10\u00a0s" in shown[1], "After 20\u00a0s" in shown[2]] == [True] * 3
    assert len(shown) == 3


def test_one_is_shown_once_and_none_not_at_all(tmp_path: Path) -> None:
    assert len(charts(tmp_path, Logits(1, 8, -1.0, 1.0, (1,), (1,)))) == 1
    assert charts(tmp_path / "other") == []


def test_real_and_fake_differ_by_place_and_pattern(tmp_path: Path) -> None:
    (chart,) = charts(tmp_path, Logits(1, 8, -2.0, 2.0, (0, 1, 3, 4), (4, 3, 1, 0)))
    assert chart.count('class="bar real"') == chart.count('class="bar fake"') == 4
    assert "real pictures ↑" in chart
    assert "samples ↓" in chart
    assert "On average real pictures 0.875, samples −0.875; 25\u00a0% overlap." in chart
    assert "25\u00a0% of the samples" not in chart.partition("<desc>")[0]


def test_far_outliers_do_not_squeeze_the_rest(tmp_path: Path) -> None:
    counts = (5000, 5000, *(0,) * 29, 1)
    (chart,) = charts(tmp_path, Logits(1, 8, 0.0, 32.0, counts, counts))
    assert chart.count('class="bar real"') == 2, "bins that are all but empty do not stretch the axis"
