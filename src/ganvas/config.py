"""The complete description of a run: frozen dataclasses, checked, to JSON and back.

A recipe (`ganvas.recipes`) is a function that returns a `Config` with nothing left open; `RUN/config.json` holds it, so
a run can be read, repeated and opened by a later release.
"""

import dataclasses
import json
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from .errors import GanvasError, did_you_mean

FORMAT = 1  # raised when a run of an older release needs translating


@dataclass(frozen=True)
class DataConfig:
    """Say which pictures are trained on and how each is made to fit.

    Args:
        path: folder, .zip, .npy, or MNIST-style idx file (plain or .gz), as given by the user.
        height, width: of the prepared pictures, in pixels.
        channels: 1 grey, 3 colour, 4 colour with alpha kept.
        background: colour that transparency is composited on, as Pillow names it ("white", "#ffeedd").
        fit: "crop" cuts the middle out at the target's shape, "pad" shrinks the whole picture onto the background,
            "stretch" ignores the shape.
        labels: take the sub-folder (or the idx labels beside the pictures) as each picture's class.
    """

    path: str
    height: int = 32
    width: int = 32
    channels: int = 3
    background: str = "white"
    fit: str = "crop"
    labels: bool = True


ConfigT = TypeVar("ConfigT")


def to_dict(config: Any) -> dict[str, Any]:
    """Return a configuration dataclass as plain dicts, lists and scalars."""
    return dataclasses.asdict(config)


def from_dict(kind: type[ConfigT], record: Any, where: str = "config") -> ConfigT:
    """Return the dataclass `kind` from plain data, checking names and types all the way down.

    Raises:
        GanvasError: a field is unknown (with the nearest known name), missing, or of the wrong type.
    """
    if not isinstance(record, dict):
        raise GanvasError(f"{where} should be an object, not {type(record).__name__}", "Is this a ganvas config.json?")
    known = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for name in record:
        if name not in known:
            raise GanvasError(f"{where} has no field '{name}'.{did_you_mean(name, list(known))}", "See docs/config.md")
    hints = typing.get_type_hints(kind)
    values = {name: _convert(hints[name], value, f"{where}.{name}") for name, value in record.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise GanvasError(f"{where} is incomplete: {error}", "Is this a ganvas config.json?") from error


def _convert(hint: Any, value: Any, where: str) -> Any:
    """Return `value` as the type that `hint` asks for."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in typing.get_args(hint):
            return None
        return _convert(next(arg for arg in typing.get_args(hint) if arg is not type(None)), value, where)
    if dataclasses.is_dataclass(hint):
        return from_dict(hint, value, where)  # type: ignore[arg-type]
    if origin is tuple and isinstance(value, list | tuple):
        item = typing.get_args(hint)[0]
        return tuple(_convert(item, each, f"{where}[{index}]") for index, each in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {key: _convert(typing.get_args(hint)[1], each, f"{where}.{key}") for key, each in value.items()}
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(hint, type) and type(value) is hint:
        return value
    expected = getattr(hint, "__name__", str(hint))
    raise GanvasError(f"{where} should be {expected}, not {value!r}", "Is this a ganvas config.json?")
