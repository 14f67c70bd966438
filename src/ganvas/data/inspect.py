"""Inspect a source of pictures: what is there, what is wrong with it, and how it is best trained on.

Every file's header is read, and a sample is decoded. Memory use: 16 bytes a picture, so a million fit anywhere.
"""

from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ..formatting import printable
from ..translation import _
from . import recommendations
from .duplicates import ThumbnailStats, content_hash, find_lookalikes
from .finalize import SkippedFile
from .image_file import UPRIGHT_TRANSPOSE, ImageHeader, UnreadableImageError, read_header
from .looking import looking
from .overview import (
    OVERVIEW_LIMIT,
    OVERVIEW_SAMPLE,
    Overview,
    ReservoirSample,
    decode_thumbnails,
    find_value_range,
    make_overview,
)
from .place import absolute
from .recommendations import DatasetStats
from .shape_filter import Aspect, has_shape
from .size_histograms import SizeHistograms, upright_size
from .source import Source, SourceItem
from .sources import no_pictures_error, open_source
from .value_range import ValueRange
from .windows import SAMPLE_PICTURES, read_shards

SAMPLE_SIZE = 512  # pictures that are decoded
MAX_LISTED = 1000  # broken files that are named; beyond, they are only counted
MAX_EXAMPLES = 5  # examples of duplicates
FLAGS = ("tiny", "rotated", "animated", "cmyk", "alpha", "deep", "mislabelled")


@dataclass(frozen=True)
class Inspection(DatasetStats):
    """What `inspect` found: the statistics, and what follows from them.

    channels, width, height, background: what to train at, by the pictures alone.
    warnings: what the user should know before training, the most serious first.
    overview: what `ganvas.data.read_overview` returns for the same pictures. Not part of `to_dict`.
    """

    channels: int
    width: int
    height: int
    background: str
    warnings: tuple[str, ...]
    overview: Overview

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the overview as plain dicts, lists and scalars, ready for JSON."""
        record = asdict(self)
        del record["overview"]
        for name in ("widths", "heights", "short_sides", "shapes"):
            record[name] = getattr(self, name)._asdict()
        return record | {"usable": self.usable, "broken": [file._asdict() for file in self.broken]}


def inspect(
    path: str | Path,
    progress: Callable[[int], None] | None = None,
    *,
    aspect: Aspect | None = None,
    limit: int | None = None,
    labels_by: str | None = None,
) -> Inspection:
    """Read every header and decode a sample of the pictures at `path`; change nothing.

    Args:
        progress: called now and then with the number of pictures read so far.
        aspect: the least and the greatest width over height of the pictures that are used. Others are only counted.
        limit: how many pictures are used at most.
        labels_by: a pattern that finds labels in the names of pictures.

    Raises:
        GanvasError: there is no source of pictures at `path`, or no picture in it.
    """
    shards = read_shards(absolute(path))
    sample = shards.sample(SAMPLE_PICTURES) if shards else ()
    is_sample = shards is not None and len(sample) < len(shards.places)
    source = open_source(shards.pick(sample) if shards and is_sample else path, labels_by=labels_by)
    with looking(source) as begin:
        collector = _StatsCollector(source, begin, aspect, limit, shards.count if shards and is_sample else 0)
        for item in source.items():
            collector.add(item)
            if progress and collector.count % 64 == 0:
                progress(collector.count)
        if not collector.count:
            raise no_pictures_error(source, _("Ganvas reads .jpg, .png, .webp, .gif, .tif, .bmp and a few more."))
        stats, overview = collector.finish()
    width, height = recommendations.recommended_size(stats)
    return Inspection(
        **vars(stats),
        channels=recommendations.recommended_channels(stats),
        width=width,
        height=height,
        background="white",
        warnings=tuple(recommendations.dataset_warnings(stats)),
        overview=overview,
    )


class _StatsCollector:
    """Counts over one pass through a source, and the samples to be decoded at its end."""

    def __init__(
        self,
        source: Source,
        begin: Callable[[SourceItem], SourceItem],
        aspect: Aspect | None,
        limit: int | None,
        whole: int,
    ) -> None:
        self.count, self._whole = 0, whole
        self._source, self._aspect, self._limit = source, aspect, limit
        self._other_shapes = 0
        self._begin = begin  # of `looking`
        self._sample = ReservoirSample[SourceItem](SAMPLE_SIZE)
        self._overview_sample = ReservoirSample[tuple[SourceItem, tuple[int, int] | None]](OVERVIEW_SAMPLE)
        self._broken_count = 0
        self._broken: list[SkippedFile] = []
        self._groups = Counter[str]()
        self._formats = Counter[str]()
        self._modes = Counter[str]()
        self._flags = Counter[str]()
        self._sizes = SizeHistograms()
        self._hashes, self._indices = array("Q"), array("Q")  # of the good pictures: content hash, index in the source

    def add(self, item: SourceItem) -> None:
        """Read and count one picture's header."""
        self.count += 1
        item = self._begin(item)
        header, content = self._read_header(item)
        if header and not has_shape(header, self._aspect):
            self._other_shapes += 1
            return
        if self.count <= OVERVIEW_LIMIT:
            self._overview_sample.add((item, upright_size(header) if header else None))
        if header:
            self._hashes.append(content)
            self._indices.append(self.count - 1)
            self._sample.add(item)
            self._groups[item.group] += 1
            self._add_header(header)

    def _read_header(self, item: SourceItem) -> tuple[ImageHeader | None, int]:
        """Return a picture's header and the hash of its content; no header if it is broken, which is recorded."""
        try:
            if item.problem:
                raise UnreadableImageError(item.problem)
            content = self._source.read(item.name)
            return read_header(content, item.name), content_hash(content)
        except UnreadableImageError as error:
            self._add_broken(item.name, error.reason)
            return None, 0

    def _add_broken(self, name: str, reason: str) -> None:
        self._broken_count += 1
        if len(self._broken) < MAX_LISTED:
            self._broken.append(SkippedFile(printable(name), reason))

    def _add_header(self, header: ImageHeader) -> None:
        self._formats[header.format] += 1
        self._modes[header.mode] += 1
        width, height = upright_size(header)
        self._sizes.add(width, height)
        flags = {
            "tiny": min(width, height) < recommendations.TINY_SIDE,
            "rotated": header.orientation in UPRIGHT_TRANSPOSE,
            "animated": header.animated,
            "cmyk": header.mode == "CMYK",
            "alpha": header.alpha,
            "deep": header.deep,
            "mislabelled": header.mislabelled,
        }
        self._flags.update(flag for flag, is_set in flags.items() if is_set)

    def finish(self) -> tuple[DatasetStats, Overview]:
        """Decode each picture of both samples once; return the statistics and the overview."""
        overview_items = [item for item, _ in self._overview_sample.items]
        value_range = find_value_range(self._source, map(self._begin, overview_items)) if self._flags["deep"] else None
        thumbnails, broken = decode_thumbnails(self._source, map(self._begin, self._sample.items), value_range)
        overview = self._overview(thumbnails, {name for name, _ in broken}, value_range)
        for name, reason in broken:
            self._add_broken(name, reason)
        good = self.count - self._broken_count - self._other_shapes
        pairs = find_lookalikes(thumbnails)
        copies, copy_examples = self._find_copies()
        class_sizes = Counter[str]()
        classes = self._source.classes(self._groups)
        for group, name in classes.items():
            class_sizes[name] += self._groups[group]
        stats = DatasetStats(
            path=printable(self._source.title),
            kind=self._source.kind,
            count=self.count,
            broken_count=self._broken_count,
            broken=tuple(self._broken),
            other_shapes=self._other_shapes,
            not_chosen=max(0, good - (self._limit or good)),
            others=dict(self._source.other_files().most_common()),
            values=self._source.values or (value_range.words if value_range else ""),
            formats=dict(self._formats.most_common()),
            modes=dict(self._modes.most_common()),
            widths=self._sizes.widths,
            heights=self._sizes.heights,
            short_sides=self._sizes.short_sides,
            shapes=self._sizes.shapes,
            loose=sum(number for group, number in self._groups.items() if classes and group not in classes),
            classes={printable(name): count for name, count in sorted(class_sizes.items())},
            **{flag: self._flags[flag] for flag in FLAGS},
            duplicates=copies,
            duplicate_examples=copy_examples,
            sample=len(thumbnails),
            grey=sum(each.gray for each in thumbnails.values()),
            transparent=sum(each.transparent for each in thumbnails.values()),
            blank=sum(each.blank for each in thumbnails.values()),
            look_alikes=len({name for pair in pairs for name in pair}),
            look_alike_examples=tuple((printable(a), printable(b)) for a, b in pairs[:MAX_EXAMPLES]),
            whole=self._whole,
        )
        return stats, overview

    def _overview(
        self, thumbnails: dict[str, ThumbnailStats], broken: set[str], value_range: ValueRange | None
    ) -> Overview:
        """Return the overview; decode only those of its sample that the other sample does not have."""
        sample = self._overview_sample.items
        missing = [item for item, size in sample if size and item.name not in thumbnails and item.name not in broken]
        decoded = thumbnails | decode_thumbnails(self._source, map(self._begin, missing), value_range)[0]
        in_sample = {item.name: decoded[item.name] for item, _ in sample if item.name in decoded}
        sizes = [size for _, size in sample if size]
        count = min(self._whole or self.count - self._other_shapes, OVERVIEW_LIMIT)
        return make_overview(min(count, self._limit or count), sizes, in_sample.values(), value_range)

    def _find_copies(self) -> tuple[int, tuple[tuple[str, ...], ...]]:
        """Count the pictures that are exact copies of an earlier one, and name some sets of copies."""
        hashes, indices = np.frombuffer(self._hashes, np.uint64), np.frombuffer(self._indices, np.uint64)
        distinct, counts = np.unique(hashes, return_counts=True)
        examples = distinct[counts > 1][:MAX_EXAMPLES]
        copies = [indices[np.flatnonzero(hashes == content)[:MAX_EXAMPLES]].tolist() for content in examples]
        names = _names(self._source, {index for group in copies for index in group})
        return len(hashes) - len(distinct), tuple(tuple(names[index] for index in group) for group in copies)


def _names(source: Source, indices: set[int]) -> dict[int, str]:
    """Return the names of the items with these indices; this walks the source once more."""
    if not indices:
        return {}
    items = enumerate(islice(source.items(), max(indices) + 1))
    return {index: printable(item.name) for index, item in items if index in indices}
