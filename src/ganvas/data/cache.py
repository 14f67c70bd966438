"""Where prepared pictures are kept, how they are known to be whole, and how two processes that want them take turns."""

import json
import os
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

CHECKED = 256 << 20  # bytes whose checksums are looked at when prepared pictures are opened: about 0.2 s
BLOCK = 4 << 20  # bytes per checksum


def cache_folder() -> Path:
    """Return where prepared pictures are kept: $GANVAS_CACHE, else $XDG_CACHE_HOME/ganvas, else ~/.cache/ganvas."""
    own = os.environ.get("GANVAS_CACHE")
    shared = os.environ.get("XDG_CACHE_HOME")
    return Path(own) if own else (Path(shared) if shared else Path.home() / ".cache") / "ganvas"


def checksums(path: Path, size: int, every: int = 1) -> Iterator[int]:
    """Yield the CRC-32 of every `every`-th block of the first `size` bytes of a file. Reads, so memory stays flat."""
    with path.open("rb") as file:
        for start in range(0, size, BLOCK * every):
            file.seek(start)
            yield zlib.crc32(file.read(min(BLOCK, size - start)))


def is_whole(path: Path, size: int, sums: list[int]) -> bool:
    """Tell whether a file still has the checksums that it was written with; of a large one, a part is looked at."""
    every = max(1, size // CHECKED)
    return path.stat().st_size >= size and list(checksums(path, size, every)) == sums[::every]


def read_record(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; empty when there is none or it is damaged."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock at `path`; wait while another process has it. The system lets go of it when its holder dies."""
    with path.open("a+b") as file:
        while not _take(file):
            time.sleep(0.1)
        yield


def is_free(path: Path) -> bool:
    """Tell whether nobody holds the lock at `path`."""
    with path.open("a+b") as file:
        return _take(file)


if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[bytes]) -> bool:
        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _take(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
