"""The members of a tar, without unpacking any: names, and where the bytes of each lie.

Only headers are read, and what they claim is checked before memory is taken for it. `tarfile` would take as much as a
stranger's header asks for, and follow links.
"""

import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from ..limits import MAX_MEMBER_BYTES, MAX_SHARD_MEMBERS, MAX_TAR_HEADER
from ..translation import N_
from .walk import NOT_REGULAR

BLOCK = tarfile.BLOCKSIZE
ENCODING = "utf-8", "surrogateescape"  # as file systems are read
EXTENDED = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)  # headers that belong to the member after them
TRUNCATED = N_("truncated: the shard ends too early")
OUTSIDE = N_("its path leads out of the shard")


class Member(NamedTuple):
    """One file in a tar: its path, where its bytes begin, how many they are, and why it is not read (or empty).

    Where the tar itself cannot be read on, that is the problem of a last member without a name.
    """

    name: str
    offset: int
    size: int
    problem: str = ""


def members(path: Path) -> Iterator[Member]:
    """Yield the files in the tar at `path`, in their order; folders are passed over.

    Raises:
        OSError: it cannot be read now.
    """
    with path.open("rb") as file:
        try:
            yield from _members(file, path.stat().st_size)
        except _DamagedTarError as error:
            yield Member("", 0, 0, str(error))


class _DamagedTarError(Exception):
    """The tar cannot be read on; the argument says why."""


def _members(file: IO[bytes], length: int) -> Iterator[Member]:
    at, long_name, extended, count = 0, "", dict[str, str](), 0
    while True:
        file.seek(at)
        block = file.read(BLOCK)
        if block == bytes(BLOCK):
            return
        header = _header(block)
        at += BLOCK
        has_bytes = header.isreg() or header.type not in tarfile.SUPPORTED_TYPES or header.type in _SPECIAL
        size = _number(extended.get("size")) if header.isreg() and "size" in extended else header.size
        end = at + -(-size // BLOCK) * BLOCK * has_bytes
        if has_bytes and at + size > length:
            raise _DamagedTarError(TRUNCATED)
        if header.type in _SPECIAL:
            content = _read_special(file, size)
            if header.type == tarfile.GNUTYPE_LONGNAME:
                long_name = content.split(b"\0")[0].decode(*ENCODING)
            elif header.type in EXTENDED:
                extended = _records(content)
        else:
            count += 1
            if count > MAX_SHARD_MEMBERS:
                raise _DamagedTarError(N_("has too many members") + f" (over {MAX_SHARD_MEMBERS:,})")
            if not header.isdir():
                is_sparse = any(key.startswith("GNU.sparse") for key in extended)
                yield _member(extended.get("path") or long_name or header.name, at, size, header, is_sparse)
            long_name, extended = "", {}
        at = end


_SPECIAL = (*EXTENDED, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XGLTYPE)


def _header(block: bytes) -> tarfile.TarInfo:
    if len(block) < BLOCK:
        raise _DamagedTarError(TRUNCATED)
    try:
        header = tarfile.TarInfo.frombuf(block, *ENCODING)  # which checks the checksum
    except (tarfile.HeaderError, ValueError) as error:
        raise _DamagedTarError(N_("damaged: no tar header where one should be")) from error
    if header.size < 0:
        raise _DamagedTarError(N_("damaged: no tar header where one should be"))
    return header


def _read_special(file: IO[bytes], size: int) -> bytes:
    if size > MAX_TAR_HEADER:
        raise _DamagedTarError(N_("damaged: a name is too long"))
    return file.read(size)


def _records(content: bytes) -> dict[str, str]:
    """Return the records of an extended header: lines of "LENGTH KEY=VALUE" (POSIX.1-2001, pax)."""
    found, at = dict[str, str](), 0
    while at < len(content):
        digits = content[at:].partition(b" ")[0]
        length = _number(digits.decode("ascii", "replace"))
        if not len(digits) + 1 < length <= len(content) - at:
            raise _DamagedTarError(N_("damaged: no tar header where one should be"))
        key, _equals, value = content[at + len(digits) + 1 : at + length - 1].partition(b"=")
        found[key.decode(*ENCODING)] = value.decode(*ENCODING)
        at += length
    return found


def _number(text: str | None) -> int:
    if text is None or not (text.isascii() and text.isdigit() and len(text) < 20):
        raise _DamagedTarError(N_("damaged: no tar header where one should be"))
    return int(text)


def _member(name: str, offset: int, size: int, header: tarfile.TarInfo, is_sparse: bool) -> Member:
    """Return a file, with its problem if it is one that no shard needs: a link, a device, a path to elsewhere."""
    if not header.isreg() or header.type == tarfile.GNUTYPE_SPARSE or is_sparse:
        return Member(name, offset, 0, NOT_REGULAR)
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        return Member(name, offset, size, OUTSIDE)
    if size > MAX_MEMBER_BYTES:
        return Member(name, offset, size, f"has {size:,} bytes, over the limit of {MAX_MEMBER_BYTES:,}")
    return Member(str(path), offset, size)
