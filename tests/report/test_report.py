"""The report as a whole: from a run folder to its files."""

from pathlib import Path

import made
import pytest

import tiny
from ganvas.errors import GanvasError
from ganvas.report import write_card, write_report
from ganvas.runs import Run


def test_page_and_card_lie_in_the_run(tmp_path: Path) -> None:
    run = made.run(tmp_path / "run")
    found = made.evaluation(run)
    assert write_report(run, found) == run.folder / "report.html"
    assert write_card(run, found) == run.model / "README.md"
    assert (run.folder / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert not list(run.folder.glob(".*.tmp"))


@pytest.mark.usefixtures("narrow_recipes")
@pytest.mark.parametrize("recipe", ["quick", "dcgan"])
def test_a_real_run_is_reported(recipe: str, tmp_path: Path, pictures: Path) -> None:
    tiny.train(pictures, tmp_path / "run", recipe)
    text = write_report(Run(tmp_path / "run"), None).read_text(encoding="utf-8")
    assert text.count('class="chart"') >= 2
    assert 'class="film"' in text


def test_a_page_stays_small_enough_to_send(tmp_path: Path) -> None:
    run = made.run(tmp_path / "run")
    found = made.evaluation(run)
    for path in (*run.samples.iterdir(), *run.evaluation.glob("*.png")):
        made.picture(path, 100, size=1100)  # as heavy as a sheet of 64 pictures of 128 px can be
    assert write_report(run, found).stat().st_size < 6_000_000


def test_names_that_are_no_text_are_written_as_escapes(tmp_path: Path) -> None:
    config = tiny.config("quick", classes=("caf\udce9", "b"))
    run = made.run(tmp_path / "run", config=config)
    assert "caf\\udce9" in write_report(run, None).read_text(encoding="utf-8")
    assert "udce9" in write_card(run, None).read_text(encoding="utf-8")


@pytest.mark.parametrize("write", [write_report, write_card])
def test_what_is_no_run_is_named(write: object, tmp_path: Path) -> None:
    assert callable(write)
    with pytest.raises(GanvasError, match="does not exist") as caught:
        write(Run(tmp_path / "nothing"), None)
    assert "ganvas train" in caught.value.hint


def test_a_page_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    run = made.run(tmp_path / "run")
    (run.folder / "report.html").mkdir()
    with pytest.raises(GanvasError, match=r"Cannot write .*report\.html"):
        write_report(run, None)
