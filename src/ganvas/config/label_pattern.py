"""Patterns that find labels in the names of pictures, by `--labels-by`. A search by them comes to an end soon."""

import re

from ..errors import GanvasError
from ..translation import _

MAX_PATTERN = 100  # characters
MAX_REPEATS = 3  # each may multiply the time of a search by the length of a name
BACKSLASHED = re.compile(r"\\(.)", re.DOTALL)
CHARACTER_SET = re.compile(r"\[\^?\]?[^\]]*\]")
REPEAT = re.compile(r"[*+]|\{\d*,?\d*\}")


def label_pattern(pattern: str) -> re.Pattern[str]:
    """Return a pattern with one group, the label.

    Repeated groups, references to groups and more than three repeats are refused: a search could take for ever.

    Raises:
        GanvasError: it is no pattern, or of these.
    """
    try:
        found = re.compile(pattern[: MAX_PATTERN + 1])
    except (re.error, RecursionError, OverflowError) as error:
        raise refused_pattern(pattern, str(error)) from error
    plain = CHARACTER_SET.sub("x", BACKSLASHED.sub(lambda each: "1" if each[1].isdigit() else "x", pattern))
    if len(pattern) > MAX_PATTERN:
        raise refused_pattern(pattern, _("it has more than {most} characters").format(most=MAX_PATTERN))
    if found.groups != 1:
        raise refused_pattern(pattern, _("it needs one group in brackets, the label"))
    if re.search(r"\)[*+{?]", plain) or re.search(r"\\\d|\(\?P?[=(]", pattern):
        raise refused_pattern(pattern, _("groups may not be repeated or referred to: a search could take for ever"))
    if len(REPEAT.findall(plain)) > MAX_REPEATS or plain.count("|") > MAX_REPEATS:
        raise refused_pattern(
            pattern, _("it has more than {most} repeats: a search could take for ever").format(most=MAX_REPEATS)
        )
    return found


def refused_pattern(pattern: str, reason: str) -> GanvasError:
    return GanvasError(
        _("{pattern} is no pattern for labels: {reason}.").format(pattern=pattern[:MAX_PATTERN], reason=reason),
        _("Try: --labels-by {pattern} for names such as {name}").format(pattern='"(.+)_"', name="cat_01.jpg"),
    )
