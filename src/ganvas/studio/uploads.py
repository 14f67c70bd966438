"""Files from the page: written under the workspace within limits, and looked at before they are kept."""

import asyncio
import os
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path, PurePosixPath

from ..data.file_kinds import is_image_file
from ..data.image_file import read_header
from ..data.source import Source
from ..data.walk import is_hidden
from ..data.zip_source import ZipSource
from ..errors import GanvasError
from ..formatting import format_bytes
from ..limits import MAX_MEMBER_BYTES
from ..translation import _
from .workspace import RESERVED, inside

MAX_PICTURES = 100_000  # of a set that is uploaded; more come as a zip, or lie on this machine
MAX_ZIP_BYTES = 64 << 30
MAX_MEMBERS = 2_000_000  # of a zip; their names are held in memory
LEFT_FREE = 1 << 30  # bytes of the disk that uploads leave to others
MAX_DEPTH = 8  # folders in each other
PART = re.compile(r"[^\x00-\x1f\x7f<>:\"|?*\\/]{1,200}")  # a name that any system takes


class TooLargeError(GanvasError):
    """More was sent than is taken."""


def picture_path(folder: Path, name: str) -> Path:
    """Return where an uploaded picture is written: under the set's folder, its own folders kept.

    Raises:
        GanvasError: it is not the name of a picture.
    """
    parts = PurePosixPath(name).parts
    is_name = all(PART.fullmatch(part) and not RESERVED.fullmatch(part) and part[-1] not in ". " for part in parts)
    if not parts or not is_name or len(parts) > MAX_DEPTH or name.startswith("/") or is_hidden(name):
        raise GanvasError(_("'{name}' is not a name for a picture.").format(name=name[:80]))
    if not is_image_file(parts[-1]):
        raise GanvasError(_("{name} is not a picture.").format(name=name[:80]))
    return inside(folder, "/".join(parts))


async def save_picture(path: Path, chunks: AsyncIterator[bytes], folder: Path) -> None:
    """Write an uploaded picture, if it is one.

    Raises:
        GanvasError: it is none, is larger than is taken, or the disk is nearly full.
    """
    if await asyncio.to_thread(_is_full, folder):
        raise TooLargeError(
            _("A set takes {count:,} uploaded pictures at most.").format(count=MAX_PICTURES),
            _("Upload a zip, or name a folder on this machine."),
        )

    def check(temporary: Path) -> None:
        read_header(temporary, path.name)
        path.parent.mkdir(parents=True, exist_ok=True)

    await _save(path, folder, chunks, MAX_MEMBER_BYTES, check)


async def save_zip(path: Path, chunks: AsyncIterator[bytes]) -> None:
    """Write an uploaded zip, if it is one; nothing is unpacked.

    Raises:
        GanvasError: as `save_picture`.
    """

    def check(temporary: Path) -> None:
        source: Source = ZipSource(temporary)
        count = 0
        for count, _item in enumerate(source.items(), 1):
            if count > MAX_MEMBERS:
                raise TooLargeError(_("This zip holds more than {count:,} files.").format(count=MAX_MEMBERS))
        if not count:
            raise GanvasError(_("There are no pictures in this zip."))

    await _save(path, path.parent, chunks, MAX_ZIP_BYTES, check)


async def _save(
    path: Path, folder: Path, chunks: AsyncIterator[bytes], most: int, check: Callable[[Path], None]
) -> None:
    """Write chunks to a file beside `path`, check it, and let it take its place."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{secrets.token_hex(8)}.part"
    size = 0
    try:
        with temporary.open("xb") as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > most:
                    raise TooLargeError(_("This file is larger than {size}.").format(size=format_bytes(most)))
                if shutil.disk_usage(folder).free < LEFT_FREE + len(chunk):
                    raise TooLargeError(_("The disk is nearly full."), _("Free some space, then upload again."))
                await asyncio.to_thread(file.write, chunk)
        await asyncio.to_thread(check, temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _is_full(folder: Path) -> bool:
    count = 0
    for _root, _folders, files in os.walk(folder):
        count += len(files)
    return count >= MAX_PICTURES
