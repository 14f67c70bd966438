"""Sources without some of their pictures."""

import json
from pathlib import Path

import pytest

import tiny
from ganvas import GanvasError
from ganvas.config import DataConfig
from ganvas.data import prepare
from ganvas.data.inspect import inspect
from ganvas.data.sources import open_source
from ganvas.events import run_to_end


def selection(folder: Path, path: str, *left_out: str) -> Path:
    """Write a .pictures file."""
    file = folder / "some.pictures"
    file.write_text(json.dumps({"path": path, "left_out": left_out}))
    return file


def test_what_is_left_out_is_not_trained_on(pictures: Path, tmp_path: Path) -> None:
    file = selection(tmp_path, "pictures", "003.png", "nowhere.png")
    names = [item.name for item in open_source(file).items()]
    assert len(names) == tiny.COUNT - 1
    assert "003.png" not in names
    assert run_to_end(prepare(DataConfig(str(file), 16, 16), workers=1)).count == tiny.COUNT - 1
    assert inspect(file).usable == tiny.COUNT - 1


def test_a_run_on_a_selection_goes_on(pictures: Path, tmp_path: Path, narrow_recipes: None) -> None:
    file = selection(tmp_path, str(pictures), "000.png")
    tiny.train(file, tmp_path / "run", "dcgan", stop=tiny.stop_after(5))
    events = tiny.train(None, tmp_path / "run", images=None, size=None, recipe="auto")
    assert events[-1].reason == "finished"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"path": 3, "left_out": []}', '{"path": "a.pictures", "left_out": []}']
)
def test_what_is_no_selection_is_told(text: str, tmp_path: Path) -> None:
    file = tmp_path / "some.pictures"
    file.write_text(text)
    with pytest.raises(GanvasError, match="not a selection"):
        open_source(file)


def test_pictures_that_are_gone_are_told(tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match="There is no"):
        open_source(selection(tmp_path, "gone"))
