"""Charts of the signs: the telling ones first, what never changed in words, what is no number left out."""

import math
from pathlib import Path

import made
import pytest
from test_html import Reader

from ganvas.events import Event
from ganvas.report.health_charts import sign_charts
from ganvas.report.history import read_history


def charts(tmp_path: Path, told: list[Event]) -> tuple[list[str], list[str]]:
    history = read_history(made.run(tmp_path / "run", told))
    drawn, constant = sign_charts(history, history.treatments)
    return [str(chart) for chart in drawn], constant


STEPS: list[Event] = [made.step(10, "sharpen", {"generator": 1.0}), made.step(60, "sharpen", {"generator": 1.0})]


def test_telling_signs_come_first_and_constant_ones_in_words(tmp_path: Path) -> None:
    drawn, constant = charts(tmp_path, made.coached())
    headings = [Reader(chart).text.partition(" real")[0] for chart in drawn]
    assert headings[0].startswith("Variety of the samples")
    assert headings[1].startswith("Near-copies among the samples")
    assert constant == ["pictures a step: 8"]


def test_sickness_is_shaded_and_treatments_are_numbered(tmp_path: Path) -> None:
    chart, *_ = charts(tmp_path, made.coached("stalled"))[0]
    assert chart.count('class="shade"') == 2
    assert chart.count('class="treated"') == 2


def test_shares_are_in_percent_and_what_is_no_number_is_counted(tmp_path: Path) -> None:
    told = [made.signs(at, near_copies=value) for at, value in enumerate((0.1, math.nan, 0.4, 1e200, math.inf), 10)]
    (chart,), _ = charts(tmp_path, STEPS + told)
    assert "In percent." in chart
    assert "left out: 3." in chart
    assert "<desc>From 10\u00a0% to 40\u00a0%.</desc>" in chart


@pytest.mark.parametrize("values", [(), (math.nan,), (math.nan, math.inf, -math.inf)])
def test_without_numbers_there_is_no_chart(values: tuple[float, ...], tmp_path: Path) -> None:
    assert charts(tmp_path, STEPS + [made.signs(at, distance=value) for at, value in enumerate(values)]) == ([], [])


def test_a_long_training_is_thinned(tmp_path: Path) -> None:
    told = [made.signs(at, distance=float(at)) for at in range(5000)]
    (chart,), _ = charts(tmp_path, STEPS + told)
    assert len(chart) < 20_000


def test_a_sign_of_a_later_release_has_its_name(tmp_path: Path) -> None:
    (chart,), _ = charts(tmp_path, [*STEPS, made.signs(10, of_tomorrow=1.0), made.signs(20, of_tomorrow=2.0)])
    assert "Of tomorrow" in chart
