"""More pictures than fit into the cache: shards are prepared some at a time, in windows that take turns.

All of it follows from the shards, the seed, and how many processes train: nothing has to be remembered.

- The **sample** is the first shards, 20,000 pictures or so. It is prepared once and stays. Pictures are held out of it,
  health and scores are measured on it, and it is trained on, each process a part of it.
- The other shards are dealt out to the processes. A **window** is some of a process's shards, as many as may be
  prepared at once. In each epoch they are grouped anew, at random.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

import numpy as np

from ..config import DataConfig
from ..errors import GanvasError, ganvas_command
from ..formatting import format_bytes
from ..translation import _
from .cache import cache_folder, make_cache_folder, read_record, record_bytes
from .cached_sets import FETCHED, cache_limit
from .fetch import forget, local_copy
from .place import is_address
from .shard_list import find_shards, folder_of_shard, read_manifest
from .shard_source import count_pictures

SAMPLE_PICTURES = 20_000
LEAST_WINDOW = 64  # pictures: with fewer, a batch may need several
WINDOW_SEED = 0x5A4D  # beside the seed of a run


@dataclass(frozen=True)
class Shards:
    """Shards and what is in them.

    Args:
        places: paths and addresses, in order.
        counts: pictures in each.
        sizes: bytes of each.
    """

    places: tuple[str, ...]
    counts: tuple[int, ...]
    sizes: tuple[int, ...]

    @property
    def count(self) -> int:
        """The pictures in all of them."""
        return sum(self.counts)

    def sample(self, window: int) -> range:
        """Return which shards are the sample, if so many pictures are prepared at a time."""
        wanted = min(SAMPLE_PICTURES, window)
        fewer = sum(total < wanted for total in accumulate(self.counts))
        return range(min(fewer + 1, len(self.counts)))

    def part(self, window: int, rank: int, processes: int) -> range:
        """Return which shards one of several processes reads in windows."""
        return range(len(self.sample(window)) + rank, len(self.places), processes)

    def pick(self, numbers: Sequence[int]) -> str:
        """Return the place of some of the shards, for `DataConfig.path`."""
        return "\n".join(self.places[number] for number in numbers)

    def digest(self, content: str) -> str:
        """Return what tells these from other shards, with the content of their sample."""
        return hashlib.blake2b(repr((content, self.counts)).encode(), digest_size=16).hexdigest()


def read_shards(place: str) -> Shards | None:
    """Return the shards at a place, and how many pictures each has; None if it is something else than shards.

    What Ganvas has written tells it. Others are read through once, and what was counted is kept in the cache.

    Raises:
        GanvasError: a shard is not there, or cannot be read now.
    """
    places = find_shards(place)
    if places is None:
        return None
    listed = {}
    for folder in {folder_of_shard(each) for each in places}:
        manifest = read_manifest(folder)
        for shard in manifest.shards if manifest else ():
            separator = "" if folder.endswith("/") else "/"
            listed[f"{folder}{separator}{shard.name}"] = shard.pictures, shard.size
    facts = [listed.get(each) or _counted(each) for each in places]
    return Shards(places, tuple(count for count, _size in facts), tuple(size for _count, size in facts))


def _counted(place: str) -> tuple[int, int]:
    """Return pictures and bytes of a shard of which nothing is said; counted once, as long as it does not change."""
    name = hashlib.blake2b(place.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    file = cache_folder() / FETCHED / f"{name}.json"
    known = read_record(file)
    if is_address(place) and "pictures" in known:  # to look whether it has changed would be to read it
        return known["pictures"], known["bytes"]
    status = (local_copy(place) if is_address(place) else Path(place)).stat()
    record = {"bytes": status.st_size, "changed": status.st_mtime_ns}
    if known.items() >= record.items():
        return known["pictures"], known["bytes"]
    count = count_pictures(place)
    if is_address(place):
        forget(place)  # all of them may be more than the disk holds
    make_cache_folder()
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(record_bytes(record | {"pictures": count}))
    return count, status.st_size


def in_windows(config: DataConfig, processes: int = 1) -> DataConfig:
    """Return `config` with the size of its windows, where its pictures are shards of which not all fit into the cache.

    Args:
        processes: that train together.

    Raises:
        GanvasError: they cannot be shared by the processes, or only some are to be chosen of them.
    """
    shards, limit = read_shards(config.path), cache_limit()
    if shards is None:
        return config
    bytes_each = config.channels * config.height * config.width
    needed = [
        max(count * bytes_each, size if is_address(place) else 0)
        for place, count, size in zip(shards.places, shards.counts, shards.sizes, strict=True)
    ]
    total = sum(needed)
    if config.limit is not None:
        total = min(total, config.limit * bytes_each)
    if total <= limit:
        return config
    if config.limit is not None:
        raise GanvasError(
            _("{limit:,} pictures of shards are more than the cache may hold ({size}).").format(
                limit=config.limit, size=format_bytes(limit)
            ),
            _("Leave out --limit: shards are then read in turn. Or allow more: GANVAS_CACHE_LIMIT=100GB"),
        )
    # The sample, and for each process the window that it is in and the next one.
    share = limit // (1 + 2 * processes)
    window = max(LEAST_WINDOW, int(share * shards.count / total))
    check_enough(shards, window, config.path, processes)
    return replace(config, window=window)


def check_enough(shards: Shards, window: int, place: str, processes: int) -> None:
    """Make sure that there is a shard for each process.

    Raises:
        GanvasError: there are too few.
    """
    if not shards.part(window, processes - 1, processes):
        needed = processes + 1
        size = max(1, sum(shards.sizes) // (4 * needed))
        command = ganvas_command("shard", "PICTURES", "--out", "SHARDS", "--size", f"{-(-size // 1_000_000)}MB")
        raise GanvasError(
            _("Too few shards in {place}: {count}. {processes} processes need one each, and one more together.").format(
                place=place, count=len(shards.places), processes=processes
            ),
            _("Make more of them: {command}").format(command=command),
        )


def windows(shards: Shards, part: Sequence[int], window: int, seed: int, epoch: int) -> list[tuple[int, ...]]:
    """Return the windows of an epoch: a process's shards in a random order, grouped to as many pictures as allowed.

    Args:
        part: the process's shards.
        window: pictures that are prepared at a time; a shard that has more is a window by itself.
    """
    order = np.random.default_rng((WINDOW_SEED, seed, epoch)).permutation(np.asarray(part)).tolist()
    total = sum(shards.counts[number] for number in part)
    target = total / max(1, -(-total // window))  # equal ones, rather than a small one at the end
    groups: list[list[int]] = [[]]
    count = 0
    for number in order:
        if groups[-1] and count + shards.counts[number] / 2 > target * len(groups):
            groups.append([])
        groups[-1].append(number)
        count += shards.counts[number]
    return [tuple(sorted(group)) for group in groups]


def sample_config(config: DataConfig, shards: Shards) -> DataConfig:
    """Return how the sample of shards is prepared that are read in windows."""
    return window_config(config, shards, shards.sample(config.window or 0))


def window_config(config: DataConfig, shards: Shards, numbers: Sequence[int]) -> DataConfig:
    """Return how some of the shards are prepared."""
    return replace(config, path=shards.pick(numbers), window=None)
