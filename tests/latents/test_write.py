"""Samples written as files, with run, seed and index in their metadata."""

import errno
import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import tiny
from ganvas.errors import GanvasError
from ganvas.latents import write
from ganvas.latents.sample import GeneratorModel
from ganvas.latents.write import write_grid, write_pictures
from ganvas.models import build_generator


@pytest.fixture
def model() -> GeneratorModel:
    torch.manual_seed(0)
    config = tiny.config(classes=("cat", "dog"))
    return GeneratorModel(build_generator(config), config, torch.device("cpu"), "mine")


def test_pictures_are_numbered_and_contain_their_metadata(
    model: GeneratorModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "BATCH_IMAGES", 3)
    folder = write_pictures(model, tmp_path / "out", 7, seed=5, truncation=0.5, label="dog")
    assert sorted(path.name for path in folder.iterdir()) == [f"{index:06d}.png" for index in range(7)]
    expected = model.sample(7, 5, 0.5, "dog").int()
    for index in range(7):
        with Image.open(folder / f"{index:06d}.png") as image:
            metadata = {key: image.text[key] for key in ("run", "seed", "truncation", "label", "index")}
            assert metadata == {"run": "mine", "seed": "5", "truncation": "0.5", "label": "dog", "index": str(index)}
            written = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1).int()
        assert (written - expected[index]).abs().max() <= 1, "not the image of this index"


def test_a_grid_is_one_picture_with_its_metadata(model: GeneratorModel, tmp_path: Path) -> None:
    path = write_grid(model, tmp_path / "sheet.png", 9, seed=5)
    with Image.open(path) as image:
        assert min(image.size) >= 3 * 16
        assert (image.text["seed"], image.text["run"], image.text["count"]) == ("5", "mine", "9")
        assert "label" not in image.text


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("sheet.txt", "no picture format '.txt'", ".png"),
        ("sheet", "no picture format ''", ".png"),
        ("file/sheet.png", "cannot be created", "--grid FILE"),
    ],
)
def test_a_file_that_cannot_be_written(
    name: str, message: str, hint: str, model: GeneratorModel, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GanvasError, match=message) as caught:
        write_grid(model, tmp_path / name, 1, seed=0)
    assert hint in caught.value.hint


def test_a_full_disk_is_no_matter_of_the_name(
    model: GeneratorModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for draw, option in (
        (partial(write_pictures, model, tmp_path / "out"), "--out FOLDER"),
        (partial(write_grid, model, tmp_path / "sheet.png"), "--grid FILE"),
    ):
        with pytest.raises(GanvasError, match=r"Cannot write .*: No space left on device") as caught:
            draw(3, seed=0)
        assert caught.value.hint == f"Free some disk space, or name another place: {option}"


def test_a_sheet_too_large_for_its_format_is_told(model: GeneratorModel, tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match=r"Cannot write .*sheet\.webp") as caught:
        write_grid(model, tmp_path / "sheet.webp", 1, seed=0, scale=1100)
    assert ".png" in caught.value.hint


def test_nobodys_pictures_are_drawn_over(model: GeneratorModel, tmp_path: Path) -> None:
    theirs = tmp_path / "set" / "000002.png"
    theirs.parent.mkdir()
    Image.new("RGB", (8, 8)).save(theirs)
    before = theirs.read_bytes()
    with pytest.raises(GanvasError, match="holds pictures that Ganvas did not write"):
        write_pictures(model, theirs.parent, 2, seed=0)
    with pytest.raises(GanvasError, match="was not written by ganvas") as caught:
        write_grid(model, theirs, 2, seed=0)
    assert "--grid" in caught.value.hint
    assert [path.name for path in theirs.parent.iterdir()] == [theirs.name]
    assert theirs.read_bytes() == before


def test_a_sample_that_was_retouched_is_kept(model: GeneratorModel, tmp_path: Path) -> None:
    write_pictures(model, tmp_path, 3, seed=0)
    write_pictures(model, tmp_path, 3, seed=1)
    Image.new("RGB", (8, 8)).save(tmp_path / "000002.png")
    write_pictures(model, tmp_path, 2, seed=2)
    with pytest.raises(GanvasError, match=r"000002\.png was not written by ganvas"):
        write_pictures(model, tmp_path, 3, seed=2)


def test_no_pictures_is_an_error(model: GeneratorModel, tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match="Cannot sample 0"):
        write_pictures(model, tmp_path / "out", 0, seed=0)
    assert not (tmp_path / "out").exists()
