"""PyTorch's modules in a pickle, walked through with limits: parts may hold themselves, or be there a million times."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...inert_pickle import Opaque
from ...translation import _
from .imported import Array, ForeignNetworkError, need

MAX_TENSORS = 20_000  # of a network; the largest have some hundred
MAX_MODULES = 20_000
MAX_DEPTH = 16


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
        value = self.attributes.get(name, default)
        value = value.item() if isinstance(value, np.generic) else value
        value = float(value) if kind is float and isinstance(value, int) else value
        place = f"{self.name}.{name}".removeprefix(".")
        need(type(value) is kind, _("{place} of the network is {value!r}.").format(place=place, value=str(value)[:40]))
        return value

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
