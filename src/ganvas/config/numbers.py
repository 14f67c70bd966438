"""Numbers and ranges of numbers as they are typed."""

import re

from ..errors import GanvasError

_NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"


def number_text(value: float) -> str:
    """Return a number as short as it can be without a loss."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def range_text(value_range: tuple[float, float] | None) -> str | None:
    """Return a range as it is typed: "0-4095"; None for None."""
    return "-".join(map(number_text, value_range)) if value_range else None


def parse_range(text: str) -> tuple[float, float]:
    """Return the numbers for black and for white in a text such as "0-4095" or "-1-1".

    Raises:
        GanvasError: it is no range, or white is not the larger number.
    """
    found = re.fullmatch(rf"({_NUMBER})-({_NUMBER})", text.strip().lower())
    if not found or float(found[1]) >= float(found[2]):
        raise GanvasError(
            f"'{text}' is not a range: it takes the number for black, a hyphen and a larger number for white.",
            "Try: --range 0-4095, or where the first is below zero: --range=-1-1",
        )
    return float(found[1]), float(found[2])
