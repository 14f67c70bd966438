"""Configurations to plain data and back, checked."""

import dataclasses
import math
import sys
import types
import typing
from typing import Any, TypeVar

from ..errors import GanvasError, did_you_mean
from ..translation import _

ConfigT = TypeVar("ConfigT")


def to_dict(config: Any) -> dict[str, Any]:
    """Return a configuration dataclass as plain dicts, lists and scalars; what has a `to_record` says it itself."""
    return {field.name: _plain(getattr(config, field.name)) for field in dataclasses.fields(config)}


def _plain(value: Any) -> Any:
    """Return a field's value as plain data."""
    if hasattr(value, "to_record"):
        return value.to_record()
    if dataclasses.is_dataclass(value):
        return to_dict(value)
    if isinstance(value, list | tuple):
        return [*map(_plain, value)] if isinstance(value, list) else tuple(map(_plain, value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def from_dict(kind: type[ConfigT], record: Any, where: str = "config") -> ConfigT:
    """Return the dataclass `kind` from plain data, checking names and types all the way down.

    Raises:
        GanvasError: a field is unknown (with the nearest known name), missing, or of the wrong type.
    """
    if not isinstance(record, dict):
        raise GanvasError(
            _("{where} should be an object, not {kind}").format(where=where, kind=type(record).__name__),
            _("Is this a ganvas config.json?"),
        )
    known = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for name in record:
        if name not in known:
            raise GanvasError(
                _("{where} has no field '{name}'.{suggestion}").format(
                    where=where, name=name, suggestion=did_you_mean(name, list(known))
                ),
                _("Is this a ganvas config.json, and of this release?"),
            )
    hints = typing.get_type_hints(kind)
    values = {name: _convert(hints[name], value, f"{where}.{name}") for name, value in record.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise GanvasError(
            _("{where} is incomplete: {error}").format(where=where, error=error), _("Is this a ganvas config.json?")
        ) from error


def _convert(hint: Any, value: Any, where: str) -> Any:
    """Return `value` as the type that `hint` asks for."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in typing.get_args(hint):
            return None
        return _convert(next(arg for arg in typing.get_args(hint) if arg is not type(None)), value, where)
    if origin is typing.Literal and value in typing.get_args(hint):
        return value
    if dataclasses.is_dataclass(hint):
        return from_dict(hint, value, where)  # type: ignore[arg-type]
    if origin is tuple and isinstance(value, list | tuple):
        item = typing.get_args(hint)[0]
        return tuple(_convert(item, each, f"{where}[{index}]") for index, each in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {key: _convert(typing.get_args(hint)[1], each, f"{where}.{key}") for key, each in value.items()}
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        too_large = isinstance(value, int) and abs(value) > sys.float_info.max  # a whole number may have 400 digits
        return math.inf if too_large else float(value)
    if isinstance(hint, type) and type(value) is hint:
        return value
    choices = ", ".join(map(str, typing.get_args(hint)))
    expected = (
        _("one of {choices}").format(choices=choices)
        if origin is typing.Literal
        else getattr(hint, "__name__", str(hint))
    )
    raise GanvasError(
        _("{where} should be {expected}, not {value!r}").format(where=where, expected=expected, value=value),
        _("Is this a ganvas config.json?"),
    )
