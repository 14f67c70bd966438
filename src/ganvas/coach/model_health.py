"""Health of a trained generator: the verdict that stood over the training when its weights were kept.

It lies beside the weights, so that a model which is sent to somebody tells it too. Only the name and the confidence are
stored; the words are those of this release.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..events import Event, Note, Verdict
from ..translation import _
from .diagnosis.diagnoses import DIAGNOSES, HEALTHY_VERDICTS
from .diagnosis.history import last_verdict


@dataclass(frozen=True)
class Health:
    """The health of a generator, in a word and in sentences.

    name: a key of `ganvas.coach.diagnosis.diagnoses.DIAGNOSES`.
    confidence: of the verdict, in [0, 1].
    """

    name: str
    confidence: float

    @property
    def is_healthy(self) -> bool:
        """Whether nothing was wrong."""
        return self.name in HEALTHY_VERDICTS

    @property
    def what(self) -> str:
        """What the verdict means, in a sentence."""
        return _(DIAGNOSES[self.name].what)

    @property
    def advice(self) -> str:
        """What a person can do about it."""
        return _(DIAGNOSES[self.name].advice)

    def describe(self) -> str:
        """Return "mode collapse. The generator draws the same picture again and again. What you can do: ..."."""
        title = _(DIAGNOSES[self.name].title)
        return _("{title}. {what} What you can do: {advice}").format(
            title=f"{title[:1].lower()}{title[1:]}", what=self.what, advice=self.advice
        )


def health_of(verdict: Verdict | None) -> Health | None:
    """Return a verdict as health; None without one, or for a verdict of a later release."""
    return Health(verdict.name, verdict.confidence) if verdict is not None and verdict.name in DIAGNOSES else None


def health_at(history: Sequence[Event], step: int, images_seen: int) -> Health | None:
    """Return the health of the weights that a training had at `step`; None if nobody had looked by then.

    That is the verdict of then, or the one that followed if it is a problem whose evidence was there already: a verdict
    takes several health checks.

    Args:
        history: the training's events in any order.
        step, images_seen: steps taken and real images seen by then.
    """
    verdicts = [event for event in history if isinstance(event, Verdict)]
    later = [verdict for verdict in verdicts if verdict.step > step]
    follows = health_of(min(later, key=lambda verdict: verdict.step)) if later else None
    if follows is not None and not follows.is_healthy:
        since = [evidence.since for evidence in min(later, key=lambda verdict: verdict.step).evidence]
        if since and min(since) < images_seen:
            return follows
    return health_of(last_verdict([verdict for verdict in verdicts if verdict.step <= step]))


def ending(end: Health | None, kept: Health | None, is_over: bool = True) -> str:
    """Return in words that a training did not end well, or that its model is from a bad time; "" if all is well.

    Args:
        end: health at the end of the training.
        kept: health of the model, whose weights may be older.
        is_over: whether the training has ended.
    """
    if end is not None and not end.is_healthy:
        told = _("Not healthy at its end: {health}") if is_over else _("Not healthy so far: {health}")
        sentences = [told.format(health=end.describe())]
        if kept is not None and kept.is_healthy:
            sentences.append(_("The model is from before that."))
        return " ".join(sentences)
    if kept is not None and not kept.is_healthy:
        told = _("The model is from a time when the training was not healthy: {health}")
        return told.format(health=kept.describe())
    return ""


def notes(kept: Health | None) -> Iterator[Note]:
    """Yield the note that whoever uses the model of an unhealthy training should read."""
    if kept is not None and not kept.is_healthy:
        yield Note(_("This model is not healthy: {health}").format(health=kept.describe()))


def to_metadata(kept: Health | None) -> dict[str, Any]:
    """Return what is stored beside the weights."""
    return {} if kept is None else {"health": {"name": kept.name, "confidence": kept.confidence}}


def from_metadata(metadata: Mapping[str, Any]) -> Health | None:
    """Return what was stored, which may be a stranger's; None if it is nothing that this release knows."""
    record = metadata.get("health")
    name, confidence = (record.get(key) for key in ("name", "confidence")) if isinstance(record, dict) else (None, None)
    if not isinstance(name, str) or name not in DIAGNOSES or type(confidence) not in (int, float):
        return None
    assert isinstance(confidence, int | float)
    return Health(name, float(confidence)) if math.isfinite(confidence) and 0 <= confidence <= 1 else None
