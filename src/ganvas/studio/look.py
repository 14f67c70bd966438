"""A process that looks at pictures for the studio: a question as JSON on stdin, the answer as JSON on stdout.

    echo '{"path": "pictures", "options": null}' | python -m ganvas.studio.look

A picture that kills its decoder ends this process and not the studio, and the studio needs no memory for planning.
"""

from typing import Any

from .. import inspect
from ..config import TrainOptions
from ..data.finalize import MIN_IMAGES
from ..translation import _
from .answering import answer


def look(path: str, options: dict[str, Any] | None) -> dict[str, Any]:
    """Return what `ganvas inspect` finds; with options, also what it would train with them.

    Raises:
        GanvasError: there are no pictures, or an option makes no sense.
    """
    given = TrainOptions(**(options or {}))
    inspection = inspect(path, aspect=given.aspect, limit=given.limit)
    if options is None or inspection.usable < MIN_IMAGES:
        return inspection.to_dict()
    from ..training.forecast import forecast  # torch, which takes seconds to load

    plan = forecast(path, given, overview=inspection.overview).to_dict()
    for choice in plan["choices"]:
        choice["label"] = _(choice["what"])
    return inspection.to_dict() | {"plan": plan}


if __name__ == "__main__":
    answer(look)
