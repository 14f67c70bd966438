"""The journal of a preparation: which chunks are done, so that it goes on there after it was killed."""

import os
from collections.abc import Iterator
from typing import IO

from .chunks import ChunkResult


def read_journal(journal: IO[bytes]) -> Iterator[ChunkResult]:
    """Yield the results that an interrupted attempt recorded. A last line torn by a crash is cut off."""
    journal.seek(0)
    valid_bytes = 0
    for line in journal:
        try:
            result = ChunkResult.from_json(line)
        except (ValueError, TypeError):
            break
        if not line.endswith(b"\n"):
            break
        valid_bytes += len(line)
        yield result
    journal.truncate(valid_bytes)


def commit(images: IO[bytes], journal: IO[bytes], uncommitted: list[ChunkResult]) -> None:
    """Sync images to disk, then record their chunks as done: a power cut cannot reverse this order."""
    os.fsync(images.fileno())
    whole = (result for result in uncommitted if not result.unread)  # others are decoded again, if this is interrupted
    journal.writelines(result.to_json().encode("ascii") + b"\n" for result in whole)
    journal.flush()
    os.fsync(journal.fileno())
    uncommitted.clear()
