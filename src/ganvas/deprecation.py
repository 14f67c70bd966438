"""Names of an earlier release that still work, and say that they will go."""

import functools
import warnings
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def warn_renamed(old: str, new: str, stacklevel: int = 3) -> None:
    """Warn that `old` is now called `new`."""
    warnings.warn(f"{old} is now called {new}", DeprecationWarning, stacklevel=stacklevel + 1)


def accepts_old_names(names: Mapping[str, str]) -> Callable[[F], F]:
    """Return a decorator by which a function takes keyword arguments by their old names too.

    Args:
        names: old name to new name.
    """

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def call(*args: Any, **keywords: Any) -> Any:
            for old in names.keys() & keywords.keys():
                warn_renamed(f"{old}=", f"{names[old]}=")
                keywords[names[old]] = keywords.pop(old)
            return function(*args, **keywords)

        return call  # type: ignore[return-value]

    return decorate
