"""The overview: what a plan needs to know of pictures, from a look at a few of them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ganvas
import tiny
from ganvas.data import open_source, read_overview


def save_all(folder: Path, *pictures: Image.Image) -> Path:
    """Save pictures as PNGs into a new folder, and return it."""
    folder.mkdir()
    for index, each in enumerate(pictures):
        each.save(folder / f"{index:03d}.png")
    return folder


def test_an_overview_sees_color_and_shape(tmp_path: Path) -> None:
    gray = tiny.write_pictures(tmp_path / "gray", 5, mode="L")
    assert read_overview(open_source(gray)).gray
    wide = tmp_path / "wide"
    wide.mkdir()
    for index in range(6):
        Image.new("RGB", (200, 100), (index, 0, 0)).save(wide / f"{index}.png")
    (wide / "broken.png").write_bytes(b"no picture")
    overview = read_overview(open_source(wide))
    assert (overview.gray, overview.width, overview.height) == (False, 128, 64)
    assert overview.count == 7
    turned = tmp_path / "turned"
    turned.mkdir()
    for index in range(3):
        exif = Image.Exif()
        exif[0x0112] = 6  # a quarter turn
        Image.new("RGB", (200, 100), (index, 0, 9)).save(turned / f"{index}.jpg", exif=exif)
    assert (read_overview(open_source(turned)).width, read_overview(open_source(turned)).height) == (64, 128)


def test_a_single_colored_picture_is_enough(tmp_path: Path) -> None:
    folder = tiny.write_pictures(tmp_path / "gray", 5, mode="L")
    assert read_overview(open_source(folder)).gray
    Image.new("RGB", (16, 16), (200, 0, 0)).save(folder / "red.png")
    assert not read_overview(open_source(folder)).gray


def test_gray_stored_as_color_is_gray_and_transparency_is_not(tmp_path: Path) -> None:
    assert read_overview(open_source(save_all(tmp_path / "rgb", Image.new("RGB", (40, 40), (90, 90, 90))))).gray
    assert not read_overview(open_source(save_all(tmp_path / "la", Image.new("LA", (40, 40), (90, 100))))).gray


@pytest.mark.parametrize(
    ("shape", "fit"),
    [
        ((300, 300), (256, 256)),
        ((40, 40), (32, 32)),
        ((16, 16), (32, 32)),
        ((300, 200), (192, 128)),
        ((90, 130), (64, 96)),
        ((100, 110), (64, 64)),
    ],
)
def test_the_size_that_pictures_of_a_shape_would_have(
    shape: tuple[int, int], fit: tuple[int, int], tmp_path: Path
) -> None:
    overview = read_overview(
        open_source(save_all(tmp_path / "some", *(Image.new("RGB", shape, (index, 0, 0)) for index in range(4))))
    )
    assert (overview.width, overview.height) == fit


def test_pictures_of_all_shapes_are_taken_as_squares(tmp_path: Path) -> None:
    shapes = ((200, 70), (70, 200), (100, 100), (150, 75))
    overview = read_overview(open_source(save_all(tmp_path / "all", *(Image.new("RGB", each) for each in shapes))))
    assert (overview.width, overview.height) == (64, 64)


def test_an_overview_agrees_with_an_inspection(tmp_path: Path) -> None:
    for name, shape, mode in (("wide", (200, 100), "RGB"), ("gray", (64, 64), "L")):
        folder = save_all(tmp_path / name, *(Image.new(mode, shape, index) for index in range(8)))
        overview, inspection = read_overview(open_source(folder)), ganvas.inspect(folder)
        assert (overview.count, overview.width, overview.height) == (
            inspection.count,
            inspection.width,
            inspection.height,
        )
        assert overview.gray == (inspection.channels == 1)


def test_an_overview_of_nothing_but_broken_pictures(tmp_path: Path) -> None:
    for index in range(3):
        (tmp_path / f"{index}.png").write_bytes(b"no picture")
    overview = read_overview(open_source(tmp_path))
    assert (overview.count, overview.gray, overview.width, overview.height) == (3, False, 32, 32)


def test_an_overview_of_many_is_the_same_each_time(tmp_path: Path) -> None:
    pictures = (Image.new("RGB", (40 + index % 90, 40), (index, index, index)) for index in range(150))
    source = open_source(save_all(tmp_path / "many", *pictures))
    overview = read_overview(source)
    assert overview.count == 150
    assert overview == read_overview(source)


def test_an_overview_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    overview = read_overview(open_source(tmp_path / "empty"))
    assert (overview.count, overview.gray, overview.width) == (0, False, 32)


def test_drawings_are_told_from_photographs(tmp_path: Path) -> None:
    drawings, photographs = tmp_path / "drawings", tmp_path / "photographs"
    smooth = np.random.default_rng(0)
    for folder in (drawings, photographs):
        folder.mkdir()
    for index in range(6):
        figure = Image.new("RGB", (96, 96), "white")
        figure.paste((200, 40 * index, 0), (10 + index, 20, 60, 90))
        figure.save(drawings / f"{index}.png")
        coarse = Image.fromarray(smooth.integers(0, 256, (5, 5, 3), np.uint8))
        coarse.resize((96, 96), Image.Resampling.BICUBIC).save(photographs / f"{index}.jpg")
    assert read_overview(open_source(drawings)).drawn
    assert not read_overview(open_source(photographs)).drawn
