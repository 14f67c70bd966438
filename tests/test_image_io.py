"""From floats to bytes to files, each with its metadata inside."""

import errno
import os
import secrets
import stat
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

import ganvas
from ganvas.errors import GanvasError
from ganvas.file_lock import try_lock
from ganvas.image_io import (
    check_writable,
    image_grid,
    open_written,
    read_metadata,
    remove_half_written,
    save_animation,
    save_image,
    to_float,
    to_image,
    to_uint8,
    write_atomically,
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


@pytest.mark.parametrize("stage", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_and_no_litter(
    stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    write_atomically(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((os, "fsync") if stage == "fsync" else (Path, "replace")), fail)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_write_replaces_and_makes_folders(tmp_path: Path) -> None:
    path = tmp_path / "x" / "y"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_link_where_the_temporary_file_goes_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("precious")
    monkeypatch.setattr(secrets, "token_hex", lambda size: "0" * size)
    (tmp_path / ".a.json.00000000.tmp").symlink_to(mine)
    with pytest.raises(FileExistsError):
        write_atomically(tmp_path / "a.json", b"{}")
    assert mine.read_text() == "precious"


def test_two_writers_with_one_process_number_do_not_mix_their_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes of containers all have number 1, and may write into one folder."""
    path, fsync, written = tmp_path / "a.json", os.fsync, []

    def meanwhile(descriptor: int) -> None:
        if not written:
            written.append(b"of the other")
            write_atomically(path, written[0])
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", meanwhile)
    write_atomically(path, b"of the first")
    assert path.read_bytes() == b"of the first"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("number", [1, os.getpid()], ids=["1", "own"])
def test_what_a_killed_process_left_does_not_block_the_next_write(number: int, tmp_path: Path) -> None:
    (tmp_path / f".a.json.{number}.tmp").write_bytes(b"half")
    write_atomically(tmp_path / "a.json", b"whole")
    assert (tmp_path / "a.json").read_bytes() == b"whole"


@pytest.mark.parametrize("character", ["a", "ä", "画"])
def test_a_name_of_as_many_bytes_as_the_system_takes_can_be_written(character: str, tmp_path: Path) -> None:
    path = tmp_path / (character * (255 // len(character.encode())))
    write_atomically(path, b"x")
    assert path.read_bytes() == b"x"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such links")
@pytest.mark.parametrize("name", ["a.png", ".a.png.unfinished", "[1] of 2.png", "n" * 100 + ".png"])
def test_what_killed_writes_left_is_removed_and_nothing_else(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    begin = f".{name[:40]}"
    left = tmp_path / f"{begin}.{16 * '0'}.tmp"
    being_written = tmp_path / f"{begin}.{16 * 'a'}.tmp"
    others = [tmp_path / f"{begin}.tmp", tmp_path / f"{begin}.0.tmp", tmp_path / f".b.png.{16 * '0'}.tmp"]
    link = tmp_path / f"{begin}.{16 * 'b'}.tmp"
    for file in (left, being_written, *others):
        file.write_bytes(b"half")
    link.symlink_to(others[0])
    with being_written.open("r+b") as file:
        assert try_lock(file)
        remove_half_written(path)
    assert set(tmp_path.iterdir()) == {being_written, link, *others}


def test_what_is_being_written_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    monkeypatch.setattr(os, "fsync", lambda descriptor: remove_half_written(path))
    write_atomically(path, b"whole")
    assert path.read_bytes() == b"whole", "a writer's file was taken for one that a killed process left"


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot open folders")
def test_the_folder_is_flushed_after_the_file_is_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a power cut leaves neither the old config.json nor the new one."""
    path, flushed = tmp_path / "a.json", []
    fsync = os.fsync

    def spy(descriptor: int) -> None:
        flushed.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), path.exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", spy)
    write_atomically(path, b"x")
    assert flushed == [(False, False), (True, True)]


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot open folders")
@pytest.mark.parametrize(("number", "is_error"), [(errno.EINVAL, False), (errno.ENOTSUP, False), (errno.EIO, True)])
def test_a_drive_that_cannot_flush_folders_is_no_error(
    number: int, is_error: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="error") if is_error else nullcontext():
        write_atomically(tmp_path / "a.json", b"x")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_private_file_stays_private(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b"")
    file.chmod(0o600)
    write_atomically(file, b"{}")
    assert file.stat().st_mode & 0o777 == 0o600


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
