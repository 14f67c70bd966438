"""Charts over time: lines that differ without color, spikes that are marked, nothing left out in silence."""

import math
from pathlib import Path

import example_runs
import pytest

from ganvas.events import Event, Score
from ganvas.report.charts import loss_charts, score_charts
from ganvas.report.history import History, read_history


def history(tmp_path: Path, events: list[Event] | None = None) -> History:
    return read_history(example_runs.write_run(tmp_path / "run", events))


def adversarial(values: list[float]) -> list[Event]:
    return [example_runs.step(10 * index, "adversarial", {"generator": value}) for index, value in enumerate(values, 1)]


def test_losses_of_a_pair_share_a_chart_and_differ_by_more_than_colour(tmp_path: Path) -> None:
    alone, players, logits = loss_charts(history(tmp_path))
    assert "Reconstruction error" in alone
    assert "Generator and discriminator" in players
    assert "Mean logits" in logits
    assert 'class="line one"' in players
    assert 'class="line two"' in players, "the second line has its own dash"
    assert "━━ generator" in players, "each line is named where it ends"
    assert "╍╍ discriminator" in players


def test_the_standard_deviation_is_drawn_as_a_band(tmp_path: Path) -> None:
    assert all('class="band one"' in chart for chart in loss_charts(history(tmp_path)))


def test_phases_are_marked_where_a_chart_spans_several(tmp_path: Path) -> None:
    events = [
        *example_runs.two_phase_events(),
        *(example_runs.step(60 + n, "autoencode", {"reconstruction": 0.02}) for n in range(1, 31)),
    ]
    alone, *_ = loss_charts(history(tmp_path, events))
    assert alone.count('class="phase"') == 2
    assert alone.count(">autoencode</text>") == 2
    assert ">sharpen</text>" in alone


def test_a_curve_is_described_in_words(tmp_path: Path) -> None:
    (chart,) = loss_charts(history(tmp_path, adversarial([3.0, 5.0, 1.0])))
    assert "<desc>Generator: from 3 to 1, between 1 and 5.</desc>" in chart


def test_a_spike_is_pointed_out_and_does_not_flatten_the_rest(tmp_path: Path) -> None:
    values = [1 + 0.2 * math.sin(index) for index in range(600)]
    values[300] = 1e5
    (chart,) = loss_charts(history(tmp_path, adversarial(values)))
    assert "▲ off the chart, up to 100,000." in chart
    assert chart.count('class="spike"') == 1
    assert ">1</text>" in chart, "the usual values keep the scale"


def test_values_that_are_not_finite_are_counted(tmp_path: Path) -> None:
    (chart,) = loss_charts(history(tmp_path, adversarial([1.0, math.nan, 2.0])))
    assert "Values left out (not finite or too large): 1." in chart
    assert loss_charts(history(tmp_path / "other", adversarial([math.nan, math.nan]))) == []


def test_an_unknown_loss_is_drawn_under_its_own_name(tmp_path: Path) -> None:
    events: list[Event] = [example_runs.step(n, "new", {"path_<length>": 1.0 * n}) for n in (1, 2)]
    (chart,) = loss_charts(history(tmp_path, events))
    assert "Path &lt;length&gt;" in chart


@pytest.mark.parametrize("count", [1, 2, 5000])
def test_any_number_of_reports_makes_a_small_chart(count: int, tmp_path: Path) -> None:
    (chart,) = loss_charts(history(tmp_path, adversarial([1.0] * count)))
    assert len(chart) < 20_000
    assert "nan" not in chart


def test_scores_are_drawn_with_their_intervals(tmp_path: Path) -> None:
    (chart,) = score_charts(history(tmp_path))
    assert "Frechet distance on efficientnet-lite0" in chart
    assert chart.count('class="dot"') == 4
    assert chart.count('class="whisker"') == 4 * 3
    assert "512 samples each time, lower is better." in chart
    assert "95\u00a0% intervals" in chart
    assert ">15 (14.2 to 15.8) after 2\u00a0min, step 60</title>" in chart


def test_scores_without_intervals_or_number(tmp_path: Path) -> None:
    events = adversarial([1.0, 1.0])
    events += [Score(10, 80, "odd", "", math.nan, 64), Score(20, 160, "odd", "", 2.0, 64, math.nan, math.inf)]
    (chart,) = score_charts(history(tmp_path, events))
    assert chart.count('class="dot"') == 1
    assert "whisker" not in chart
    assert "intervals" not in chart
    assert "nan" not in chart


def test_the_most_important_scores_come_first(tmp_path: Path) -> None:
    events = adversarial([1.0])
    events += [Score(10, 80, name, "n", 1.0, 64) for name in ("Recall", "Frechet distance, plain", "Coverage")]
    assert ["Coverage" in chart for chart in score_charts(history(tmp_path, events))] == [True, False, False]
