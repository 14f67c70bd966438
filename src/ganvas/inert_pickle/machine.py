"""The state of a pickle that is being read: a stack, marks on it, and what is remembered by number."""

from collections.abc import Callable
from typing import Any

from ..translation import _
from .budget import MAX_MARKS, Budget
from .cursor import Cursor
from .errors import RefusedError
from .opaque import Global, Opaque


def no_persistent_objects(identity: object) -> object:
    """Return an opaque object for a persistent id: what it means is known to the program that wrote it."""
    return Opaque(Global("", "persistent"), (identity,))


class Machine:
    """The state.

    Args:
        cursor: where the pickle begins.
        budget: what is left for the whole file.
        persistent: what persistent ids stand for.
        nested: whether this pickle lies inside another one.
    """

    def __init__(
        self,
        cursor: Cursor,
        budget: Budget,
        persistent: Callable[[object], object] = no_persistent_objects,
        nested: bool = False,
    ) -> None:
        self.cursor, self.budget, self.persistent, self.nested = cursor, budget, persistent, nested
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []  # what lies under each mark
        self.memo: dict[int, Any] = {}
        self.unfilled: dict[int, Any] = {}  # arrays whose numbers are still to come, by identity

    def push(self, value: object) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def pop(self) -> Any:
        """Return the uppermost value and take it off. Raises IndexError if there is none above the last mark."""
        return self.stack.pop()

    def mark(self) -> None:
        """Begin a list of values."""
        if len(self.below) >= MAX_MARKS:
            raise RefusedError(_("its values are nested too deeply"))
        self.below.append(self.stack)
        self.stack = []

    def pop_mark(self) -> list[Any]:
        """Return all values above the last mark, and take them and it off. Raises IndexError if there is no mark."""
        values = self.stack
        self.stack = self.below.pop()
        return values
