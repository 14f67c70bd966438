"""The pictures to find."""

from pathlib import Path

import pytest
from PIL import Image

import tiny
from ganvas.config import DataConfig
from ganvas.errors import GanvasError
from ganvas.events import Event, Note, run_to_end
from ganvas.latents.projection.pictures import list_pictures, read_targets

DATA = DataConfig("pictures", 16, 24)


def test_names_are_those_of_the_files_and_no_two_are_the_same(tmp_path: Path) -> None:
    tiny.write_pictures(tmp_path, 2)
    (tmp_path / "more").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "more" / "000.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "001.JPG", "JPEG")
    names = [name for _, name in list_pictures(tmp_path, tmp_path / "out")]
    assert sorted(names) == ["000-png", "001-JPG", "001-png", "more-000-png"]
    assert list_pictures(tmp_path / "000.png", tmp_path / "out") == [(tmp_path / "000.png", "000")]


def test_results_are_no_pictures_to_find(tmp_path: Path) -> None:
    tiny.write_pictures(tmp_path, 2)
    tiny.write_pictures(tmp_path / "out", 3)
    assert [name for _, name in list_pictures(tmp_path, tmp_path / "out")] == ["000", "001"]


def test_a_picture_is_made_to_fit_and_this_is_said(tmp_path: Path) -> None:
    Image.new("RGBA", (50, 90), (255, 0, 0, 0)).save(tmp_path / "a.png")
    Image.new("RGB", (24, 16), "blue").save(tmp_path / "b.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nrubbish")
    events: list[Event] = []
    targets = run_to_end(read_targets(list_pictures(tmp_path, tmp_path / "out"), DATA), events.append)
    assert [target.image.shape for target in targets] == [(3, 16, 24), (3, 16, 24)]
    assert targets[0].image.min() == 255, "what is transparent is white, as in training"
    texts = [event.text for event in events if isinstance(event, Note)]
    assert any("broken.png is left out" in text for text in texts)
    assert any("One picture is made 24 x 16 px (crop)" in text for text in texts)


def test_there_is_nothing_to_find(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(b"")
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "notes.txt").write_text("x")
    with pytest.raises(GanvasError, match=r"There are no pictures in .*empty"):
        list_pictures(empty, tmp_path / "out")
    with pytest.raises(GanvasError, match=r"There is no picture .*cta\.png\. Did you mean 'cat\.png'"):
        list_pictures(tmp_path / "cta.png", tmp_path / "out")
    with pytest.raises(GanvasError, match="None of the 1 pictures can be read"):
        run_to_end(read_targets([(tmp_path / "cat.png", "cat")], DATA))
