"""From floats to bytes to files, each with its metadata inside."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

import ganvas
from ganvas.errors import GanvasError
from ganvas.image_io import (
    check_writable,
    image_grid,
    open_written,
    read_metadata,
    save_animation,
    save_image,
    to_float,
    to_image,
    to_uint8,
)


def test_every_byte_survives() -> None:
    every = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(to_uint8(to_float(every)), every)
    assert to_float(every).min() == -1
    assert to_float(every).max() == 1


def test_floats_are_rounded_clamped_and_never_nan() -> None:
    inf = float("inf")
    images = to_uint8(torch.tensor([-9, -1, -1 + 0.9 / 127.5, 0.0, 1, 9, float("nan"), inf, -inf]))
    assert images.tolist() == [0, 0, 1, 128, 255, 255, 0, 255, 0]
    assert images.dtype == torch.uint8


def test_to_uint8_does_not_change_its_input() -> None:
    images = torch.tensor([0.3, float("nan")], requires_grad=True)
    to_uint8(images)
    assert float(images[0].detach()) == pytest.approx(0.3)


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_to_image_keeps_channels_and_orientation(channels: int, mode: str) -> None:
    pixels = torch.randint(0, 256, (channels, 5, 7), dtype=torch.uint8)
    image = to_image(pixels)
    assert (image.mode, image.size) == (mode, (7, 5))
    array = np.asarray(image).reshape(5, 7, channels)
    assert torch.equal(torch.from_numpy(array.copy()).permute(2, 0, 1), pixels)


def test_grid_has_images_in_reading_order_on_white() -> None:
    images = torch.stack([torch.full((3, 4, 6), value, dtype=torch.uint8) for value in range(5)])
    grid = image_grid(images, columns=3, gap=2)
    assert grid.shape == (3, 2 * (4 + 2) + 2, 3 * (6 + 2) + 2)
    assert (grid[:, 0] == 255).all()
    assert (grid[:, :, -1] == 255).all()
    for index in range(5):
        top, left = 2 + index // 3 * 6, 2 + index % 3 * 8
        assert (grid[:, top : top + 4, left : left + 6] == index).all()
    assert (grid[:, 8:12, 18:24] == 255).all(), "the empty place is white"


@pytest.mark.parametrize(("count", "height", "width"), [(1, 8, 8), (64, 8, 8), (7, 8, 32), (7, 32, 8)])
def test_grid_is_about_square_and_holds_all(count: int, height: int, width: int) -> None:
    grid = image_grid(torch.zeros(count, 1, height, width, dtype=torch.uint8), gap=0)
    assert int((grid == 0).sum()) == count * height * width
    assert 0.2 <= grid.shape[2] / grid.shape[1] <= 5


METADATA = {"run": "mine", "seed": 7}


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tiff"])
def test_files_carry_their_metadata(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / "deep" / f"a{suffix}"
    save_image(Image.new("RGB", (8, 6), (200, 30, 60)), path, METADATA)
    with Image.open(path) as image:
        if suffix == ".png":
            assert image.text == {"run": "mine", "seed": "7", "software": f"ganvas {ganvas.__version__}"}
        else:
            assert image.getexif()[0x010E] == f"run=mine; seed=7; software=ganvas {ganvas.__version__}"
        assert image.size == (8, 6)
        assert np.abs(np.asarray(image.convert("RGB"), int) - (200, 30, 60)).max() <= 8


@pytest.mark.parametrize("mode", ["L", "RGBA"])
def test_jpeg_takes_grey_and_transparent_images(mode: str, tmp_path: Path) -> None:
    save_image(Image.new(mode, (8, 8)), tmp_path / "a.jpg", METADATA)
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.mode == ("L" if mode == "L" else "RGB")


def test_animation_loops_and_holds_its_last_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), (60 * index, 0, 0)) for index in range(4)]
    save_animation(frames, tmp_path / "a.webp", 100, METADATA)
    with Image.open(tmp_path / "a.webp") as image:
        durations = []
        for frame in ImageSequence.Iterator(image):
            frame.load()
            durations.append(frame.info["duration"])
        assert durations == [100, 100, 100, 1000]
        assert image.info["loop"] == 0
        assert "run=mine" in image.getexif()[0x010E]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
def test_a_pipe_in_a_pictures_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert read_metadata(tmp_path / "pipe.png") == {}
    with pytest.raises(OSError, match="is not a file"):
        open_written(tmp_path / "pipe.png")


@pytest.mark.parametrize("error", [MemoryError(), PermissionError(13, "Permission denied")])
def test_metadata_that_cannot_be_read_now_are_not_taken_for_none(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise error

    save_image(Image.new("RGB", (8, 8)), tmp_path / "a.png", METADATA)
    monkeypatch.setattr(Path, "open", failing)
    with pytest.raises(type(error)):
        read_metadata(tmp_path / "a.png")


def test_a_place_that_cannot_be_written_is_noticed_before_and_nothing_is_made_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(GanvasError, match=r"cannot be created: .*file is a file"):
        check_writable(tmp_path / "file" / "new", "Go elsewhere.")
    check_writable(tmp_path / "new" / "folder", "Go elsewhere.")
    assert not (tmp_path / "new").exists()
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(GanvasError, match="is not writable") as caught:
        check_writable(tmp_path / "new" / "folder", "Go elsewhere.")
    assert caught.value.hint == "Go elsewhere."
