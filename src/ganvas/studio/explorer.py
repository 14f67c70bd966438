"""Pictures drawn while somebody looks: models kept in memory, and the newest request first."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import GanvasError
from ..latents.model_file import MODEL_FILE
from ..runs import Run
from ..translation import _
from .points import Point
from .workspace import Workspace

if TYPE_CHECKING:
    from ..latents.sample import GeneratorModel

MODELS = 2  # kept in memory
CHANNELS = 1000  # whose newest request is remembered
MAX_POINTS = 64  # of a request
THREADS = 1  # for one small picture a second thread waits more than it works, and it takes its core from a training


class OvertakenError(Exception):
    """A newer request of the same place of the page has come."""


@dataclass
class Explorer:
    """Draws points of runs; requests of the same channel, which is a place of an open page, overtake each other."""

    workspace: Workspace
    _models: "OrderedDict[tuple[str, int, int], GeneratorModel]" = field(default_factory=OrderedDict)
    _newest: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _loading: threading.Lock = field(default_factory=threading.Lock)
    _drawing: threading.Lock = field(default_factory=threading.Lock)

    def model(self, run: Run) -> "GeneratorModel":
        """Return a run's generator, read again if it was trained further. The first call imports torch.

        Raises:
            GanvasError: there is none.
        """
        run.refuse_links(run.folder, run.model, run.model / MODEL_FILE)
        with self._loading:
            from ..latents.sample import load

            key = _stamp(run)
            if key not in self._models:
                self._models[key] = load(run.folder)
                while len(self._models) > MODELS:
                    self._models.popitem(last=False)
            self._models.move_to_end(key)
            return self._models[key]

    def draw(self, run: Run, points: Sequence[Point], truncation: float, channel: str, number: int) -> list[bytes]:
        """Return the pictures of points as WebP.

        Args:
            channel, number: the place that asks, and which of its requests this is.

        Raises:
            OvertakenError: a newer request of this channel has come meanwhile.
            GanvasError: a point is none of this run.
        """
        if not 1 <= len(points) <= MAX_POINTS:
            raise GanvasError(_("{count} pictures cannot be drawn at once.").format(count=len(points)))
        self._newest[channel] = max(number, self._newest.get(channel, number))
        self._newest.move_to_end(channel)
        while len(self._newest) > CHANNELS:
            self._newest.popitem(last=False)
        model = self.model(run)
        self._check_newest(channel, number)
        import torch

        from .places import Places, draw

        torch.set_num_threads(THREADS)
        pictures = draw(model, Places(self.workspace, run, model, truncation).latents(points))
        found: list[bytes] = []
        while len(found) < len(points):
            with self._drawing:  # two that draw at once would only be in each other's way
                self._check_newest(channel, number)
                found.append(next(pictures))
        return found

    def _check_newest(self, channel: str, number: int) -> None:
        if self._newest.get(channel, number) != number:
            raise OvertakenError


def _stamp(run: Run) -> tuple[str, int, int]:
    """Return what changes when a run's model does."""
    try:
        status = (run.model / MODEL_FILE).stat()
    except OSError:
        return str(run.folder), 0, 0
    return str(run.folder), status.st_mtime_ns, status.st_size
