"""The functions and classes that are understood: for each name a function of ours, which makes plain data.

The names are compared as texts. What stands under them in Python is never looked up.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..translation import _
from . import tensors
from .arrays import Array, DType, view_of, whole_numbers
from .errors import RefusedError
from .machine import Machine
from .opaque import Global, Opaque

Call = Callable[..., Any]


def _make_dict(machine: Machine, *args: Any) -> dict[Any, Any]:
    """Return a dictionary: empty, or of pairs, as Python 2 stores ordered ones."""
    pairs = args[-1] if args and isinstance(args[-1], list | dict) else []
    pairs = list(pairs.items()) if isinstance(pairs, dict) else pairs
    machine.budget.operate(len(pairs))
    for key, _value in pairs:
        machine.budget.key(key)
    return dict(pairs)


def _make_set(kind: type) -> Call:
    def make(machine: Machine, values: Any = ()) -> Any:
        if not isinstance(values, list | tuple | set | frozenset):
            raise RefusedError(_("a set is made of something that has no values"))
        machine.budget.operate(len(values))
        for value in values:
            machine.budget.key(value)
        return kind(values)

    return make


def _make_sequence(kind: type) -> Call:
    def make(machine: Machine, values: Any = ()) -> Any:
        if not isinstance(values, list | tuple):
            raise RefusedError(_("a list is made of something that has no values"))
        machine.budget.operate(len(values))
        return kind(values)

    return make


def _encode(machine: Machine, text: str, encoding: str = "latin1") -> bytes:
    """Return bytes that protocol 2 stores as text."""
    if encoding not in ("latin1", "latin-1") or not isinstance(text, str):
        raise RefusedError(_("it has bytes in a form that is not known"))
    machine.budget.copy(len(text))
    return text.encode("latin-1")


def _make_bytes(machine: Machine, data: Any = b"", encoding: Any = None, *_rest: Any) -> bytes | memoryview:
    if isinstance(data, str):
        return _encode(machine, data)
    if not isinstance(data, bytes | memoryview):
        raise RefusedError(_("it has bytes in a form that is not known"))
    return data


def _reconstruct(machine: Machine, _kind: Any, *args: Any) -> Any:
    """Return an object without its state: of protocols 0 and 1, for all that has no form of its own."""
    base = args[1] if len(args) > 1 else None
    if isinstance(_kind, Global) and _kind.name in CLASSES:
        return CLASSES[_kind.name](machine, base)
    return Opaque(_kind)


def _persistent(machine: Machine, meta: Any) -> Opaque:
    """Return an object of NVIDIA's persistent classes. The source code that comes with it is left aside."""
    if not isinstance(meta, dict):
        raise RefusedError(_("an object of a persistent class is damaged"))
    return Opaque(Global("persistent", str(meta.get("class_name"))), (meta.get("version"),), meta.get("state"))


def _begin_array(machine: Machine, _kind: Any, _shape: Any, _code: Any) -> Array:
    array = np.zeros(0, np.uint8)
    machine.unfilled[id(array)] = array
    return array


def _make_type(machine: Machine, name: Any, *_args: Any) -> DType:
    return DType(name)


def _scalar(machine: Machine, kind: Any, data: Any = b"") -> Any:
    if not isinstance(kind, DType):
        raise RefusedError(_("the type of an array is damaged"))
    data = _encode(machine, data) if isinstance(data, str) else data
    machine.budget.copy(len(data))
    return view_of(kind.numpy(), (), data)[()]


def _array_in_place(machine: Machine, data: Any, kind: Any, shape: Any, order: Any = "C", *_axes: Any) -> Array:
    if not isinstance(kind, DType) or order not in ("C", "F"):
        raise RefusedError(_("the type of an array is damaged"))
    return view_of(kind.numpy(), whole_numbers(shape), data, order)


CLASSES: dict[str, Call] = {  # by their names alone: forks keep them in modules of their own, and they are plain data
    "EasyDict": _make_dict,
    "OrderedDict": _make_dict,
    "defaultdict": _make_dict,
    "dict": _make_dict,
    "set": _make_set(set),
    "frozenset": _make_set(frozenset),
    "list": _make_sequence(list),
    "tuple": _make_sequence(tuple),
}
FUNCTIONS: dict[str, Call] = {
    "_codecs.encode": _encode,
    "copy_reg._reconstructor": _reconstruct,
    "copyreg._reconstructor": _reconstruct,
    "torch_utils.persistence._reconstruct_persistent_obj": _persistent,
    "torch.Size": _make_sequence(tuple),
    "torch.storage._load_from_bytes": tensors.load_from_bytes,
    "torch._utils._rebuild_tensor": tensors.rebuild,
    "torch._utils._rebuild_tensor_v2": tensors.rebuild,
    "torch._utils._rebuild_parameter": tensors.rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": tensors.rebuild_parameter,
    "numpy.dtype": _make_type,
}
for _module in ("builtins", "__builtin__"):
    FUNCTIONS |= {f"{_module}.{name}": CLASSES[name] for name in ("dict", "set", "frozenset", "list", "tuple")}
    FUNCTIONS |= {f"{_module}.{name}": _make_bytes for name in ("bytes", "bytearray")}
for _module in ("collections.OrderedDict", "collections.defaultdict", "dnnlib.EasyDict", "dnnlib.util.EasyDict"):
    FUNCTIONS[_module] = _make_dict
for _module in ("numpy.core", "numpy._core"):
    FUNCTIONS[f"{_module}.multiarray._reconstruct"] = _begin_array
    FUNCTIONS[f"{_module}.multiarray.scalar"] = _scalar
    FUNCTIONS[f"{_module}.numeric._frombuffer"] = _array_in_place
