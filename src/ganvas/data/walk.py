"""The files in a folder and its sub-folders, in order, with little memory however many there are."""

import heapq
import json
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path, PurePosixPath

from ..translation import N_

NOT_REGULAR = N_("not a regular file")
SORT_CHUNK_SIZE = 20_000  # names of one folder sorted in memory; more are sorted in chunks on disk


def walk(root: Path) -> Iterator[tuple[str, os.stat_result | None, str]]:
    """Yield (name inside root, os.stat result, problem) of every file under `root`, depth first, in order of names."""
    status = root.stat()
    visited = {(status.st_dev, status.st_ino)}  # real folders, so that a link back causes no endless loop
    stack = [("", sorted_names(root))]
    while stack:
        folder, names = stack[-1]
        try:
            name = next(names)
        except StopIteration:
            stack.pop()
            continue
        except OSError as error:
            stack.pop()
            yield folder.rstrip("/"), None, N_("the folder cannot be read") + f" ({_error_text(error)})"
            continue
        if is_hidden(name):
            continue
        name = folder + name
        try:
            status = (root / name).stat()
        except OSError as error:
            yield name, None, f"cannot be read ({_error_text(error)})"
            continue
        if stat.S_ISDIR(status.st_mode):
            identity = (status.st_dev, status.st_ino)
            if identity in visited:
                yield name, None, N_("a link to a folder that was already visited")
            else:
                visited.add(identity)
                stack.append((f"{name}/", sorted_names(root / name)))
        else:
            # Opening a pipe would block for ever.
            yield name, status, "" if stat.S_ISREG(status.st_mode) else NOT_REGULAR


def _error_text(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def sorted_names(folder: Path, chunk_size: int = SORT_CHUNK_SIZE) -> Iterator[str]:
    """Yield the names in `folder` in order. Many names are sorted in chunks on disk, so memory use is bounded."""
    with ExitStack() as files:
        parts: list[Iterable[str]] = []
        with os.scandir(folder) as entries:
            names = (entry.name for entry in entries)
            while part := sorted(islice(names, chunk_size)):
                if len(part) == chunk_size:
                    file = files.enter_context(tempfile.TemporaryFile("w+", encoding="ascii"))
                    file.writelines(f"{json.dumps(name)}\n" for name in part)  # JSON: a name may hold a newline
                    file.seek(0)
                    parts.append(map(json.loads, file))
                else:
                    parts.append(part)
        yield from heapq.merge(*parts)


def is_hidden(name: str) -> bool:
    """Return whether a file, or a folder that it is in, is one that systems hide."""
    return any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in PurePosixPath(name).parts)
