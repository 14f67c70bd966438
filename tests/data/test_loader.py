"""The stream of pictures depends on seed and number alone: not on batches, on the past, or on how many processes."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ganvas.data.loader import Loader
from ganvas.data.prepare import PreparedDataset
from ganvas.data.split import split


def numbered(count: int, labels: bool = True) -> PreparedDataset:
    """Return pictures that show their number in two bytes, and bear it as their label."""
    pictures = np.arange(count, dtype="<u2").view(np.uint8).reshape(count, 2, 1, 1)
    return PreparedDataset(pictures, np.arange(count) if labels else None, ("a",), (), (), "")


def seen(loader: Loader, first: int, count: int) -> list[int]:
    pictures, labels = loader.batch(first, count)
    numbers = (pictures[:, 0, 0, 0].int() + 256 * pictures[:, 1, 0, 0].int()).tolist()
    assert labels is not None
    assert labels.tolist() == numbers, "labels and pictures do not belong together"
    return numbers


@given(st.integers(1, 400), st.integers(0, 2**31), st.integers(0, 5))
def test_every_epoch_shows_every_picture_once(count: int, seed: int, epoch: int) -> None:
    assert sorted(seen(Loader(numbered(count), seed), epoch * count, count)) == list(range(count))


def test_epochs_and_seeds_differ() -> None:
    loader = Loader(numbered(300), 1)
    first, second = seen(loader, 0, 300), seen(loader, 300, 300)
    assert first != second, "every epoch has the same order"
    assert first != seen(Loader(numbered(300), 2), 0, 300)
    assert first != list(range(300)), "nothing was shuffled"
    assert first == seen(Loader(numbered(300), 1), 0, 300), "the same seed gives another order"


@given(st.integers(1, 40), st.lists(st.integers(0, 50), max_size=6), st.integers(0, 10**7))
def test_batches_of_any_sizes_make_the_same_stream(count: int, sizes: list[int], first: int) -> None:
    loader, place, stream = Loader(numbered(count), 0), first, []
    for size in sizes:
        stream += seen(loader, place, size)
        place += size
    assert stream == seen(Loader(numbered(count), 0), first, sum(sizes))


@given(st.integers(1, 40), st.integers(0, 1000), st.integers(1, 12), st.integers(1, 5))
def test_processes_share_the_stream(count: int, first: int, size: int, world: int) -> None:
    parts = [seen(Loader(numbered(count), 0, rank, world), first, size) for rank in range(world)]
    together = [parts[place % world][place // world] for place in range(size * world)]
    assert together == seen(Loader(numbered(count), 0), first, size * world)


@given(st.integers(2, 400), st.integers(1, 20), st.integers(0, 1000), st.integers(1, 3))
def test_pictures_held_out_are_never_shown(count: int, held_out: int, first: int, world: int) -> None:
    shown = split(count, held_out).train.tolist()
    loaders = [Loader(numbered(count), 0, rank, world, held_out=held_out) for rank in range(world)]
    epoch = len(shown)
    assert sorted(seen(Loader(numbered(count), 0, held_out=held_out), 3 * epoch, epoch)) == shown
    assert {number for loader in loaders for number in seen(loader, first, 2 * epoch)} == set(shown)


def test_the_stream_of_an_older_run_goes_on_as_it_was() -> None:
    expected = [np.random.default_rng((5, epoch)).permutation(30).tolist() for epoch in (0, 1)]
    assert seen(Loader(numbered(30), 5), 0, 60) == expected[0] + expected[1]


def test_what_comes_out_is_torch_and_ours() -> None:
    data = numbered(20, labels=False)
    pictures, labels = Loader(data, 0).batch(0, 8)
    assert (pictures.dtype, tuple(pictures.shape), labels) == (torch.uint8, (8, 2, 1, 1), None)
    before = data.images.copy()
    pictures.zero_()
    assert np.array_equal(data.images, before), "the batch is a view of the cache"
    assert Loader(numbered(20), 0).batch(0, 8)[1].dtype == torch.int64


def test_only_two_epochs_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    draw: Callable[..., np.random.Generator] = np.random.default_rng

    def counting(seed: tuple[int, int]) -> np.random.Generator:
        drawn.append(seed[1])
        return draw(seed)

    loader = Loader(numbered(10), 0)
    monkeypatch.setattr(np.random, "default_rng", counting)
    for first in range(0, 100, 4):
        loader.batch(first, 4)
    assert drawn == list(range(10)), "an epoch's order was drawn again for every batch"


def numbers(loader: Loader, first: int, count: int) -> list[int]:
    pictures, _ = loader.batch(first, count)
    found: list[int] = (pictures[:, 0, 0, 0].int() + 256 * pictures[:, 1, 0, 0].int()).tolist()
    return found


def test_small_classes_come_more_often_where_that_is_wished() -> None:
    labels = np.repeat([0, 1, 2], [900, 100, 9]).astype(np.int64)
    data = replace(numbered(1009), labels=labels)
    loader = Loader(data, 0, balanced=True)
    epoch = 900 + 300 + 90  # the root of each size times the largest
    _, shown = loader.batch(0, epoch)
    assert shown is not None
    assert np.bincount(shown.numpy()).tolist() == [900, 300, 90]
    pictures = numbers(loader, 0, epoch)
    counts = np.bincount(pictures, minlength=1009)
    assert set(counts[:900]) == {1}
    assert set(counts[900:1000]) == {3}
    assert set(counts[1000:]) == {10}
    assert numbers(loader, epoch, epoch) != pictures, "every epoch has an order of its own"
    assert numbers(Loader(data, 0, balanced=True), 40, 50) == pictures[40:90], "the stream is a function of place"


def test_equal_classes_are_read_as_ever() -> None:
    data = replace(numbered(300), labels=np.repeat([0, 1, 2], 100).astype(np.int64))
    assert numbers(Loader(data, 3, balanced=True), 0, 300) == numbers(Loader(data, 3), 0, 300)
