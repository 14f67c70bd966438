"""Index of a source: a file with one line for each picture, and a fingerprint of all that the pixels depend on."""

import hashlib
import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ..config import DataConfig
from .killers import Killers
from .source import Source

CHUNK_SIZE = 64  # pictures that are decoded, written and recorded together
FORMAT_VERSION = 1  # increased when prepared pictures of an older release must not be used


class IndexEntry(NamedTuple):
    """One line of the index: name and group of a picture, and why it cannot be read (empty if it can)."""

    name: str
    group: str
    problem: str


@dataclass(frozen=True)
class Index:
    """A written index.

    starts: byte offset of the first line of each chunk.
    groups: number of pictures in each group.
    found: pictures in the source; more than `count`, if only some are used.
    fingerprint: the same only for the same pictures with the same settings.
    """

    path: Path
    count: int
    starts: "array[int]"
    groups: Counter[str]
    found: int
    fingerprint: str

    @property
    def chunk_count(self) -> int:
        """Return the number of chunks; the last may be shorter."""
        return len(self.starts)

    def entries(self, chunk: int = 0) -> Iterator[IndexEntry]:
        """Yield the entries from the start of a chunk to the end of the index."""
        yield from read_entries(self.path, self.starts[chunk] if self.starts else 0)


def read_entries(path: Path, start: int, count: int | None = None) -> Iterator[IndexEntry]:
    """Yield `count` entries (None: all) of the index at `path`, from byte `start` on."""
    with path.open("rb") as file:
        file.seek(start)
        for line in islice(file, count):
            yield IndexEntry(*json.loads(line))


def write_index(
    source: Source, config: DataConfig, path: Path, is_used: Callable[[str], bool] = lambda name: True
) -> Index:
    """Write the index of `source` to `path`, one line for each picture, and return it.

    The fingerprint depends on every name, size and modification time (in archives: checksum) and on all settings that
    change pixels. A folder that was moved, or copied with its times, keeps its fingerprint.

    Args:
        is_used: tells by its name whether a picture gets a line (`selection.within_limit`).
    """
    # These names and their order are hashed: keep them as they are, or every cached dataset is lost.
    settings: dict[str, object] = {
        "height": config.height,
        "width": config.width,
        "channels": config.channels,
        "background": config.background,
        "fit": config.fit,
    }
    if config.value_range is not None:
        settings["value_range"] = config.value_range
    if config.drop_copies:
        settings["drop_copies"] = "within classes" if config.conditional else "everywhere"
    if config.aspect is not None:
        settings["aspect"] = config.aspect
    if config.limit is not None:
        settings["limit"] = config.limit, config.limit_seed
    digest = hashlib.blake2b(json.dumps([FORMAT_VERSION, CHUNK_SIZE, settings]).encode(), digest_size=16)
    starts, groups, count, found = array("q"), Counter[str](), 0, 0
    with path.open("wb") as file:
        for item in map(Killers(source).marked, source.items()):
            found += 1
            # ASCII, since a name may have bytes that are not valid text.
            line = json.dumps((item.name, item.group, item.problem)).encode("ascii") + b"\n"
            digest.update(line + item.stamp.encode("ascii"))
            if not is_used(item.name):
                continue
            if count % CHUNK_SIZE == 0:
                starts.append(file.tell())
            count += 1
            file.write(line)
            if not item.problem:
                groups[item.group] += 1
    if config.conditional and (classes := source.classes(groups)) and len(classes) < len(groups):
        digest.update(b"without those in no class")
    return Index(path, count, starts, groups, found, digest.hexdigest())
