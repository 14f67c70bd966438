"""Files written so that readers see the old one or the new one, never a part, and that a power cut undoes neither."""

import errno
import glob
import os
import secrets
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from .file_lock import try_lock

TEMPORARY_NAME_LENGTH = 40  # characters of a file's name; all of it and more would not always fit into 255 bytes
FOLDERS_ARE_NOT_FLUSHED = (errno.EINVAL, errno.ENOTSUP, errno.EACCES)  # on some drives, or may not be read


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that readers see the old file or the new one, never a part.

    Once this returns, it also outlasts a power cut.
    """
    temporary = temporary_beside(path)
    try:
        with temporary.open("xb") as file:
            try_lock(file)  # tells `remove_half_written` that this is being written
            if path.is_file():  # what is private stays private
                shutil.copymode(path, temporary)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        flush_to_disk(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def remove_half_written(path: Path) -> None:
    """Remove what killed processes have left of writing to `path`; what another process is writing now stays."""
    name = glob.escape(path.name[:TEMPORARY_NAME_LENGTH])
    for temporary in path.parent.glob(f".{name}.{16 * '[0-9a-f]'}.tmp"):
        if temporary.is_symlink() or not temporary.is_file():
            continue
        with suppress(FileNotFoundError, PermissionError), temporary.open("r+b") as file:  # gone, or another user's
            if try_lock(file):
                temporary.unlink()


def temporary_beside(path: Path) -> Path:
    """Return a name for a file that will take the place of `path` once it is whole; the folder is there afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # By chance, and not by the process: those of containers may all have number 1. A long name would get too long.
    return path.with_name(f".{path.name[:TEMPORARY_NAME_LENGTH]}.{secrets.token_hex(8)}.tmp")


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
