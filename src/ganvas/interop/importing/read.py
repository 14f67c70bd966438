"""A foreign file in, an `ImportedNetwork` out: the one place that knows which readers there are."""

from pathlib import Path
from typing import Any

from ...inert_pickle import Opaque, read_pickle
from ...translation import _
from .dcgan import is_dcgan, read_dcgan
from .imported import ForeignNetworkError, ImportedNetwork
from .keras import is_hdf5, read_keras
from .lucidrains import is_lucidrains, read_lucidrains
from .module_tree import ModuleTree, state_dict
from .nvidia_stylegan2 import is_stylegan2, read_stylegan2
from .nvidia_stylegan3 import is_stylegan3, read_stylegan3
from .rosinality import is_rosinality, read_rosinality
from .state_dicts import find_state_dict

TENSORFLOW = "dnnlib.tflib"
MAX_PARTS = 8
MODULES = ((is_stylegan2, read_stylegan2), (is_stylegan3, read_stylegan3))
DICTIONARIES = ((is_rosinality, read_rosinality), (is_lucidrains, read_lucidrains))


def read_network(file: Path) -> ImportedNetwork:
    """Return the generator in a foreign file. Nothing in it is executed.

    Raises:
        GanvasError: the file cannot be read.
        ForeignNetworkError: it holds none, or none that we have.
    """
    if is_hdf5(file):
        return read_keras(file)
    content = read_pickle(file)
    for recognizes, read in DICTIONARIES:
        if recognizes(content):
            return read(content)
    if any(isinstance(each, Opaque) and str(each.kind).startswith(TENSORFLOW) for each in _parts(content)):
        raise ForeignNetworkError(_("{file} is of StyleGAN's TensorFlow code, which is not read.").format(file=file))
    module = _generator(content)
    if module is not None:
        tree = ModuleTree(module)
        for recognizes_module, read_module in MODULES:
            if recognizes_module(tree):
                return read_module(tree)
    plain = find_state_dict(content) if module is None else state_dict(module)
    if plain is not None and is_dcgan(plain):
        return read_dcgan(plain)
    raise ForeignNetworkError(_("{file} holds no generator that Ganvas knows.").format(file=file))


def _parts(content: Any) -> list[Any]:
    """Return what a tuple or list holds, or what is alone."""
    return list(content[:MAX_PARTS]) if isinstance(content, tuple | list) else [content]


def _generator(content: Any) -> Opaque | None:
    """Return the module that draws: the averaged generator of NVIDIA's pickles, or the module that was saved alone."""
    if isinstance(content, dict):
        content = content.get("G_ema", content.get("G"))
    return content if isinstance(content, Opaque) else None
