"""The exception that users see: what happened, and what to do next."""

import shlex
from collections.abc import Collection, Mapping
from typing import TypeVar

from .translation import _

T = TypeVar("T")


class GanvasError(Exception):
    """An error that the user can do something about.

    The command line prints `message` and `hint` and exits with status 1, without a traceback.

    Args:
        message: what happened, naming the file, the number or the option.
        hint: the next command to type, or the next thing to do; may be empty.

    Example:
        >>> import ganvas
        >>> try:
        ...     ganvas.load("no/such/run")
        ... except ganvas.GanvasError as error:
        ...     print(error.message, error.hint, sep="\\n")
        no/such/run does not exist.
        Try: ganvas train PICTURES --out no/such/run
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UnusableImageError(GanvasError):
    """This picture cannot be used; others in the batch may be."""


class UnreadableNowError(GanvasError):
    """The system could not read a file just now, which says nothing of what is in it."""


def cannot_be_read_now(path: object, error: OSError) -> UnreadableNowError:
    """Return the error for a file that is not known to be damaged: the system could not read it just now."""
    return UnreadableNowError(
        _("{path} cannot be read now: {reason}.").format(path=path, reason=error.strerror or error),
        _("Nothing was changed. Once it can be read, type the same command again."),
    )


def cannot_be_written(path: object, error: Exception, hint: str) -> GanvasError:
    """Return the error for a file that could not be written: by the system's reason, or an encoder's."""
    reason = (error.strerror if isinstance(error, OSError) else None) or error
    return GanvasError(_("Cannot write {path}: {reason}.").format(path=path, reason=reason), hint)


def ganvas_command(*words: object) -> str:
    """Return a command for a hint, each word quoted for the shell: a folder's name may hold spaces, or other commands.

    >>> ganvas_command("train", "PICTURES", "--out", "my run")
    "ganvas train PICTURES --out 'my run'"
    """
    return shlex.join(["ganvas", *map(str, words)])


def did_you_mean(given: str, names: Collection[str]) -> str:
    """Return ` Did you mean 'x'?` for the one of `names` that is nearest to `given`, or an empty string."""
    import difflib

    near = difflib.get_close_matches(given, names, n=1)
    return _(" Did you mean '{name}'?").format(name=near[0]) if near else ""


def lookup(table: Mapping[str, T], name: str, kind: str) -> T:
    """Return the entry of `table` called `name`.

    Args:
        kind: what the entries are, for the message (N_("recipe"), N_("loss")).

    Raises:
        GanvasError: there is none; the message suggests the nearest name, the hint lists all names.
    """
    check_choice(name, table, kind)
    return table[name]


def check_choice(name: str, names: Collection[str], kind: str) -> None:
    """Check that `name` is one of `names`.

    Raises:
        GanvasError: it is not; see `lookup`.
    """
    if name not in names:
        raise GanvasError(
            _("There is no {kind} '{name}'.{suggestion}").format(
                kind=_(kind), name=name, suggestion=did_you_mean(name, names)
            ),
            _("Choose one of: {names}.").format(names=", ".join(names)),
        )
