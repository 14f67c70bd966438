"""What every reader of a foreign format returns: a network of ours, and its weights under our names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...config import NetworkConfig
from ...errors import GanvasError
from ...translation import _

Array = np.ndarray[Any, np.dtype[Any]]
Arrays = Mapping[str, Array]


class ForeignNetworkError(GanvasError):
    """The file was read, and what is in it is not, or not quite, a network that we have."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, _("docs/import.md lists what can be imported."))


@dataclass(frozen=True, kw_only=True)
class ImportedNetwork:
    """A generator out of a foreign file.

    Args:
        origin: the program that it is from, in words.
        recipe: the recipe whose training suits it; empty where we have none.
        generator: its network.
        z_dim: length of z.
        shape: (C, H, W) of its images.
        num_classes: 0, or their number.
        weights: arrays, by the names in our network; if the mean of w is not among them, it is measured.
    """

    origin: str
    recipe: str
    generator: NetworkConfig
    z_dim: int
    shape: tuple[int, int, int]
    num_classes: int = 0
    weights: Arrays


def need(condition: bool, reason: str) -> None:
    """Check what a network has to be.

    Raises:
        ForeignNetworkError: it is not.
    """
    if not condition:
        raise ForeignNetworkError(reason)
