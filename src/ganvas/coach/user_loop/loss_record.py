"""The losses of a user's loop: read as rarely as that costs time, and averaged."""

import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ...distributed import world_size
from ..measurement.averages import LossAverage
from ..measurement.ranks import average_over_ranks
from . import validate

READ_EVERY = 10  # steps after which losses are read where that means waiting for a GPU or for other processes


class LossRecord:
    """Losses by name, those that were read and those that may still be on a GPU.

    averages: of all that were read.
    last: the last ones that were read; one that was not finite since the last reading stays so.
    """

    def __init__(self) -> None:
        self.averages: dict[str, LossAverage] = {}
        self.last: dict[str, float] = {}
        self._unread: list[dict[str, Tensor | float]] = []
        self._not_finite = False

    def add(self, losses: Mapping[str, float | Tensor]) -> None:
        """Take the losses of a step, unread.

        Raises:
            GanvasError: one is not a single number.
        """
        self._unread.append({name: validate.loss(name, each) for name, each in losses.items()})

    def read(self, step: int, check_is_due: bool) -> bool:
        """Add unread losses to their averages; tell whether one is NaN or infinite, and none was before."""
        on_other_device = any(
            isinstance(each, Tensor) and not each.is_cpu for losses in self._unread for each in losses.values()
        )
        if (on_other_device or world_size() > 1) and not check_is_due and step % READ_EVERY:
            return False
        if self._unread:
            self.last = {}
        for losses in self._unread:
            for name, each in losses.items():
                value, average = float(each), self.averages.setdefault(name, LossAverage())
                if math.isfinite(value):
                    average.add(value)
                if math.isfinite(self.last.get(name, 0.0)):
                    self.last[name] = value
        self._unread.clear()
        not_finite = any(not math.isfinite(value) for value in self.last.values())
        before, self._not_finite = self._not_finite, average_over_ranks({"bad": float(not_finite)})["bad"] > 0
        return self._not_finite and not before

    def state_dict(self) -> dict[str, Any]:
        """Return the averages as plain data."""
        return {name: [each.mean, each.variance, each.count, each.fast_mean] for name, each in self.averages.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take the averages of another one."""
        self.averages = {name: LossAverage(*each) for name, each in state.items()}
