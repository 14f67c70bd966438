"""History: a run's events sorted, whatever state the file is in."""

import math
from pathlib import Path

import made
import pytest

from ganvas.errors import GanvasError
from ganvas.events import Logits, Note, Samples, Started
from ganvas.report.history import read_history
from ganvas.runs import Run


def test_events_are_sorted_by_what_they_tell(tmp_path: Path) -> None:
    history = read_history(made.run(tmp_path / "run"))
    assert (history.step, history.images, history.seconds) == (60, 480, 120.0)
    assert set(history.curves) == {"reconstruction", "generator", "discriminator", "real_logits", "fake_logits"}
    assert [(phase.name, phase.start, phase.end) for phase in history.phases] == [
        ("autoencode", 0.0, 61.0), ("sharpen", 61.0, 120.0)
    ], "a phase ends halfway between its last report and the next one's first"  # fmt: skip
    assert [sheet.step for sheet in history.sheets] == [15, 30, 45, 60]
    assert [seconds for seconds, _ in history.logits] == [30.0, 60.0, 90.0, 120.0]
    assert [each.value for _, each in history.scores["Frechet distance", made.NETWORK]] == [60.0, 30.0, 20.0, 15.0]
    assert history.notes == ["A picture could not be read."]
    assert history.done is not None
    assert history.done.reason == "finished"


def test_a_moment_between_two_reports_is_interpolated(tmp_path: Path) -> None:
    told = [made.step(10, "adversarial", {"generator": 1.0}), Samples(15, 120, "samples/000000015.png")]
    told += [made.step(20, "adversarial", {"generator": 1.0}), Samples(25, 200, "samples/000000025.png")]
    history = read_history(made.run(tmp_path / "run", told))
    assert [sheet.seconds for sheet in history.sheets] == [30.0, 40.0], (
        "after the last report, its time is the best guess"
    )


def test_a_torn_last_line_and_damaged_lines_are_left_out(tmp_path: Path) -> None:
    run = made.run(tmp_path / "run")
    whole = run.events_file.read_bytes()
    run.events_file.write_bytes(
        b"\xff\xfe garbage\n" + b'{"event":"OfALaterRelease"}\n' + whole + b'{"event":"Step","st'
    )
    history = read_history(run)
    assert history.step == 60
    assert history.unreadable == 2, "the torn line is the last of a run that is being written, and no fault"


def test_events_of_an_older_release_lack_fields(tmp_path: Path) -> None:
    run = made.run(tmp_path / "run", [])
    run.events_file.write_text(
        '{"event":"Step","step":10,"images":80,"total_images":80,"progress":1.0,"seconds":9.0,'
        '"phase":"adversarial","losses":{"generator":1.5}}\n'
        '{"event":"Scored","step":10,"images":80,"score":"Frechet distance","network":"n","value":3.0,"count":512}\n'
    )
    history = read_history(run)
    assert history.curves["generator"][0].swing == 0
    assert history.scores["Frechet distance", "n"][0][1].low is None
    assert history.logits == []
    assert history.starts == []


def test_values_that_are_no_numbers_are_kept_as_such(tmp_path: Path) -> None:
    history = read_history(made.run(tmp_path / "run", [made.step(10, "adversarial", {"generator": math.nan})]))
    assert math.isnan(history.curves["generator"][0].value)


@pytest.mark.parametrize(
    "bad",
    [Logits(1, 8, math.nan, 1.0, (1,), (1,)), Logits(1, 8, 2.0, 2.0, (1,), (1,)), Logits(1, 8, 0.0, 1.0, (), ()),
     Logits(1, 8, 0.0, 1.0, (0, 0), (1, 1)), Logits(1, 8, 0.0, 1.0, (1, 1), (1,))],
)  # fmt: skip
def test_histograms_that_cannot_be_drawn_are_left_out(bad: Logits, tmp_path: Path) -> None:
    history = read_history(made.run(tmp_path / "run", [made.step(10, "adversarial", {"generator": 1.0}), bad]))
    assert history.logits == []


def test_a_note_that_every_start_repeats_is_told_once(tmp_path: Path) -> None:
    told = [Note("The same."), Note("Another."), Note("The same."), made.step(10, "adversarial", {"generator": 1.0})]
    assert read_history(made.run(tmp_path / "run", told)).notes == ["The same.", "Another."]


def test_no_sheet_from_outside_the_run_is_shown(tmp_path: Path) -> None:
    told = [made.step(10, "adversarial", {"generator": 1.0}), Samples(10, 80, "../private/photo.png")]
    history = read_history(made.run(tmp_path / "run", told))
    assert history.sheets[0].path == tmp_path / "run" / "samples" / "photo.png"


@pytest.mark.parametrize("told", [[], [Started("run", "quick", "cpu", 0, 0, 80, False)]])
def test_a_run_without_a_step_has_nothing_to_report(told: list[Started], tmp_path: Path) -> None:
    run = made.run(tmp_path / "run", told)  # type: ignore[arg-type]
    with pytest.raises(GanvasError) as caught:
        read_history(run)
    assert "ganvas train --out" in caught.value.hint


def test_a_run_whose_events_are_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match="no training to report on"):
        read_history(Run(tmp_path / "run"))
