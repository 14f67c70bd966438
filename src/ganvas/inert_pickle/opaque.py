"""What stands for things that a pickle names and that are not understood: they are recorded, never made."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Global:
    """The name of a class or function, as the file writes it. Nothing is behind it."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False, repr=False)
class Opaque:
    """An object of a class that is not understood, or the result of a function that was not called.

    Args:
        kind: what the file would have called; for a persistent object of NVIDIA's, its class.
        args: the arguments of that call.
        state: what would have become its attributes.
        items: what would have been stored in it by key.
        elements: what would have been appended to it.
    """

    kind: object
    args: tuple[Any, ...] = ()
    state: Any = None
    items: dict[Any, Any] = field(default_factory=dict)
    elements: list[Any] = field(default_factory=list)

    @property
    def class_name(self) -> str:
        """The last part of its class's name; empty if it has none."""
        return self.kind.name if isinstance(self.kind, Global) else ""

    def __repr__(self) -> str:
        return f"Opaque({self.kind if isinstance(self.kind, Global) else '...'})"
