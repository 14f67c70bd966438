"""The two forms of files that `torch.save` writes: a zip archive, and before PyTorch 1.6 pickles in a row.

The older one still comes inside of plain pickles, for each tensor. It is: a magic number, a version, facts on the
system, the pickle itself, the keys of its storages, then for each of these its count and its numbers.
"""

import io
import struct
import zipfile
from functools import partial
from typing import Any

from ..translation import _
from .budget import Budget
from .cursor import Cursor
from .errors import RefusedError
from .interpret import interpret
from .tensors import Storage, parse_identity, size_of

MAGIC = 0x1950A86A20F9469CFC6C
MAGIC_BYTES = MAGIC.to_bytes(10, "little")
VERSION = 1001
MAX_STORAGES = 100_000  # the largest networks have some thousand tensors


def is_legacy(data: memoryview) -> bool:
    """Return whether this begins as the older form does: protocol, length of the number, number."""
    return MAGIC_BYTES in bytes(data[:32])


def read_legacy(cursor: Cursor, budget: Budget, nested: bool = False) -> Any:
    """Return what was saved in the older form.

    The storages come last, so the pickle is gone through twice: first to find its end.
    """
    magic, version, _system = (interpret(cursor, budget, nested=nested) for _part in range(3))
    if magic != MAGIC or version != VERSION:
        raise RefusedError(_("it is of a version of PyTorch's format that is not known"))
    start = cursor.place
    storages: dict[str, Storage] = {}
    interpret(cursor, budget, partial(_declared, storages), nested)
    keys = interpret(cursor, budget, nested=nested)
    if not isinstance(keys, list) or not all(isinstance(key, str) and key in storages for key in keys):
        raise RefusedError(_("its list of storages is damaged"))
    for key in keys:
        storage = storages[key]
        if cursor.unpack("<q") != storage.count:
            raise RefusedError(_("an array has another size than it says"))
        storage.data = cursor.take(storage.count * size_of(storage.kind))
    return interpret(Cursor(cursor.data, start), budget, partial(_declared, storages), nested)


def _declared(storages: dict[str, Storage], identity: object) -> Storage:
    """Return the storage of a persistent id, and note those that are new."""
    kind, key, count = parse_identity(identity)
    storage = storages.setdefault(key, Storage(kind, count))
    if (storage.kind, storage.count) != (kind, count):
        raise RefusedError(_("an array has another size than it says"))
    return storage


def read_zip(data: memoryview, file: io.BufferedReader | io.BytesIO, budget: Budget) -> Any:
    """Return what was saved in the newer form.

    Args:
        data: the bytes of the archive.
        file: the same, for the list of what is in it.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            members = {member.filename: member for member in archive.infolist()}
    except OSError as error:  # it says that its list lies before its beginning
        raise RefusedError(_("it is a damaged zip archive")) from error
    pickles = [name for name in members if name.rpartition("/")[2] == "data.pkl"]
    if len(pickles) != 1 or len(members) > MAX_STORAGES:
        raise RefusedError(_("it is a zip archive, but none of PyTorch's"))
    prefix = pickles[0].removesuffix("data.pkl")
    order = members.get(f"{prefix}byteorder")
    if order is not None and bytes(_content(data, order)) != b"little":
        raise RefusedError(_("its numbers are in the byte order of another kind of machine"))
    storages: dict[str, Storage] = {}

    def stored(identity: object) -> Storage:
        storage = _declared(storages, identity)
        if storage.data is None:
            _kind, key, _count = parse_identity(identity)
            member = members.get(f"{prefix}data/{key}")
            if member is None:
                raise RefusedError(_("an array has another size than it says"))
            storage.data = Cursor(_content(data, member)).take(storage.count * size_of(storage.kind))
        return storage

    return interpret(Cursor(_content(data, members[pickles[0]])), budget, stored)


def _content(data: memoryview, member: zipfile.ZipInfo) -> memoryview:
    """Return a member of an archive as a view. PyTorch compresses nothing, so there is nothing to unpack."""
    if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
        raise RefusedError(_("it is a zip archive, but none of PyTorch's"))
    header = Cursor(data, member.header_offset)
    signature, name, extra = struct.unpack("<4s22xHH", header.take(30))
    if signature != b"PK\x03\x04":
        raise RefusedError(_("it is a damaged zip archive"))
    header.take(name + extra)
    return header.take(member.file_size)
