"""Cache of prepared pictures: its folder, checksums against damage, and locks between processes."""

import json
import os
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ..errors import GanvasError
from ..file_lock import try_lock
from ..translation import _

CHECKED_BYTES = 256 << 20  # bytes that are verified when prepared pictures are opened: about 0.2 s
BLOCK_BYTES = 4 << 20  # bytes per checksum


def cache_folder() -> Path:
    """Return the folder of prepared pictures: $GANVAS_CACHE, else $XDG_CACHE_HOME/ganvas, else ~/.cache/ganvas.

    Raises:
        GanvasError: none of them is set, and this user has no home.
    """
    if ganvas_cache := os.environ.get("GANVAS_CACHE"):
        return Path(ganvas_cache)
    if xdg_cache := os.environ.get("XDG_CACHE_HOME"):
        return Path(xdg_cache) / "ganvas"
    try:
        return Path.home() / ".cache" / "ganvas"
    except RuntimeError as error:
        raise GanvasError(
            _("This user has no home folder to keep prepared pictures in."), _("Set GANVAS_CACHE to a folder of yours.")
        ) from error


def make_cache_folder() -> Path:
    """Return the folder of prepared pictures, made if it was not there: for this user alone, as pictures are private.

    Raises:
        GanvasError: there is no place for one.
        OSError: it cannot be made.
    """
    folder = cache_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def checksums(path: Path, size: int, every: int = 1) -> Iterator[int]:
    """Yield the CRC-32 of every `every`-th block of a file's first `size` bytes. Memory use is constant."""
    with path.open("rb") as file:
        for start in range(0, size, BLOCK_BYTES * every):
            file.seek(start)
            yield zlib.crc32(file.read(min(BLOCK_BYTES, size - start)))


def checksums_match(path: Path, size: int, sums: list[int]) -> bool:
    """Return whether a file still has the checksums that it was written with. Of a large file, a part is read."""
    every = max(1, size // CHECKED_BYTES)
    return path.stat().st_size >= size and list(checksums(path, size, every)) == sums[::every]


def record_bytes(record: dict[str, Any]) -> bytes:
    """Return a JSON object, behind its own checksum, as the content of a file for `read_record`."""
    return json.dumps([_record_checksum(record), record]).encode("ascii")


def _record_checksum(record: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(record, sort_keys=True).encode("ascii"))


def read_record(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; empty if the file is missing or damaged. Earlier releases wrote no checksum.

    Raises:
        OSError: it is there, but cannot be read now.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
        return {}
    if isinstance(record, list) and len(record) == 2 and isinstance(record[1], dict):
        return record[1] if record[0] == _record_checksum(record[1]) else {}
    return record if isinstance(record, dict) else {}


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold the lock at `path`; wait while another process has it. Where the drive has no locks, do without."""
    while True:
        with path.open("a+b") as file:
            while try_lock(file) is False:
                time.sleep(0.1)
            if _is_at(file, path):
                yield
                return


def is_unlocked(path: Path) -> bool:
    """Return whether no process holds the lock at `path`; where the drive has no locks, one may."""
    with path.open("a+b") as file:
        return try_lock(file) is True


def share_lock(path: Path) -> IO[bytes]:
    """Return an open file that locks `path` together with others who share it, until it is closed.

    Windows has no such locks. There, what is open cannot be removed anyway.
    """
    while True:
        file = path.open("a+b")
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(file, fcntl.LOCK_SH)
        if _is_at(file, path):
            return file
        file.close()


def remove_lock(path: Path) -> None:
    """Remove a lock that no process holds. Who waits for it finds out, and makes a new one."""
    with path.open("a+b") as file:
        if try_lock(file):
            path.unlink()


def _is_at(file: IO[bytes], path: Path) -> bool:
    """Return whether an open file is the one at `path`, and was not removed."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
