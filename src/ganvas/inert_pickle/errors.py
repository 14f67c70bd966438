"""The error of a file that is not read, and the one for what is refused in it."""

from ..errors import GanvasError


class PickleError(GanvasError):
    """This file cannot be read as a pickle: it is damaged, beyond the limits, or of a kind that is not understood."""


class RefusedError(Exception):
    """Something in a pickle is not read on purpose; the text says what. It becomes a `PickleError`."""
