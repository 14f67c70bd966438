"""The one way to read a pickle."""

import io
import mmap
import struct
import zipfile
from pathlib import Path
from typing import Any

from ..errors import cannot_be_read_now
from ..translation import _
from .budget import MAX_FILE_BYTES, Budget
from .cursor import Cursor
from .errors import PickleError, RefusedError
from .interpret import interpret
from .torch_file import is_legacy, read_legacy, read_zip

# What wrong values lead to when they are used as if they were right. Nothing else is caught: it would be our fault.
DAMAGE = (
    IndexError,
    KeyError,
    TypeError,
    ValueError,
    OverflowError,
    AttributeError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    zipfile.BadZipFile,
)


def read_pickle(source: bytes | Path | str) -> Any:
    """Return what a pickle or a file of `torch.save` holds, and execute nothing.

    Dictionaries (ordered ones, `EasyDict`), lists, tuples, sets, numbers and texts are what they are. NumPy's arrays
    and PyTorch's tensors are NumPy arrays, most of them read-only views of the file; bfloat16 becomes float32. Bytes
    are bytes, or a memoryview where they are many. Short strings of Python 2 are texts if they are in ASCII. All else
    is an `Opaque`, and classes and functions are a `Global`.

    The structure may share parts and even hold itself: whoever walks through it has to count.

    Args:
        source: the bytes, or the path of a file, which is mapped into memory and not read at once.

    Raises:
        PickleError: it is damaged, or beyond the limits of `budget`.
        GanvasError: the file cannot be read now.
    """
    if isinstance(source, bytes):
        return _read(memoryview(source), io.BytesIO(source), _("This pickle"))
    path = Path(source)
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            if not 0 < size <= MAX_FILE_BYTES:
                raise PickleError(_("{path} is empty, or too large for a pickle.").format(path=path))
            mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            return _read(mapped, file, str(path))
    except OSError as error:
        raise cannot_be_read_now(path, error) from error


def _read(data: memoryview, file: io.BufferedReader | io.BytesIO, name: str) -> Any:
    budget, cursor = Budget(len(data)), Cursor(data)
    try:
        if bytes(data[:4]) == b"PK\x03\x04":
            return read_zip(data, file, budget)
        return read_legacy(cursor, budget) if is_legacy(data) else interpret(cursor, budget)
    except RefusedError as error:
        reason = str(error)
    except DAMAGE as error:
        reason = _("it is damaged, near byte {place:,}").format(place=cursor.place)
        if isinstance(error, RecursionError):
            reason = _("its values are nested too deeply")
    raise PickleError(
        _("{name} cannot be read: {reason}.").format(name=name, reason=reason),
        _("Nothing in it was executed. If it should be good, fetch it again from where it came."),
    )
