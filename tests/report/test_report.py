"""The report as a whole: from a run folder to its files."""

from pathlib import Path

import example_runs
import pytest

import tiny
from ganvas.errors import GanvasError
from ganvas.report import write_card, write_report
from ganvas.runs import Run

pytestmark = pytest.mark.slow


def test_page_and_card_lie_in_the_run(tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run")
    evaluation = example_runs.write_evaluation(run)
    assert write_report(run, evaluation) == run.folder / "report.html"
    assert write_card(run, evaluation) == run.model / "README.md"
    assert (run.folder / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert not list(run.folder.glob(".*.tmp"))


@pytest.mark.usefixtures("narrow_recipes")
@pytest.mark.parametrize("recipe", ["quick", "dcgan"])
def test_a_real_run_is_reported(recipe: str, tmp_path: Path, pictures: Path) -> None:
    tiny.train(pictures, tmp_path / "run", recipe)
    text = write_report(Run(tmp_path / "run"), None).read_text(encoding="utf-8")
    assert text.count('class="chart"') >= 2
    assert 'class="timelapse"' in text


def test_a_page_stays_small_enough_to_send(tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run")
    evaluation = example_runs.write_evaluation(run)
    for path in (*run.samples.iterdir(), *run.evaluation.glob("*.png")):
        example_runs.write_picture(path, 100, size=1100)  # as large as a grid of 64 pictures of 128 px
    assert write_report(run, evaluation).stat().st_size < 6_000_000


def test_names_that_are_not_valid_utf8_are_written_as_escapes(tmp_path: Path) -> None:
    config = tiny.config("quick", classes=("caf\udce9", "b"))
    run = example_runs.write_run(tmp_path / "run", config=config)
    assert "caf\\udce9" in write_report(run, None).read_text(encoding="utf-8")
    assert "udce9" in write_card(run, None).read_text(encoding="utf-8")


@pytest.mark.parametrize("write", [write_report, write_card])
def test_a_folder_that_is_not_a_run_is_named(write: object, tmp_path: Path) -> None:
    assert callable(write)
    with pytest.raises(GanvasError, match="does not exist") as caught:
        write(Run(tmp_path / "nothing"), None)
    assert "ganvas train" in caught.value.hint


def test_a_page_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run")
    (run.folder / "report.html").mkdir()
    with pytest.raises(GanvasError, match=r"Cannot write .*report\.html"):
        write_report(run, None)
