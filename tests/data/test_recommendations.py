"""Recommended size and channels suit the pictures; each warning appears only with its cause."""

import dataclasses

import pytest

from ganvas.data import recommendations
from ganvas.data.recommendations import DatasetStats
from ganvas.data.size_histograms import Quantiles

FINE = DatasetStats(
    path="pics",
    kind="folder",
    count=5000,
    broken_count=0,
    other_shapes=0,
    not_chosen=0,
    broken=(),
    others={},
    values="",
    formats={"JPEG": 5000},
    modes={"RGB": 5000},
    widths=Quantiles(300, 300, 300, 300, 300),
    heights=Quantiles(300, 300, 300, 300, 300),
    short_sides=Quantiles(300, 300, 300, 300, 300),
    shapes=Quantiles(1, 1, 1, 1, 1),
    classes={},
    loose=0,
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
    whole=0,
)


def test_a_good_set_gives_no_warning() -> None:
    assert list(recommendations.dataset_warnings(FINE)) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"count": 10}, "Only 10 pictures can be used; 16 are needed"),
        ({"count": 200}, "200 pictures are few"),
        ({"broken_count": 1}, "1 file cannot be used"),
        ({"duplicates": 7}, "Exact copies of others: 7 pictures"),
        ({"look_alikes": 100}, "100 of 500 decoded pictures look almost like another"),
        ({"blank": 4}, "4 of 500 decoded pictures are blank"),
        ({"tiny": 2}, "2 pictures under 24 px"),
        ({"shapes": Quantiles(0.5, 0.6, 1, 1.5, 2)}, "Shapes differ a lot"),
        ({"transparent": 50}, "50 of 500 decoded pictures are transparent"),
        ({"grey": 250}, "250 of 500 decoded pictures are grey"),
        ({"classes": {"cats": 4900, "dogs": 100}}, "'dogs' has 100"),
    ],
)
def test_each_warning_has_its_cause(change: dict[str, object], words: str) -> None:
    warnings = list(recommendations.dataset_warnings(dataclasses.replace(FINE, **change)))
    assert len(warnings) == 1
    assert words in warnings[0]


@pytest.mark.parametrize(
    ("short", "shape", "size"),
    [
        (300, Quantiles(1, 1, 1, 1, 1), (256, 256)),
        (100, Quantiles(1, 1, 1, 1, 1), (64, 64)),
        (20, Quantiles(1, 1, 1, 1, 1), (32, 32)),
        (64, Quantiles(1.5, 1.5, 1.5, 1.5, 1.5), (96, 64)),
        (64, Quantiles(0.5, 0.5, 0.5, 0.5, 0.5), (64, 128)),
        (64, Quantiles(0.5, 0.6, 1.5, 1.7, 2), (64, 64)),
    ],
)
def test_size_is_no_larger_than_the_pictures_and_has_their_shape(
    short: int, shape: Quantiles, size: tuple[int, int]
) -> None:
    stats = dataclasses.replace(FINE, short_sides=Quantiles(short, short, short, short, short), shapes=shape)
    assert recommendations.recommended_size(stats) == size


def test_channels_are_one_only_when_all_are_grey() -> None:
    assert recommendations.recommended_channels(FINE) == 3
    assert recommendations.recommended_channels(dataclasses.replace(FINE, grey=499)) == 3
    assert recommendations.recommended_channels(dataclasses.replace(FINE, grey=500)) == 1
    assert recommendations.recommended_channels(dataclasses.replace(FINE, sample=0)) == 3
