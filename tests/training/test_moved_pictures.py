"""A run knows its pictures by what they hold: copied without their times, zipped, or moved together with the run."""

import os
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

import ganvas
import tiny
from ganvas.errors import GanvasError
from ganvas.evaluation import evaluate
from ganvas.evaluation_inputs import EvaluationOptions, run_inputs
from ganvas.events import Done, Note, run_to_end
from ganvas.runs import Run

pytestmark = [pytest.mark.usefixtures("narrow_recipes"), pytest.mark.slow]


def copied(pictures: Path, to: Path) -> Path:
    """Copy pictures as a cloud does: with other times."""
    shutil.copytree(pictures, to)
    for file in to.iterdir():
        os.utime(file, (1, 1))
    return to


def zipped(pictures: Path, to: Path) -> Path:
    """Pack pictures below a folder, the last first."""
    with zipfile.ZipFile(to, "w") as archive:
        for file in sorted(pictures.iterdir(), reverse=True):
            archive.write(file, f"all of them/{file.name}")
    return to


@pytest.fixture
def run(pictures: Path, tmp_path: Path) -> Path:
    tiny.train(pictures, tmp_path / "run", "fc", stop=tiny.stop_after(2))
    return tmp_path / "run"


@pytest.mark.parametrize("copy", [copied, zipped])
def test_a_copy_is_the_same_pictures(run: Path, pictures: Path, tmp_path: Path, copy: Callable[..., Path]) -> None:
    elsewhere = copy(pictures, tmp_path / ("elsewhere.zip" if copy is zipped else "elsewhere"))
    events = list(ganvas.train(elsewhere, run, device="cpu"))
    assert isinstance(events[-1], Done)
    assert not any("have changed" in event.text for event in events if isinstance(event, Note))
    assert Run(run).read_config().data.path == str(elsewhere)


def test_other_pictures_are_not(run: Path, pictures: Path, tmp_path: Path) -> None:
    other = copied(pictures, tmp_path / "other")
    Image.new("RGB", (16, 16), "red").save(other / "003.png")
    with pytest.raises(GanvasError, match="are not the same"):
        list(ganvas.train(other, run, device="cpu"))


def test_pictures_of_an_earlier_release_are_known_by_their_times(run: Path, pictures: Path, tmp_path: Path) -> None:
    Run(run).write_config(replace(Run(run).read_config(), content=""))
    with pytest.raises(GanvasError, match="are not the same"):
        list(ganvas.train(copied(pictures, tmp_path / "copy"), run, device="cpu"))
    same_times = shutil.copytree(pictures, tmp_path / "same times")
    assert isinstance(list(ganvas.train(same_times, run, device="cpu"))[-1], Done)


def test_a_copy_is_compared_as_training_pictures(run: Path, pictures: Path, tmp_path: Path) -> None:
    list(ganvas.train(None, run, device="cpu"))
    options = EvaluationOptions(count=40, device="cpu")
    copy = copied(pictures, tmp_path / "copy")
    assert run_to_end(run_inputs(Run(run), copy, options)).is_training_data
    assert run_to_end(run_inputs(Run(run), copy, replace(options, at="32"))).is_training_data, "at another size too"
    Image.new("RGB", (16, 16), "red").save(copy / "003.png")
    assert not run_to_end(run_inputs(Run(run), copy, options)).is_training_data


@pytest.mark.parametrize("forgotten", [{}, {"content": ""}, {"content": "", "fingerprint": ""}])
def test_pictures_that_a_run_only_claims_are_not_shown(run: Path, tmp_path: Path, forgotten: dict[str, str]) -> None:
    """Its config.json is a stranger's: it may name a private folder."""
    list(ganvas.train(None, run, device="cpu"))
    run_to_end(evaluate(run, None, EvaluationOptions(count=40, device="cpu")))
    assert (run / "evaluation" / "real.png").exists()
    private = tiny.write_pictures(tmp_path / "private", seed=9)
    config = Run(run).read_config()
    Run(run).write_config(replace(config, data=replace(config.data, path=str(private)), **forgotten))
    told = [
        event.text
        for event in evaluate(run, None, EvaluationOptions(count=40, device="cpu"))
        if isinstance(event, Note)
    ]
    assert any("are not those that" in text and "not shown" in text for text in told)
    files = {file.name for file in (run / "evaluation").iterdir()}
    assert files == {"samples.png", "scores.json"}, "real.png and nearest.png would show them"
    inputs = run_to_end(run_inputs(Run(run), private, EvaluationOptions(count=40, device="cpu")))
    assert inputs.shows_real, "the user has named them"
    assert not inputs.is_training_data


def test_checkpoints_of_another_training_are_refused(run: Path, pictures: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    tiny.train(pictures, other, "fc", seed=7, stop=tiny.stop_after(2))
    shutil.copy(other / "config.json", run / "config.json")
    with pytest.raises(GanvasError, match=r"of another training than its config.json \(seed\)"):
        list(ganvas.train(None, run, device="cpu"))


def test_pictures_beside_a_run_move_with_it(pictures: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(pictures, home / "pictures")
    tiny.train(home / "pictures", home / "run", "fc", stop=tiny.stop_after(2))
    home.rename(tmp_path / "new home")
    assert Run(tmp_path / "new home" / "run").read_config().data.path == str(tmp_path / "new home" / "pictures")
    assert isinstance(list(ganvas.train(None, tmp_path / "new home" / "run", device="cpu"))[-1], Done)


def test_a_run_that_is_moved_alone_finds_its_pictures(run: Path, tmp_path: Path, pictures: Path) -> None:
    (tmp_path / "archive").mkdir()
    moved = run.rename(tmp_path / "archive" / "run")
    assert Run(moved).read_config().data.path == str(pictures)
    assert isinstance(list(ganvas.train(None, moved, device="cpu"))[-1], Done)


def test_pictures_inside_a_run_move_with_it(tmp_path: Path, pictures: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(pictures, run / "mine")
    config = tiny.config("fc")
    Run(run).write_config(replace(config, data=replace(config.data, path=str(run / "mine"))))
    run.rename(tmp_path / "moved")
    assert Run(tmp_path / "moved").read_config().data.path == str(tmp_path / "moved" / "mine")


def test_pictures_that_are_gone_are_asked_for(run: Path, pictures: Path, tmp_path: Path) -> None:
    pictures.rename(tmp_path / "gone")
    with pytest.raises(GanvasError, match=f"no longer at {pictures}") as caught:
        list(ganvas.train(None, run, device="cpu"))
    assert caught.value.hint == f"Say where they are: ganvas train PICTURES --out {run}"
