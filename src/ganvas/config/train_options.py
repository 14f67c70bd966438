"""The options that were given for a training: checked, as words of a command line, and as a run records them."""

import ast
import inspect
import math
import re
import textwrap
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, get_type_hints

from ..errors import GanvasError, lookup
from ..translation import _
from .label_pattern import label_pattern
from .numbers import number_text, parse_aspect, parse_range, range_text
from .options import (
    GROUPS,
    OPTIONS,
    BudgetOptions,
    DataOptions,
    ModelOptions,
    Option,
    RegularizationOptions,
    RunOptions,
)

SPELLINGS = {("channels", "grey"): "gray", ("fit", "center"): "crop", ("fit", "centre"): "crop"}  # of the same value
AUTO = "auto"  # typed where an option is to be chosen; the same as leaving it out
SEVERAL = {"augment", "log"}  # options of several words, of which one may be given as it is
WHOLE = {"images", "batch", "upsample", "penalty_interval", "seed", "limit"}  # options that are whole numbers


@dataclass(frozen=True, kw_only=True)
class TrainOptions(RunOptions, RegularizationOptions, ModelOptions, BudgetOptions, DataOptions):
    """What a user asks of a training. An option that is None was not given.

    Raises:
        GanvasError: a value is out of range, or not one of the choices.
    """

    def __post_init__(self) -> None:
        for name, option in OPTIONS.items():
            value = getattr(self, name)
            if isinstance(value, list):
                value = tuple(value)
            if value in (AUTO, ()):
                value = None
            if name in SEVERAL and isinstance(value, str):
                value = (value,)
            if value is not None:
                value = _checked(name, option, value)
            object.__setattr__(self, name, value)
        if self.minutes is not None and self.images is not None:
            raise GanvasError(
                _("Both --minutes and --images were given."), _("A run has one budget: give one of them.")
            )

    def given(self) -> dict[str, Any]:
        """Return the options that were given, by name."""
        return {name: value for name in OPTIONS if (value := getattr(self, name)) is not None}

    def to_record(self) -> dict[str, Any]:
        """Return what config.json holds: the options that were given."""
        return self.given()


def flag(name: str) -> str:
    """Return how an option is typed: "--penalty-interval" for `penalty_interval`."""
    return f"--{OPTIONS[name].flag or name.replace('_', '-')}"


def to_flags(values: dict[str, Any]) -> list[str]:
    """Return the words of a command line that asks for these options."""
    words: list[str] = []
    for name, value in values.items():
        if value is False or value is None:
            continue
        texts = (
            [] if value is True else [option_text(each) for each in (value if isinstance(value, tuple) else (value,))]
        )
        starts_with_minus = bool(texts) and texts[0].startswith("-")  # and would be taken for a flag
        words += [f"{flag(name)}={texts[0]}"] if starts_with_minus else [flag(name), *texts]
    return words


def recorded(config: Any) -> dict[str, Any]:
    """Return the value of each option that a run's configuration records, by name; None where it records none."""
    return {name: option.read(config) for name, option in OPTIONS.items() if option.read is not None}


def repeating_flags(config: Any) -> list[str]:
    """Return the flags that train such a run again: what was asked for, and what depends on pictures or machine.

    Of a run of 0.1, which does not record what was asked for, everything is stated.
    """
    values = recorded(config)
    if config.requested is not None:
        stated = {*config.requested.given(), *(name for name, option in OPTIONS.items() if option.repeat)}
        if config.channel_mult != 1 or config.init_from:  # else the width would be the machine's, or that run's
            stated.add("channel_mult")
        values = {name: value for name, value in values.items() if name in stated}
    if values.get("minutes") is not None:
        values.pop("images", None)
    return to_flags(values)


@cache
def help_texts() -> dict[str, str]:
    """Return the help text of each option: the docstring below its field."""
    texts: dict[str, str] = {}
    for group in GROUPS:
        (body,) = ast.parse(textwrap.dedent(inspect.getsource(group))).body
        assert isinstance(body, ast.ClassDef)
        for before, after in zip(body.body, body.body[1:], strict=False):
            if isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name):
                texts[before.target.id] = str(ast.literal_eval(after.value))  # type: ignore[attr-defined]
    return texts


def choices(name: str) -> tuple[str, ...]:
    """Return the values that an option may have, if these are words."""
    group = next(group for group in GROUPS if name in {field.name for field in fields(group)})
    found = re.findall(r"Literal\[([^\]]*)\]", str(get_type_hints(group)[name]))
    return tuple(ast.literal_eval(f"({found[0]},)")) if found else ()


def parse_size(text: str, flag: str = "--size") -> tuple[int, int]:
    """Return (width, height) in pixels for "64" or "96x64" (width by height), as given to `flag`.

    Raises:
        GanvasError: it is neither.
    """
    found = re.fullmatch(r"(\d{1,4})(?:[xX](\d{1,4}))?", text.strip())
    if not found:
        raise GanvasError(
            _("'{text}' is not a size.").format(text=text),
            _("Try: {flag} 64, or width by height: {flag} 96x64").format(flag=flag),
        )
    return int(found[1]), int(found[2] or found[1])


def _checked(name: str, option: Option, value: Any) -> Any:
    """Return an option's value in its one form; refuse what is out of range or not among the choices."""
    if name == "size":
        return "{}x{}".format(*parse_size(str(value)))
    if name == "value_range":
        return range_text(parse_range(value if isinstance(value, str) else "-".join(map(str, value))))
    if name == "aspect":
        return range_text(parse_aspect(value if isinstance(value, str) else "-".join(map(str, value))))
    if (name, value) in SPELLINGS:
        return SPELLINGS[name, value]
    if name == "init_from":
        return str(value)
    if name == "labels_by":
        return label_pattern(str(value)).pattern
    for word in (value if isinstance(value, tuple) else (value,)) if choices(name) else ():
        lookup(dict.fromkeys(choices(name)), word, _("{option} value").format(option=flag(name)))
    if name == "ema_half_life" and option.maximum < value <= 1:  # somebody means a decay such as 0.999
        raise GanvasError(
            _(
                "--ema-half-life {value:g} looks like a decay. It is a half-life, as a share of the images seen so far."
            ).format(value=value),
            _("Try: --ema-half-life 0.05"),
        )
    if name in WHOLE and isinstance(value, float):
        if not value.is_integer():
            raise GanvasError(
                _("{option} must be a whole number, not {value:g}.").format(option=flag(name), value=value),
                _("Try: {option} {example}").format(option=flag(name), example=option.example),
            )
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        in_range = option.minimum <= value <= option.maximum and value < math.inf
        if not in_range or (value == 0 and name in ("minutes", "images")):
            raise GanvasError(
                _("{option} must be {values}, not {value:g}.").format(
                    option=flag(name), values=_range(name, option), value=value
                ),
                _("Try: {option} {example}").format(option=flag(name), example=option.example),
            )
    return value


def _range(name: str, option: Option) -> str:
    if option.maximum < math.inf:
        return _("between {least:g} and {greatest:g}").format(least=option.minimum, greatest=option.maximum)
    return _("greater than 0") if name in ("minutes", "images") else _("{least:g} or more").format(least=option.minimum)


def option_text(value: Any) -> str:
    """Return a value as it is typed; numbers as short as they can be without a loss."""
    if isinstance(value, float):
        return number_text(value)
    return str(value)
