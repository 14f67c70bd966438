"""Numbers and ranges of numbers as they are typed."""

import math
import re

from ..errors import GanvasError
from ..translation import _

_NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"


def number_text(value: float) -> str:
    """Return a number as short as it can be without a loss."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def range_text(value_range: tuple[float, float] | None) -> str | None:
    """Return a range as it is typed: "0-4095"; None for None."""
    return "-".join(map(number_text, value_range)) if value_range else None


def parse_aspect(text: str) -> tuple[float, float]:
    """Return the least and the greatest width over height in a text such as "0.8-1.25".

    Raises:
        GanvasError: it is no range of positive numbers, or the greater one is first.
    """
    found = re.fullmatch(rf"({_NUMBER})-({_NUMBER})", text.strip().lower())
    if not found or not 0 < float(found[1]) <= float(found[2]) < math.inf:
        raise GanvasError(
            _(
                "'{text}' is no range of shapes: it takes the least width over height, a hyphen and the greatest."
            ).format(text=text),
            _("Try: --aspect 0.8-1.25"),
        )
    return float(found[1]), float(found[2])


def parse_range(text: str) -> tuple[float, float]:
    """Return the numbers for black and for white in a text such as "0-4095" or "-1-1".

    Raises:
        GanvasError: it is no range, or white is not the larger number.
    """
    found = re.fullmatch(rf"({_NUMBER})-({_NUMBER})", text.strip().lower())
    if not found or float(found[1]) >= float(found[2]):
        raise GanvasError(
            _("'{text}' is not a range: it takes the number for black, a hyphen and a larger number for white.").format(
                text=text
            ),
            _("Try: --range 0-4095, or where the first is below zero: --range=-1-1"),
        )
    return float(found[1]), float(found[2])
