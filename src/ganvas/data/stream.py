"""A training's batches, where its pictures are shards that are read in windows: one is trained on, the next prepared.

Where the stream stands depends only on the seed, the images seen, and how many processes train. So to go on takes no
record, repeats nothing and skips nothing.
"""

import os
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..config import DataConfig
from ..device import available_cores
from ..distributed import process_count, process_number
from ..errors import GanvasError, ganvas_command
from ..events import Event, Note
from ..translation import _
from .background import Background
from .cache import cache_folder
from .cached_sets import drop
from .loader import Loader
from .notes import shown
from .prepare import PreparedDataset, prepare
from .shard_source import damaged_shards
from .windows import Shards, window_config, windows

POLL_SECONDS = 0.2
LONG_SECONDS = 10.0  # to wait for pictures, before it is worth telling

Window = tuple[int, ...]  # the numbers of its shards; none for the sample
Numbers = npt.NDArray[np.int64]


class StreamLoader:
    """Endless stream of shuffled images of one process, in place of a `Loader`.

    An epoch begins with the process's part of the sample. Then come its windows. Within either the order is random.
    In place of a picture that cannot be read, another of its window comes twice.

    Args:
        config: how the pictures are prepared, with the size of a window.
        shards: what they are in.
        sample: prepared from `config`.
        loader: of the sample.
        seed: of the shuffling.
        classes: whose numbers the labels are; empty without labels. Small ones come more often, as in `Loader`.
    """

    def __init__(
        self,
        config: DataConfig,
        shards: Shards,
        sample: PreparedDataset,
        loader: Loader,
        seed: int,
        classes: tuple[str, ...] = (),
    ) -> None:
        self._config, self._shards, self._loader = config, shards, loader
        self._seed, self._classes = seed, classes
        self._rank, self._processes = process_number(), process_count()
        self._size = config.window or shards.count
        self._part = shards.part(self._size, self._rank, self._processes)
        sampled = len(loader.epoch_indices(0)[self._rank :: self._processes])
        self._epoch_length = sampled + sum(shards.counts[number] for number in self._part)
        self._windows = lru_cache(maxsize=3)(self._windows_of)
        self._open: dict[Window, PreparedDataset] = {(): sample}
        self._orders: dict[tuple[int, Window], Numbers] = {}
        self._background = Background(max(1, available_cores() // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))))
        self._coming: Window | None = None
        self._told = set[str]()

    def share(self, images_seen: int, batch: int) -> tuple[Tensor, Tensor | None]:
        """Return this process's images of a batch, (batch / processes, C, H, W) uint8, and their labels.

        Args:
            images_seen: before this batch, by all processes.
            batch: images of all processes.

        Raises:
            GanvasError: a window cannot be prepared.
        """
        for _event in self.wait(images_seen, batch):
            pass
        images, labels = [np.empty((0, *self._open[()].images.shape[1:]), np.uint8)], [np.empty(0, np.int64)]
        for epoch, window, start, count in self._segments(images_seen, batch):
            rows, data = self._order(epoch, window)[start : start + count], self._open[window]
            images.append(data.images[rows])
            if data.labels is not None:
                labels.append(data.labels[rows])
        joined = torch.from_numpy(np.concatenate(images))
        return joined, torch.from_numpy(np.concatenate(labels)) if self._classes else None

    def batch(self, images_seen: int, count: int) -> tuple[Tensor, Tensor | None]:
        """Return images to look at, of the sample: nothing has to be waited for, and the stream stays where it is."""
        return self._loader.batch(images_seen, count)

    def wait(self, images_seen: int, batch: int) -> Iterator[Event | None]:
        """Wait until the images of a batch are there; then have the next window prepared.

        Yields:
            What there is to tell, and None each time that more patience is needed.
        """
        needed = {(epoch, window) for epoch, window, _start, _count in self._segments(images_seen, batch)}
        if not needed:
            return
        for _epoch, window in sorted(needed):
            if window not in self._open:
                yield from self._take(window)
        coming = self._after(*max(needed, key=lambda place: (place[0], self._place(*place))))
        for window in self._open.keys() - {(), coming} - {window for _epoch, window in needed}:
            drop(cache_folder() / self._open.pop(window).fingerprint)
        self._orders = {place: order for place, order in self._orders.items() if place in needed}
        if coming not in self._open:
            self._begin(coming)

    def close(self) -> None:
        """End what is being prepared. What is prepared stays in the cache, to go on with."""
        self._background.close()
        self._coming = None

    def _windows_of(self, epoch: int) -> list[Window]:
        """Return the windows of an epoch, the sample first."""
        return [(), *windows(self._shards, self._part, self._size, self._seed, epoch)]

    def _place(self, epoch: int, window: Window) -> int:
        return self._windows(epoch).index(window)

    def _after(self, epoch: int, window: Window) -> Window:
        """Return the window after a window or the sample."""
        later = self._windows(epoch)[self._place(epoch, window) + 1 :]
        return later[0] if later else self._windows(epoch + 1)[1]

    def _segments(self, images_seen: int, batch: int) -> Iterator[tuple[int, Window, int, int]]:
        """Yield epoch, window, first place in its order, and number of the images that a batch takes from it."""
        at, left = images_seen // self._processes, batch // self._processes
        while left:
            epoch, offset = divmod(at, self._epoch_length)
            for window in self._windows(epoch):
                length = self._length(window)
                if offset < length and left:
                    count = min(left, length - offset)
                    yield epoch, window, offset, count
                    at, left, offset = at + count, left - count, offset + count
                offset -= length

    def _length(self, window: Window) -> int:
        listed = sum(self._shards.counts[number] for number in window)
        return listed if window else len(self._loader.epoch_indices(0)[self._rank :: self._processes])

    def _order(self, epoch: int, window: Window) -> Numbers:
        """Return the order in which a window's images come."""
        if (epoch, window) not in self._orders:
            if window:
                loader = Loader(self._open[window], self._seed, balanced=bool(self._classes))
                order = np.resize(loader.epoch_indices(epoch), self._length(window))
            else:
                order = self._loader.epoch_indices(epoch)[self._rank :: self._processes]
            self._orders[epoch, window] = order
        return self._orders[epoch, window]

    def _begin(self, window: Window) -> None:
        """Have a window prepared, unless it is being prepared."""
        if self._coming != window:
            if self._coming is not None:
                self.close()
            self._coming = window
            self._background.begin(window_config(self._config, self._shards, window))

    def _take(self, window: Window) -> Iterator[Event | None]:
        """Wait for a window, and open it.

        Raises:
            GanvasError: it cannot be prepared.
        """
        self._begin(window)
        began = time.monotonic()
        while not self._background.is_done:
            if time.monotonic() - began > LONG_SECONDS:
                yield from self._tell(_("The training waits for pictures: it is faster than they are read."))
            yield None
            time.sleep(POLL_SECONDS)
        data, self._coming = self._background.result(), None
        if data is None:  # here it is told why, or what killed the other process does not happen
            events = prepare(window_config(self._config, self._shards, window), available_cores())
            data = yield from _patiently(events)
        for text in (*map(shown, data.notes), *damaged_shards(data.skipped)):
            yield from self._tell(text)
        self._open[window] = self._with_labels(data, window)

    def _tell(self, text: str) -> Iterator[Event]:
        """Yield a note, unless the same was told already."""
        if text not in self._told:
            self._told.add(text)
            yield Note(text)

    def _with_labels(self, data: PreparedDataset, window: Window) -> PreparedDataset:
        """Return a window's images with labels that are numbers of the run's classes, or without."""
        if not self._classes:
            return replace(data, labels=None, classes=())
        if data.labels is None or not set(data.classes) <= set(self._classes):
            raise GanvasError(
                _("The shards from {shard} on have other classes than the first ones.").format(
                    shard=self._shards.places[window[0]]
                ),
                _("Each shard should hold a fair part of all pictures: {command}").format(
                    command=ganvas_command("shard", "PICTURES", "--out", "SHARDS")
                ),
            )
        numbers = np.array([self._classes.index(name) for name in data.classes], np.int64)
        return replace(data, labels=numbers[data.labels], classes=self._classes)


def _patiently(events: Generator[Event, None, PreparedDataset]) -> Generator[None, None, PreparedDataset]:
    """Let a preparation run, with a moment for others after each of its events; return its result."""
    while True:
        try:
            next(events)
        except StopIteration as end:
            result: PreparedDataset = end.value
            return result
        yield None
