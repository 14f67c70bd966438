"""What the page shows of a run, as plain data."""

import json
from typing import Any

from ..coach.describe import describe_evidence, in_words, title
from ..coach.diagnosis.diagnoses import DIAGNOSES, HEALTHY_VERDICTS
from ..coach.treatment.describe import words_of
from ..coach.treatment.requests import asked_for, has_more
from ..event_log import to_json
from ..events import Event, Treatment, Verdict
from ..phases import LOSS_CHARTS
from ..runs import Run
from ..translation import _
from .event_tail import read_from


def overview(run: Run) -> dict[str, Any]:
    """Return what a run was begun with; empty before its configuration is written."""
    if not run.exists():
        return {"begun": False}
    config = run.read_config()
    return {
        "begun": True,
        "recipe": config.recipe,
        "width": config.data.width,
        "height": config.data.height,
        "minutes": config.minutes,
        "can_have_more": config.minutes is not None and run.checkpoints.is_dir(),
        "coach": config.coach,
        "asked": asked_for(run),
        "classes": config.classes,
        "has_model": run.model.is_dir(),
        "has_discriminator": config.discriminator.name != "none",
        "charts": [
            {"losses": chart.losses, "heading": _(chart.heading), "about": _(chart.about)} for chart in LOSS_CHARTS
        ],
    }


def history(run: Run) -> dict[str, Any]:
    """Return a run's events until now, of many steps only some, and the byte at which they end."""
    if not run.events_file.is_file():
        return {"events": [], "offset": 0}
    events, offset = read_from(run.events_file, 0)
    return {"events": [shown(event) for _offset, event in events], "offset": offset}


def shown(event: Event) -> dict[str, Any]:
    """Return an event as the page gets it: what the coach says is told in the reader's language."""
    record: dict[str, Any] = json.loads(to_json(event))
    if isinstance(event, Verdict):
        told = in_words(event)
        diagnosis = DIAGNOSES.get(event.name)
        record |= {
            "title": title(event.name),
            "what": told.what,
            "why": told.why,
            "evidence_words": describe_evidence(event.evidence),
            "advice": _(diagnosis.advice) if diagnosis else "",
            "is_healthy": event.name in HEALTHY_VERDICTS,
        }
    if isinstance(event, Treatment):
        record["text"] = words_of(event)
        record["has_more"] = has_more(event)
    return record


def as_text(event: Event) -> str:
    """Return what `shown` returns, as one line of JSON."""
    return json.dumps(shown(event), separators=(",", ":"))
