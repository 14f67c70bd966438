"""The random choice among the pictures of a source, where only some are used."""

import hashlib
import heapq
import math
from collections.abc import Callable

from ..config import DataConfig
from .image_file import UnreadableImageError
from .looking import looking
from .shape_filter import Aspect, check_shape
from .source import Source, SourceItem


def within_limit(source: Source, config: DataConfig) -> Callable[[str], bool]:
    """Return what tells by its name whether a picture is among those that `config.limit` leaves.

    A hash of seed and name decides. So the same pictures are chosen from a copy of the folder or a zip of it, and few
    others if some are added. Pictures that cannot be opened or have another shape do not count. Headers are read of a
    few times the limit, and what is kept in memory is a number for each picture within it.
    """
    if config.limit is None:
        return lambda name: True
    lowest: list[int] = []  # a heap of hashes, negated, so that the greatest is on top
    with looking(source) as begin:
        for item in source.items():
            number, is_full = -_hash(item.name, config.limit_seed), len(lowest) == config.limit
            if (not is_full or number > lowest[0]) and _is_usable(source, begin(item), config.aspect):
                (heapq.heapreplace if is_full else heapq.heappush)(lowest, number)
    if len(lowest) < config.limit:
        return lambda name: True
    return lambda name: _hash(name, config.limit_seed) <= -lowest[0]


def _is_usable(source: Source, item: SourceItem, aspect: Aspect | None) -> bool:
    try:
        if not item.problem:
            check_shape(source.read(item.name), item.name, aspect or (0, math.inf))
    except UnreadableImageError:
        return False
    return not item.problem


def _hash(name: str, seed: int) -> int:
    content = f"{seed}\0{name}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")
