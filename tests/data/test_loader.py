"""The stream of images depends only on seed and position: not on batch sizes, the past or the number of processes."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from ganvas.data.loader import Loader
from ganvas.data.prepare import PreparedDataset
from ganvas.data.split import split


def numbered(count: int, labels: bool = True) -> PreparedDataset:
    """Return images that contain their number in two bytes, with the number as label."""
    images = np.arange(count, dtype="<u2").view(np.uint8).reshape(count, 2, 1, 1)
    return PreparedDataset(images, np.arange(count) if labels else None, ("a",), (), (), "")


def numbers(loader: Loader, first: int, count: int) -> list[int]:
    """Return the numbers of the images in a batch."""
    images, _ = loader.batch(first, count)
    result: list[int] = (images[:, 0, 0, 0].int() + 256 * images[:, 1, 0, 0].int()).tolist()
    return result


def drawn(loader: Loader, first: int, count: int) -> list[int]:
    """Return the numbers of the images in a batch, with their labels checked."""
    _, labels = loader.batch(first, count)
    result = numbers(loader, first, count)
    assert labels is not None
    assert labels.tolist() == result, "labels and images do not match"
    return result


@given(st.integers(1, 400), st.integers(0, 2**31), st.integers(0, 5))
def test_every_epoch_has_every_image_once(count: int, seed: int, epoch: int) -> None:
    assert sorted(drawn(Loader(numbered(count), seed), epoch * count, count)) == list(range(count))


def test_epochs_and_seeds_differ() -> None:
    loader = Loader(numbered(300), 1)
    first, second = drawn(loader, 0, 300), drawn(loader, 300, 300)
    assert first != second, "every epoch has the same order"
    assert first != drawn(Loader(numbered(300), 2), 0, 300)
    assert first != list(range(300)), "nothing was shuffled"
    assert first == drawn(Loader(numbered(300), 1), 0, 300), "the same seed gives another order"


@given(st.integers(1, 40), st.lists(st.integers(0, 50), max_size=6), st.integers(0, 10**7))
def test_batches_of_any_size_give_the_same_stream(count: int, sizes: list[int], first: int) -> None:
    loader, position, stream = Loader(numbered(count), 0), first, []
    for size in sizes:
        stream += drawn(loader, position, size)
        position += size
    assert stream == drawn(Loader(numbered(count), 0), first, sum(sizes))


@given(st.integers(2, 400), st.integers(1, 20), st.integers(0, 1000))
def test_held_out_images_never_appear(count: int, held_out: int, first: int) -> None:
    shown = split(count, held_out).train.tolist()
    loader, epoch = Loader(numbered(count), 0, held_out=held_out), len(shown)
    assert sorted(drawn(loader, 3 * epoch, epoch)) == shown
    assert set(drawn(loader, first, 2 * epoch)) == set(shown)


def test_the_stream_of_an_older_run_stays_the_same() -> None:
    expected = [np.random.default_rng((5, epoch)).permutation(30).tolist() for epoch in (0, 1)]
    assert drawn(Loader(numbered(30), 5), 0, 60) == expected[0] + expected[1]


def test_batches_are_torch_copies() -> None:
    data = numbered(20, labels=False)
    images, labels = Loader(data, 0).batch(0, 8)
    assert (images.dtype, tuple(images.shape), labels) == (torch.uint8, (8, 2, 1, 1), None)
    before = data.images.copy()
    images.zero_()
    assert np.array_equal(data.images, before), "the batch is a view of the cache"
    assert Loader(numbered(20), 0).batch(0, 8)[1].dtype == torch.int64


def test_an_epoch_is_shuffled_once() -> None:
    loader = Loader(numbered(10), 0)
    for epoch in range(10):
        order = loader.epoch_indices(epoch)
        for first in range(10 * epoch, 10 * epoch + 10, 4):
            loader.batch(first, 4)  # the last one straddles two epochs
            assert loader.epoch_indices(epoch) is order, "an epoch's order was drawn again for every batch"


def test_balanced_classes_appear_by_the_root_of_their_size() -> None:
    labels = np.repeat([0, 1, 2], [900, 100, 9]).astype(np.int64)
    data = replace(numbered(1009), labels=labels)
    loader = Loader(data, 0, balanced=True)
    epoch = 900 + 300 + 90  # square root of each size times the largest
    _, shown = loader.batch(0, epoch)
    assert shown is not None
    assert np.bincount(shown.numpy()).tolist() == [900, 300, 90]
    stream = numbers(loader, 0, epoch)
    counts = np.bincount(stream, minlength=1009)
    assert set(counts[:900]) == {1}
    assert set(counts[900:1000]) == {3}
    assert set(counts[1000:]) == {10}
    assert numbers(loader, epoch, epoch) != stream, "every epoch has its own order"
    assert numbers(Loader(data, 0, balanced=True), 40, 50) == stream[40:90], "the stream is a function of position"


def test_balancing_equal_classes_changes_nothing() -> None:
    data = replace(numbered(300), labels=np.repeat([0, 1, 2], 100).astype(np.int64))
    assert numbers(Loader(data, 3, balanced=True), 0, 300) == numbers(Loader(data, 3), 0, 300)


def test_a_loader_that_is_gone_lets_go_of_its_pictures_at_once() -> None:
    loader = Loader(numbered(20), seed=0)
    loader.batch(0, 8)
    gone = weakref.ref(loader)
    gc.disable()  # it comes late in a long training, and until then the map of the pictures takes its place on the disk
    try:
        del loader
        assert gone() is None
    finally:
        gc.enable()
