"""Shards that lie elsewhere: read over HTTP(S), or from an object store by fsspec, and kept while they are needed."""

import errno
import gzip
import hashlib
import os
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

from ..atomic_write import create_temporary, put_in_place
from ..errors import GanvasError, UnreadableNowError
from ..limits import MAX_SHARD_BYTES
from ..translation import _
from .cache import cache_folder, file_lock, make_cache_folder
from .cached_sets import FETCHED, LOCKS
from .place import is_address, is_packed

TRIES = 5
FIRST_WAIT = 1.0  # seconds before the second try; each further wait is twice as long
SECONDS = 60.0  # without an answer
PIECE = 1 << 20  # bytes read at once
MOST_PACKED = 100  # times that a packed shard may grow, beyond LEAST_UNPACKED bytes; pictures hardly do
LEAST_UNPACKED = 1 << 30
NOT_FOR_US = (401, 403, 404, 410)  # what HTTP answers where another try will not help
DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT)  # of this machine

T = TypeVar("T")


class Opened(NamedTuple):
    """What is read at an address: its bytes, how many, and when it was changed; None and 0 where that is not told."""

    file: IO[bytes]
    size: int | None
    changed: float


class NotThereError(GanvasError):
    """Nothing is at an address, or not for us."""


def local_copy(place: str) -> Path:
    """Return a shard's file on this machine, as a plain .tar.

    What lies elsewhere is fetched to the cache, and what is packed is unpacked there, once for all processes.

    Raises:
        NotThereError: it is not there, or may not be read.
        UnreadableNowError: it could not be read, however often it was tried.
    """
    if not _is_copied(place):
        return Path(place)
    file = _copy_of(place)
    if not file.is_file():
        make_cache_folder()
        (cache_folder() / LOCKS).mkdir(exist_ok=True)
        with file_lock(cache_folder() / LOCKS / file.stem):
            if not file.is_file():
                _persist(place, lambda: _fetch(place, file))
    return file


def forget(place: str) -> None:
    """Remove the copy of a shard that lies elsewhere or is packed; it is made again if it is needed."""
    if _is_copied(place):
        with suppress(OSError):
            _copy_of(place).unlink()


def read_small(address: str, limit: int) -> bytes:
    """Return the first `limit` bytes at an address.

    Raises:
        NotThereError, UnreadableNowError: see `local_copy`.
    """

    def read() -> bytes:
        with _opened(address) as opened:
            return opened.file.read(limit)

    return _persist(address, read)


def _is_copied(place: str) -> bool:
    return is_address(place) or is_packed(place)


def _copy_of(place: str) -> Path:
    key = place
    if not is_address(place):  # one that has changed is another one
        status = Path(place).stat()
        key = f"{Path(place).resolve()}\n{status.st_size}-{status.st_mtime_ns}"
    name = hashlib.blake2b(key.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    return cache_folder() / FETCHED / f"{name}.tar"


def _fetch(place: str, target: Path) -> None:
    temporary, written = create_temporary(target)
    try:
        with written, _opened(place) as opened:
            if is_packed(place):
                _unpack(place, opened, written)
            else:
                _copy(opened, written)
            written.flush()
        os.utime(temporary, (time.time(), opened.changed))  # what has changed there is known for changed here
        put_in_place(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _copy(opened: Opened, written: IO[bytes]) -> None:
    most = MAX_SHARD_BYTES if opened.size is None else min(opened.size, MAX_SHARD_BYTES)
    while piece := opened.file.read(PIECE):
        written.write(piece)
        if written.tell() > most:
            raise HTTPException(_("it has more than {most:,} bytes").format(most=most))
    if opened.size is not None and written.tell() != opened.size:
        raise HTTPException(_("it ended too early"))


def _unpack(place: str, opened: Opened, written: IO[bytes]) -> None:
    """Write what is in a packed shard. One that is damaged is unpacked up to there; its reader tells that it ends.

    Raises:
        GanvasError: it unpacks to far more than pictures do.
    """
    most = min(MAX_SHARD_BYTES, max(LEAST_UNPACKED, MOST_PACKED * (opened.size or MAX_SHARD_BYTES)))
    with gzip.open(opened.file) as plain, suppress(EOFError, gzip.BadGzipFile, zlib.error):
        while piece := plain.read(PIECE):
            written.write(piece)
            if written.tell() > most:
                raise GanvasError(
                    _("{place} unpacks to more than {most:,} bytes.").format(place=place, most=most),
                    _("If it is no trap, unpack it by hand, and use the folder."),
                )


def _persist(address: str, read: Callable[[], T]) -> T:
    """Return what `read` does; try again after an error that may pass."""
    for number in range(TRIES):
        try:
            return read()
        except (OSError, HTTPException) as error:  # timeouts and what urllib raises are OSErrors
            code = error.code if isinstance(error, urllib.error.HTTPError) else None
            if code in NOT_FOR_US or isinstance(error, FileNotFoundError | PermissionError):
                raise NotThereError(
                    _("{place} is not there, or may not be read: {reason}.").format(place=address, reason=error),
                    _("Check the address: each shard has to be there."),
                ) from error
            if isinstance(error, OSError) and error.errno in DISK_IS_FULL:
                raise
            if number == TRIES - 1:
                raise UnreadableNowError(
                    _("{path} cannot be read now: {reason}.").format(path=address, reason=error),
                    _("Nothing was changed. Once it can be read, type the same command again."),
                ) from error
        time.sleep(FIRST_WAIT * 2**number)
    raise AssertionError


@contextmanager
def _opened(address: str) -> Iterator[Opened]:
    if not is_address(address):
        with Path(address).open("rb") as local:
            status = Path(address).stat()
            yield Opened(local, status.st_size, status.st_mtime)
        return
    if address.startswith(("http://", "https://")):
        with urllib.request.urlopen(address, timeout=SECONDS) as response:
            size, changed = response.headers.get("Content-Length"), response.headers.get("Last-Modified")
            yield Opened(response, int(size) if size else None, _seconds(changed))
        return
    file_system, path = object_store(address)
    info = file_system.info(path)
    changed = info.get("LastModified") or info.get("last_modified") or info.get("mtime") or info.get("created") or 0.0
    with file_system.open(path, "rb") as file:
        yield Opened(file, info.get("size"), changed if isinstance(changed, float) else _seconds(changed))


def object_store(address: str) -> tuple[Any, str]:
    """Return fsspec's file system for an address, and the path in it.

    Raises:
        GanvasError: the extra for it is not installed, or it is no such address.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise GanvasError(
            _("To read {place}, fsspec is needed.").format(place=address), _('Try: pip install "ganvas[shards]"')
        ) from error
    try:
        file_system, path = url_to_fs(address)
    except (ImportError, ValueError) as error:  # fsspec says which package knows this kind of address
        raise GanvasError(
            _("{place} cannot be read: {reason}.").format(place=address, reason=error),
            _("Install what fsspec needs for it, such as: pip install s3fs"),
        ) from error
    return file_system, str(path)


def _seconds(changed: Any) -> float:
    """Return a time, as a server or a store tells it, in seconds since 1970; 0 where it makes no sense."""
    try:
        return float((parsedate_to_datetime(changed) if isinstance(changed, str) else changed).timestamp())
    except (ValueError, TypeError, AttributeError, OverflowError):
        return 0.0
