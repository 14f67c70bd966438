"""What is known of a set of pictures, and what follows: channels and size to train at, and what to look out for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from .prepare import FEWEST, Skipped

SIZES = (32, 64, 128, 256)  # pixels of the short side that are recommended
TINY = 24  # pixels of the short side below which a picture has little to show
FEW = 500  # pictures; with fewer, a GAN tends to repeat what it has seen
OBLONG = 1.25  # a shape from which on a square would cut off too much


class Spread(NamedTuple):
    """Describe many numbers by five: the least, one tenth up, the middle one, nine tenths up, the greatest."""

    least: float
    low: float
    middle: float
    high: float
    greatest: float


@dataclass(frozen=True)
class Facts:
    """Hold what was counted. All files, by their heads:

    count: pictures found, broken ones included; broken_count: that cannot be used; broken: up to 1,000 of them.
    others: files that are not pictures, by suffix.
    formats, modes: how many of each, as Pillow names them.
    widths, heights, short_sides: pixels, upright; shapes: width over height.
    classes: pictures of each class; empty without classes.
    tiny, rotated (by EXIF), animated, cmyk, alpha, deep (16 bits and more), mislabelled: how many.
    duplicates: pictures that are exact copies of another, with some examples.

    A sample, decoded:

    sample: how many; grey, transparent, blank: how many of these.
    look_alikes: pictures of the sample that look like another in it, with some examples.
    """

    path: str
    kind: str
    count: int
    broken_count: int
    broken: tuple[Skipped, ...]
    others: dict[str, int]
    formats: dict[str, int]
    modes: dict[str, int]
    widths: Spread
    heights: Spread
    short_sides: Spread
    shapes: Spread
    classes: dict[str, int]
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

    @property
    def usable(self) -> int:
        """Count the pictures that nothing is known to be wrong with."""
        return self.count - self.broken_count


def channels(facts: Facts) -> int:
    """Return the channels to train at: 1 when the whole sample is grey, else 3."""
    return 1 if facts.sample and facts.grey == facts.sample else 3


def size(facts: Facts) -> tuple[int, int]:
    """Return the width and height to train at, by the pictures alone."""
    return fitting(facts.short_sides, facts.shapes)


def fitting(short_sides: Spread, shapes: Spread) -> tuple[int, int]:
    """Return width and height: no more than nine tenths of the pictures have, and about their shape."""
    short = max((each for each in SIZES if each <= short_sides.low), default=SIZES[0])
    shape = shapes.middle
    if shapes.high > OBLONG * shapes.low:  # no common shape: square loses least
        return short, short
    wide, tall = max(1.0, round(2 * shape) / 2), max(1.0, round(2 / shape) / 2) if shape else 1.0
    return int(short * wide), int(short * tall)


def warnings(facts: Facts) -> Iterator[str]:
    """Yield what the user should know before training, in plain words, the worst first."""
    if facts.usable < FEWEST:
        yield f"Only {facts.usable} pictures can be used; {FEWEST} are needed to train."
    elif facts.usable < FEW:
        yield f"{facts.usable} pictures are few: expect results close to them. {FEW} and more give variety."
    if facts.broken_count:
        yield f"{_files(facts.broken_count)} cannot be used and will be skipped."
    yield from _repeated(facts)
    if facts.blank:
        yield f"{facts.blank} of {facts.sample} decoded pictures show nothing but one colour."
    if facts.tiny:
        yield f"{_pictures(facts.tiny)} under {TINY} px on the short side will look blurred."
    yield from _mixed(facts)
    if facts.classes and max(facts.classes.values()) > 10 * min(facts.classes.values()):
        few = min(facts.classes, key=lambda name: facts.classes[name])
        yield f"Classes differ much in size: '{few}' has {facts.classes[few]} of {facts.usable:,} pictures."


def _repeated(facts: Facts) -> Iterator[str]:
    if facts.duplicates:
        yield f"{_pictures(facts.duplicates)} are exact copies of others, and count double in training."
    if facts.look_alikes > facts.sample // 50:
        yield f"{facts.look_alikes} of {facts.sample} decoded pictures look like another one among them."


def _mixed(facts: Facts) -> Iterator[str]:
    """Yield where the pictures do not go together."""
    if facts.shapes.high > 1.5 * facts.shapes.low:
        yield "Shapes differ much: the middle is cut out of each; --fit pad keeps the whole picture."
    if facts.transparent:
        yield (
            f"{facts.transparent} of {facts.sample} decoded pictures have transparency: they are put on white "
            "(--background), or keep it with --channels rgba."
        )
    if 0 < facts.grey < facts.sample and min(facts.grey, facts.sample - facts.grey) > facts.sample // 20:
        yield f"{facts.grey} of {facts.sample} decoded pictures are grey, the others coloured: results will be both."


def _pictures(count: int) -> str:
    return f"{count:,} picture{'s' if count != 1 else ''}"


def _files(count: int) -> str:
    return f"{count:,} file{'s' if count != 1 else ''}"
