"""Dataclasses as JSON and back. JSON has no NaN and no infinity, so these become strings; types are checked."""

import math
from dataclasses import fields
from types import UnionType
from typing import Any, get_args, get_origin

SPECIAL_NUMBERS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def to_json_value(value: Any) -> Any:
    """Return plain data with tuples as lists, and NaN and infinities as "nan", "inf" and "-inf"."""
    if isinstance(value, dict):
        return {key: to_json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json_value(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def dataclass_from(kind: type, record: dict[str, Any]) -> Any:
    """Return the dataclass `kind` from a JSON object; fields that it does not have are left out.

    Raises:
        TypeError, ValueError, KeyError, AttributeError, OverflowError: a field is missing or has another type.
    """
    types = {field.name: field.type for field in fields(kind)}
    return kind(**{name: _from_json_value(types[name], value) for name, value in record.items() if name in types})


def _from_json_value(kind: Any, value: Any) -> Any:
    """Undo `to_json_value` for a field of type `kind`."""
    if isinstance(kind, UnionType):
        return None if value is None else _from_json_value(get_args(kind)[0], value)
    if get_origin(kind) is dict:
        return {name: _from_json_value(get_args(kind)[1], item) for name, item in value.items()}
    if get_origin(kind) is tuple:
        return tuple(_from_json_value(get_args(kind)[0], item) for item in value)
    if isinstance(value, dict):
        return dataclass_from(kind, value)
    if kind is float and not isinstance(value, bool):
        return SPECIAL_NUMBERS[value] if isinstance(value, str) else float(value)
    if kind is int:
        float(value)  # an integer too large for a float is refused
    if type(value) is not kind:
        raise TypeError(f"{value!r} is not of type {kind.__name__}")
    return value
