"""Files written so that readers see the old one or the new one, never a part, and that a power cut undoes neither."""

import errno
import os
import re
import secrets
import shutil
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

from .file_lock import try_lock

TEMPORARY_NAME_LENGTH = 40  # characters of a file's name; all of it and more would not always fit into 255 bytes
TEMPORARY = re.compile(r"\..+\.[0-9a-f]{16}\.tmp", re.DOTALL)
FOLDERS_ARE_NOT_FLUSHED = (errno.EINVAL, errno.ENOTSUP, errno.EACCES)  # on some drives, or may not be read


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that readers see the old file or the new one, never a part.

    Once this returns, it also outlasts a power cut.
    """
    temporary, file = create_temporary(path)
    try:
        with file:
            if path.is_file():  # what is private stays private
                shutil.copymode(path, temporary)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        flush_to_disk(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def create_temporary(path: Path) -> tuple[Path, BinaryIO]:
    """Create a file that will take the place of `path` once it is whole, and the folder if there is none.

    It is locked while it is open, which tells others that it is being written. What killed processes have left in the
    folder is removed, once in each process: a folder may hold 100,000 samples.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_half_written_once(path.parent.absolute())
    while True:
        # By chance, and not by the process: those of containers may all have number 1. A long name would get too long.
        temporary = path.with_name(f".{path.name[:TEMPORARY_NAME_LENGTH]}.{secrets.token_hex(8)}.tmp")
        file = temporary.open("xb")
        if try_lock(file) is not False and temporary.exists():
            return temporary, file
        file.close()  # another process took it for left, in the moment before it was locked


def remove_half_written(folder: Path) -> None:
    """Remove what killed processes have left of writing to a folder; what another process is writing now stays."""
    for temporary in folder.iterdir() if folder.is_dir() else ():
        if not TEMPORARY.fullmatch(temporary.name) or temporary.is_symlink() or not temporary.is_file():
            continue
        with suppress(FileNotFoundError, PermissionError), temporary.open("r+b") as file:  # gone, or another user's
            if try_lock(file):
                temporary.unlink()


_remove_half_written_once = cache(remove_half_written)


def put_in_place(temporary: Path, path: Path) -> None:
    """Let a whole file take the place of `path`, as `write_atomically` does."""
    if path.is_file():
        shutil.copymode(path, temporary)
    flush_to_disk(temporary)
    temporary.replace(path)
    flush_to_disk(path.parent)


def flush_to_disk(*paths: Path) -> None:
    """Have the system write files, and the entries of folders, to disk; where it cannot for folders, it does not."""
    for path in paths:
        is_folder = path.is_dir()
        if is_folder and sys.platform == "win32":
            continue  # Windows cannot open folders, and flushes their entries itself
        try:
            descriptor = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            if not is_folder or error.errno not in FOLDERS_ARE_NOT_FLUSHED:
                raise
