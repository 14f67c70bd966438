"""Samples written as files, with run, seed and index in their metadata."""

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


@pytest.mark.parametrize("name", ["sheet.txt", "sheet", "file/sheet.png"])
def test_a_file_that_cannot_be_written(name: str, model: GeneratorModel, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GanvasError, match="Cannot write") as caught:
        write_grid(model, tmp_path / name, 1, seed=0)
    assert ".png" in caught.value.hint


def test_no_pictures_is_an_error(model: GeneratorModel, tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match="Cannot sample 0"):
        write_pictures(model, tmp_path / "out", 0, seed=0)
    assert not (tmp_path / "out").exists()
