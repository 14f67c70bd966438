"""Sources of pictures: a folder, a .zip, MNIST's idx files, a .npy, shards or a selection, each a stream of items.

Nothing is decoded here, and memory use does not grow with the number of pictures: a folder of a million is walked, not
listed. (The exception is a .zip, whose table of contents is read in one piece.)
"""

import os
import shlex
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import GanvasError, did_you_mean, ganvas_command
from ..formatting import printable
from ..translation import N_, _, ngettext
from .arrays import find_idx, is_idx, load_idx, load_npy
from .dataset_json import DATASET_JSON, labels_in
from .file_kinds import ARCHIVES, EXPORTS, HEAD_BYTES, is_image_file, suffix_of
from .selected_source import SUFFIX as SELECTION
from .selected_source import SelectedSource, read_selection
from .shard_list import find_shards
from .shard_source import ShardSource
from .source import Source, SourceItem
from .value_range import UINT8, ValueRange
from .walk import NOT_REGULAR, walk
from .zip_source import ZipSource


class FolderSource(Source):
    """Pictures in a folder and its sub-folders, without hidden ones; each real folder is visited once."""

    kind = N_("folder")
    _others: Counter[str] | None = None

    def items(self) -> Iterator[SourceItem]:
        others = Counter[str]()
        for name, status, problem in walk(self.path):
            if problem or is_image_file(name, partial(self._head, name)):
                stamp = f"{status.st_size}-{status.st_mtime_ns}" if status else ""
                yield SourceItem(name, self.group_of(name), stamp, problem)
            else:
                others[suffix_of(name)] += 1
        self._others = others

    def _head(self, name: str) -> bytes:
        try:
            with (self.path / name).open("rb") as file:
                return file.read(HEAD_BYTES)
        except OSError:  # nothing says that it is a picture: it is counted among the other files
            return b""

    @cached_property
    def labels(self) -> dict[str, str]:
        file = self.path / DATASET_JSON
        try:
            return labels_in(file.read_bytes()) if file.is_file() else {}
        except OSError as error:  # not to be taken for a set without labels
            raise GanvasError(
                _("{file} cannot be read: {reason}.").format(file=file, reason=(error.strerror or str(error)).lower()),
                _("Try: ls -l {file}").format(file=file),
            ) from error

    def read(self, name: str) -> Path:
        return self.path / name

    def other_files(self) -> Counter[str]:
        if self._others is None:
            for _each in self.items():
                pass
        return self._others or Counter()


class ArraySource(Source):
    """Pictures in one array (N, H, W) or (N, H, W, C), with labels (N,) or without."""

    def __init__(
        self,
        path: Path,
        kind: str,
        array: npt.NDArray[Any],
        labels: npt.NDArray[np.uint8] | None,
        value_range: ValueRange = UINT8,
    ) -> None:
        super().__init__(path)
        self.kind = kind
        self._array = array
        self._labels = labels
        self._value_range = value_range

    def items(self) -> Iterator[SourceItem]:
        status = self.path.stat()
        stamp = f"{status.st_size}-{status.st_mtime_ns}"
        for index in range(len(self._array)):
            yield SourceItem(f"{index:06d}", "" if self._labels is None else str(self._labels[index]), stamp)

    def read(self, name: str) -> npt.NDArray[np.uint8]:
        picture = self._array[int(name)]
        return np.ascontiguousarray(picture if picture.dtype == np.uint8 else self._value_range.to_uint8(picture))

    @property
    def values(self) -> str:
        if self._array.dtype == np.uint8:
            return ""
        return f"{self._array.dtype}, {self._value_range.words}"

    def classes(self, groups: Mapping[str, int]) -> dict[str, str]:
        return {} if self._labels is None else {group: group for group in groups}


def open_source(path: str | Path, value_range: tuple[float, float] | None = None) -> Source:
    """Return the source of pictures at `path`; "~" is the home folder.

    Args:
        value_range: of the numbers of an array; None to find it.

    Raises:
        GanvasError: there is nothing at `path`, it cannot be read, or it is not a source of pictures.
    """
    try:
        source_path = Path(path).expanduser()
    except RuntimeError as error:  # "~somebody" that is no user
        raise GanvasError(_("There is no {path}.").format(path=path), _("Type the path in full, from / on.")) from error
    try:
        if shards := find_shards(path):
            return ShardSource(str(path), shards)
        source_path.stat()
        if source_path.is_dir():
            idx_file = find_idx(source_path)
            if idx_file is None:
                os.scandir(source_path).close()  # an unreadable folder is reported here, not halfway
                return FolderSource(source_path)
            source_path = idx_file
        if not source_path.is_file():  # opening a pipe would block for ever
            raise GanvasError(
                _("{source_path} is {not_regular}.").format(source_path=source_path, not_regular=_(NOT_REGULAR)),
                _("Name a folder, .zip, .npy, MNIST idx file, or shards."),
            )
        if source_path.suffix == SELECTION:
            inner, left_out = read_selection(source_path)
            return SelectedSource(source_path, open_source(inner, value_range), left_out)
        if is_idx(source_path):
            return ArraySource(source_path, "idx", *load_idx(source_path))
    except (FileNotFoundError, NotADirectoryError) as error:
        suggestion = did_you_mean(source_path.name, _siblings(source_path))
        raise GanvasError(
            _("There is no {source_path}.{suggestion}").format(source_path=source_path, suggestion=suggestion),
            _("Try: {command}").format(command=shlex.join(["ls", str(source_path.parent)])),
        ) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise GanvasError(
            _("{source_path} cannot be read: {reason}.").format(source_path=source_path, reason=reason),
            _("Try: {command}").format(command=shlex.join(["ls", "-l", str(source_path.parent)])),
        ) from error
    if source_path.suffix.lower() == ".npy":
        array, found = load_npy(source_path, value_range and ValueRange(*value_range))
        return ArraySource(source_path, "npy", array, None, found)
    if zipfile.is_zipfile(source_path) or source_path.suffix.lower() == ".zip":
        return ZipSource(source_path)
    if is_image_file(source_path.name):
        raise GanvasError(
            _("{source_path} is a single picture; a folder of pictures is needed.").format(source_path=source_path),
            _("Try: {command}").format(command=ganvas_command("inspect", source_path.parent)),
        )
    raise GanvasError(
        _("{source_path} is not a folder, .zip, .npy, MNIST idx file or shard.").format(source_path=source_path),
        _("Unpack other archives, then use the folder."),
    )


def no_pictures_error(source: Source, hint: str) -> GanvasError:
    """Return the error for a source without pictures; it lists what was found instead."""
    others = source.other_files().most_common(3)
    if any(suffix in ARCHIVES for suffix, _ in others):
        hint = _("Unpack the archives in it, then use the folder.")
    elif any(suffix in EXPORTS for suffix, _ in others):
        hint = _("Export them as PNG or JPEG, then use the folder with these.")
    counted = (
        ngettext("{count} {suffix} file", "{count} {suffix} files", count).format(count=count, suffix=suffix)
        for suffix, count in others
    )
    listed = ", ".join(counted) or _("it is empty")
    return GanvasError(_("No pictures in {path} ({listed}).").format(path=source.title, listed=listed), hint)


def _siblings(path: Path) -> list[str]:
    """Return up to 1,000 names beside `path`, for a suggestion."""
    try:
        with os.scandir(path.parent) as entries:
            return [printable(entry.name) for entry in islice(entries, 1000)]
    except OSError:
        return []
