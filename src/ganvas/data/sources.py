"""Sources of pictures: a folder, an archive, an array, a table, records, shards or a selection, each a stream of items.

Nothing is decoded here, and memory use does not grow with the number of pictures: a folder of a million is walked, not
listed. (The exception is a .zip, whose table of contents is read in one piece.)
"""

import os
import shlex
import zipfile
from itertools import islice
from pathlib import Path

from ..errors import GanvasError, did_you_mean, ganvas_command
from ..formatting import printable
from ..translation import _, ngettext
from .arrays import find_idx, is_idx, load_idx, load_npy
from .file_kinds import ARCHIVES, EXPORTS, SETS, is_image_file
from .folder_source import FolderSource, TableSource
from .forms.array_source import ArraySource
from .forms.cifar import find_cifar, is_cifar, open_cifar
from .forms.find_files import files_instead
from .forms.hdf5 import SUFFIXES as HDF5
from .forms.hdf5 import open_hdf5
from .forms.label_table import SUFFIXES as TABLE_SUFFIXES
from .forms.npz import open_npz
from .forms.parquet import SUFFIXES as PARQUET
from .forms.parquet import ParquetSource
from .forms.tfrecord import SUFFIXES as TFRECORDS
from .forms.tfrecord import TfrecordSource, find_tfrecords
from .labels_by import LabelledSource
from .place import local
from .selected_source import SUFFIX as SELECTION
from .selected_source import SelectedSource, read_selection
from .shard_list import find_shards
from .shard_source import ShardSource
from .source import Source
from .value_range import ValueRange
from .walk import NOT_REGULAR
from .zip_source import ZipSource


def open_source(
    path: str | Path, value_range: tuple[float, float] | None = None, labels_by: str | None = None
) -> Source:
    """Return the source of pictures at `path`; "~" is the home folder, "hub:owner/name" a data set on the hub.

    Args:
        value_range: of the numbers of an array; None to find it.
        labels_by: a pattern that finds labels in the names of pictures; None for those that the source has.

    Raises:
        GanvasError: there is nothing at `path`, it cannot be read, or it is not a source of pictures.
    """
    if labels_by is not None:
        return LabelledSource(open_source(path, value_range), labels_by)
    path = local(path)
    try:
        source_path = Path(path).expanduser()
    except RuntimeError as error:  # "~somebody" that is no user
        raise GanvasError(_("There is no {path}.").format(path=path), _("Type the path in full, from / on.")) from error
    try:
        if shards := find_shards(path):
            return ShardSource(str(path), shards)
        source_path.stat()
        if source_path.is_dir():
            return _open_folder(source_path, value_range)
        if not source_path.is_file():  # opening a pipe would block for ever
            raise GanvasError(
                _("{source_path} is {not_regular}.").format(source_path=source_path, not_regular=_(NOT_REGULAR)),
                _("Name a folder, or a file with pictures in it: docs/data.md lists all kinds."),
            )
        return _open_file(source_path, value_range)
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


def _open_folder(folder: Path, value_range: tuple[float, float] | None) -> Source:
    """Return the source of a folder: pictures, or files that hold some."""
    if idx_file := find_idx(folder):
        return ArraySource(idx_file, "idx", *load_idx(idx_file))
    if batches := find_cifar(folder):
        return open_cifar(folder, batches)
    os.scandir(folder).close()  # an unreadable folder is reported here, not halfway
    if files := files_instead(folder, (*PARQUET, *TFRECORDS)):
        return _open_files(folder, files)
    return FolderSource(folder)


def _open_files(path: Path, files: list[Path]) -> Source:
    """Return the source of files of one kind, in a folder or alone."""
    if files[0].suffix.lower() in PARQUET:
        return ParquetSource(path, files)
    return TfrecordSource(path, files if path.is_file() else find_tfrecords(files))


def _open_file(path: Path, value_range: tuple[float, float] | None) -> Source:
    """Return the source of one file.

    Raises:
        GanvasError: it is none.
    """
    suffix = path.suffix.lower()
    if suffix == SELECTION:
        inner, left_out = read_selection(path)
        return SelectedSource(path, open_source(inner, value_range), left_out)
    if is_idx(path):
        return ArraySource(path, "idx", *load_idx(path))
    if suffix in (*PARQUET, *TFRECORDS):
        return _open_files(path, [path])
    if suffix in HDF5:
        return open_hdf5(path, value_range)
    if suffix == ".npy":
        array, found = load_npy(path, value_range and ValueRange(*value_range))
        return ArraySource(path, "npy", array, None, found)
    if suffix == ".npz":
        return open_npz(path, value_range)
    if is_cifar(path):
        return open_cifar(path, [path])
    if suffix in TABLE_SUFFIXES:
        return TableSource(path)
    if zipfile.is_zipfile(path) or suffix == ".zip":
        return ZipSource(path)
    if is_image_file(path.name):
        raise GanvasError(
            _("{source_path} is a single picture; a folder of pictures is needed.").format(source_path=path),
            _("Try: {command}").format(command=ganvas_command("inspect", path.parent)),
        )
    raise GanvasError(
        _("{source_path} holds no pictures in a form that Ganvas reads.").format(source_path=path),
        _("Unpack other archives, then use the folder."),
    )


def no_pictures_error(source: Source, hint: str) -> GanvasError:
    """Return the error for a source without pictures; it lists what was found instead."""
    others = source.other_files().most_common(3)
    if archives := source.archives():
        names = ", ".join(map(printable, archives))
        hint = _("There are archives in it: {names}. Unpack it and those, then use the folder: {command}").format(
            names=names, command=shlex.join(["unzip", str(source.path), "-d", str(source.path.with_suffix(""))])
        )
    elif any(suffix in ARCHIVES for suffix, _count in others):
        hint = _("Unpack the archives in it, then use the folder.")
    elif sets := [suffix for suffix, _count in others if suffix in SETS]:
        hint = _("Name the {suffix} file itself.").format(suffix=sets[0])
    elif any(suffix in EXPORTS for suffix, _count in others):
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
