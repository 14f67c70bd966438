"""The list of a source's pictures, written to a file as it is read, with the fingerprint of all that they depend on."""

import hashlib
import json
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ..config import DataConfig
from .sources import Source

CHUNK = 64  # pictures that are decoded, written and recorded as one
FORMAT = 1  # raised when prepared pictures of an older release must not be used


class Entry(NamedTuple):
    """One line of the index: a picture's name and group, and its problem if it cannot be read."""

    name: str
    group: str
    problem: str


@dataclass(frozen=True)
class Index:
    """Find the entries of a list in a file of lines. `starts` are the positions of every `CHUNK`-th line.

    groups: how many pictures each group has.
    """

    path: Path
    count: int
    starts: "array[int]"
    groups: Counter[str]
    fingerprint: str

    @property
    def chunks(self) -> int:
        """Count the chunks; the last may be shorter."""
        return len(self.starts)

    def entries(self, chunk: int = 0) -> Iterator[Entry]:
        """Yield the entries from a chunk's first on."""
        yield from read_entries(self.path, self.starts[chunk] if self.starts else 0)


def read_entries(path: Path, start: int, count: int | None = None) -> Iterator[Entry]:
    """Yield `count` entries (or all) of the index at `path` from the byte `start` on."""
    with path.open("rb") as file:
        file.seek(start)
        for line in islice(file, count):
            yield Entry(*json.loads(line))


def write_index(source: Source, config: DataConfig, path: Path) -> Index:
    """Write the names of all pictures of `source` to `path`, a line each, and return where to find them.

    The fingerprint is made of every name, size and time of change (in archives, checksum) and of what `config` says
    about pixels: a folder that was moved, or copied with its times, is still the same.
    """
    settings = {key: value for key, value in asdict(config).items() if key not in ("path", "labels")}
    digest = hashlib.blake2b(json.dumps([FORMAT, CHUNK, settings]).encode(), digest_size=16)
    starts, groups, count = array("q"), Counter[str](), 0
    with path.open("wb") as file:
        for count, item in enumerate(source.items(), 1):
            if count % CHUNK == 1:
                starts.append(file.tell())
            # ASCII, since a name may hold bytes that are no character at all.
            line = json.dumps((item.name, item.group, item.problem)).encode("ascii") + b"\n"
            file.write(line)
            digest.update(line + item.stamp.encode("ascii"))
            if not item.problem:
                groups[item.group] += 1
    return Index(path, count, starts, groups, digest.hexdigest())
