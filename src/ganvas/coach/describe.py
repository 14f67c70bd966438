"""Verdicts, metrics and evidence as text."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..events import Evidence, Verdict
from ..formatting import display_name, format_number, format_percent
from ..translation import _
from .diagnosis.diagnoses import DIAGNOSES
from .measurement.metric_names import METRICS, Metric

MAX_EVIDENCE = 3  # pieces that are shown; the most important come first


def title(name: str) -> str:
    """Return a verdict's title for the beginning of a line; for a verdict of a later release, its name."""
    return _(DIAGNOSES[name].title) if name in DIAGNOSES else name[:1].upper() + name[1:]


def in_words(verdict: Verdict) -> Verdict:
    """Return a verdict with its sentences in the reader's language; they are stored in English."""
    return replace(verdict, what=_(verdict.what), why=_(verdict.why))


def at_images(images_seen: int) -> str:
    """Return a point in the training: "at 12,000 pictures"."""
    return _("at {images:,} pictures").format(images=images_seen)


def describe_evidence(evidence: Sequence[Evidence], moment: Callable[[int], str] = at_images) -> str:
    """Return what a verdict rests on: "near-copies among the samples: 64 % (5 % at 12,000 pictures)".

    Args:
        evidence: the most important first.
        moment: names the point at which so many pictures had been seen.
    """
    return "; ".join(_describe(each, moment) for each in evidence[:MAX_EVIDENCE])


def evidence_text(evidence: str) -> str:
    """Return the evidence of a verdict as a sentence that follows another; nothing for none."""
    return _(" Evidence: {evidence}.").format(evidence=evidence) if evidence else ""


def format_metric(name: str, value: float) -> str:
    """Return a metric's value in its unit."""
    if not math.isfinite(value):
        return _("not a number") if math.isnan(value) else _("infinite")
    unit = metric_of(name).unit
    return format_percent(value) if unit == "share" else f"{value:,.0f}" if unit == "count" else format_number(value)


def metric_of(name: str) -> Metric:
    """Return a metric by its name; for one of a later release, the name is its description."""
    return METRICS.get(name) or Metric(display_name(name))


def metric_description(name: str) -> str:
    """Return a metric's description: "near-copies among the samples"."""
    return _(metric_of(name).description)


def _describe(evidence: Evidence, moment: Callable[[int], str]) -> str:
    before, now = format_metric(evidence.metric, evidence.before), format_metric(evidence.metric, evidence.now)
    changed = not math.isnan(evidence.before) and before != now
    earlier = f" ({before} {moment(evidence.since)})" if changed else ""
    return f"{metric_description(evidence.metric)}: {now}{earlier}"
