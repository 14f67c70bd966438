"""JSON that may be a stranger's, and dataclasses as JSON and back.

What is parsed is bounded in size and depth. JSON has no NaN and no infinity, so in events these become strings; types
are checked.
"""

import json
import math
from dataclasses import fields
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin

from .limits import MAX_DIGITS, MAX_JSON_BYTES, MAX_JSON_DEPTH
from .translation import _

SPECIAL_NUMBERS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def parse_json(text: str | bytes) -> Any:
    """Return the data in a JSON text.

    Raises:
        ValueError: it is none, or is beyond the limits of depth and of whole numbers.
    """
    try:
        data = json.loads(text, parse_int=_whole_number)
    except RecursionError:
        data = None
    else:
        if _is_within(data, MAX_JSON_DEPTH):
            return data
    raise ValueError(_("lists and objects are nested more than {depth} deep").format(depth=MAX_JSON_DEPTH))


def read_json_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file.

    Raises:
        ValueError: it holds something else, or too much.
        OSError: it is not there, or cannot be read now.
    """
    with path.open("rb") as file:
        content = file.read(MAX_JSON_BYTES + 1)
    if len(content) > MAX_JSON_BYTES:
        raise ValueError(_("it has more than {size:,} bytes").format(size=MAX_JSON_BYTES))
    record = parse_json(content.decode("utf-8"))
    if not isinstance(record, dict):
        raise ValueError(_("it should be an object, not {kind}").format(kind=type(record).__name__))
    return record


def _whole_number(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(_("a number has {digits:,} digits").format(digits=len(digits)))
    return int(digits)


def _is_within(data: Any, depth: int) -> bool:
    inside = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return not inside or (depth > 0 and all(_is_within(each, depth - 1) for each in inside))


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
        TypeError, ValueError, KeyError, AttributeError: a field is missing or has another type.
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
    if type(value) is not kind:
        raise TypeError(f"{value!r} is not of type {kind.__name__}")
    return value
