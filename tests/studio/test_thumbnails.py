"""Small copies of pictures are made by processes that may die."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ganvas.data.image_file import UnreadableImageError
from ganvas.studio.thumbnails import Thumbnailer


class Killer:
    """Content that ends the process to which it is sent, as a decoder with a fault does."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (11,)


@pytest.fixture
def thumbnailer() -> Iterator[Thumbnailer]:
    made = Thumbnailer()
    yield made
    made.close()


def test_what_kills_its_decoder_is_told_and_the_next_picture_is_shown(thumbnailer: Thumbnailer, tmp_path: Path) -> None:
    Image.new("RGB", (300, 100), "red").save(tmp_path / "red.png")
    for _time in range(3):  # more often than there are processes
        with pytest.raises(UnreadableImageError, match=r"killer\.png: it ended the process"):
            thumbnailer.make(Killer(), "killer.png")
    copy = thumbnailer.make(tmp_path / "red.png", "red.png", 30)
    assert copy[8:12] == b"WEBP"
    (tmp_path / "small.webp").write_bytes(copy)
    with Image.open(tmp_path / "small.webp") as small:
        assert small.size == (30, 10)


def test_its_processes_end_with_it_also_where_it_is_killed(tmp_path: Path) -> None:
    Image.new("RGB", (30, 10), "red").save(tmp_path / "red.png")
    program = f"""
import multiprocessing, os, pathlib, signal
from ganvas.studio.thumbnails import Thumbnailer
Thumbnailer().make(pathlib.Path({str(tmp_path / "red.png")!r}), "red.png")
print(*(child.pid for child in multiprocessing.active_children()), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    (pid,) = map(int, ended.stdout.split())
    until = time.monotonic() + 60
    while is_alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_alive(pid)


def is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_a_damaged_picture_is_named(thumbnailer: Thumbnailer, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    with pytest.raises(UnreadableImageError, match=r"broken\.png"):
        thumbnailer.make(tmp_path / "broken.png", "broken.png")
