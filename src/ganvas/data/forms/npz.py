"""NumPy's .npz: arrays in a zip. A plain one is mapped where it lies, a compressed one unpacked to a nameless file.

NumPy itself would read a whole array into memory, and as much of it as its header claims.
"""

import struct
import tempfile
import zipfile
import zlib
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from ...errors import GanvasError
from ...limits import MAX_NPY_HEADER
from ...translation import _
from ..arrays import checked_pictures
from ..value_range import ValueRange
from .array_source import ArraySource
from .named_arrays import ArrayInfo, choose_arrays, label_list

KIND = "npz"
COPY_BYTES = 1 << 20  # at a time
LOCAL_HEADER = struct.Struct("<26xHH")  # of a zip's member: it ends with the lengths of a name and of what else follows
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DAMAGE = (ValueError, KeyError, EOFError, SyntaxError, TokenError, OverflowError, zlib.error, zipfile.BadZipFile,
          NotImplementedError, struct.error, RuntimeError, UnicodeDecodeError)  # fmt: skip


class _Member:
    """An array in the zip: what it says of itself, where its numbers begin in the member, and their order."""

    def __init__(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
        self.member = member
        with archive.open(member) as file:
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, self.is_fortran, dtype = read(file, max_header_size=MAX_NPY_HEADER)
            self.start = file.tell()
        self.info = ArrayInfo(shape, dtype)
        # No more is unpacked than this, whatever lies there.
        self.bytes = int(np.prod([int(length) for length in shape], dtype=object)) * dtype.itemsize
        if self.bytes != member.file_size - self.start or min(shape, default=1) < 0 or dtype.hasobject:
            raise ValueError(_("{name} has another size than it says").format(name=member.filename))

    def array(self, path: Path, archive: zipfile.ZipFile) -> npt.NDArray[Any]:
        """Return the array, mapped."""
        order: Any = "F" if self.is_fortran else "C"
        if self.bytes == 0:
            return np.empty(self.info.shape, self.info.dtype)
        if self.member.compress_type == zipfile.ZIP_STORED:
            with path.open("rb") as file:
                file.seek(self.member.header_offset)
                lengths = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
            start = self.member.header_offset + LOCAL_HEADER.size + sum(lengths) + self.start
            return np.memmap(path, self.info.dtype, "r", start, self.info.shape, order)
        with tempfile.TemporaryFile() as plain:
            with archive.open(self.member) as packed:
                packed.read(self.start)
                _copy(packed, plain, self.bytes)
            plain.flush()
            return np.memmap(plain, self.info.dtype, "r", 0, self.info.shape, order)


def _copy(source: IO[bytes], target: IO[bytes], count: int) -> None:
    while count > 0 and (part := source.read(min(count, COPY_BYTES))):
        target.write(part)
        count -= len(part)
    if count:
        raise EOFError(_("it ends too early"))


def open_npz(path: Path, value_range: tuple[float, float] | None) -> ArraySource:
    """Return the pictures of a .npz, with the labels in it.

    Raises:
        GanvasError: it is damaged, needs pickle, or no array in it can be told to be the pictures.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {
                member.filename.removesuffix(".npy"): member
                for member in archive.infolist()
                if member.filename.endswith(".npy") and member.compress_type in PACKED
            }
            arrays = dict[str, _Member]()
            for name, member in members.items():
                arrays[name] = _Member(archive, member)
            infos = {name: each.info for name, each in arrays.items()}
            pictures, labels = choose_arrays(path, infos)
            array = arrays[pictures].array(path, archive)
            found = label_list(np.array(arrays[labels].array(path, archive))) if labels else None
    except DAMAGE as error:
        raise GanvasError(
            _("{path} cannot be read as arrays: {reason}.").format(path=path, reason=str(error).rstrip(".")),
            _("Write it again with numpy.savez; arrays of Python objects are not read."),
        ) from error
    checked, values = checked_pictures(array, path, value_range and ValueRange(*value_range))
    return ArraySource(path, KIND, checked, found, values)
