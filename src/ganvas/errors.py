"""The one exception that users meet: what happened, and what to type next."""

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")


class GanvasError(Exception):
    """Say what happened and where, and what to do next.

    The command line prints `message` and `hint` and exits with status 1; no traceback reaches the user.

    Args:
        message: what happened, naming the file, the number or the option.
        hint: the next command to type, or the next thing to do; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UnfitPictureError(GanvasError):
    """Say what is wrong with one picture, where others may do."""


def did_you_mean(given: str, known: list[str]) -> str:
    """Return ` Did you mean 'x'?` for the known name nearest to `given`, or an empty string."""
    import difflib

    near = difflib.get_close_matches(given, known, n=1)
    return f" Did you mean '{near[0]}'?" if near else ""


def pick(table: Mapping[str, T], name: str, what: str) -> T:
    """Return the entry of `table` called `name`.

    Raises:
        GanvasError: there is none; the nearest name and all names are given.
    """
    if name not in table:
        known = list(table)
        raise GanvasError(f"There is no {what} '{name}'.{did_you_mean(name, known)}", f"Known: {', '.join(known)}")
    return table[name]
