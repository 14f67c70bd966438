"""Where pictures come from: a folder, a .zip, MNIST's idx files or a .npy, each read as one stream of items.

Nothing is decoded here and nothing that grows with the number of pictures is kept: a folder of a million is walked,
not listed. (A .zip's own table of contents is the exception, since it comes in one piece.)
"""

import heapq
import json
import os
import stat
import tempfile
import zipfile
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack
from itertools import islice, takewhile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import GanvasError, did_you_mean
from .arrays import find_idx, is_idx, load_idx, load_npy
from .decode import SUFFIXES, BadPicture, Raw, printable

MAX_MEMBER = 1 << 30  # bytes; a picture in an archive is unpacked in memory, so a zip bomb must not get that far
SORTED_AT_ONCE = 20_000  # names of one folder sorted in memory; more are sorted in parts, on disk


class Item(NamedTuple):
    """Name one picture of a source, before anything of it is read.

    name: what `Source.read` takes, unique in the source ("cats/01.jpg").
    group: the folder it lies in, or its label; `Source.classes` turns these into class names.
    stamp: changes when the content changes.
    problem: why it cannot be read, when that is plain already.
    """

    name: str
    group: str
    stamp: str
    problem: str = ""


class Source(ABC):
    """A place with pictures. `kind` is "folder", "zip", "idx" or "npy"."""

    kind: str

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def items(self) -> Iterator[Item]:
        """Yield every picture, in an order that is the same each time."""

    @abstractmethod
    def read(self, name: str) -> Raw:
        """Return what `decode.read_picture` takes for the item called `name`."""

    def others(self) -> Counter[str]:
        """Count the files that are not pictures, by suffix."""
        return Counter()

    def classes(self, groups: Collection[str]) -> dict[str, str]:
        """Return the class of each group, or nothing when the groups make no classes.

        The folders that all pictures share are left away. What comes next in the path is the class, provided that
        every picture has such a folder; so there are at least two classes, or none.
        """
        parts = {group: PurePosixPath(group).parts for group in groups}
        levels = zip(*parts.values(), strict=False)
        shared = sum(1 for _ in takewhile(lambda level: len(set(level)) == 1, levels))
        if any(len(path) == shared for path in parts.values()):
            return {}
        return {group: path[shared] for group, path in parts.items()}


class FolderSource(Source):
    """Pictures in a folder and its sub-folders, hidden ones left out, each real folder visited once."""

    kind = "folder"

    def items(self) -> Iterator[Item]:
        for name, facts, problem in _walk(self.path):
            if problem or is_picture(name):
                group = name.rpartition("/")[0]
                stamp = f"{facts.st_size}-{facts.st_mtime_ns}" if facts else ""
                yield Item(name, group, stamp, problem)

    def read(self, name: str) -> Path:
        return self.path / name

    def others(self) -> Counter[str]:
        return Counter(_suffix(name) for name, _, problem in _walk(self.path) if not problem and not is_picture(name))


class ZipSource(Source):
    """Pictures in a .zip, read in place: nothing is unpacked onto the disk."""

    kind = "zip"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise GanvasError(f"{path} is damaged or no .zip: {error}", f"Try: unzip -t '{path}'") from error
        if any(member.flag_bits & 1 for member in self._archive.infolist()):
            raise GanvasError(f"{path} is encrypted.", "Unpack it with its password, then give the folder.")

    def items(self) -> Iterator[Item]:
        for member in self._archive.infolist():
            if not member.is_dir() and not _is_hidden(member.filename) and is_picture(member.filename):
                group = member.filename.rpartition("/")[0]
                yield Item(member.filename, group, f"{member.file_size}-{member.CRC}")

    def read(self, name: str) -> bytes:
        member = self._archive.getinfo(name)
        if member.file_size > MAX_MEMBER:
            raise BadPicture(f"unpacks to {member.file_size:,} bytes, over the limit of {MAX_MEMBER:,}", name)
        try:
            return self._archive.read(member)
        except Exception as error:  # whatever is wrong with one member, the others are still good
            raise BadPicture(f"damaged in the archive ({error})", name) from error

    def others(self) -> Counter[str]:
        names = (member.filename for member in self._archive.infolist() if not member.is_dir())
        return Counter(_suffix(name) for name in names if not _is_hidden(name) and not is_picture(name))


class ArraySource(Source):
    """Pictures that lie in one array: (N, H, W) or (N, H, W, C) uint8, with a label each or none."""

    def __init__(
        self, path: Path, kind: str, array: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8] | None
    ) -> None:
        super().__init__(path)
        self.kind = kind
        self._array = array
        self._labels = labels

    def items(self) -> Iterator[Item]:
        facts = self.path.stat()
        stamp = f"{facts.st_size}-{facts.st_mtime_ns}"
        for index in range(len(self._array)):
            yield Item(f"{index:06d}", "" if self._labels is None else str(self._labels[index]), stamp)

    def read(self, name: str) -> npt.NDArray[np.uint8]:
        return np.ascontiguousarray(self._array[int(name)])

    def classes(self, groups: Collection[str]) -> dict[str, str]:
        return {} if self._labels is None else {group: group for group in groups}


def open_source(path: str | Path) -> Source:
    """Return the source of pictures at `path`, as given by the user ("~" is understood).

    Raises:
        GanvasError: there is nothing at `path`, it cannot be read, or it is no source of pictures.
    """
    given = Path(path).expanduser()
    try:
        given.stat()
        if given.is_dir():
            images = find_idx(given)
            if images is None:
                os.scandir(given).close()  # so that a folder that cannot be read is said here and not halfway
                return FolderSource(given)
            given = images
        if is_idx(given):
            return ArraySource(given, "idx", *load_idx(given))
    except (FileNotFoundError, NotADirectoryError) as error:
        near = did_you_mean(given.name, _siblings(given))
        raise GanvasError(f"There is no {given}.{near}", f"Try: ls {given.parent}") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise GanvasError(f"{given} cannot be read: {reason}.", f"Try: ls -l {given.parent}") from error
    if given.suffix.lower() == ".npy":
        return ArraySource(given, "npy", load_npy(given), None)
    if zipfile.is_zipfile(given) or given.suffix.lower() == ".zip":
        return ZipSource(given)
    if is_picture(given.name):
        raise GanvasError(f"{given} is one picture; a folder of them is needed.", f"Try: ganvas inspect {given.parent}")
    raise GanvasError(
        f"{given} is no folder, .zip, .npy or MNIST idx file.", "Unpack other archives, then give the folder."
    )


def no_pictures(source: Source, hint: str) -> GanvasError:
    """Return the error for a source without a single picture; it names what was found instead."""
    others = source.others().most_common(3)
    found = ", ".join(f"{count} {suffix} file{'s' if count > 1 else ''}" for suffix, count in others) or "it is empty"
    return GanvasError(f"No pictures in {source.path} ({found}).", hint)


def is_picture(name: str) -> bool:
    """Tell by its suffix whether a file is taken for a picture."""
    return _suffix(name) in SUFFIXES


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower() or "nameless"


def _is_hidden(name: str) -> bool:
    return any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def _siblings(path: Path) -> list[str]:
    """Return some names beside `path`, for a suggestion."""
    try:
        with os.scandir(path.parent) as entries:
            return [printable(entry.name) for entry in islice(entries, 1000)]
    except OSError:
        return []


def _walk(root: Path) -> Iterator[tuple[str, os.stat_result | None, str]]:
    """Yield (name inside root, facts, problem) of every file under `root`, depth first, each folder in order."""
    facts = root.stat()
    seen = {(facts.st_dev, facts.st_ino)}  # real folders, so that a link back does not send us round for ever
    stack = [("", _sorted_names(root))]
    while stack:
        inside, names = stack[-1]
        try:
            name = next(names)
        except StopIteration:
            stack.pop()
            continue
        except OSError as error:
            stack.pop()
            yield inside.rstrip("/"), None, f"the folder cannot be read ({_words(error)})"
            continue
        if _is_hidden(name):
            continue
        name = inside + name
        try:
            facts = (root / name).stat()
        except OSError as error:
            yield name, None, f"cannot be read ({_words(error)})"
            continue
        if stat.S_ISDIR(facts.st_mode):
            place = (facts.st_dev, facts.st_ino)
            if place in seen:
                yield name, None, "a link to a folder that was already visited"
            else:
                seen.add(place)
                stack.append((f"{name}/", _sorted_names(root / name)))
        else:
            # Opening a pipe would wait for ever.
            yield name, facts, "" if stat.S_ISREG(facts.st_mode) else "not an ordinary file"


def _words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _sorted_names(folder: Path, at_once: int = SORTED_AT_ONCE) -> Iterator[str]:
    """Yield the names in `folder` in order. Many are sorted in parts that wait on the disk, so memory stays flat."""
    with ExitStack() as files:
        parts: list[Iterable[str]] = []
        with os.scandir(folder) as entries:
            names = (entry.name for entry in entries)
            while part := sorted(islice(names, at_once)):
                if len(part) == at_once:
                    file = files.enter_context(tempfile.TemporaryFile("w+", encoding="ascii"))
                    file.writelines(f"{json.dumps(name)}\n" for name in part)  # JSON: a name may hold a newline
                    file.seek(0)
                    parts.append(map(json.loads, file))
                else:
                    parts.append(part)
        yield from heapq.merge(*parts)
