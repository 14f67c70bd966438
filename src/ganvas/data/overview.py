"""Overview of a set of pictures from a small decoded sample: number, grey or colour, drawings or not, size."""

import random
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from statistics import median
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from . import recommendations
from .decode import read_image
from .duplicates import ThumbnailStats, thumbnail_stats
from .image_file import UnreadableImageError, read_header
from .looking import looking
from .shape_filter import Aspect, has_shape
from .sixteen_bit import read_deep_values
from .size_histograms import SizeHistograms, upright_size
from .source import Source, SourceItem
from .symmetry import Symmetry, measure_symmetry
from .value_range import ValueRange, range_of

OVERVIEW_SAMPLE = 128  # pictures that an overview is made from
HEADERS_PER_PICTURE = 4  # that are read to find so many of the shapes that are used
OVERVIEW_LIMIT = 20_000  # pictures at the start of a source that the sample is drawn from; later ones are not listed
DRAWING_FLATNESS = (
    0.25  # of a thumbnail's pixels equal the next; measured: 0.5 to 0.85 in drawings, 0.05 in photographs
)

NO_IMAGES = np.zeros((0, 32, 32), np.float32)

T = TypeVar("T")


@dataclass(frozen=True)
class Overview:
    """What a few pictures say about all of them.

    count: pictures in the source that are used, at most 20,000.
    gray: all of the sample are grey. Transparency counts as colour, since it will lie on a background.
    drawn: most of the sample have areas of a single colour, as drawings have and photographs do not.
    width, height: the size to train at, by the pictures alone.
    short_side: pixels that the short sides of 90 % of the sample reach; 0 if no size is known.
    symmetry: of the sample.
    value_range: of those of the sample that have more than 8 bits a channel; None if all have 8.
    """

    count: int
    gray: bool
    drawn: bool
    width: int
    height: int
    short_side: int
    symmetry: Symmetry
    value_range: ValueRange | None = None


def read_overview(source: Source, aspect: Aspect | None = None, limit: int | None = None) -> Overview:
    """Return the overview of a source; decode a sample of at most 128 pictures. Broken pictures are passed over.

    Args:
        aspect: the shapes that are used; others are passed over too. How many are left is estimated then.
        limit: how many pictures are used at most.
    """
    sample, count = ReservoirSample[SourceItem](OVERVIEW_SAMPLE * (HEADERS_PER_PICTURE if aspect else 1)), 0
    for item in islice(source.items(), OVERVIEW_LIMIT):
        sample.add(item)
        count += 1
    items, sizes, deep = [], [], []
    with looking(source) as begin:
        for item in map(begin, sample.items):
            with suppress(UnreadableImageError):
                if not item.problem:
                    header = read_header(source.read(item.name), item.name)
                    if not has_shape(header, aspect):
                        continue
                    sizes.append(upright_size(header))
                    deep += [item] if header.deep else []
            items.append(item)
        count = round(count * len(items) / max(1, len(sample.items)))
        items, deep = items[:OVERVIEW_SAMPLE], deep[:OVERVIEW_SAMPLE]
        value_range = find_value_range(source, map(begin, deep))
        thumbnails, _ = decode_thumbnails(source, map(begin, items), value_range)
    return make_overview(min(count, limit or count), sizes, thumbnails.values(), value_range)


def make_overview(
    count: int,
    sizes: Iterable[tuple[int, int]],
    thumbnails: Collection[ThumbnailStats],
    value_range: ValueRange | None = None,
) -> Overview:
    """Return the overview of `count` pictures, by a sample of them.

    Args:
        count: of all pictures, at most `OVERVIEW_LIMIT`.
        sizes: width and height of each picture in the sample whose header can be read.
        thumbnails: of each picture in the sample that can be decoded.
        value_range: of those that have more than 8 bits a channel.
    """
    histograms = SizeHistograms()
    for width, height in sizes:
        histograms.add(width, height)
    short_side = 0
    if histograms.count:
        short_side = int(histograms.short_sides.low)
        width, height = recommendations.size_for_shapes(histograms.short_sides, histograms.shapes)
    else:
        width = height = recommendations.RECOMMENDED_SIDES[0]
    gray = bool(thumbnails) and all(thumbnail.gray for thumbnail in thumbnails)
    drawn = median([thumbnail.flat_fraction for thumbnail in thumbnails] or [1.0]) > DRAWING_FLATNESS
    symmetry = measure_symmetry(np.stack([each.luma for each in thumbnails]) if thumbnails else NO_IMAGES)
    return Overview(count, gray, drawn, width, height, short_side, symmetry, value_range)


class ReservoirSample(Generic[T]):
    """Uniform random sample of a stream of unknown length, the same each time (reservoir sampling)."""

    def __init__(self, capacity: int) -> None:
        self._chosen: list[tuple[int, T]] = []
        self._capacity = capacity
        self._added = 0
        self._random = random.Random(0)

    def add(self, item: T) -> None:
        """Take the next item of the stream."""
        self._added += 1
        if len(self._chosen) < self._capacity:
            self._chosen.append((self._added, item))
        elif (index := self._random.randrange(self._added)) < self._capacity:
            self._chosen[index] = self._added, item

    @property
    def items(self) -> list[T]:
        """The sample, in the order of the stream."""
        return [item for _, item in sorted(self._chosen, key=lambda chosen: chosen[0])]


def find_value_range(source: Source, items: Iterable[SourceItem]) -> ValueRange | None:
    """Return one range for all of the items that have more than 8 bits a channel; None if there are none."""
    return range_of(values for item in items if (values := _deep_values(source, item)) is not None)


def _deep_values(source: Source, item: SourceItem) -> npt.NDArray[Any] | None:
    if item.problem:
        return None
    try:
        content = source.read(item.name)
        return None if isinstance(content, np.ndarray) else read_deep_values(content, item.name)
    except UnreadableImageError:  # it is told where pictures are decoded
        return None


def decode_thumbnails(
    source: Source, items: Iterable[SourceItem], value_range: ValueRange | None = None
) -> tuple[dict[str, ThumbnailStats], list[tuple[str, str]]]:
    """Decode items; return the thumbnail statistics of the good ones by name, and name and reason of the broken ones.

    Items with a known problem are in neither.
    """
    thumbnails, broken = {}, []
    for item in items:
        try:
            if not item.problem:
                image = read_image(source.read(item.name), item.name, (64, 64), value_range).image
                thumbnails[item.name] = thumbnail_stats(image)
        except UnreadableImageError as error:
            broken.append((item.name, error.reason))
    return thumbnails, broken
