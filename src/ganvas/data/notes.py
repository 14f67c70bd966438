"""Notes on a prepared set of pictures: how they were converted, and what was left out.

They are stored with the set, in English, and shown in the user's language.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from ..formatting import printable
from ..translation import N_, _, stored

COPY = N_("an exact copy")
LIMITED = N_("Of {found:,} pictures, {limit:,} were chosen at random, by seed {seed}; for all: leave out --limit.")
EMPTY_CLASS = N_("No picture can be used of {number:,} class, left out: {names}.")
EMPTY_CLASSES = N_("No picture can be used of {number:,} classes, left out: {names}.")
CONVERTED_ONE = N_("{number:,} picture: {what}.")
CONVERTED = N_("{number:,} pictures: {what}.")
COPIES = N_("{copies:,} of {count:,} pictures are exact copies of others, which are shown once.")
SKIPPED = N_("{skipped:,} of {count:,} files were skipped: {reasons}.")
MISLABELLED = N_("really {format}, despite the suffix")
TEMPLATES = (LIMITED, EMPTY_CLASS, EMPTY_CLASSES, COPIES, SKIPPED, CONVERTED_ONE, CONVERTED, MISLABELLED)
FIELD = r"\{(\w+)[^}]*\}"
MAX_NAMED = 5  # classes, or reasons, that a note names


def limit_notes(found: int, count: int, limit: int | None, seed: int) -> Iterator[str]:
    """Yield what was chosen, where it was not all that was found."""
    if count < found:
        yield LIMITED.format(found=found, limit=limit, seed=seed)


def empty_class_notes(names: set[str]) -> Iterator[str]:
    """Yield which classes are left out because they have no picture."""
    if names:
        listed = ", ".join(f"'{printable(name)}'" for name in sorted(names)[:MAX_NAMED])
        yield (EMPTY_CLASSES if len(names) > 1 else EMPTY_CLASS).format(number=len(names), names=listed)


def summary_notes(conversions: Counter[str], skipped: Iterable[str], count: int) -> Iterator[str]:
    """Yield how many of `count` pictures were converted and skipped, and why, the most frequent first."""
    for what, number in _most_frequent_first(conversions):
        yield (CONVERTED if number > 1 else CONVERTED_ONE).format(number=number, what=what)
    reasons = list(skipped)
    unusable = [reason for reason in reasons if not reason.startswith(COPY)]
    if copies := len(reasons) - len(unusable):
        yield COPIES.format(copies=copies, count=count)
    if unusable:
        yield SKIPPED.format(skipped=len(unusable), count=count, reasons=reason_summary(unusable))


def reason_summary(reasons: Iterable[str]) -> str:
    """Return the most frequent reasons for skipping, without what is in brackets: "3 truncated, 1 damaged"."""
    counts = Counter(reason.partition(" (")[0] for reason in reasons)
    return ", ".join(f"{number:,} {reason}" for reason, number in _most_frequent_first(counts)[:MAX_NAMED])


def shown(note: str) -> str:
    """Return a stored note, or a part of one, in the user's language."""
    for template in TEMPLATES:
        if found := re.fullmatch("(.*)".join(map(re.escape, re.split(r"\{[^}]*\}", template))), note):
            parts = zip(re.findall(FIELD, template), map(shown_part, found.groups()), strict=True)
            return re.sub(r"(\{\w+):[^}]*\}", r"\1}", _(template)).format(**dict(parts))
    return stored(note)


def shown_part(part: str) -> str:
    """Return what a note fills in, in the user's language: a number, a conversion, or a list such as "3 truncated"."""
    if (whole := shown(part)) != part:
        return whole
    counted = (re.fullmatch(r"([\d,]+ )?(.*)", each) for each in part.split(", "))
    return ", ".join((each[1] or "") + stored(each[2]) for each in counted if each)


def _most_frequent_first(counts: Counter[str]) -> list[tuple[str, int]]:
    """Return the most frequent first; ties in alphabetical order, whichever process finished first."""
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
