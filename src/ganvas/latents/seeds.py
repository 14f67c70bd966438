"""Lists of seeds as they are typed: "3,7,20-29"."""

import re

from ..errors import GanvasError
from ..limits import MAX_DIGITS

MAX_SEEDS = 1_000_000  # of one list; more are a slip of the keyboard
HINT = "Try: --seeds 3,7,20-29"
_PART = re.compile(rf"(-?\d{{1,{MAX_DIGITS}}})(?:-(-?\d{{1,{MAX_DIGITS}}}))?", re.ASCII)


def parse_seeds(text: str) -> list[int]:
    """Return the seeds in a list such as "3,7,20-29", in the order in which they are typed, repeated ones too.

    Raises:
        GanvasError: there is none, a part is neither a whole number nor two with a hyphen between, a range ends before
            it begins, or there are more than a million.
    """
    seeds: list[int] = []
    for part in text.split(","):
        found = _PART.fullmatch(part.strip())
        if not found:
            raise GanvasError(
                f"'{text}' is not a list of seeds: '{part.strip()}' is neither a number nor a range.", HINT
            )
        first, last = int(found[1]), int(found[2] or found[1])
        if last < first:
            raise GanvasError(
                f"The range of seeds {part.strip()} ends before it begins.", f"Try: --seeds {last}-{first}"
            )
        if len(seeds) + last - first >= MAX_SEEDS:
            raise GanvasError(
                f"'{part.strip()}' makes more than {MAX_SEEDS:,} seeds.",
                "Name fewer, or number the pictures: --count N",
            )
        seeds += range(first, last + 1)
    return seeds
