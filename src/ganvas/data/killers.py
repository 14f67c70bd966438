"""Pictures that kill the process that decodes them: what is known of those of one source, kept in the cache."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import GanvasError
from .cache import cache_folder, read_record, record_bytes
from .place import absolute
from .source import Source, SourceItem

KILLERS = "killers"  # folder in the cache


class Killers:
    """The pictures of a source that killed a decoder, as they were then; and the one that is looked at now.

    proved: stamp and reason of each killer, by its name.
    looked_at: name and stamp of what a process was looking at when it died; it may have been killed for another reason.
    """

    def __init__(self, source: Source) -> None:
        digest = hashlib.blake2b(absolute(source.place).encode("utf-8", "surrogateescape"), digest_size=16)
        try:
            folder = cache_folder()
        except GanvasError:
            folder = Path(os.devnull)  # of a user without a home nothing can be kept
        self.path = folder / KILLERS / f"{digest.hexdigest()}.json"
        record = dict[str, Any]()
        with suppress(OSError):  # what is not known will be found out again
            record = read_record(self.path)
        self.proved: dict[str, list[str]] = record.get("proved", {})
        self.looked_at: list[str] | None = record.get("looked_at")

    def marked(self, item: SourceItem) -> SourceItem:
        """Return an item, with its problem if it is a killer and has not changed since."""
        stamp, reason = self.proved.get(item.name, ("", ""))
        return item._replace(problem=reason) if reason and stamp == item.stamp else item

    def to_bytes(self, looked_at: SourceItem | None = None) -> bytes:
        """Return the content of the file while an item is looked at, or nothing is."""
        at = None if looked_at is None else [looked_at.name, looked_at.stamp]
        return record_bytes({"proved": self.proved, "looked_at": at})
