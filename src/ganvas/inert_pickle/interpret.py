"""The loop over the opcodes of a pickle."""

from collections.abc import Callable
from typing import Any

from ..translation import _
from .budget import Budget
from .cursor import Cursor
from .errors import RefusedError
from .machine import Machine, no_persistent_objects
from .objects import OBJECTS
from .values import VALUES

STOP = ord(".")
OPCODES = {ord(code): function for code, function in (VALUES | OBJECTS).items()}


def interpret(
    cursor: Cursor,
    budget: Budget,
    persistent: Callable[[object], object] = no_persistent_objects,
    nested: bool = False,
) -> Any:
    """Return the value of the pickle at `cursor`, and leave it behind the pickle.

    Args:
        cursor, budget, persistent, nested: as of `Machine`.

    Raises:
        RefusedError: something in it is not read.
        Exception: it is damaged; whatever a wrong value leads to, of those in `read.DAMAGE`.
    """
    machine = Machine(cursor, budget, persistent, nested)
    while (code := cursor.byte()) != STOP:
        budget.operate(1)
        if code not in OPCODES:
            raise RefusedError(_("it is no pickle, or damaged"))
        OPCODES[code](machine)
    return machine.pop()
