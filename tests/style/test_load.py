"""Pictures are read upright, with colours and transparency separate."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from ganvas.errors import GanvasError, UnusableImageError
from ganvas.style.load import bleed_colors, load_picture


def test_transparency_is_kept_apart_and_hides_no_colour(tmp_path: Path) -> None:
    image = Image.new("RGBA", (20, 10), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 10, 10))
    image.save(tmp_path / "half.png")
    picture = load_picture(tmp_path / "half.png")
    tensor = picture.tensor((20, 10), torch.device("cpu"))
    assert tensor[0, :, 5, 15].tolist() == [-1, -1, 1], "neither the hidden red nor white: the blue beside it goes on"
    assert tensor[0, :, 5, 5].tolist() == [-1, -1, 1]
    assert picture.alpha is not None
    assert (picture.alpha.getpixel((15, 5)), picture.alpha.getpixel((5, 5))) == (0, 255)
    assert [picture.on_white().getpixel((x, 5)) for x in (5, 15)] == [(0, 0, 255), (255, 255, 255)]


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 7), (5, 3), (64, 37)])
def test_colours_go_on_where_nothing_is_seen(height: int, width: int) -> None:
    generator = torch.Generator().manual_seed(height)
    colors = torch.rand(1, 3, height, width, generator=generator).mul(100).add(100)
    alpha = (torch.rand(1, 1, height, width, generator=generator) > 0.9).float()
    alpha[..., 0, 0] = 1
    found = bleed_colors(torch.where(alpha > 0, colors, torch.zeros(())), alpha)
    seen = (alpha > 0).expand_as(colors)
    assert torch.equal(found[seen], colors[seen]), "what is seen has changed"
    assert found.min() >= colors[seen].min() - 0.01, "hidden black has come in"
    assert found.max() <= colors[seen].max() + 0.01
    assert (bleed_colors(colors, torch.zeros_like(alpha)) == 255).all(), "where nothing at all is seen, it is white"


def test_inside_is_the_picture_without_its_frame(tmp_path: Path) -> None:
    image = Image.new("RGB", (100, 50), "black")
    image.paste("white", (2, 1, 98, 49))
    image.save(tmp_path / "framed.png")
    inside = load_picture(tmp_path / "framed.png").crop_border(0.02)
    assert inside.colors.size == (96, 48)
    assert inside.colors.getextrema() == ((255, 255),) * 3


def test_grey_becomes_colour_and_exif_turns(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (40, 20), 128).save(tmp_path / "turned.jpg", exif=exif)
    picture = load_picture(tmp_path / "turned.jpg")
    assert (picture.colors.mode, picture.colors.size, picture.alpha) == ("RGB", (20, 40), None)
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
        (tmp_path / "text.png", "not a picture"),
        (tmp_path / "empty.png", "empty"),
        (tmp_path / "torn.png", "torn.png cannot be used"),
    ):
        with pytest.raises(GanvasError) as caught:
            load_picture(path)
        assert message in caught.value.message
        assert caught.value.hint


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_a_pipe_or_a_device_is_no_picture_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path / "pipe.png", Path("/dev/zero")):
        with pytest.raises(GanvasError, match="is not a file"):
            load_picture(path)


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (MemoryError(), "does not fit into memory", "Close other programs"),
        (PermissionError(13, "Permission denied"), "permission denied", "type the same command again"),
    ],
)
def test_a_picture_that_cannot_be_read_now_is_not_called_damaged(
    error: Exception,
    message: str,
    hint: str,
    draw: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(*_: object) -> None:
        raise error

    path = draw("whole.png")
    monkeypatch.setattr(Image.Image, "load", failing)
    monkeypatch.setattr(PngImageFile, "load", failing)
    with pytest.raises(UnusableImageError) as caught:
        load_picture(path)
    assert message in caught.value.message
    assert hint in caught.value.hint
