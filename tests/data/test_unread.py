"""What could not be read just now is not damaged: it is told, and taken as soon as it can be read."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bad_files import good_folder
from PIL import Image

from ganvas.config import DataConfig
from ganvas.data import PreparedDataset, prepare
from ganvas.data import decode as decode_module
from ganvas.data.decode import read_image
from ganvas.data.image_file import NO_MEMORY, UnreadableImageError
from ganvas.errors import GanvasError
from ganvas.events import Event

SIDE = 16
Finish = Callable[..., tuple[list[Event], PreparedDataset]]


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, name: str, number: int = errno.EIO) -> Iterator[None]:
    """Let files of this name fail to open, as a disk or a network drive does for a while."""
    real = Path.open

    def open_or_fail(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path.name == name:
            raise OSError(number, os.strerror(number), str(path))
        return real(path, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", open_or_fail)
        yield


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.EACCES])
def test_a_failure_that_passes_costs_no_picture(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finish: Finish
) -> None:
    folder = good_folder(tmp_path / "set", 20)
    config = DataConfig(str(folder), SIDE, SIDE)
    with failing(monkeypatch, "good0007.png", number):
        _, data = finish(prepare(config, workers=1))
        assert (data.count, data.unread) == (19, ("good0007.png",))
        assert data.skipped[0].reason.startswith("cannot be read")
        _, again = finish(prepare(config, workers=1))
        assert again.count == 19, "it is not decoded anew while nothing has changed"
    _, data = finish(prepare(config, workers=1))
    assert (data.count, data.skipped, data.unread) == (20, (), ())


def test_damage_is_remembered(tmp_path: Path, finish: Finish) -> None:
    folder = good_folder(tmp_path / "set", 20)
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno")
    _, data = finish(prepare(DataConfig(str(folder), SIDE, SIDE), workers=1))
    assert (data.count, data.unread, len(data.skipped)) == (20, (), 1)


def test_memory_that_ends_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")

    def full(*_: object) -> object:
        raise MemoryError

    monkeypatch.setattr(Image.Image, "load", full)
    with pytest.raises(UnreadableImageError) as caught:
        read_image(tmp_path / "a.png")
    assert caught.value.reason == NO_MEMORY
    assert "ganvas cache --clear" in NO_MEMORY, "it would be tried in vain at each start, so a person has to say when"


def test_a_fault_of_ours_is_not_taken_for_a_damaged_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")

    def faulty(_: object) -> object:
        raise AttributeError("a fault of ours")

    monkeypatch.setattr(decode_module, "to_srgb", faulty)
    with pytest.raises(AttributeError):
        read_image(tmp_path / "a.png")


def test_a_prepared_set_that_cannot_be_read_now_is_not_thrown_away(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, finish: Finish
) -> None:
    config = DataConfig(str(good_folder(tmp_path / "set", 20)), SIDE, SIDE)
    _, data = finish(prepare(config, workers=1))
    prepared = cache / data.fingerprint / "pictures"
    before = prepared.stat().st_mtime_ns
    with failing(monkeypatch, "pictures"), pytest.raises(GanvasError, match="cannot be prepared"):
        finish(prepare(config, workers=1))
    _, again = finish(prepare(config, workers=1))
    assert prepared.stat().st_mtime_ns == before
    assert np.array_equal(again.images, data.images)
