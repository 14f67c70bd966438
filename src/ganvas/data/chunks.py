"""Chunks of pictures: decoded together, written to one file, and recorded together."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..config import DataConfig
from .decode import read_image, resize_to, to_chw_array
from .duplicates import content_hash
from .image_file import UnreadableImageError
from .index import CHUNK_SIZE, IndexEntry, read_entries
from .memory_share import ALL_MEMORY, LARGE, MemoryShare
from .shape_filter import check_shape
from .sources import open_source


@dataclass
class ChunkResult:
    """Result of one chunk.

    skipped: the reason for each skipped picture, by its index.
    notes: how often each note occurred.
    hashes: of the content of each other picture, by its index.
    unread: indices of those skipped pictures that may be readable later.
    """

    chunk: int
    skipped: dict[int, str] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)
    hashes: dict[int, int] = field(default_factory=dict)
    unread: list[int] = field(default_factory=list)

    def add(self, other: "ChunkResult") -> None:
        """Add the pictures of another result."""
        self.skipped.update(other.skipped)
        self.notes.update(other.notes)
        self.hashes.update(other.hashes)
        self.unread.extend(other.unread)

    def to_json(self) -> str:
        return json.dumps([self.chunk, list(self.skipped.items()), self.notes, list(self.hashes.items()), self.unread])

    @staticmethod
    def from_json(line: str | bytes) -> "ChunkResult":
        chunk, skipped, notes, hashes, unread = json.loads(line)
        return ChunkResult(chunk, dict(skipped), Counter(notes), dict(hashes), unread)


@dataclass(frozen=True)
class Job:
    """What all processes that decode one set of pictures share.

    share: bytes of memory for a picture; those that need more are decoded one at a time by all processes together.
    """

    config: DataConfig
    index: Path
    target: Path
    share: int

    @property
    def lock(self) -> Path:
        """The file that is locked while a picture is decoded that needs more than the share."""
        return self.index.with_name(LARGE)

    def to_json(self) -> str:
        return json.dumps([asdict(self.config), str(self.index), str(self.target), self.share])

    @staticmethod
    def from_json(line: str) -> "Job":
        config, index, target, share = json.loads(line)
        return Job(DataConfig(**config), Path(index), Path(target), share)


class ChunkDecoder:
    """Decoder of chunks of the job's index, to its target: images (C, H, W) uint8, in the index's order."""

    def __init__(self, job: Job) -> None:
        self._config = job.config
        self._source = open_source(job.config.path, job.config.value_range)
        self._index = job.index
        self._images_file = job.target.open("r+b")
        self._share = MemoryShare(job.share, job.lock)

    def run(self, chunk: int, start: int, only: int | None = None) -> ChunkResult:
        """Decode the chunk whose lines start at byte `start` of the index, write its images, and return the result.

        Args:
            only: the place in the chunk of the one picture to decode, with all memory to itself; None for all.
        """
        config = self._config
        memory = self._share if only is None else ALL_MEMORY
        entries = list(read_entries(self._index, start, CHUNK_SIZE))
        places: Iterable[int] = range(len(entries)) if only is None else (only,)
        pixels = np.zeros((len(entries), config.channels, config.height, config.width), np.uint8)
        result = ChunkResult(chunk)
        for place in places:
            self._decode(entries[place], chunk * CHUNK_SIZE + place, pixels[place], result, memory)
        written = pixels if only is None else pixels[only : only + 1]
        self._images_file.seek((chunk * CHUNK_SIZE + (only or 0)) * config.channels * config.height * config.width)
        self._images_file.write(written.data)
        self._images_file.flush()
        return result

    def _decode(
        self, entry: IndexEntry, number: int, pixels: npt.NDArray[np.uint8], result: ChunkResult, memory: MemoryShare
    ) -> None:
        """Decode the picture with this number in the index into `pixels`, and add to `result` what there is to say."""
        config = self._config
        try:
            if entry.problem:
                raise UnreadableImageError(entry.problem)
            # Twice the target size is enough for the resize filter, and lets a JPEG be decoded small.
            enough = (2 * config.width, 2 * config.height)
            with memory.one_picture() as reserve:
                reserve(self._source.bytes_of(entry.name))
                content = self._source.read(entry.name)
                check_shape(content, entry.name, config.aspect)
                decoded = read_image(content, entry.name, enough, config.value_range, reserve)
                pixels[:] = to_chw_array(resize_to(decoded.image, config))
            result.notes.update(decoded.notes)
            result.hashes[number] = content_hash(content)
        except UnreadableImageError as error:
            result.skipped[number] = error.reason
            if error.temporary:
                result.unread.append(number)

    def close(self) -> None:
        self._images_file.close()
