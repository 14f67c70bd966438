"""A foreign file in, an `ImportedNetwork` out: the one place that knows which readers there are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...inert_pickle import Opaque, read_pickle
from ...translation import _
from .imported import ForeignNetworkError, ImportedNetwork
from .module_tree import ModuleTree
from .nvidia_stylegan2 import is_stylegan2, read_stylegan2
from .nvidia_stylegan3 import is_stylegan3, read_stylegan3

MODULES: dict[Callable[[ModuleTree], bool], Callable[[ModuleTree], ImportedNetwork]] = {
    is_stylegan2: read_stylegan2,
    is_stylegan3: read_stylegan3,
}


def read_network(file: Path) -> ImportedNetwork:
    """Return the generator in a foreign file. Nothing in it is executed.

    Raises:
        GanvasError: the file cannot be read.
        ForeignNetworkError: it holds none, or none that we have.
    """
    content = read_pickle(file)
    generator = _generator(content)
    if generator is not None:
        tree = ModuleTree(generator)
        for recognizes, read in MODULES.items():
            if recognizes(tree):
                return read(tree)
    raise ForeignNetworkError(_("{file} holds no generator that Ganvas knows.").format(file=file))


def _generator(content: Any) -> Opaque | None:
    """Return the module that draws: the averaged generator of NVIDIA's pickles, or the module that was saved alone."""
    if isinstance(content, dict):
        content = content.get("G_ema", content.get("G"))
    return content if isinstance(content, Opaque) else None
