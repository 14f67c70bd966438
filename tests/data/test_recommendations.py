"""The size and the channels advised suit the pictures; warnings come when they should and not otherwise."""

import dataclasses

import pytest

from ganvas.data import recommendations
from ganvas.data.recommendations import Facts, Spread

FINE = Facts(
    path="pics",
    kind="folder",
    count=5000,
    broken_count=0,
    broken=(),
    others={},
    formats={"JPEG": 5000},
    modes={"RGB": 5000},
    widths=Spread(300, 300, 300, 300, 300),
    heights=Spread(300, 300, 300, 300, 300),
    short_sides=Spread(300, 300, 300, 300, 300),
    shapes=Spread(1, 1, 1, 1, 1),
    classes={},
    tiny=0,
    rotated=3,
    animated=0,
    cmyk=0,
    alpha=0,
    deep=0,
    mislabelled=0,
    duplicates=0,
    duplicate_examples=(),
    sample=500,
    grey=0,
    transparent=0,
    blank=0,
    look_alikes=0,
    look_alike_examples=(),
)


def test_nothing_is_said_of_a_fine_set() -> None:
    assert list(recommendations.warnings(FINE)) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"count": 10}, "Only 10 pictures can be used; 16 are needed"),
        ({"count": 200}, "200 pictures are few"),
        ({"broken_count": 1}, "1 file cannot be used"),
        ({"duplicates": 7}, "7 pictures are exact copies"),
        ({"look_alikes": 100}, "100 of 500 decoded pictures look like another"),
        ({"blank": 4}, "4 of 500 decoded pictures show nothing"),
        ({"tiny": 2}, "2 pictures under 24 px"),
        ({"shapes": Spread(0.5, 0.6, 1, 1.5, 2)}, "Shapes differ much"),
        ({"transparent": 50}, "50 of 500 decoded pictures have transparency"),
        ({"grey": 250}, "250 of 500 decoded pictures are grey"),
        ({"classes": {"cats": 4900, "dogs": 100}}, "'dogs' has 100"),
    ],
)
def test_each_warning_has_its_cause(change: dict[str, object], words: str) -> None:
    said = list(recommendations.warnings(dataclasses.replace(FINE, **change)))
    assert len(said) == 1
    assert words in said[0]


@pytest.mark.parametrize(
    ("short", "shape", "size"),
    [
        (300, Spread(1, 1, 1, 1, 1), (256, 256)),
        (100, Spread(1, 1, 1, 1, 1), (64, 64)),
        (20, Spread(1, 1, 1, 1, 1), (32, 32)),
        (64, Spread(1.5, 1.5, 1.5, 1.5, 1.5), (96, 64)),
        (64, Spread(0.5, 0.5, 0.5, 0.5, 0.5), (64, 128)),
        (64, Spread(0.5, 0.6, 1.5, 1.7, 2), (64, 64)),
    ],
)
def test_size_is_no_larger_than_the_pictures_and_has_their_shape(
    short: int, shape: Spread, size: tuple[int, int]
) -> None:
    facts = dataclasses.replace(FINE, short_sides=Spread(short, short, short, short, short), shapes=shape)
    assert recommendations.size(facts) == size


def test_channels_are_one_only_when_all_are_grey() -> None:
    assert recommendations.channels(FINE) == 3
    assert recommendations.channels(dataclasses.replace(FINE, grey=499)) == 3
    assert recommendations.channels(dataclasses.replace(FINE, grey=500)) == 1
    assert recommendations.channels(dataclasses.replace(FINE, sample=0)) == 3
