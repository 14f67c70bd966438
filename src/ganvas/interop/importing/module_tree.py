"""PyTorch's modules in a pickle, walked through with limits: parts may hold themselves, or be there a million times."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...inert_pickle import Opaque
from ...limits import MAX_WIDTH
from ...translation import _
from .imported import Array, ForeignNetworkError, need

MAX_TENSORS = 20_000  # of a network; the largest have some hundred
MAX_MODULES = 20_000
MAX_DEPTH = 16
MAX_ENTRIES = 4096  # of one module
MAX_NAME = 200  # characters
MAX_NUMBER = 1 << 31


class ModuleTree:
    """A module, its submodules and tensors, by name.

    Args:
        module: an opaque object with the state of a `torch.nn.Module`.
        name: of the module, for messages.
    """

    def __init__(self, module: Any, name: str = "") -> None:
        state: Any = module.state if isinstance(module, Opaque) else None
        need(
            isinstance(state, dict) and isinstance(state.get("_modules"), dict),
            _("{name} is not a network of PyTorch's.").format(name=name or _("What is in the file")),
        )
        for table in (state.get(each) for each in ("_modules", "_parameters", "_buffers")):
            small = not isinstance(table, dict) or len(table) <= MAX_ENTRIES
            need(
                small and all(len(str(each)) <= MAX_NAME for each in table or ()), _("The network has too many parts.")
            )
        self.name, self.class_name = name, module.class_name
        self.attributes: dict[str, Any] = state

    @property
    def submodules(self) -> dict[str, Any]:
        """The modules in it, by their names."""
        return {str(name): each for name, each in self.attributes["_modules"].items() if isinstance(each, Opaque)}

    def __contains__(self, name: str) -> bool:
        """Return whether it has a submodule, or a tensor of its own, of this name."""
        return name in self.submodules or name in self.own_tensors

    def __getitem__(self, path: str) -> "ModuleTree":
        """Return a module in it, by its names with dots between them.

        Raises:
            ForeignNetworkError: there is none.
        """
        tree = self
        for name in path.split("."):
            full = f"{tree.name}.{name}".removeprefix(".")
            need(name in tree.submodules, _("The network has no part {name}.").format(name=full))
            tree = ModuleTree(tree.submodules[name], full)
        return tree

    def attribute(self, name: str, kind: type, default: Any = None) -> Any:
        """Return an attribute of the module, which is a number, a text or None.

        Raises:
            ForeignNetworkError: it is of another kind, or not there and without default.
        """
        place = f"{self.name}.{name}".removeprefix(".")
        return checked(self.attributes.get(name, default), kind, place)

    @property
    def own_tensors(self) -> dict[str, Array]:
        """Its own tensors, without those of its submodules."""
        found: dict[str, Array] = {}
        for table in (self.attributes.get("_parameters"), self.attributes.get("_buffers")):
            if isinstance(table, dict):
                found |= {str(name): each for name, each in table.items() if isinstance(each, np.ndarray)}
        return found

    def tensor(self, path: str) -> Array:
        """Return a tensor by its names with dots between them.

        Raises:
            ForeignNetworkError: there is none.
        """
        place, _dot, last = path.rpartition(".")
        tree = self[place] if place else self
        full = f"{tree.name}.{last}".removeprefix(".")
        need(last in tree.own_tensors, _("The network has no part {name}.").format(name=full))
        return tree.own_tensors[last]


def checked(value: Any, kind: type, place: str) -> Any:
    """Return a value of the file as what it has to be: a text, or a number that is not too large.

    Args:
        value: of the file.
        kind: str, int, or float, which may be whole in the file.
        place: what it is, for the message.

    Raises:
        ForeignNetworkError: it is something else.
    """
    value = value.item() if isinstance(value, np.generic) else value
    numeric = isinstance(value, int | float) and math.isfinite(value) and abs(value) <= MAX_NUMBER
    good = (numeric if kind is float else type(value) is kind) and (numeric or kind is str)
    shown = value[:40] if isinstance(value, str) else type(value).__name__
    need(good, _("{place} of the network is {value!r}.").format(place=place, value=shown))
    return kind(value)


def vector(array: Array) -> Array:
    """Return an array that is to be copied, checked to be a row of not too many numbers.

    Raises:
        ForeignNetworkError: it is something else.
    """
    need(array.ndim == 1 and array.size <= MAX_WIDTH, _("A row of numbers has another shape."))
    return array


def state_dict(module: Any) -> dict[str, Array]:
    """Return all tensors of a module by their full names, as PyTorch's `state_dict` does.

    Raises:
        ForeignNetworkError: it is no module, or is nested too deeply, or has too many parts.
    """
    found: dict[str, Array] = {}
    for count, tree in enumerate(_walk(ModuleTree(module), 0)):
        prefix = f"{tree.name}." if tree.name else ""
        found |= {prefix + name: each for name, each in tree.own_tensors.items()}
        if count > MAX_MODULES or len(found) > MAX_TENSORS:
            raise ForeignNetworkError(_("The network has too many parts."))
    return found


def _walk(tree: ModuleTree, depth: int) -> Iterator[ModuleTree]:
    need(depth < MAX_DEPTH, _("The network has too many parts."))
    yield tree
    for name in tree.submodules:
        yield from _walk(tree[name], depth + 1)
