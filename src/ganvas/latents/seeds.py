"""Lists of seeds as they are typed: "3,7,20-29"."""

import re

from ..errors import GanvasError
from ..limits import MAX_DIGITS
from ..translation import N_, _

MAX_SEEDS = 1_000_000  # of one list; more are a slip of the keyboard
HINT = N_("Try: --seeds 3,7,20-29")
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
                _("'{text}' is not a list of seeds: '{part}' is neither a number nor a range.").format(
                    text=text, part=part.strip()
                ),
                _(HINT),
            )
        first, last = int(found[1]), int(found[2] or found[1])
        if last < first:
            raise GanvasError(
                _("The range of seeds {part} ends before it begins.").format(part=part.strip()),
                _("Try: --seeds {last}-{first}").format(last=last, first=first),
            )
        if len(seeds) + last - first >= MAX_SEEDS:
            raise GanvasError(
                _("'{part}' makes more than {max_seeds:,} seeds.").format(part=part.strip(), max_seeds=MAX_SEEDS),
                _("Name fewer, or number the pictures: --count N"),
            )
        seeds += range(first, last + 1)
    return seeds
