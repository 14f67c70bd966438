"""State dicts in a file: where they lie, and their tensors under new names."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...translation import _
from .imported import Array, ForeignNetworkError

# Where people put a generator's state dict, the averaged one first.
NAMES = (
    "g_ema", "G_ema", "ema", "netG_state_dict", "generator_state_dict", "g_state_dict", "G_state_dict", "generator",
    "netG", "G", "gen", "g", "state_dict", "model_state_dict", "model",
)  # fmt: skip


def find_state_dict(content: Any) -> dict[str, Array] | None:
    """Return the state dict of a generator in what a file holds; None if there is none."""
    if not isinstance(content, dict):
        return None
    for candidate in (content, *(content[name] for name in NAMES if name in content)):
        if isinstance(candidate, dict) and (tensors := tensors_in(candidate)):
            return tensors
    return None


def tensors_in(record: Mapping[Any, Any]) -> dict[str, Array]:
    """Return what arrays there are in a dictionary, without what DataParallel puts before their names."""
    found = {name: each for name, each in record.items() if isinstance(name, str) and isinstance(each, np.ndarray)}
    return {name.removeprefix("module."): each for name, each in found.items()}


def renamed(given: Mapping[str, Array], rules: Mapping[str, str], ignored: str) -> dict[str, Array]:
    """Return arrays under the names of ours.

    Args:
        given: under their own.
        rules: a pattern for the whole of a name, and its replacement.
        ignored: a pattern for names of what we do not need.

    Raises:
        ForeignNetworkError: a name fits to no rule.
    """
    found = {}
    for name, array in given.items():
        new = next((re.sub(old, to, name) for old, to in rules.items() if re.fullmatch(old, name)), None)
        if new is not None:
            found[new] = array
        elif not re.fullmatch(ignored, name):
            raise ForeignNetworkError(_("The network has a part that is not known: {name}.").format(name=name[:80]))
    return found


def count(given: Mapping[str, Array], pattern: str) -> int:
    """Return how many names there are like `pattern`."""
    return sum(re.fullmatch(pattern, name) is not None for name in given)
