"""History: the events of a run, whatever state the file is in."""

import math
from pathlib import Path

import example_runs
import pytest

from ganvas.errors import GanvasError
from ganvas.events import LogitHistograms, Note, SampleGrid, Started
from ganvas.report.history import read_history
from ganvas.runs import Run


def test_events_are_sorted_by_kind(tmp_path: Path) -> None:
    history = read_history(example_runs.write_run(tmp_path / "run"))
    assert (history.step, history.images_seen, history.seconds) == (60, 480, 120.0)
    assert set(history.loss_curves) == {"reconstruction", "generator", "discriminator", "real_logits", "fake_logits"}
    assert [(phase.name, phase.start, phase.end) for phase in history.phases] == [
        ("autoencode", 0.0, 61.0), ("sharpen", 61.0, 120.0)
    ], "a phase ends halfway between its last report and the next one's first"  # fmt: skip
    assert [sheet.step for sheet in history.sample_grids] == [15, 30, 45, 60]
    assert [seconds for seconds, _ in history.logit_histograms] == [30.0, 60.0, 90.0, 120.0]
    assert [each.value for _, each in history.scores["Frechet distance", example_runs.NETWORK]] == [
        60.0,
        30.0,
        20.0,
        15.0,
    ]
    assert history.notes == ["A picture could not be read."]
    assert history.done is not None
    assert history.done.reason == "finished"


def test_a_moment_between_two_reports_is_interpolated(tmp_path: Path) -> None:
    events = [example_runs.step(10, "adversarial", {"generator": 1.0}), SampleGrid(15, 120, "samples/000000015.png")]
    events += [example_runs.step(20, "adversarial", {"generator": 1.0}), SampleGrid(25, 200, "samples/000000025.png")]
    history = read_history(example_runs.write_run(tmp_path / "run", events))
    assert [sheet.seconds for sheet in history.sample_grids] == [30.0, 40.0], (
        "after the last report, its time is the best guess"
    )


def test_an_incomplete_last_line_and_damaged_lines_are_left_out(tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run")
    whole = run.events_file.read_bytes()
    run.events_file.write_bytes(
        b"\xff\xfe garbage\n" + b'{"event":"OfALaterRelease"}\n' + whole + b'{"event":"Step","st'
    )
    history = read_history(run)
    assert history.step == 60
    assert history.unreadable_lines == 2, "an incomplete last line is no fault: the run is being written"


def test_events_of_an_older_release_lack_fields(tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run", [])
    run.events_file.write_text(
        '{"event":"Step","step":10,"images":80,"total_images":80,"progress":1.0,"seconds":9.0,'
        '"phase":"adversarial","losses":{"generator":1.5}}\n'
        '{"event":"Scored","step":10,"images":80,"score":"Frechet distance","network":"n","value":3.0,"count":512}\n'
    )
    history = read_history(run)
    assert history.loss_curves["generator"][0].std == 0
    assert history.scores["Frechet distance", "n"][0][1].low is None
    assert history.logit_histograms == []
    assert history.starts == []


def test_nan_is_kept(tmp_path: Path) -> None:
    history = read_history(
        example_runs.write_run(tmp_path / "run", [example_runs.step(10, "adversarial", {"generator": math.nan})])
    )
    assert math.isnan(history.loss_curves["generator"][0].value)


@pytest.mark.parametrize(
    "bad",
    [
        LogitHistograms(1, 8, math.nan, 1.0, (1,), (1,)),
        LogitHistograms(1, 8, 2.0, 2.0, (1,), (1,)),
        LogitHistograms(1, 8, -1e308, 1e308, (1,), (1,)),
        LogitHistograms(1, 8, 0.0, 1.0, (), ()),
        LogitHistograms(1, 8, 0.0, 1.0, (0, 0), (1, 1)),
        LogitHistograms(1, 8, 0.0, 1.0, (1, 1), (1,)),
    ],
)
def test_histograms_that_cannot_be_drawn_are_left_out(bad: LogitHistograms, tmp_path: Path) -> None:
    history = read_history(
        example_runs.write_run(tmp_path / "run", [example_runs.step(10, "adversarial", {"generator": 1.0}), bad])
    )
    assert history.logit_histograms == []


def test_a_note_that_every_start_repeats_is_listed_once(tmp_path: Path) -> None:
    events = [
        Note("The same."),
        Note("Another."),
        Note("The same."),
        example_runs.step(10, "adversarial", {"generator": 1.0}),
    ]
    assert read_history(example_runs.write_run(tmp_path / "run", events)).notes == ["The same.", "Another."]


def test_no_picture_from_outside_the_run_is_shown(tmp_path: Path) -> None:
    events = [example_runs.step(10, "adversarial", {"generator": 1.0}), SampleGrid(10, 80, "../private/photo.png")]
    history = read_history(example_runs.write_run(tmp_path / "run", events))
    assert history.sample_grids[0].path == tmp_path / "run" / "samples" / "photo.png"


@pytest.mark.parametrize("events", [[], [Started("run", "quick", "cpu", 0, 0, 80, False)]])
def test_a_run_without_a_step_has_nothing_to_report(events: list[Started], tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run", events)  # type: ignore[arg-type]
    with pytest.raises(GanvasError) as caught:
        read_history(run)
    assert "ganvas train --out" in caught.value.hint


def test_a_run_whose_events_are_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match="Nothing has been trained"):
        read_history(Run(tmp_path / "run"))
