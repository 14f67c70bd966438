"""Look into a source of pictures: what is there, what is wrong with it, and how it is best trained on.

Every file's head is read, and a sample is decoded. Of each picture 16 bytes are kept, so a million fit anywhere.
"""

import random
from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from . import recommendations
from .decode import UPRIGHT, BadPicture, Header, printable, read_header, read_picture
from .duplicates import Look, alike, content_hash, look
from .prepare import Skipped
from .recommendations import Facts, Spread
from .sources import Item, Source, no_pictures, open_source

SAMPLE = 512  # pictures that are decoded
LISTED = 1000  # broken files that are named; beyond, they are only counted
DRAWN = 0.25  # of a picture's spots beside one of their colour; seen: 0.5 to 0.85 in drawings, 0.05 in photographs
SHOWN = 5  # examples of duplicates
MOST_OBLONG = 10_000  # hundredths of width over height that are told apart
LONGEST = 1 << 16  # pixels of a side that are told apart in the distribution of sizes


@dataclass(frozen=True)
class Inspection(Facts):
    """Tell what `inspect` found: the facts, and what follows from them.

    channels, width, height, background: what to train at, by the pictures alone.
    warnings: what the user should know before training, in plain words, the worst first.
    """

    channels: int
    width: int
    height: int
    background: str
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain dicts, lists and scalars, ready for JSON."""
        record = asdict(self)
        for name in ("widths", "heights", "short_sides", "shapes"):
            record[name] = getattr(self, name)._asdict()
        return record | {"usable": self.usable, "broken": [each._asdict() for each in self.broken]}


def inspect(path: str | Path, tell: Callable[[int], None] | None = None) -> Inspection:
    """Read every head and decode a sample of the pictures at `path`; change nothing.

    Args:
        tell: called now and then with the number of pictures looked at so far.

    Raises:
        GanvasError: there is no source of pictures at `path`, or no picture in it.
    """
    source = open_source(path)
    tally = _Tally(source)
    for item in source.items():
        tally.add(item)
        if tell and tally.count % 64 == 0:
            tell(tally.count)
    if not tally.count:
        raise no_pictures(source, "Ganvas reads .jpg, .png, .webp, .gif, .tif, .bmp and a few more.")
    facts = tally.facts()
    width, height = recommendations.size(facts)
    return Inspection(
        **vars(facts),
        channels=recommendations.channels(facts),
        width=width,
        height=height,
        background="white",
        warnings=tuple(recommendations.warnings(facts)),
    )


@dataclass(frozen=True)
class Glance:
    """Tell what a few pictures say about all: how many there are (20,000 at most), whether grey, and their shape.

    drawn: whether they have areas of one colour, as drawings and figures on a plain ground do and photographs do not.
    """

    count: int
    grey: bool
    drawn: bool
    width: int
    height: int


def glance(source: Source) -> Glance:
    """Look at a few pictures from here and there; `width` and `height` are what to train at, by the pictures alone.

    Transparency counts as colour, since it will lie on a background. Broken pictures are passed over.
    """
    few, count = _Few(64), 0
    for item in islice(source.items(), 20_000):
        few.add(item)
        count += 1
    looks, _ = _decode(source, few.kept)
    short, shapes = np.zeros(LONGEST, np.int64), np.zeros(MOST_OBLONG + 1, np.int64)
    for item in few.kept:
        with suppress(BadPicture):
            if not item.problem:
                width, height = _upright(read_header(source.read(item.name), item.name))
                short[min(width, height, LONGEST - 1)] += 1
                shapes[_oblongness(width, height)] += 1
    width, height = (
        recommendations.fitting(_spread(short), _shapes(shapes)) if short.any() else (recommendations.SIZES[0],) * 2
    )
    grey = bool(looks) and all(each.grey for each in looks.values())
    drawn = median([each.flat for each in looks.values()] or [1.0]) > DRAWN
    return Glance(count, grey, drawn, width, height)


def guess_channels(source: Source) -> int:
    """Return 1 when a few pictures from here and there are all grey, else 3."""
    return 1 if glance(source).grey else 3


def _upright(header: Header) -> tuple[int, int]:
    """Return width and height as they are seen."""
    return (header.width, header.height) if header.orientation < 5 else (header.height, header.width)


def _oblongness(width: int, height: int) -> int:
    """Return width over height in hundredths."""
    return min(round(100 * width / height), MOST_OBLONG)


def _shapes(tally: npt.NDArray[np.int64]) -> Spread:
    return Spread(*(each / 100 for each in _spread(tally)))


class _Few:
    """Keep some of a stream of unknown length, each with the same chance, the same each time (reservoir sampling)."""

    def __init__(self, most: int) -> None:
        self.kept: list[Item] = []
        self._most = most
        self._seen = 0
        self._random = random.Random(0)

    def add(self, item: Item) -> None:
        self._seen += 1
        if len(self.kept) < self._most:
            self.kept.append(item)
        elif (place := self._random.randrange(self._seen)) < self._most:
            self.kept[place] = item


class _Tally:
    """Count while the pictures go by."""

    def __init__(self, source: Source) -> None:
        self.count = 0
        self._source = source
        self._few = _Few(SAMPLE)
        self._broken_count = 0
        self._broken: list[Skipped] = []
        self._groups = Counter[str]()
        self._formats = Counter[str]()
        self._modes = Counter[str]()
        self._marks = Counter[str]()
        self._widths, self._heights, self._short = (np.zeros(LONGEST, np.int64) for _ in range(3))
        self._shapes = np.zeros(MOST_OBLONG + 1, np.int64)
        self._hashes, self._numbers = array("Q"), array("Q")

    def add(self, item: Item) -> None:
        """Read one picture's head and take it down."""
        self.count += 1
        try:
            if item.problem:
                raise BadPicture(item.problem)
            content = self._source.read(item.name)
            header = read_header(content, item.name)
            self._hashes.append(content_hash(content))
        except BadPicture as error:
            self._bad(item.name, error.reason)
            return
        self._numbers.append(self.count - 1)
        self._few.add(item)
        self._groups[item.group] += 1
        self._take(header)

    def _bad(self, name: str, reason: str) -> None:
        self._broken_count += 1
        if len(self._broken) < LISTED:
            self._broken.append(Skipped(printable(name), reason))

    def _take(self, header: Header) -> None:
        self._formats[header.format] += 1
        self._modes[header.mode] += 1
        width, height = _upright(header)
        short = min(width, height)
        for tally, number in ((self._widths, width), (self._heights, height), (self._short, short)):
            tally[min(number, LONGEST - 1)] += 1
        self._shapes[_oblongness(width, height)] += 1
        marks = {
            "tiny": short < recommendations.TINY,
            "rotated": header.orientation in UPRIGHT,
            "animated": header.animated,
            "cmyk": header.mode == "CMYK",
            "alpha": header.alpha,
            "deep": header.mode.startswith(("I", "F")),
            "mislabelled": header.mislabelled,
        }
        self._marks.update(mark for mark, there in marks.items() if there)

    def facts(self) -> Facts:
        """Decode the sample, compare, and sum up."""
        looks, bad = _decode(self._source, self._few.kept)
        for name, reason in bad:
            self._bad(name, reason)
        pairs = alike(looks)
        copies, examples = self._copies()
        classes = self._source.classes(self._groups)
        sizes = Counter[str]()
        for group, name in classes.items():
            sizes[name] += self._groups[group]
        marks = ("tiny", "rotated", "animated", "cmyk", "alpha", "deep", "mislabelled")
        return Facts(
            path=printable(str(self._source.path)),
            kind=self._source.kind,
            count=self.count,
            broken_count=self._broken_count,
            broken=tuple(self._broken),
            others=dict(self._source.others().most_common()),
            formats=dict(self._formats.most_common()),
            modes=dict(self._modes.most_common()),
            widths=_spread(self._widths),
            heights=_spread(self._heights),
            short_sides=_spread(self._short),
            shapes=_shapes(self._shapes),
            classes={printable(name): number for name, number in sorted(sizes.items())},
            **{mark: self._marks[mark] for mark in marks},
            duplicates=copies,
            duplicate_examples=examples,
            sample=len(looks),
            grey=sum(each.grey for each in looks.values()),
            transparent=sum(each.transparent for each in looks.values()),
            blank=sum(each.blank for each in looks.values()),
            look_alikes=len({name for pair in pairs for name in pair}),
            look_alike_examples=tuple((printable(a), printable(b)) for a, b in pairs[:SHOWN]),
        )

    def _copies(self) -> tuple[int, tuple[tuple[str, ...], ...]]:
        """Count the pictures that are exact copies of an earlier one, and name some sets of copies."""
        hashes = np.frombuffer(self._hashes, np.uint64)
        kinds, counts = np.unique(hashes, return_counts=True)
        some = kinds[counts > 1][:SHOWN]
        places = [np.flatnonzero(hashes == each)[:SHOWN] for each in some]
        numbers = np.frombuffer(self._numbers, np.uint64)
        names = _names(self._source, {int(numbers[place]) for group in places for place in group})
        return len(hashes) - len(kinds), tuple(tuple(names[int(numbers[place])] for place in group) for group in places)


def _names(source: Source, numbers: set[int]) -> dict[int, str]:
    """Return the names of the items with these numbers, by walking the source once more."""
    if not numbers:
        return {}
    items = enumerate(islice(source.items(), max(numbers) + 1))
    return {number: printable(item.name) for number, item in items if number in numbers}


def _decode(source: Source, items: Iterable[Item]) -> tuple[dict[str, Look], list[tuple[str, str]]]:
    """Decode items; return the looks of the good ones by name, and name and reason of the bad ones."""
    looks, bad = {}, []
    for item in items:
        try:
            if not item.problem:
                looks[item.name] = look(read_picture(source.read(item.name), item.name, (64, 64)).image)
        except BadPicture as error:
            bad.append((item.name, error.reason))
    return looks, bad


def _spread(tally: npt.NDArray[np.int64]) -> Spread:
    """Return five numbers that describe a histogram whose bins are the numbers themselves."""
    cumulated = np.cumsum(tally)
    ranks = np.array([0, 0.1, 0.5, 0.9, 1]) * max(cumulated[-1] - 1, 0)
    return Spread(*(float(np.searchsorted(cumulated, rank, side="right")) for rank in ranks))
