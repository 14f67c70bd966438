"""Pictures in shards: .tar files as `ganvas shard` and webdataset write them. Nothing is unpacked to disk."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import IO

from ..errors import cannot_be_read_now
from ..translation import N_, _, stored
from .class_folders import unless_many_are_loose
from .dataset_json import folder_of
from .fetch import forget, local_copy
from .file_kinds import HEAD_BYTES, is_image_file, suffix_of
from .image_file import UnreadableImageError, is_temporary
from .place import TAR as SUFFIX
from .shard_list import names_of
from .source import Source, SourceItem
from .tar_file import TRUNCATED, Member, members
from .walk import is_hidden

LABEL_SUFFIX = ".cls"  # of webdataset: the class of the picture with the same name, a number as text
MAX_LABEL_BYTES = 100
KEPT_INDICES = 2  # of the shards that were read last


@dataclass
class ShardIndex:
    """What is in one shard.

    stamp: changes when the shard does.
    pictures: by their paths, in the order of the shard.
    labels: of pictures, by their paths without suffix.
    others: number of other files, by suffix.
    damage: why the shard could not be read to its end, or empty.
    """

    stamp: str
    pictures: dict[str, Member] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)
    damage: str = ""


class ShardSource(Source):
    """Pictures in shards, read in place, or from a copy of one that lies elsewhere.

    An item is called by its shard and its path in it, "shard-00003.tar/cats/01.png". In memory are the contents of
    two shards, whatever their number.
    """

    kind = N_("shards")

    def __init__(self, place: str, shards: tuple[str, ...]) -> None:
        super().__init__(Path(place))
        self._place = place
        self._shards = dict(zip(names_of(shards), shards, strict=True))
        self._others = Counter[str]()
        self._has_labels = False
        self._index = lru_cache(maxsize=KEPT_INDICES)(read_index)

    @property
    def place(self) -> str:
        return self._place

    @property
    def title(self) -> str:
        first, *more = self._place.split("\n")
        return f"{first} ..." if more else first

    @property
    def shards(self) -> tuple[str, ...]:
        """The shards, as paths and addresses, in order."""
        return tuple(self._shards.values())

    def items(self) -> Iterator[SourceItem]:
        self._others.clear()
        for shard, place in self._shards.items():
            index = self._index(place)
            self._others.update(index.others)
            self._has_labels = self._has_labels or bool(index.labels)
            for path, member in index.pictures.items():
                group = index.labels.get(key_of(path)) or folder_of(path)
                yield SourceItem(f"{shard}/{path}", group, f"{index.stamp}-{member.offset}", member.problem)
            if index.damage:
                yield SourceItem(shard, "", index.stamp, index.damage)

    def read(self, name: str) -> bytes:
        place, member = self._find(name)
        try:
            with local_copy(place).open("rb") as file:
                file.seek(member.offset)
                content = file.read(member.size)
        except OSError as error:
            reason = N_("cannot be read in the shard")
            raise UnreadableImageError(f"{reason} ({error})", name, is_temporary(error)) from error
        if len(content) != member.size:
            raise UnreadableImageError(TRUNCATED, name)
        return content

    def bytes_of(self, name: str) -> int:
        return self._find(name)[1].size

    def _find(self, name: str) -> tuple[str, Member]:
        """Return the shard that an item is in, and where in it."""
        shard, _separator, path = name.partition(f"{SUFFIX}/")
        place = self._shards.get(shard + SUFFIX)
        member = self._index(place).pictures.get(path) if place else None
        if place is None or member is None:
            raise UnreadableImageError(N_("no longer in its shard"), name)
        return place, member

    def other_files(self) -> Counter[str]:
        return self._others

    def classes(self, groups: Mapping[str, int]) -> dict[str, str]:
        if self._has_labels:
            return unless_many_are_loose({group: group for group in groups if group}, groups)
        return super().classes(groups)

    def release(self) -> None:
        for place in self.shards:
            forget(place)


def read_index(place: str) -> ShardIndex:
    """Return what is in a shard; only headers are read.

    Raises:
        UnreadableNowError: it is not known to be damaged, but cannot be read now.
    """
    try:
        return _read_index(local_copy(place))
    except OSError as error:
        raise cannot_be_read_now(place, error) from error


def _read_index(file: Path) -> ShardIndex:
    status = file.stat()
    index = ShardIndex(f"{status.st_size}-{status.st_mtime_ns}")
    with file.open("rb") as content:
        for member in members(file):
            if not member.name:
                index.damage = member.problem
            elif is_hidden(member.name):
                continue
            elif suffix_of(member.name) == LABEL_SUFFIX and not member.problem and member.size <= MAX_LABEL_BYTES:
                content.seek(member.offset)
                label = content.read(member.size).decode("utf-8", "replace").strip()
                index.labels[key_of(member.name)] = label
            elif is_image_file(member.name, partial(_head, content, member)):
                index.pictures[member.name] = member
            else:
                index.others[suffix_of(member.name)] += 1
    return index


def _head(content: IO[bytes], member: Member) -> bytes:
    content.seek(member.offset)
    return content.read(min(member.size, HEAD_BYTES))


def key_of(path: str) -> str:
    """Return what the files of one picture have in common, as webdataset has it: all before the name's first dot."""
    folder, separator, name = path.rpartition("/")
    return folder + separator + name.partition(".")[0]


def damaged_shards(skipped: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield what is to be told of shards that could not be read to their end.

    Args:
        skipped: name and reason of everything that was skipped.
    """
    for name, reason in skipped:
        if name.endswith(SUFFIX):
            yield _("Shard {name}: {reason}. What comes before is used.").format(name=name, reason=stored(reason))


def count_pictures(place: str) -> int:
    """Return how many pictures are in a shard, whether they can be read or not."""
    return len(read_index(place).pictures)
