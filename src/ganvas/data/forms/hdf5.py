"""HDF5 (.h5): arrays in groups, read row by row by h5py (the extra `h5`).

A file may point to others, and name programs that unpack it. Neither is followed: only what lies in the file itself is
read, and only what HDF5 unpacks on its own.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import GanvasError
from ...limits import MAX_MEMBER_BYTES
from ...translation import N_, _
from ..arrays import checked_range
from ..image_file import UnreadableImageError, is_temporary
from ..value_range import UINT8, ValueRange
from .array_source import ArraySource
from .named_arrays import ArrayInfo, choose_arrays, label_list

KIND = "h5"
SUFFIXES = (".h5", ".hdf5", ".hdf")
SIGNATURE = b"\x89HDF\r\n\x1a\n"
MAX_ARRAYS = 1000
MAX_DEPTH = 8
FILTERS = (1, 2, 3, 32000)  # deflate, shuffle, checksums, lzf: what h5py brings itself
MOST_PACKED = 1100  # deflate packs no better; what claims more claims what is not there


class _Rows:
    """Pictures of an array in a file, each read when it is asked for."""

    def __init__(self, dataset: Any) -> None:
        self._dataset, self.dtype = dataset, dataset.dtype
        shape = dataset.shape
        self._channels_first = len(shape) == 4 and shape[3] not in (1, 3, 4)

    def __len__(self) -> int:
        return int(self._dataset.shape[0])

    def __getitem__(self, index: int) -> npt.NDArray[Any]:
        try:
            picture = np.asarray(self._dataset[index])
        except (OSError, RuntimeError, ValueError) as error:  # one damaged piece says nothing about the others
            reason = N_("damaged in the file")
            raise UnreadableImageError(f"{reason} ({error})", str(index), is_temporary(error)) from error
        if self._channels_first:
            picture = picture.transpose(1, 2, 0)
        return picture[:, :, 0] if picture.ndim == 3 and picture.shape[2] == 1 else picture

    def __iter__(self) -> Iterator[npt.NDArray[Any]]:
        return (self[index] for index in range(len(self)))


def open_hdf5(path: Path, value_range: tuple[float, float] | None) -> ArraySource:
    """Return the pictures of an HDF5 file, with the labels in it.

    Raises:
        GanvasError: h5py is not installed, the file is damaged or asks for what is not done, or no array in it can be
            told to be the pictures.
    """
    try:
        import h5py
    except ImportError as error:
        raise GanvasError(
            _("To read {path}, h5py is needed.").format(path=path), _('Try: pip install "ganvas[h5]"')
        ) from error
    try:
        file = h5py.File(path, "r", locking=False)
        arrays = dict(_arrays(h5py, file))
        infos = {name: ArrayInfo(tuple(each.shape), each.dtype) for name, each in arrays.items()}
        pictures, labels = choose_arrays(path, infos)
        for name in filter(None, (pictures, labels)):
            _check(arrays[name])
        rows = _Rows(arrays[pictures])
        found = label_list(np.asarray(arrays[labels][()])) if labels else None
        values = UINT8
        if rows.dtype != np.uint8:
            values = ValueRange(*value_range) if value_range else checked_range(rows, path)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, OverflowError, _RefusedError) as error:
        raise GanvasError(
            _("{path} cannot be read as HDF5: {reason}.").format(path=path, reason=str(error).rstrip(".")),
            _("Write it again, with its arrays in the file itself, packed by gzip or not at all."),
        ) from error
    return ArraySource(path, KIND, rows, found, values)


class _RefusedError(Exception):
    """An array asks for what is not done; the argument says what."""


def _arrays(h5py: Any, group: Any, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield the arrays that lie in the file, by their paths. Links to elsewhere are passed over."""
    if depth > MAX_DEPTH or len(group) > MAX_ARRAYS:
        raise _RefusedError(_("it has too many arrays, or too deeply nested ones"))
    for name in group:
        if type(group.get(name, getlink=True)) is not h5py.HardLink:
            continue
        each = group[name]
        if isinstance(each, h5py.Dataset):
            if each.shape is not None:
                yield f"{prefix}{name}", each
        elif isinstance(each, h5py.Group):
            yield from _arrays(h5py, each, f"{prefix}{name}/", depth + 1)


def _check(dataset: Any) -> None:
    """Check that an array lies in the file, and that what it claims can be there."""
    if dataset.is_virtual or dataset.external:
        raise _RefusedError(_("an array lies in another file"))
    created = dataset.id.get_create_plist()
    filters = [created.get_filter(number)[0] for number in range(created.get_nfilters())]
    if any(each not in FILTERS for each in filters):
        raise _RefusedError(_("an array is packed in a rare way"))
    piece = int(np.prod([int(side) for side in dataset.chunks or (1,)], dtype=object)) * dataset.dtype.itemsize
    if piece > MAX_MEMBER_BYTES:
        raise _RefusedError(_("its pieces have {size:,} bytes, over the limit").format(size=piece))
    promised = int(np.prod([int(side) for side in dataset.shape], dtype=object)) * dataset.dtype.itemsize
    stored = dataset.id.get_storage_size()
    if promised > stored * (MOST_PACKED if filters else 1):
        raise _RefusedError(
            _("an array claims {promised:,} bytes, and has {stored:,}").format(promised=promised, stored=stored)
        )
