"""Prepared datasets: each picture is decoded once, into a memory-mapped array that later runs find in the cache.

Preparation resumes where it was killed and survives broken files. Its memory use does not grow with the pictures.
"""

import errno
import shutil
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..config import Config, DataConfig
from ..device import available_cores
from ..errors import GanvasError, ganvas_command
from ..events import Event, Note, Progress
from ..formatting import format_bytes
from ..translation import N_, _
from .cache import cache_folder, checksums_match, file_lock, is_unlocked, make_cache_folder, read_record
from .cached_sets import (
    LOCKS,
    SCRATCH_INDEX,
    SCRATCH_LOCK,
    SCRATCH_PREFIX,
    cache_limit,
    mark_used,
    remove_abandoned,
    remove_beyond,
)
from .chunks import ChunkResult
from .decode import check_data_config
from .file_kinds import left_out
from .finalize import SkippedFile, finalize
from .image_file import NO_HEIC, can_read_heic
from .index import CHUNK_SIZE, Index, write_index
from .journal import commit, read_journal
from .notes import shown
from .selection import within_limit
from .shard_source import damaged_shards
from .source import Source
from .sources import no_pictures_error, open_source
from .windows import read_shards, sample_config
from .workers import decode_all

COMMIT_SECONDS = 2.0  # of work that a power cut may cost


@dataclass(frozen=True, eq=False)
class PreparedDataset:
    """A dataset that is ready to train on.

    images: (N, C, H, W) uint8, memory-mapped, read-only.
    labels: (N,) int64, indices into `classes`; None without classes or without `DataConfig.labels`.
    skipped: files that could not be used.
    notes: how the others were converted, for people.
    fingerprint: the same only for the same files, with their times, prepared in the same way.
    content: the same for the same pictures, wherever they lie and however they are prepared.
    unread: names of those skipped files that were not damaged, but could not be read at that time.
    whole: of shards that are read in windows (`ganvas.data.windows`), the number of all pictures: these are a sample.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64] | None
    classes: tuple[str, ...]
    skipped: tuple[SkippedFile, ...]
    notes: tuple[str, ...]
    fingerprint: str
    content: str = ""
    unread: tuple[str, ...] = ()
    whole: int = 0

    @property
    def count(self) -> int:
        """Return the number of images."""
        return len(self.images)

    @property
    def trained_on(self) -> int:
        """Return the number of images that a training has, this sample of them included."""
        return self.whole or self.count


def prepare(config: DataConfig, workers: int) -> Generator[Event, None, PreparedDataset]:
    """Decode and resize the pictures of `config`, or find them in the cache; `prepared = yield from prepare(...)`.

    Args:
        workers: processes that decode; at most one for each CPU core that this process may use.

    Raises:
        GanvasError: there are no pictures, fewer than 16 good ones, or not enough disk space.
    """
    check_data_config(config)
    if config.window is not None and (shards := read_shards(config.path)):
        sample = yield from prepare(sample_config(config, shards), workers)
        text = _("More pictures than the cache may hold: {whole:,}, which are read in windows of {window:,}.")
        yield Note(text.format(whole=shards.count, window=config.window))
        text = _("Scores and health are measured on a sample: the {count:,} pictures of {shards} of {all} shards.")
        numbers = len(shards.sample(config.window)), len(shards.places)
        yield Note(text.format(count=sample.count, shards=numbers[0], all=numbers[1]))
        return replace(sample, whole=shards.count, content=shards.digest(sample.content))
    source = open_source(config.path, config.value_range, config.labels_by)
    if source.values:
        yield Note(_("Numbers are read so: {values}.").format(values=source.values))
    cache, limit = cache_folder(), cache_limit()
    try:
        make_cache_folder()
        (cache / LOCKS).mkdir(exist_ok=True)
        remove_abandoned(cache)
        with (
            tempfile.TemporaryDirectory(prefix=SCRATCH_PREFIX, dir=cache) as scratch,
            file_lock(Path(scratch) / SCRATCH_LOCK),
        ):
            index = write_index(source, config, Path(scratch) / SCRATCH_INDEX, within_limit(source, config))
            if not index.count:
                raise no_pictures_error(
                    source, _("Try: {command}").format(command=ganvas_command("inspect", source.title))
                )
            if text := left_out(source.other_files()):
                yield Note(text)
            found = _load_current(cache / index.fingerprint, source)
            prepared = found or (yield from _build(config, source, index, cache, workers))
            mark_used(cache / index.fingerprint)
            source.release()
            if found is None and (removed := remove_beyond(cache, limit)):
                size = format_bytes(sum(each.size for each in removed))
                yield Note(
                    _("Prepared pictures were removed that were not used for long ({size}): ganvas cache").format(
                        size=size
                    )
                )
    except OSError as error:
        raise _cache_error(error, cache) from error
    for text in (*map(shown, prepared.notes), *(damaged_shards(prepared.skipped) if source.kind == "shards" else ())):
        yield Note(text)
    return prepared if config.conditional else replace(prepared, labels=None, classes=())


def fingerprint_of(config: DataConfig) -> str:
    """Return the fingerprint that the pictures of `config` have when they are prepared; nothing is decoded."""
    shards = read_shards(config.path) if config.window is not None else None
    config = sample_config(config, shards) if shards else config
    source = open_source(config.path, config.value_range, config.labels_by)
    with tempfile.TemporaryDirectory() as scratch:
        return write_index(source, config, Path(scratch) / "index.jsonl").fingerprint


def is_trained_on(config: Config, data: PreparedDataset, path: str) -> bool:
    """Return whether a run was begun with these pictures, which lie at `path`.

    They are known by what the files hold. Runs of earlier releases know them by names and times; and so are pictures of
    which some could not be read then, or cannot be now.
    """
    if config.content and data.content == config.content:
        return True
    if data.images.shape[1:] == config.shape:
        return data.fingerprint == config.fingerprint
    return fingerprint_of(replace(config.data, path=path)) == config.fingerprint


def load_prepared(folder: Path) -> PreparedDataset | None:
    """Return the dataset that was prepared in `folder`; None if there is none or it is damaged.

    Raises:
        OSError: it is there, but cannot be read now.
    """
    record = read_record(folder / "record.json")
    try:
        shape = tuple(record["shape"])
        if len(shape) != 4 or not checksums_match(folder / "pictures", int(np.prod(shape)), record["checksums"]):
            return None
        labels_file = folder / "labels.npy"
        sums = record.get("label_checksums")  # sets of earlier releases have none
        if sums is not None and not checksums_match(labels_file, labels_file.stat().st_size, sums):
            return None
        labels = np.load(labels_file, allow_pickle=False) if record["classes"] else None
        if labels is not None and labels.shape != shape[:1]:
            return None
        return PreparedDataset(
            np.memmap(folder / "pictures", np.uint8, "r", shape=shape),
            labels,
            tuple(record["classes"]),
            tuple(SkippedFile(*file) for file in record["skipped"]),
            tuple(record["notes"]),
            record["fingerprint"],
            record["content"],
            tuple(record["unread"]),
        )
    except (FileNotFoundError, KeyError, TypeError, ValueError, EOFError):
        return None


def _load_current(folder: Path, source: Source) -> PreparedDataset | None:
    """Return the prepared dataset; None if there is none, or more of its pictures could be read now."""
    prepared = load_prepared(folder)
    if prepared is None:
        return None
    has_heic = can_read_heic() and any(file.reason == NO_HEIC for file in prepared.skipped)
    return None if has_heic or any(map(source.can_read, prepared.unread)) else prepared


def _build(
    config: DataConfig, source: Source, index: Index, cache: Path, workers: int
) -> Generator[Event, None, PreparedDataset]:
    """Prepare the pictures of the index, or wait for another process that does."""
    done, partial = cache / index.fingerprint, cache / f"{index.fingerprint}.partial"
    lock = cache / LOCKS / index.fingerprint
    if not is_unlocked(lock):
        yield Note(_("Another process is preparing the same pictures; waiting for it to finish."))
    with file_lock(lock):
        if (prepared := _load_current(done, source)) is not None:
            return prepared
        if done.is_dir():
            if load_prepared(done) is None:
                yield Note(_("The prepared pictures were damaged, and are prepared anew."))
            shutil.rmtree(done, ignore_errors=True)  # damaged, or more of its pictures can be read now
        partial.mkdir(exist_ok=True)
        results = yield from _decode_missing(config, index, partial, workers)
        try:
            finalize(config, source, index, partial, results)
        except GanvasError:
            shutil.rmtree(partial)  # too few: the next attempt has other files
            raise
        partial.rename(done)
        prepared = load_prepared(done)
    if prepared is None:
        raise GanvasError(
            _("The prepared pictures in {done} cannot be read back.").format(done=done), _("Is the disk healthy?")
        )
    return prepared


def _decode_missing(
    config: DataConfig, index: Index, folder: Path, workers: int
) -> Generator[Event, None, ChunkResult]:
    """Decode all chunks that are not recorded as done; return all results merged into one."""
    images_file = folder / "pictures"
    total = ChunkResult(0)
    with images_file.open("a+b") as images, (folder / "done.jsonl").open("a+b") as journal:
        finished = set()
        for result in read_journal(journal):
            finished.add(result.chunk)
            total.add(result)
        _check_disk_space(index.count * config.channels * config.height * config.width, images_file)
        starts = {chunk: start for chunk, start in enumerate(index.starts) if chunk not in finished}
        uncommitted: list[ChunkResult] = []
        last_commit = time.monotonic()
        yield Progress(N_("pictures prepared"), min(index.count, len(finished) * CHUNK_SIZE), index.count)
        try:
            for decoded_before, result in enumerate(
                decode_all(config, index.path, starts, images_file, min(workers, available_cores()))
            ):
                uncommitted.append(result)
                total.add(result)
                if time.monotonic() - last_commit > COMMIT_SECONDS:
                    commit(images, journal, uncommitted)
                    last_commit = time.monotonic()
                yield Progress(
                    N_("pictures prepared"),
                    min(index.count, (len(finished) + decoded_before + 1) * CHUNK_SIZE),
                    index.count,
                )
        finally:
            commit(images, journal, uncommitted)
    return total


def _check_disk_space(size: int, images_file: Path) -> None:
    """Raise OSError if `size` bytes do not fit on the disk."""
    if shutil.disk_usage(images_file.parent).free < size - images_file.stat().st_size:
        raise OSError(errno.ENOSPC, _("{gigabytes:.1f} GB are needed").format(gigabytes=size / 1e9), str(images_file))


def _cache_error(error: OSError, cache: Path) -> GanvasError:
    return GanvasError(
        _("Pictures cannot be prepared in {cache}: {reason}.").format(cache=cache, reason=error.strerror or error),
        _("Set GANVAS_CACHE to a folder that you can write to, on a disk with enough space."),
    )
