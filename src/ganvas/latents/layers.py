"""The layers of a generator with styles, as people name them: coarse, middle, fine, or numbers such as 0-3,5."""

import re

from ..errors import GanvasError
from ..translation import _

GROUPS = ("coarse", "middle", "fine")  # thirds of the layers: where things are, their shapes, their colors
RANGE = re.compile(r"(\d{1,4})(?:-(\d{1,4}))?", re.ASCII)
ALL = "all"


def parse_layers(text: str, num_ws: int) -> tuple[int, ...]:
    """Return the layers that a text names, ascending: "coarse", "middle,fine", "0-3,5" or "all".

    Args:
        text: names and ranges, separated by commas.
        num_ws: how many layers there are; 1 where the whole picture has one latent.

    Raises:
        GanvasError: there are no such layers.
    """
    if num_ws == 1 and text != ALL:
        raise _no_such_layers(text, num_ws)
    found: set[int] = set()
    for part in (part.strip().lower() for part in text.split(",")):
        numbers = RANGE.fullmatch(part)
        if part == ALL:
            found |= set(range(num_ws))
        elif part in GROUPS:
            found |= set(group(part, num_ws))
        elif numbers:
            first = int(numbers[1])
            last = int(numbers[2] or first)
            if not first <= last < num_ws:
                raise _no_such_layers(text, num_ws)
            found |= set(range(first, last + 1))
        else:
            raise _no_such_layers(text, num_ws)
    return tuple(sorted(found))


def group(name: str, num_ws: int) -> range:
    """Return the layers of a third: "coarse", "middle" or "fine"; the first ones have one more if need be."""
    index = GROUPS.index(name)
    size, more = divmod(num_ws, len(GROUPS))
    first = index * size + min(index, more)
    return range(first, first + size + (index < more))


def _no_such_layers(text: str, num_ws: int) -> GanvasError:
    if num_ws == 1:
        return GanvasError(
            _(
                "There are no layers '{text}': this recipe draws a picture from one latent, not from one a layer."
            ).format(text=text),
            _("Leave out --layers, or train with --recipe stylegan2."),
        )
    return GanvasError(
        _("There are no layers '{text}': this generator has 0 to {last}.").format(text=text, last=num_ws - 1),
        _("Use coarse, middle, fine, all, or numbers: --layers 0-{half}").format(half=num_ws // 2),
    )
