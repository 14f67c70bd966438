"""The options of a training as fields of a form, made of the dataclasses that declare them."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any, get_args, get_type_hints

from ..config.options import OPTIONS
from ..config.train_options import AUTO, WHOLE, choices, flag, help_texts
from ..recipes import RECIPES
from ..translation import _

NOT_ASKED = ("device", "init_from", "freeze", "seed", "images", "log")  # they are left to the command line


def form_fields(groups: Iterable[type]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield each group of options with its title and its fields."""
    for group in groups:
        yield _(str(group.__doc__)), [_field(group, each.name) for each in fields(group) if each.name not in NOT_ASKED]


def _field(group: type, name: str) -> dict[str, Any]:
    """Return what a form needs to know of an option."""
    option = OPTIONS[name]
    (kind,) = (each for each in get_args(get_type_hints(group)[name]) if each is not type(None))
    words = tuple(RECIPES) if name == "recipe" else tuple(word for word in choices(name) if word != AUTO)
    shown = "yes-no" if kind is bool else "number" if kind in (int, float) else "choice" if words else "text"
    return {
        "name": name,
        "label": flag(name).removeprefix("--").replace("-", " ").capitalize(),
        "kind": "several" if kind not in (int, float, str, bool) and str(kind).startswith("tuple") else shown,
        "choices": words,
        "help": _(help_texts()[name]),
        "default": _(option.default),
        "example": option.example or option.metavar,
        "least": option.minimum if math.isfinite(option.minimum) else None,
        "most": option.maximum if math.isfinite(option.maximum) else None,
        "whole": name in WHOLE,
    }
