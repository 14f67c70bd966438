"""Folders that are classes, pictures beside them, and classes of which nothing can be read."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ganvas
from ganvas.config import DataConfig
from ganvas.data import PreparedDataset, prepare
from ganvas.data.class_folders import classes_of_folders
from ganvas.events import Event, Note

SIDE = 16
Finish = Callable[..., tuple[list[Event], PreparedDataset]]


def write(folder: Path, count: int, seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for number in range(count):
        Image.fromarray(rng.integers(0, 256, (SIDE, SIDE), np.uint8)).save(folder / f"{number:02d}.png")


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        ({"a": 9, "b": 9}, {"a": "a", "b": "b"}),
        ({"a": 9, "b": 9, "": 1}, {"a": "a", "b": "b"}),
        ({"all/a": 9, "all/b/deep": 9, "all": 1}, {"all/a": "a", "all/b/deep": "b"}),
        ({"all/a": 9, "all/b": 9, "": 1}, {"all/a": "a", "all/b": "b"}),
        ({"a": 9, "b": 9, "": 9}, {}),
        ({"a": 9, "": 1}, {}),
        ({"a": 9}, {}),
        ({"a": 9, "a/b": 9}, {}),
        ({}, {}),
    ],
)
def test_few_pictures_may_lie_beside_class_folders(folders: dict[str, int], expected: dict[str, str]) -> None:
    assert classes_of_folders(folders) == expected


def test_what_lies_beside_classes_is_left_out_of_a_conditional_training_and_told(
    tmp_path: Path, finish: Finish
) -> None:
    for seed, name in enumerate(("-x", "a,b")):  # odd names, as people have
        write(tmp_path / name, 10, seed)
    write(tmp_path, 1, 9)
    inspection = ganvas.inspect(tmp_path)
    assert inspection.classes == {"-x": 10, "a,b": 10}
    assert "Beside the class folders: 1 picture. With --conditional, they are left out." in inspection.warnings
    for drop_copies in (False, True):
        config = DataConfig(str(tmp_path), SIDE, SIDE, 1, conditional=True, drop_copies=drop_copies)
        events, data = finish(prepare(config, workers=1))
        assert data.classes == ("-x", "a,b")
        assert data.labels is not None
        assert np.bincount(data.labels).tolist() == [10, 10]
        assert [(file.name, file.reason) for file in data.skipped] == [("00.png", "in none of the class folders")]
        assert any("1 in none of the class folders" in event.text for event in events if isinstance(event, Note))
    _, data = finish(prepare(DataConfig(str(tmp_path), SIDE, SIDE, 1), workers=1))
    assert (data.count, data.labels) == (21, None), "without --conditional, all are there"


def test_a_class_of_which_nothing_can_be_read_is_named_and_left_out(tmp_path: Path, finish: Finish) -> None:
    for seed, name in enumerate(("a", "b", "c")):
        write(tmp_path / name, 10, seed)
    for file in (tmp_path / "b").iterdir():
        file.write_bytes(file.read_bytes()[:40])
    events, data = finish(prepare(DataConfig(str(tmp_path), SIDE, SIDE, 1, conditional=True), workers=1))
    assert data.classes == ("a", "c")
    assert data.labels is not None
    assert np.bincount(data.labels).tolist() == [10, 10]
    told = [event.text for event in events if isinstance(event, Note)]
    assert "No picture can be used of 1 class, left out: 'b'." in told
