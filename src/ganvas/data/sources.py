"""Sources of pictures: a folder, a .zip, MNIST's idx files or a .npy, each read as a stream of items.

Nothing is decoded here, and memory use does not grow with the number of pictures: a folder of a million is walked, not
listed. (The exception is a .zip, whose table of contents is read in one piece.)
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
from .decode import FORMAT_OF_SUFFIX, ImageInput, UnreadableImageError, printable

MAX_MEMBER_BYTES = 1 << 30  # a picture in an archive is unpacked in memory; larger ones may be zip bombs
SORT_CHUNK_SIZE = 20_000  # names of one folder sorted in memory; more are sorted in chunks on disk


class SourceItem(NamedTuple):
    """One picture of a source, before anything of it is read.

    name: argument of `Source.read`, unique in the source ("cats/01.jpg").
    group: its folder or its label; `Source.classes` turns these into class names.
    stamp: changes when the content changes.
    problem: why it cannot be read, if that is known already; else empty.
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
    def items(self) -> Iterator[SourceItem]:
        """Yield every picture, in the same order each time."""

    @abstractmethod
    def read(self, name: str) -> ImageInput:
        """Return the item called `name` as input of `decode.read_image`."""

    def other_files(self) -> Counter[str]:
        """Return the number of files that are not pictures, by suffix."""
        return Counter()

    def classes(self, groups: Collection[str]) -> dict[str, str]:
        """Return the class of each group, or an empty dict when the groups make no classes.

        Folders that all pictures share are dropped. The next folder in the path is the class, if every picture has
        one; so there are at least two classes, or none.
        """
        parts = {group: PurePosixPath(group).parts for group in groups}
        levels = zip(*parts.values(), strict=False)
        shared = sum(1 for _ in takewhile(lambda level: len(set(level)) == 1, levels))
        if any(len(path) == shared for path in parts.values()):
            return {}
        return {group: path[shared] for group, path in parts.items()}


class FolderSource(Source):
    """Pictures in a folder and its sub-folders, without hidden ones; each real folder is visited once."""

    kind = "folder"

    def items(self) -> Iterator[SourceItem]:
        for name, status, problem in _walk(self.path):
            if problem or is_image_file(name):
                group = name.rpartition("/")[0]
                stamp = f"{status.st_size}-{status.st_mtime_ns}" if status else ""
                yield SourceItem(name, group, stamp, problem)

    def read(self, name: str) -> Path:
        return self.path / name

    def other_files(self) -> Counter[str]:
        return Counter(
            _suffix(name) for name, _, problem in _walk(self.path) if not problem and not is_image_file(name)
        )


class ZipSource(Source):
    """Pictures in a .zip, read in place: nothing is unpacked to disk."""

    kind = "zip"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise GanvasError(f"{path} is damaged or not a .zip: {error}", f"Try: unzip -t '{path}'") from error
        if any(member.flag_bits & 1 for member in self._archive.infolist()):
            raise GanvasError(f"{path} is encrypted.", "Unpack it with its password, then use the folder.")

    def items(self) -> Iterator[SourceItem]:
        for member in self._archive.infolist():
            if not member.is_dir() and not _is_hidden(member.filename) and is_image_file(member.filename):
                group = member.filename.rpartition("/")[0]
                yield SourceItem(member.filename, group, f"{member.file_size}-{member.CRC}")

    def read(self, name: str) -> bytes:
        member = self._archive.getinfo(name)
        if member.file_size > MAX_MEMBER_BYTES:
            raise UnreadableImageError(
                f"unpacks to {member.file_size:,} bytes, over the limit of {MAX_MEMBER_BYTES:,}", name
            )
        try:
            return self._archive.read(member)
        except Exception as error:  # one bad member says nothing about the others
            raise UnreadableImageError(f"damaged in the archive ({error})", name) from error

    def other_files(self) -> Counter[str]:
        names = (member.filename for member in self._archive.infolist() if not member.is_dir())
        return Counter(_suffix(name) for name in names if not _is_hidden(name) and not is_image_file(name))


class ArraySource(Source):
    """Pictures in one array (N, H, W) or (N, H, W, C) uint8, with labels (N,) or without."""

    def __init__(
        self, path: Path, kind: str, array: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8] | None
    ) -> None:
        super().__init__(path)
        self.kind = kind
        self._array = array
        self._labels = labels

    def items(self) -> Iterator[SourceItem]:
        status = self.path.stat()
        stamp = f"{status.st_size}-{status.st_mtime_ns}"
        for index in range(len(self._array)):
            yield SourceItem(f"{index:06d}", "" if self._labels is None else str(self._labels[index]), stamp)

    def read(self, name: str) -> npt.NDArray[np.uint8]:
        return np.ascontiguousarray(self._array[int(name)])

    def classes(self, groups: Collection[str]) -> dict[str, str]:
        return {} if self._labels is None else {group: group for group in groups}


def open_source(path: str | Path) -> Source:
    """Return the source of pictures at `path`; "~" is the home folder.

    Raises:
        GanvasError: there is nothing at `path`, it cannot be read, or it is not a source of pictures.
    """
    source_path = Path(path).expanduser()
    try:
        source_path.stat()
        if source_path.is_dir():
            idx_file = find_idx(source_path)
            if idx_file is None:
                os.scandir(source_path).close()  # an unreadable folder is reported here, not halfway
                return FolderSource(source_path)
            source_path = idx_file
        if is_idx(source_path):
            return ArraySource(source_path, "idx", *load_idx(source_path))
    except (FileNotFoundError, NotADirectoryError) as error:
        suggestion = did_you_mean(source_path.name, _siblings(source_path))
        raise GanvasError(f"There is no {source_path}.{suggestion}", f"Try: ls {source_path.parent}") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise GanvasError(f"{source_path} cannot be read: {reason}.", f"Try: ls -l {source_path.parent}") from error
    if source_path.suffix.lower() == ".npy":
        return ArraySource(source_path, "npy", load_npy(source_path), None)
    if zipfile.is_zipfile(source_path) or source_path.suffix.lower() == ".zip":
        return ZipSource(source_path)
    if is_image_file(source_path.name):
        raise GanvasError(
            f"{source_path} is a single picture; a folder of pictures is needed.",
            f"Try: ganvas inspect {source_path.parent}",
        )
    raise GanvasError(
        f"{source_path} is not a folder, .zip, .npy or MNIST idx file.", "Unpack other archives, then use the folder."
    )


def no_pictures_error(source: Source, hint: str) -> GanvasError:
    """Return the error for a source without pictures; it lists what was found instead."""
    others = source.other_files().most_common(3)
    listed = ", ".join(f"{count} {suffix} file{'s' if count > 1 else ''}" for suffix, count in others) or "it is empty"
    return GanvasError(f"No pictures in {source.path} ({listed}).", hint)


def is_image_file(name: str) -> bool:
    """Return whether a file counts as a picture, by its suffix."""
    return _suffix(name) in FORMAT_OF_SUFFIX


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower() or "nameless"


def _is_hidden(name: str) -> bool:
    return any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def _siblings(path: Path) -> list[str]:
    """Return up to 1,000 names beside `path`, for a suggestion."""
    try:
        with os.scandir(path.parent) as entries:
            return [printable(entry.name) for entry in islice(entries, 1000)]
    except OSError:
        return []


def _walk(root: Path) -> Iterator[tuple[str, os.stat_result | None, str]]:
    """Yield (name inside root, os.stat result, problem) of every file under `root`, depth first, in order of names."""
    status = root.stat()
    visited = {(status.st_dev, status.st_ino)}  # real folders, so that a link back causes no endless loop
    stack = [("", _sorted_names(root))]
    while stack:
        folder, names = stack[-1]
        try:
            name = next(names)
        except StopIteration:
            stack.pop()
            continue
        except OSError as error:
            stack.pop()
            yield folder.rstrip("/"), None, f"the folder cannot be read ({_error_text(error)})"
            continue
        if _is_hidden(name):
            continue
        name = folder + name
        try:
            status = (root / name).stat()
        except OSError as error:
            yield name, None, f"cannot be read ({_error_text(error)})"
            continue
        if stat.S_ISDIR(status.st_mode):
            identity = (status.st_dev, status.st_ino)
            if identity in visited:
                yield name, None, "a link to a folder that was already visited"
            else:
                visited.add(identity)
                stack.append((f"{name}/", _sorted_names(root / name)))
        else:
            # Opening a pipe would block for ever.
            yield name, status, "" if stat.S_ISREG(status.st_mode) else "not a regular file"


def _error_text(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _sorted_names(folder: Path, chunk_size: int = SORT_CHUNK_SIZE) -> Iterator[str]:
    """Yield the names in `folder` in order. Many names are sorted in chunks on disk, so memory use is bounded."""
    with ExitStack() as files:
        parts: list[Iterable[str]] = []
        with os.scandir(folder) as entries:
            names = (entry.name for entry in entries)
            while part := sorted(islice(names, chunk_size)):
                if len(part) == chunk_size:
                    file = files.enter_context(tempfile.TemporaryFile("w+", encoding="ascii"))
                    file.writelines(f"{json.dumps(name)}\n" for name in part)  # JSON: a name may hold a newline
                    file.seek(0)
                    parts.append(map(json.loads, file))
                else:
                    parts.append(part)
        yield from heapq.merge(*parts)
