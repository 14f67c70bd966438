"""What the cache of prepared pictures holds: listed, kept while it is in use, and removed, the longest unused first."""

import atexit
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..errors import GanvasError
from ..translation import N_, _
from .cache import is_unlocked, read_record, remove_lock, share_lock
from .killers import KILLERS
from .memory_share import LARGE

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
DEFAULT_LIMIT = "20GB"
PARTIAL = ".partial"
FEATURES, FETCHED, LOCKS = "features", "shards", "locks"
# Names that we give: in a folder of the user's own, whatever else lies there is left alone.
OUR_SET = re.compile(r"[0-9a-f]{32}(\.partial|\.leaving)?")
OUR_FILES = {  # by the folder that they lie in
    FEATURES: (re.compile(r"[0-9a-f]{32}\.safetensors"), N_("features of real pictures, for scores")),
    FETCHED: (re.compile(r"[0-9a-f]{32}\.(tar|json)"), N_("shards that were fetched, or counted")),
    KILLERS: (re.compile(r"[0-9a-f]{32}\.json"), N_("names of pictures that killed their decoder")),
}
OUR_LOCK = re.compile(r"([0-9a-f]{32})(\.used)?")
# The folder that a process writes its index to, and all that lies in it.
SCRATCH_PREFIX, SCRATCH_INDEX, SCRATCH_LOCK = "index-", "index.jsonl", "lock"
SCRATCH_FILES = {SCRATCH_INDEX, SCRATCH_LOCK, LARGE}
# Shared locks of the sets that this process uses. They are released at its end, however it comes.
held_locks: dict[Path, IO[bytes]] = {}


@dataclass(frozen=True)
class CachedSet:
    """One set of prepared pictures, or the features that scores keep of real ones.

    Args:
        path: its folder or file.
        size: in bytes.
        used: when it was used last, in seconds since 1970.
        content: what it is, in words.
    """

    path: Path
    size: int
    used: float
    content: str

    @property
    def is_used(self) -> bool:
        """Whether a process is making it or works with it."""
        locks, name = self.path.parent / LOCKS, self.path.name.removesuffix(PARTIAL)
        files = locks / name, locks / f"{name}.used", self.path / SCRATCH_LOCK
        return any(each.is_file() and not is_unlocked(each) for each in files)

    @property
    def unused_days(self) -> int:
        """Whole days since it was used last; none if the clock was set back."""
        return max(0, int((time.time() - self.used) // 86_400))


@atexit.register
def release_locks() -> None:
    """Say that this process uses no prepared set any more."""
    for file in held_locks.values():
        file.close()
    held_locks.clear()


def cached_sets(cache: Path) -> list[CachedSet]:
    """Return what a cache folder holds, the last used first."""
    found = [*_prepared_sets(cache), *_scratch(cache), *_files(cache)]
    return sorted(found, key=lambda each: (-each.used, each.path.name))


def mark_used(folder: Path) -> None:
    """Note that a prepared set is used now, and by this process until it ends."""
    with suppress(OSError):  # of another user's file, whose time may not be changed
        os.utime(folder / "record.json")
        if folder not in held_locks:
            held_locks[folder] = share_lock(folder.parent / LOCKS / f"{folder.name}.used")


def drop(folder: Path) -> None:
    """Remove a prepared set that this process has used and needs no more, unless another process works with it."""
    if folder in held_locks:
        held_locks.pop(folder).close()
    with suppress(OSError):  # what cannot be removed now is one of those that go by themselves
        if not CachedSet(folder, 0, 0.0, "").is_used:
            _remove(folder)


def remove_beyond(cache: Path, limit: int) -> list[CachedSet]:
    """Remove the longest unused sets until `limit` bytes are left, and return them. What is in use stays."""
    sets = cached_sets(cache)
    size, removed = sum(each.size for each in sets), list[CachedSet]()
    for each in reversed(sets):
        if (size > limit or not limit) and not each.is_used:  # what is empty goes too, if nothing is to be left
            with suppress(OSError):  # another process was faster, or has it open and the system does not allow it
                _remove(each.path)
                removed.append(each)
                size -= each.size
    _remove_old_locks(cache)
    return removed


def remove_abandoned(cache: Path) -> None:
    """Remove the indices of processes that were killed a day ago or earlier: nothing goes on from those."""
    for each in _scratch(cache):
        if each.unused_days and not each.is_used:
            with suppress(OSError):
                _remove(each.path)


def _remove_old_locks(cache: Path) -> None:
    """Remove the locks of sets that are not there any more."""
    for file in (cache / LOCKS).iterdir() if (cache / LOCKS).is_dir() else ():
        found = OUR_LOCK.fullmatch(file.name)
        if found and not (cache / found[1]).exists() and not (cache / f"{found[1]}{PARTIAL}").exists():
            with suppress(OSError):
                remove_lock(file)


def _remove(path: Path) -> None:
    if path.is_dir():
        leaving = path.with_name(f"{path.name}.leaving")  # all of it or nothing
        path.rename(leaving)
        shutil.rmtree(leaving)
    else:
        path.unlink()


def cache_limit() -> int:
    """Return the bytes above which sets that were not used for long are removed: $GANVAS_CACHE_LIMIT, else 20 GB.

    Raises:
        GanvasError: the variable holds no size.
    """
    return parse_bytes(os.environ.get("GANVAS_CACHE_LIMIT") or DEFAULT_LIMIT, "GANVAS_CACHE_LIMIT=50GB")


def parse_bytes(text: str, example: str = "--keep 5GB") -> int:
    """Return the bytes of "5GB", "500 MB", "1.5g" or "0", in powers of 1,000.

    Raises:
        GanvasError: it is no size.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", text.strip().lower())
    if not found:
        raise GanvasError(_("'{text}' is not a size.").format(text=text), _("Try: {example}").format(example=example))
    return int(float(found[1]) * UNITS[found[2]])


def _prepared_sets(cache: Path) -> Iterator[CachedSet]:
    for folder in cache.iterdir() if cache.is_dir() else ():
        if OUR_SET.fullmatch(folder.name):
            with suppress(OSError):  # it has just gone, or cannot be read now
                record = read_record(folder / "record.json")
                used = next((file for file in (folder / "record.json", folder / "pictures") if file.exists()), folder)
                yield CachedSet(folder, _size(folder), used.stat().st_mtime, _content(record))


def _scratch(cache: Path) -> Iterator[CachedSet]:
    for folder in cache.glob(f"{SCRATCH_PREFIX}*"):
        with suppress(OSError):  # its process has just ended
            names = {file.name for file in folder.iterdir()}
            if names and names <= SCRATCH_FILES:
                yield CachedSet(folder, _size(folder), folder.stat().st_mtime, _("a list of pictures to prepare"))


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def _content(record: dict[str, object]) -> str:
    shape = record.get("shape")
    if not isinstance(shape, list) or len(shape) != 4:
        return _("pictures that were not prepared to the end")
    (count, *_channels, height, width), path = shape, record.get("path")
    if isinstance(path, str):
        text = _("{count:,} pictures of {width}x{height} from {path}")
    else:
        text = _("{count:,} pictures of {width}x{height}")
    return text.format(count=count, width=width, height=height, path=path)


def _files(cache: Path) -> Iterator[CachedSet]:
    for name, (ours, content) in OUR_FILES.items():
        folder = cache / name
        for file in folder.iterdir() if folder.is_dir() else ():
            if ours.fullmatch(file.name):
                with suppress(OSError):  # it has just gone
                    status = file.stat()
                    yield CachedSet(file, status.st_size, status.st_mtime, _(content))
