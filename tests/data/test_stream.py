"""A stream of windows: each picture once an epoch, at a place that follows from what was seen, in a bounded cache."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tar_shards import write_set

from ganvas.config import DataConfig
from ganvas.data import PreparedDataset, prepare
from ganvas.data import stream as module
from ganvas.data.loader import Loader
from ganvas.data.stream import StreamLoader
from ganvas.data.windows import read_shards
from ganvas.errors import GanvasError
from ganvas.events import run_to_end

WINDOW, SHARDS, EACH = 40, 6, 20
TOTAL = SHARDS * EACH
Make = Callable[..., StreamLoader]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_set(tmp_path / "set", SHARDS, EACH, ("cats", "dogs"))


@pytest.fixture
def make(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Return what makes a stream, as one of several processes if asked."""
    made: list[StreamLoader] = []

    def stream(rank: int = 0, processes: int = 1, held_out: int = 0, **options: object) -> StreamLoader:
        monkeypatch.setattr(module, "process_number", lambda: rank)
        monkeypatch.setattr(module, "process_count", lambda: processes)
        classes = ("cats", "dogs") if options.pop("labels", False) else ()
        config = DataConfig(str(folder), 16, 16, window=WINDOW, conditional=bool(classes))
        sample, shards = sample_of(config), read_shards(str(folder))
        assert shards is not None
        made.append(StreamLoader(config, shards, sample, Loader(sample, 3, held_out), 3, classes))
        return made[-1]

    yield stream
    for each in made:
        each.close()


def sample_of(config: DataConfig) -> PreparedDataset:
    return run_to_end(prepare(config, workers=1))


def seen(stream: StreamLoader, start: int, batches: int, batch: int) -> list[bytes]:
    """Return the images of so many batches, after `start` images."""
    found = [stream.share(start + number * batch, batch)[0] for number in range(batches)]
    return [image.numpy().tobytes() for images in found for image in images]


def everything(folder: Path) -> set[bytes]:
    images = run_to_end(prepare(DataConfig(str(folder), 16, 16), workers=1)).images
    return {np.asarray(image).tobytes() for image in images}


def test_each_epoch_has_every_picture_once_in_another_order(make: Make, folder: Path) -> None:
    stream = make()
    epochs = [seen(stream, TOTAL * epoch, TOTAL // 8, 8) for epoch in range(2)]
    for epoch in epochs:
        assert set(epoch) == everything(folder)
        assert len(epoch) == TOTAL
    assert epochs[0] != epochs[1]


def test_what_is_held_out_never_comes(make: Make, folder: Path) -> None:
    held_out = 8
    epoch = seen(make(held_out=held_out), 0, (TOTAL - held_out) // 8, 8)
    assert len(set(epoch)) == TOTAL - held_out


@pytest.mark.parametrize("place", [12, 40, 75, TOTAL + 33])
def test_to_go_on_repeats_nothing_and_skips_nothing(make: Make, place: int) -> None:
    whole = seen(make(), 0, (TOTAL + 72) // 3, 3)
    assert seen(make(), place, 6, 3) == whole[place : place + 18]


def test_two_processes_read_parts_that_together_are_all(make: Make, folder: Path) -> None:
    parts = [seen(make(rank, 2), 0, TOTAL // 8, 8) for rank in range(2)]
    assert not set(parts[0]) & set(parts[1]), "a picture was read by both"
    assert set(parts[0]) | set(parts[1]) == everything(folder)


def test_windows_that_are_through_leave_the_cache(make: Make, tmp_path: Path) -> None:
    stream, most = make(), 0
    for start in range(0, 2 * TOTAL, 8):
        stream.share(start, 8)
        most = max(most, sum(each.stat().st_size for each in (tmp_path / "cache").glob("*/pictures")))
    bound = (WINDOW + 2 * (WINDOW + EACH)) * 768  # the sample, the window and the next one
    assert most <= bound, f"{most} bytes were in the cache at once"


def test_labels_are_numbers_of_the_runs_classes(make: Make, folder: Path) -> None:
    stream = make(labels=True)
    images, labels = stream.share(0, TOTAL)
    assert labels is not None
    assert Counter(labels.tolist()) == {0: TOTAL // 2, 1: TOTAL // 2}
    whole = run_to_end(prepare(DataConfig(str(folder), 16, 16, conditional=True), workers=1))
    assert whole.labels is not None
    of = {np.asarray(image).tobytes(): int(label) for image, label in zip(whole.images, whole.labels, strict=True)}
    assert all(of[image.numpy().tobytes()] == label for image, label in zip(images, labels.tolist(), strict=True))


def test_a_shard_with_other_classes_is_refused(make: Make, folder: Path) -> None:
    stream = make(labels=True)
    write_set(folder.parent / "other", SHARDS, EACH, ("cats", "birds"))
    for path in (folder.parent / "other").iterdir():
        if path.name > "s-01.tar":
            path.replace(folder / path.name)
    with pytest.raises(GanvasError, match="have other classes than the first ones"):
        stream.share(0, TOTAL)


def test_pictures_that_cannot_be_decoded_are_made_up_for_by_others_of_their_window(make: Make, folder: Path) -> None:
    stream = make()
    for path in sorted(folder.iterdir())[2:]:
        content = path.read_bytes()
        path.write_bytes(content.replace(b"IDAT", b"IDAX", 3))
    epoch = seen(stream, 0, TOTAL // 8, 8)
    assert len(epoch) == TOTAL
    assert len(set(epoch)) == TOTAL - 3 * (SHARDS - 2)


def test_a_helper_that_dies_costs_time_only(make: Make, folder: Path) -> None:
    stream = make()
    stream.share(0, 8)  # the next window is being prepared
    stream._background._process.kill()  # type: ignore[union-attr]
    assert set(seen(stream, 0, TOTAL // 8, 8)) == everything(folder)


def test_a_window_that_cannot_be_read_says_which_shard(make: Make, folder: Path) -> None:
    stream = make()
    for path in sorted(folder.iterdir())[2:]:
        path.unlink()
    with pytest.raises(GanvasError, match=r"s-0\d.tar cannot be read now"):
        stream.share(0, TOTAL)
