"""Statistics of a set of pictures, and what follows: channels and size to train at, and warnings."""

from collections.abc import Iterator
from dataclasses import dataclass

from ..config.numbers import number_text
from ..translation import _, ngettext
from .file_kinds import left_out
from .finalize import MIN_IMAGES, SkippedFile
from .size_histograms import Quantiles

RECOMMENDED_SIDES = (32, 64, 128, 256)  # pixels of the short side
TINY_SIDE = 24  # pixels of the short side; smaller pictures show little
SMALL_DATASET = 500  # pictures; with fewer, a GAN tends to repeat the training pictures
ALIKE = 0.8, 1.25  # times the median shape: what is proposed to be kept of shapes that differ
MAX_SHAPE_RATIO = 1.25  # of the 90 % to the 10 % quantile; above it, pictures have no common shape


@dataclass(frozen=True)
class DatasetStats:
    """Statistics of a source of pictures.

    Of all files, by their headers:

    count: pictures found, including broken ones; broken_count: broken ones; broken: up to 1,000 of them.
    other_shapes, not_chosen: pictures that are left out as asked: those of other shapes, and those beyond the limit.
    others: files that are not pictures, by suffix.
    values: what numbers stand for black and white, where this is not plain.
    formats, modes: pictures of each format and mode, as Pillow names them.
    widths, heights, short_sides: pixels, upright; shapes: width over height.
    classes: pictures of each class; empty without classes. loose: pictures in none of them.
    tiny, rotated (by EXIF), animated, cmyk, alpha, deep (16 bits and more), mislabelled: pictures of each kind.
    duplicates: pictures that are exact copies of another, with some examples.

    Of a decoded sample:

    sample: its size; grey, transparent, blank: pictures of each kind in it.
    look_alikes: pictures in it that look like another one in it, with some examples.

    whole: of shards, of which only the first are looked at, the number of all pictures; else 0.
    """

    path: str
    kind: str
    count: int
    broken_count: int
    broken: tuple[SkippedFile, ...]
    other_shapes: int
    not_chosen: int
    others: dict[str, int]
    values: str
    formats: dict[str, int]
    modes: dict[str, int]
    widths: Quantiles
    heights: Quantiles
    short_sides: Quantiles
    shapes: Quantiles
    classes: dict[str, int]
    loose: int
    tiny: int
    rotated: int
    animated: int
    cmyk: int
    alpha: int
    deep: int
    mislabelled: int
    duplicates: int
    duplicate_examples: tuple[tuple[str, ...], ...]
    sample: int
    grey: int
    transparent: int
    blank: int
    look_alikes: int
    look_alike_examples: tuple[tuple[str, str], ...]
    whole: int

    @property
    def usable(self) -> int:
        """Return the number of pictures that are not known to be broken, and not left out."""
        return self.count - self.broken_count - self.other_shapes - self.not_chosen


def recommended_channels(stats: DatasetStats) -> int:
    """Return the number of channels to train at: 1 when the whole sample is grey, else 3."""
    return 1 if stats.sample and stats.grey == stats.sample else 3


def recommended_size(stats: DatasetStats) -> tuple[int, int]:
    """Return the width and height to train at, by the pictures alone; the smallest if none can be read."""
    if not stats.usable:
        return RECOMMENDED_SIDES[0], RECOMMENDED_SIDES[0]
    return size_for_shapes(stats.short_sides, stats.shapes)


def size_for_shapes(short_sides: Quantiles, shapes: Quantiles) -> tuple[int, int]:
    """Return a width and height that 90 % of the pictures reach, in about their shape."""
    short = max((side for side in RECOMMENDED_SIDES if side <= short_sides.low), default=RECOMMENDED_SIDES[0])
    shape = shapes.middle
    if shapes.high > MAX_SHAPE_RATIO * shapes.low:  # no common shape: a square loses least
        return short, short
    wide, tall = max(1.0, round(2 * shape) / 2), max(1.0, round(2 / shape) / 2) if shape else 1.0
    return int(short * wide), int(short * tall)


def dataset_warnings(stats: DatasetStats) -> Iterator[str]:
    """Yield what the user should know before training, the most serious first."""
    if stats.whole:
        yield _("Only the first shards were looked at: {count:,} of {whole:,} pictures.").format(
            count=stats.count, whole=stats.whole
        )
    if stats.usable < MIN_IMAGES:
        yield _("Only {usable} pictures can be used; {min_images} are needed to train.").format(
            usable=stats.usable, min_images=MIN_IMAGES
        )
    elif stats.usable < SMALL_DATASET:
        yield _(
            "{usable} pictures are few: expect samples close to them. {small_dataset} or more give variety."
        ).format(usable=stats.usable, small_dataset=SMALL_DATASET)
    if stats.other_shapes:
        yield _("{pictures} of other shapes will be left out, as asked by --aspect.").format(
            pictures=_pictures(stats.other_shapes)
        )
    if stats.not_chosen:
        yield _("{pictures} beyond the limit will be left out at random, as asked by --limit.").format(
            pictures=_pictures(stats.not_chosen)
        )
    if stats.broken_count:
        yield _("{files} cannot be used and will be skipped.").format(files=_files(stats.broken_count))
    if text := left_out(stats.others):
        yield text
    yield from _duplicate_warnings(stats)
    if stats.blank:
        yield _("{blank} of {sample} decoded pictures are blank (a single colour).").format(
            blank=stats.blank, sample=stats.sample
        )
    if stats.tiny:
        yield _("{pictures} under {tiny_side} px on the short side will look blurry.").format(
            pictures=_pictures(stats.tiny), tiny_side=TINY_SIDE
        )
    yield from _mixture_warnings(stats)
    if stats.loose:
        yield _("Beside the class folders: {pictures}. With --conditional, they are left out.").format(
            pictures=_pictures(stats.loose)
        )
    if stats.classes and max(stats.classes.values()) > 10 * min(stats.classes.values()):
        smallest = min(stats.classes, key=lambda name: stats.classes[name])
        yield _("Classes differ a lot in size: '{smallest}' has {count} of {usable:,} pictures.").format(
            smallest=smallest, count=stats.classes[smallest], usable=stats.usable
        )


def _duplicate_warnings(stats: DatasetStats) -> Iterator[str]:
    if stats.duplicates:
        copies = _pictures(stats.duplicates)
        yield _("Exact copies of others: {copies}. Training shows each once; to show all: --keep-copies").format(
            copies=copies
        )
    if stats.look_alikes > stats.sample // 50:
        yield _("{look_alikes} of {sample} decoded pictures look almost like another one.").format(
            look_alikes=stats.look_alikes, sample=stats.sample
        )


def _mixture_warnings(stats: DatasetStats) -> Iterator[str]:
    """Yield warnings about pictures that differ too much from each other."""
    if stats.shapes.high > 1.5 * stats.shapes.low:
        low, high = (number_text(max(0.01, round(factor * stats.shapes.middle, 2))) for factor in ALIKE)
        yield (
            _(
                "Shapes differ a lot: each picture is cropped at its middle. To keep whole pictures: "
                "--fit pad; to leave out other shapes: --aspect {low}-{high}"
            ).format(low=low, high=high)
        )
    if stats.transparent:
        yield (
            _(
                "{transparent} of {sample} decoded pictures are transparent: they are put on white. "
                "For another colour: --background; to keep transparency: --channels rgba"
            ).format(transparent=stats.transparent, sample=stats.sample)
        )
    if 0 < stats.grey < stats.sample and min(stats.grey, stats.sample - stats.grey) > stats.sample // 20:
        yield _("{grey} of {sample} decoded pictures are grey and the others colour: samples will be both.").format(
            grey=stats.grey, sample=stats.sample
        )


def _pictures(count: int) -> str:
    return ngettext("{count:,} picture", "{count:,} pictures", count).format(count=count)


def _files(count: int) -> str:
    return ngettext("{count:,} file", "{count:,} files", count).format(count=count)
