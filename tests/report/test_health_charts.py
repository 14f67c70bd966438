"""Charts of the health metrics: the important ones first, constant ones in words, values not finite left out."""

import math
from pathlib import Path

import example_runs
import pytest
from test_html import Reader

from ganvas.events import Event
from ganvas.report.health_charts import metric_charts
from ganvas.report.history import read_history


def charts(tmp_path: Path, events: list[Event]) -> tuple[list[str], list[str]]:
    history = read_history(example_runs.write_run(tmp_path / "run", events))
    drawn, constant = metric_charts(history, history.treatments)
    return [str(chart) for chart in drawn], constant


STEPS: list[Event] = [
    example_runs.step(10, "sharpen", {"generator": 1.0}),
    example_runs.step(60, "sharpen", {"generator": 1.0}),
]


def test_important_metrics_come_first_and_constant_ones_in_words(tmp_path: Path) -> None:
    drawn, constant = charts(tmp_path, example_runs.coached_events())
    headings = [Reader(chart).text.partition(" real")[0] for chart in drawn]
    assert headings[0].startswith("Diversity of the samples")
    assert headings[1].startswith("Near-copies among the samples")
    assert constant == ["pictures per step: 8"]


def test_problems_are_shaded_and_treatments_are_numbered(tmp_path: Path) -> None:
    chart, *_ = charts(tmp_path, example_runs.coached_events("stalled"))[0]
    assert chart.count('class="shade"') == 2
    assert chart.count('class="treatment"') == 2


def test_shares_are_in_percent_and_values_left_out_are_counted(tmp_path: Path) -> None:
    events = [
        example_runs.health_check(at, near_copies=value)
        for at, value in enumerate((0.1, math.nan, 0.4, 1e200, math.inf), 10)
    ]
    (chart,), _ = charts(tmp_path, STEPS + events)
    assert "In percent." in chart
    assert "Values left out (not finite or too large): 3." in chart
    assert "<desc>From 10\u00a0% to 40\u00a0%.</desc>" in chart


@pytest.mark.parametrize("values", [(), (math.nan,), (math.nan, math.inf, -math.inf)])
def test_without_numbers_there_is_no_chart(values: tuple[float, ...], tmp_path: Path) -> None:
    assert charts(
        tmp_path, STEPS + [example_runs.health_check(at, distance=value) for at, value in enumerate(values)]
    ) == ([], [])


def test_a_long_training_is_downsampled(tmp_path: Path) -> None:
    events = [example_runs.health_check(at, feature_distance=float(at)) for at in range(5000)]
    (chart,), _ = charts(tmp_path, STEPS + events)
    assert len(chart) < 20_000


def test_a_metric_of_a_later_release_has_its_name(tmp_path: Path) -> None:
    (chart,), _ = charts(
        tmp_path,
        [*STEPS, example_runs.health_check(10, of_tomorrow=1.0), example_runs.health_check(20, of_tomorrow=2.0)],
    )
    assert "Of tomorrow" in chart
