"""Verdicts, signs and evidence as a person reads them."""

import math
from collections.abc import Callable, Sequence

from ..events import Evidence
from ..formatting import display_name, format_number, format_percent
from .diagnosis.diagnoses import DIAGNOSES
from .measurement.metric_names import METRICS, Metric

MAX_EVIDENCE = 3  # pieces of evidence; the first ones weigh most


def title(name: str) -> str:
    """Return a verdict's name as it opens a line; one of a later release as it is."""
    return DIAGNOSES[name].title if name in DIAGNOSES else name[:1].upper() + name[1:]


def at_images(images: int) -> str:
    """Return when that was, counted in pictures seen."""
    return f"at {images:,} pictures"


def describe_evidence(evidence: Sequence[Evidence], moment: Callable[[int], str] = at_images) -> str:
    """Return what a verdict rests on: "near-copies among the samples: 64 %, it was 5 % at 12,000 pictures".

    Args:
        evidence: what weighs most comes first.
        moment: says when so many pictures had been seen.
    """
    return "; ".join(_describe(each, moment) for each in evidence[:MAX_EVIDENCE])


def format_metric(name: str, value: float) -> str:
    """Return the value of a sign in its unit."""
    if not math.isfinite(value):
        return "no number" if math.isnan(value) else "beyond all bounds"
    kind = metric_of(name).unit
    return format_percent(value) if kind == "share" else f"{value:,.0f}" if kind == "count" else format_number(value)


def metric_of(name: str) -> Metric:
    """Return what is known of a sign; of one of a later release that is its name."""
    return METRICS.get(name) or Metric(display_name(name))


def _describe(each: Evidence, moment: Callable[[int], str]) -> str:
    was, now = format_metric(each.metric, each.before), format_metric(each.metric, each.now)
    before = "" if math.isnan(each.before) or was == now else f", it was {was} {moment(each.since)}"
    return f"{metric_of(each.metric).description}: {now}{before}"
