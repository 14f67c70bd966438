"""Decode each picture once, into a memory-mapped array that every later run with the same pictures finds again.

The work goes on where it was killed, survives broken files, and holds nothing in memory that grows with the pictures.
"""

import errno
import json
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import numpy.typing as npt

from ..config import DataConfig
from ..device import available_cores
from ..errors import GanvasError
from ..events import Event, Note, Progress
from .cache import cache_folder, checksums, is_free, is_whole, locked, read_record
from .decode import check, printable
from .index import CHUNK, Index, write_index
from .sources import Source, no_pictures, open_source
from .workers import Result, decode_all

FEWEST = 16  # good pictures; with fewer, a discriminator only learns them by heart
COMMIT = 2.0  # seconds of work that a power cut may cost


class Skipped(NamedTuple):
    """Name a file that could not be used, and say why."""

    name: str
    reason: str


@dataclass(frozen=True, eq=False)
class Prepared:
    """Hold a set of pictures that is ready to train on.

    pictures: (N, C, H, W) uint8, memory-mapped, read-only.
    labels: (N,) int64, indices into `classes`; None without classes, or when they are not wanted.
    skipped: the files that could not be used.
    notes: what was done to the others, in plain words.
    fingerprint: the same only for the same pictures, prepared in the same way.
    """

    pictures: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64] | None
    classes: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    fingerprint: str

    @property
    def count(self) -> int:
        """Count the pictures."""
        return len(self.pictures)


def prepare(config: DataConfig, workers: int) -> Generator[Event, None, Prepared]:
    """Bring the pictures of `config` to one size, or find them done; `prepared = yield from prepare(...)`.

    Args:
        workers: processes that decode; never more than the processors that this process may use.

    Raises:
        GanvasError: there are no pictures, fewer than 16 good ones, or no room for them.
    """
    check(config)
    source = open_source(config.path)
    cache = cache_folder()
    try:
        (cache / "locks").mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="index-", dir=cache) as scratch:
            index = write_index(source, config, Path(scratch) / "index.jsonl")
            if not index.count:
                raise no_pictures(source, f"Try: ganvas inspect {source.path}")
            prepared = load(cache / index.fingerprint) or (yield from _build(config, source, index, cache, workers))
    except OSError as error:
        raise _cache_error(error, cache) from error
    for text in prepared.notes:
        yield Note(text)
    return prepared if config.labels else replace(prepared, labels=None, classes=())


def load(folder: Path) -> Prepared | None:
    """Return the pictures that were prepared in `folder`; None when there are none or they are damaged."""
    record = read_record(folder / "record.json")
    try:
        shape = tuple(record["shape"])
        if not is_whole(folder / "pictures", int(np.prod(shape)), record["checksums"]):
            return None
        labels = np.load(folder / "labels.npy", allow_pickle=False) if record["classes"] else None
        if labels is not None and labels.shape != shape[:1]:
            return None
        return Prepared(
            np.memmap(folder / "pictures", np.uint8, "r", shape=shape),
            labels,
            tuple(record["classes"]),
            tuple(Skipped(*each) for each in record["skipped"]),
            tuple(record["notes"]),
            record["fingerprint"],
        )
    except (OSError, KeyError, TypeError, ValueError, EOFError):
        return None


def _build(
    config: DataConfig, source: Source, index: Index, cache: Path, workers: int
) -> Generator[Event, None, Prepared]:
    """Prepare the pictures on the list, or wait for another process that is at it."""
    done, partial = cache / index.fingerprint, cache / f"{index.fingerprint}.partial"
    lock = cache / "locks" / index.fingerprint
    if not is_free(lock):
        yield Note("Another process is preparing the same pictures; waiting for it.")
    with locked(lock):
        if (prepared := load(done)) is not None:
            return prepared
        shutil.rmtree(done, ignore_errors=True)  # damaged, or gone
        partial.mkdir(exist_ok=True)
        results = yield from _decode(config, index, partial, workers)
        try:
            _finish(config, source, index, partial, results)
        except GanvasError:
            shutil.rmtree(partial)  # too few: the next try is with other files
            raise
        partial.rename(done)
        prepared = load(done)
    if prepared is None:
        raise GanvasError(f"The prepared pictures in {done} cannot be read back.", "Is the disk healthy?")
    return prepared


def _decode(config: DataConfig, index: Index, folder: Path, workers: int) -> Generator[Event, None, Result]:
    """Decode all chunks that are not recorded as done; return the sum of all results."""
    pictures = folder / "pictures"
    total = Result(0)
    with pictures.open("a+b") as data, (folder / "done.jsonl").open("a+b") as journal:
        finished = set()
        for result in _resume(journal):
            finished.add(result.chunk)
            _add(total, result)
        _room(index.count * config.channels * config.height * config.width, pictures)
        starts = {chunk: start for chunk, start in enumerate(index.starts) if chunk not in finished}
        waiting: list[Result] = []
        last = time.monotonic()
        yield Progress("pictures prepared", min(index.count, len(finished) * CHUNK), index.count)
        try:
            for left, result in enumerate(
                decode_all(config, index.path, starts, pictures, min(workers, available_cores()))
            ):
                waiting.append(result)
                _add(total, result)
                if time.monotonic() - last > COMMIT:
                    _commit(data, journal, waiting)
                    last = time.monotonic()
                yield Progress("pictures prepared", min(index.count, (len(finished) + left + 1) * CHUNK), index.count)
        finally:
            _commit(data, journal, waiting)
    return total


def _add(total: Result, result: Result) -> None:
    total.skipped.update(result.skipped)
    total.notes.update(result.notes)


def _resume(journal: IO[bytes]) -> Iterator[Result]:
    """Yield what an earlier, interrupted try has recorded. A last line torn by a crash is cut off."""
    journal.seek(0)
    whole = 0
    for line in journal:
        try:
            result = Result.from_json(line)
        except (ValueError, TypeError):
            break
        if not line.endswith(b"\n"):
            break
        whole += len(line)
        yield result
    journal.truncate(whole)


def _commit(data: IO[bytes], journal: IO[bytes], waiting: list[Result]) -> None:
    """Record chunks as done, once their pictures are safely on the disk: in this order also when the power fails."""
    os.fsync(data.fileno())
    journal.writelines(result.to_json().encode("ascii") + b"\n" for result in waiting)
    journal.flush()
    os.fsync(journal.fileno())
    waiting.clear()


def _finish(config: DataConfig, source: Source, index: Index, folder: Path, total: Result) -> None:
    """Close the gaps of skipped pictures, write labels and the record. Doing it twice does no harm.

    Raises:
        GanvasError: too few pictures are left.
    """
    count = index.count - len(total.skipped)
    if count < FEWEST:
        why = f": {_reasons(total)}" if total.skipped else ""
        raise GanvasError(
            f"{FEWEST} pictures are needed; only {count} of {index.count} in {source.path} can be used{why}.",
            f"Add pictures, or see what is wrong: ganvas inspect {source.path}",
        )
    classes = source.classes(index.groups)
    names = sorted(set(classes.values()), key=_natural)
    numbers = {group: names.index(name) for group, name in classes.items()}
    labels = np.full(index.count, -1, np.int64)
    skipped = []
    for number, entry in enumerate(index.entries()):
        if number in total.skipped:
            skipped.append(Skipped(printable(entry.name), total.skipped[number]))
        elif classes:
            labels[number] = numbers[entry.group]
    size = config.channels * config.height * config.width
    with (folder / "pictures").open("r+b") as data:
        for gap, last in _moves(total.skipped, index.count):
            data.seek(last * size)
            row = data.read(size)
            data.seek(gap * size)
            data.write(row)
            labels[gap] = labels[last]
        data.flush()
        os.fsync(data.fileno())
    np.save(folder / "labels.npy", labels[:count])
    record = {
        "fingerprint": index.fingerprint,
        "shape": [count, config.channels, config.height, config.width],
        "classes": names,
        "skipped": skipped,
        "notes": _notes(total, index.count),
        "checksums": list(checksums(folder / "pictures", count * size)),
    }
    (folder / "record.json").write_text(json.dumps(record), encoding="utf-8")


def _moves(skipped: dict[int, str], count: int) -> Iterator[tuple[int, int]]:
    """Yield (gap, last): which picture from the end goes into which gap, so that the good ones end up in front."""
    last = count
    for gap in sorted(skipped):
        last -= 1
        while last in skipped:
            last -= 1
        if last <= gap:
            return
        yield gap, last


def _natural(name: str) -> tuple[int, str]:
    """Sort digits as numbers, before words."""
    return (int(name), name) if name.isascii() and name.isdigit() and len(name) < 10 else (1 << 40, name)


def _notes(total: Result, count: int) -> list[str]:
    """Return what was done to the pictures, in plain words, the most frequent first."""
    notes = [f"{number:,} picture{'s' * (number > 1)}: {text}." for text, number in _ranked(total.notes)]
    if total.skipped:
        notes.append(f"{len(total.skipped):,} of {count:,} files were skipped: {_reasons(total)}.")
    return notes


def _reasons(total: Result) -> str:
    """Sum up why pictures were skipped, without what stands in brackets."""
    reasons = Counter(reason.partition(" (")[0] for reason in total.skipped.values())
    return ", ".join(f"{number:,} {reason}" for reason, number in _ranked(reasons)[:5])


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    """Return the most frequent first, and equals in an order that does not depend on who was done first."""
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


def _room(size: int, pictures: Path) -> None:
    """Refuse to begin what will not fit on the disk."""
    if shutil.disk_usage(pictures.parent).free < size - pictures.stat().st_size:
        raise OSError(errno.ENOSPC, f"{size / 1e9:.1f} GB are needed", str(pictures))


def _cache_error(error: OSError, cache: Path) -> GanvasError:
    what = f"Pictures cannot be prepared in {cache}: {error.strerror or error}."
    return GanvasError(what, "Set GANVAS_CACHE to a folder on a disk with room that you may write to.")
