"""How good a run is: what its evaluation says, in plain words, and its report."""

import base64
import hashlib
from importlib.resources import files
from typing import Any

from ..runs import Run
from ..translation import _
from .workspace import NotHereError

SHEETS = ("samples", "real", "nearest")  # of an evaluation
MAX_REPORT = 256 << 20  # bytes; ours hold some sheets of samples


def _report_headers() -> dict[str, str]:
    """Return headers under which a report is shown in a frame, and nothing in it can do anything else.

    A run folder may be a stranger's, and its report too. Of scripts only our own runs; the frame has no origin, and
    the page that holds it lets it go nowhere else.
    """
    script = (files("ganvas") / "report" / "page.js").read_text(encoding="utf-8")  # without its package, and torch
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts"
    )
    return {"Content-Security-Policy": policy, "X-Frame-Options": "SAMEORIGIN"}


REPORT_HEADERS = _report_headers()


def report_page(run: Run) -> bytes:
    """Return a run's report.

    Raises:
        NotHereError: there is none yet.
    """
    run.refuse_links(run.report_file)
    if not run.report_file.is_file() or run.report_file.stat().st_size > MAX_REPORT:
        raise NotHereError(_("There is no report yet."))
    return run.report_file.read_bytes()


def newest_sheet(run: Run) -> str:
    """Return the name of a run's last sheet of samples, "" if there is none."""
    return max((path.name for path in run.samples.glob("*.png")), default="") if run.samples.is_dir() else ""


def assessment(run: Run) -> dict[str, Any]:
    """Return what is known of a run's quality: sentences, the verdict on copying, the scores. Imports torch.

    Raises:
        GanvasError: it cannot be read.
    """
    from ..evaluation import read_evaluation
    from ..report.history import read_history
    from ..report.summary import RunSummary, compared_at, health_warning, quality_sentences

    config, evaluation = run.read_config(), read_evaluation(run)
    summary = RunSummary(run, config, read_history(run), evaluation)
    key, _symbol, verdict = summary.copying_verdict
    return {
        "is_measured": evaluation is not None,
        "sentences": quality_sentences(summary),
        "warning": health_warning(summary),
        "copying": {"key": key, "verdict": verdict, "text": _(str(summary.memorization.get("text", "")))},
        "compared_at": compared_at(evaluation or {}).strip(),
        "scores": [_score(row) for row in summary.scores],
        "sheets": [name for name in SHEETS if evaluation and (run.evaluation / f"{name}.png").is_file()],
        "newest_sheet": newest_sheet(run),
        "report": str(run.report_file.stat().st_mtime_ns) if run.report_file.is_file() else "",
    }


def _score(row: dict[str, Any]) -> dict[str, Any]:
    """Return a score as the page shows it."""
    numbers = {key: row.get(key) for key in ("value", "low", "high", "real")}
    words = {key: _(str(row.get(key, ""))) for key in ("name", "about", "better")}
    return numbers | words | {"key": str(row.get("key", ""))}
