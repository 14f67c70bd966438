"""Pictures come in upright, as colours on white, and their transparency is kept apart."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from ganvas.errors import GanvasError
from ganvas.style.read import read


def test_transparency_lies_on_white_and_comes_back(tmp_path: Path) -> None:
    image = Image.new("RGBA", (20, 10), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 10, 10))
    image.save(tmp_path / "half.png")
    picture = read(tmp_path / "half.png")
    tensor = picture.tensor((20, 10), torch.device("cpu"))
    assert tensor[0, :, 5, 15].tolist() == [1, 1, 1], "the hidden red shows"
    assert tensor[0, :, 5, 5].tolist() == [-1, -1, 1]
    assert picture.alpha is not None
    assert (picture.alpha.getpixel((15, 5)), picture.alpha.getpixel((5, 5))) == (0, 255)


def test_inside_is_the_picture_without_its_frame(tmp_path: Path) -> None:
    image = Image.new("RGB", (100, 50), "black")
    image.paste("white", (2, 1, 98, 49))
    image.save(tmp_path / "framed.png")
    inside = read(tmp_path / "framed.png").inside(0.02)
    assert inside.colours.size == (96, 48)
    assert inside.colours.getextrema() == ((255, 255),) * 3


def test_grey_becomes_colour_and_exif_turns(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (40, 20), 128).save(tmp_path / "turned.jpg", exif=exif)
    picture = read(tmp_path / "turned.jpg")
    assert (picture.colours.mode, picture.colours.size, picture.alpha) == ("RGB", (20, 40), None)
    assert any("upright" in note for note in picture.notes)


def test_what_cannot_be_read_is_named(tmp_path: Path, draw: Callable[..., Path]) -> None:
    beside = draw("starry.png")
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty.png").touch()
    (tmp_path / "torn.png").write_bytes(beside.read_bytes()[:90])
    for path, message in (
        (beside.with_name("stary.png"), "Did you mean 'starry.png'"),
        (tmp_path / "nowhere" / "a.png", "There is no picture"),
        (tmp_path, "is a folder"),
        (tmp_path / "text.png", "no picture"),
        (tmp_path / "empty.png", "empty"),
        (tmp_path / "torn.png", "torn.png cannot be used"),
    ):
        with pytest.raises(GanvasError) as caught:
            read(path)
        assert message in caught.value.message
        assert caught.value.hint
