"""Verdicts, signs and evidence as a person reads them."""

import math
from collections.abc import Callable, Sequence

from ..events import Evidence
from ..formatting import number, percent, title_of
from .diagnosis.diagnoses import SICKNESSES
from .measurement.metric_names import SIGNS, Sign

MOST_TOLD = 3  # pieces of evidence; the first ones weigh most


def title(name: str) -> str:
    """Return a verdict's name as it opens a line; one of a later release as it is."""
    return SICKNESSES[name].title if name in SICKNESSES else name[:1].upper() + name[1:]


def at_pictures(images: int) -> str:
    """Return when that was, counted in pictures seen."""
    return f"at {images:,} pictures"


def evidence_text(evidence: Sequence[Evidence], moment: Callable[[int], str] = at_pictures) -> str:
    """Return what a verdict rests on: "near-copies among the samples: 64 %, it was 5 % at 12,000 pictures".

    Args:
        evidence: what weighs most comes first.
        moment: says when so many pictures had been seen.
    """
    return "; ".join(_told(each, moment) for each in evidence[:MOST_TOLD])


def sign_text(name: str, value: float) -> str:
    """Return the value of a sign in its unit."""
    if not math.isfinite(value):
        return "no number" if math.isnan(value) else "beyond all bounds"
    kind = sign_of(name).kind
    return percent(value) if kind == "share" else f"{value:,.0f}" if kind == "count" else number(value)


def sign_of(name: str) -> Sign:
    """Return what is known of a sign; of one of a later release that is its name."""
    return SIGNS.get(name) or Sign(title_of(name))


def _told(each: Evidence, moment: Callable[[int], str]) -> str:
    was, now = sign_text(each.sign, each.was), sign_text(each.sign, each.now)
    before = "" if math.isnan(each.was) or was == now else f", it was {was} {moment(each.since)}"
    return f"{sign_of(each.sign).about}: {now}{before}"
