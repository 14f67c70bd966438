"""Pictures come in upright, as colours on white, and go out as transparent as they were."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ganvas.errors import GanvasError
from ganvas.style.read import read, scaled


def test_transparency_lies_on_white_and_comes_back(tmp_path: Path) -> None:
    image = Image.new("RGBA", (20, 10), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 10, 10))
    image.save(tmp_path / "half.png")
    picture = read(tmp_path / "half.png")
    tensor = picture.tensor((20, 10), torch.device("cpu"))
    assert tensor[0, :, 5, 15].tolist() == [1, 1, 1], "the hidden red shows"
    assert tensor[0, :, 5, 5].tolist() == [-1, -1, 1]
    painted = picture.painted(torch.zeros(1, 3, 30, 60))
    assert (painted.mode, painted.size) == ("RGBA", (60, 30))
    assert (painted.getpixel((55, 15))[3], painted.getpixel((5, 15))[3]) == (0, 255)


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


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(16, 4096))
def test_scaled_keeps_the_shape(width: int, height: int, long_side: int) -> None:
    new = scaled((width, height), long_side)
    assert max(new) == long_side
    assert min(new) == max(1, round(min(width, height) * long_side / max(width, height)))
