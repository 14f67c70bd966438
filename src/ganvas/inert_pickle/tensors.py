"""PyTorch's tensors as NumPy arrays: views of their storages, with every size checked."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..translation import _
from .arrays import Array, whole_numbers
from .cursor import Cursor
from .errors import RefusedError
from .machine import Machine
from .opaque import Global, Opaque

STORAGES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "BFloat16Storage": "bfloat16",  # NumPy has none: becomes float32
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "?",
    "ComplexFloatStorage": "<c8",
    "ComplexDoubleStorage": "<c16",
    "UntypedStorage": "<u1",
}


@dataclass(eq=False)
class Storage:
    """Numbers that tensors are views of.

    Args:
        kind: their NumPy type, or bfloat16.
        count: how many there are.
        data: their bytes; None while only the length of a pickle is looked for.
        array: the same as an array, once it was asked for.
    """

    kind: str
    count: int
    data: memoryview | None = None
    array: Array | None = None

    def numbers(self, machine: Machine) -> Array | None:
        """Return them, (count,)."""
        if self.array is None and self.data is not None:
            if self.kind == "bfloat16":
                machine.budget.copy(8 * self.count)
                self.array = (np.frombuffer(self.data, "<u2").astype(np.uint32) << 16).view(np.float32)
            else:
                self.array = np.frombuffer(self.data, self.kind)
        return self.array


def size_of(kind: str) -> int:
    """Return the bytes of one number."""
    return 2 if kind == "bfloat16" else np.dtype(kind).itemsize


def parse_identity(identity: object) -> tuple[str, str, int]:
    """Return (type, key, count) of PyTorch's persistent id: ("storage", class, key, device, count).

    Whatever the device is called, its numbers are in the file.

    Raises:
        RefusedError: it is something else.
    """
    if not isinstance(identity, tuple) or len(identity) < 5 or identity[0] != "storage":
        raise RefusedError(_("it has a persistent id that is not PyTorch's"))
    kind = identity[1].name if isinstance(identity[1], Global) else ""
    if kind not in STORAGES or not isinstance(identity[2], str) or any(part is not None for part in identity[5:]):
        raise RefusedError(_("it has a storage of a kind that is not read: {kind}").format(kind=kind[:40]))
    return STORAGES[kind], identity[2], whole_numbers((identity[4],))[0]


def rebuild(machine: Machine, storage: Any, offset: Any, size: Any, stride: Any, *_rest: Any) -> Any:
    """Return a tensor as an array.

    Raises:
        RefusedError: it has more numbers than its storage, or lies outside of it.
    """
    if not isinstance(storage, Storage):
        raise RefusedError(_("a tensor has no storage"))
    (start,), shape, strides = whole_numbers((offset,)), whole_numbers(size), whole_numbers(stride)
    if len(shape) != len(strides):
        raise RefusedError(_("the shape of an array is damaged"))
    count = math.prod(shape)
    last = start + sum((length - 1) * step for length, step in zip(shape, strides, strict=True))
    if count and (count > storage.count or last >= storage.count):
        raise RefusedError(_("a tensor has more numbers than there are"))
    numbers = storage.numbers(machine)
    if numbers is None:
        return Opaque(Global("torch", "Tensor"))
    if not count:
        return np.zeros(shape, numbers.dtype)
    width = numbers.itemsize
    return np.ndarray(shape, numbers.dtype, numbers, start * width, tuple(step * width for step in strides))


def rebuild_parameter(machine: Machine, data: Any, *_rest: Any) -> Any:
    """Return a parameter, which is its tensor."""
    return data


def load_from_bytes(machine: Machine, data: Any) -> Any:
    """Return the storage in a pickle within the pickle: PyTorch stores those so that are not saved by `torch.save`.

    Raises:
        RefusedError: it is something else, or holds further ones.
    """
    from .torch_file import is_legacy, read_legacy

    view = memoryview(data)
    if machine.nested or not is_legacy(view):
        raise RefusedError(_("a storage within it is damaged"))
    return read_legacy(Cursor(view), machine.budget, nested=True)
