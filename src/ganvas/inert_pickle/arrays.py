"""NumPy's arrays, scalars and types, from what its pickles say of them."""

import math
import re
from typing import Any

import numpy as np

from ..translation import _
from .budget import MAX_DIMENSIONS, Budget
from .errors import RefusedError

TYPE = re.compile(r"[<>|=]?([?biufcSU]\d{0,6}|bool|u?int\d\d?|float\d\d|complex\d{2,3})")
Array = np.ndarray[Any, np.dtype[Any]]


class DType:
    """A NumPy type: numbers and texts, never objects.

    Args:
        text: its name, such as `f4`.
    """

    def __init__(self, text: object) -> None:
        self.text = text if isinstance(text, str) else ""

    def set_state(self, state: object) -> None:
        """Take the order of bytes out of what NumPy stores: (3, "<", ...).

        Raises:
            RefusedError: the type has fields, or its state is none.
        """
        if not isinstance(state, tuple) or len(state) < 5 or state[1] not in ("<", ">", "=", "|"):
            raise RefusedError(_("the type of an array is damaged"))
        if any(part is not None for part in state[2:5]):
            raise RefusedError(_("an array has fields, which are not read"))
        self.text = state[1] + self.text.lstrip("<>=|")

    def numpy(self) -> np.dtype[Any]:
        """Return it as NumPy's.

        Raises:
            RefusedError: it holds objects, or is none.
        """
        if not TYPE.fullmatch(self.text):
            raise RefusedError(_("an array holds {kind!r}, which is not read").format(kind=self.text[:20]))
        return np.dtype(self.text)


def whole_numbers(values: object, limit: int = MAX_DIMENSIONS) -> tuple[int, ...]:
    """Return a shape, or other few whole numbers from 0 on, checked.

    Raises:
        RefusedError: they are something else.
    """
    if not isinstance(values, tuple | list) or len(values) > limit:
        raise RefusedError(_("the shape of an array is damaged"))
    if not all(type(value) is int and 0 <= value < 1 << 48 for value in values):
        raise RefusedError(_("the shape of an array is damaged"))
    return tuple(values)


def view_of(dtype: np.dtype[Any], shape: tuple[int, ...], data: object, order: Any = "C") -> Array:
    """Return an array that is a view of `data`.

    Raises:
        RefusedError: `data` has another size.
    """
    if not isinstance(data, bytes | memoryview) or len(data) != math.prod(shape) * dtype.itemsize:
        raise RefusedError(_("an array has another size than it says"))
    return np.ndarray(shape, dtype, data, order=order)


def fill(budget: Budget, array: Array, state: object) -> None:
    """Give an array that was begun its shape, type and numbers.

    Args:
        state: (version, shape, type, whether columns come first, bytes).
    """
    if not isinstance(state, tuple) or len(state) != 5 or not isinstance(state[2], DType):
        raise RefusedError(_("an array is damaged"))
    _version, shape, kind, columns_first, data = state
    shape, dtype = whole_numbers(shape), kind.numpy()
    data = data.encode("latin-1") if isinstance(data, str) else data
    view_of(dtype, shape, data)
    budget.copy(len(data))
    array.__setstate__((1, shape, dtype, bool(columns_first), bytes(data)))  # type: ignore[arg-type]  # as pickle does
