"""The last step of preparing pictures: copies and gaps are closed, labels, notes and the record written."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..atomic_write import flush_to_disk
from ..config import DataConfig
from ..errors import GanvasError, ganvas_command
from ..formatting import printable
from ..translation import N_, _
from .cache import checksums, record_bytes
from .chunks import ChunkResult
from .index import Index
from .notes import COPY, empty_class_notes, limit_notes, reason_summary, shown_part, summary_notes
from .source import Source

MIN_IMAGES = 16  # good pictures; with fewer, a discriminator just memorizes them
LOOSE = N_("in none of the class folders")
NO_LABEL = -1


class SkippedFile(NamedTuple):
    """A file that could not be used, and why."""

    name: str
    reason: str


def finalize(config: DataConfig, source: Source, index: Index, folder: Path, total: ChunkResult) -> None:
    """Leave out copies, close the gaps of skipped pictures, then write labels and the record. Safe to repeat.

    Raises:
        GanvasError: too few pictures are left.
    """
    classes = source.classes(index.groups)
    if config.conditional:
        total.skipped = _loose(index, classes) | total.skipped
    if config.drop_copies:
        total.skipped.update(_copies(index, total, classes if config.conditional else {}))
    count = index.count - len(total.skipped)
    if count < MIN_IMAGES:
        raise _too_few(config, source, index, count, total)
    usable = {entry.group for number, entry in enumerate(index.entries()) if number not in total.skipped}
    names = sorted({name for group, name in classes.items() if group in usable}, key=_natural_key)
    class_indices = {group: names.index(name) for group, name in classes.items() if group in usable}
    labels = np.full(index.count, NO_LABEL, np.int64)
    skipped = []
    for index_in_list, entry in enumerate(index.entries()):
        if index_in_list in total.skipped:
            skipped.append(SkippedFile(printable(entry.name), total.skipped[index_in_list]))
        elif classes:
            labels[index_in_list] = class_indices.get(entry.group, NO_LABEL)
    unread = set(total.unread)
    empty = set(classes.values()) - set(names) if config.conditional else set[str]()
    image_bytes = config.channels * config.height * config.width
    with (folder / "pictures").open("r+b") as images:
        for gap, last in gap_moves(total.skipped, index.count):
            images.seek(last * image_bytes)
            pixels = images.read(image_bytes)
            images.seek(gap * image_bytes)
            images.write(pixels)
            labels[gap] = labels[last]
        images.flush()
        os.fsync(images.fileno())
    labels_file = folder / "labels.npy"
    np.save(labels_file, labels[:count])
    record = {
        "path": config.path,
        "fingerprint": index.fingerprint,
        "content": _content_digest(index, total, classes),
        "unread": [entry.name for number, entry in enumerate(index.entries()) if number in unread],
        "shape": [count, config.channels, config.height, config.width],
        "classes": names,
        "skipped": skipped,
        "notes": [
            *limit_notes(index.found, index.count, config.limit, config.limit_seed),
            *summary_notes(total.notes, total.skipped.values(), index.count),
            *empty_class_notes(empty),
        ],
        "checksums": list(checksums(folder / "pictures", count * image_bytes)),
        "label_checksums": list(checksums(labels_file, labels_file.stat().st_size)),
    }
    record_file = folder / "record.json"
    record_file.write_bytes(record_bytes(record))
    flush_to_disk(labels_file, record_file, folder)  # before the folder gets the name of a whole set


def _too_few(config: DataConfig, source: Source, index: Index, count: int, total: ChunkResult) -> GanvasError:
    """Return the error for a set of which only `count` pictures can be used."""
    reasons = f": {shown_part(reason_summary(total.skipped.values()))}" if total.skipped else ""
    hint = _("Add pictures, or find out what is wrong: {command}")
    if config.aspect:
        hint = _("Add pictures, allow more shapes (--aspect), or find out what is wrong: {command}")
    return GanvasError(
        _("{min_images} pictures are needed; only {count} of {all} in {path} can be used{reasons}.").format(
            min_images=MIN_IMAGES, count=count, all=index.count, path=source.path, reasons=reasons
        ),
        hint.format(command=ganvas_command("inspect", source.path)),
    )


def _copies(index: Index, total: ChunkResult, classes: dict[str, str]) -> dict[int, str]:
    """Return why each picture that is an exact copy of an earlier one is left out, by its index.

    Args:
        classes: of each group; a picture may stand in several classes. Empty where there are none.
    """
    first: dict[tuple[int, str], str] = {}
    copies = {}
    for number, entry in enumerate(index.entries()):
        if number in total.hashes:
            name = first.setdefault((total.hashes[number], classes.get(entry.group, "")), entry.name)
            if name != entry.name:
                copies[number] = f"{COPY} (of {printable(name)})"
    return copies


def _loose(index: Index, classes: dict[str, str]) -> dict[int, str]:
    """Return why each picture is left out that is in no class, where there are some, by its index."""
    entries = enumerate(index.entries()) if classes else ()
    return {number: LOOSE for number, entry in entries if entry.group not in classes}


def _content_digest(index: Index, total: ChunkResult, classes: dict[str, str]) -> str:
    """Return a digest of what all readable files hold and of their classes, wherever they lie."""
    digest = hashlib.blake2b(digest_size=16)
    for number, entry in enumerate(index.entries()):
        if number in total.hashes:
            name = classes.get(entry.group, "").encode("utf-8", "surrogatepass")
            digest.update(total.hashes[number].to_bytes(8, "little") + name + b"\0")
    return digest.hexdigest()


def gap_moves(skipped: dict[int, str], count: int) -> Iterator[tuple[int, int]]:
    """Yield (gap, last): the last good picture moves into the gap, until all good ones are in front."""
    last = count
    for gap in sorted(skipped):
        last -= 1
        while last in skipped:
            last -= 1
        if last <= gap:
            return
        yield gap, last


def _natural_key(name: str) -> tuple[int, str]:
    """Return the sort key of a class name: numbers in numeric order, before words."""
    return (int(name), name) if name.isascii() and name.isdigit() and len(name) < 10 else (1 << 40, name)
