"""Is it any good?: a run's scores in plain words, the sheets behind them, and its report."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response

from ...translation import _
from ..context import Here
from ..quality import REPORT_HEADERS, SHEETS, assessment, report_page
from ..workspace import NotHereError, inside

router = APIRouter(prefix="/api/quality")


@router.get("/{name}")
def show(studio: Here, name: str) -> dict[str, Any]:
    """Return how good a run is, as far as it was measured."""
    run = studio.workspace.existing_run(name)
    jobs = [studio.jobs.look(job) for job in studio.jobs.of_kind("report") if job.about == name]
    return assessment(run) | {"job": jobs[0] if jobs else None}


@router.post("/{name}/report")
def measure(studio: Here, name: str) -> dict[str, Any]:
    """Begin to measure a run, unless it was measured, and to write its report."""
    run = studio.workspace.existing_run(name)
    run.refuse_links(run.evaluation, run.report_file)
    return {"job": studio.jobs.start("report", ("report", str(run.folder)), run.report_file, name).id}


@router.get("/{name}/report")
def report(studio: Here, name: str) -> Response:
    """Return the report, for a frame that can do nothing else than show it."""
    content = report_page(studio.workspace.existing_run(name))
    return Response(content, media_type="text/html; charset=utf-8", headers=REPORT_HEADERS)


@router.get("/{name}/report.html")
def download(studio: Here, name: str) -> Response:
    """Return the report as a file to keep."""
    content = report_page(studio.workspace.existing_run(name))
    headers = {"Content-Disposition": 'attachment; filename="report.html"'}
    return Response(content, media_type="application/octet-stream", headers=headers)


@router.get("/{name}/sheets/{sheet}")
def show_sheet(studio: Here, name: str, sheet: str) -> FileResponse:
    """Return one of the sheets of an evaluation."""
    run = studio.workspace.existing_run(name)
    run.refuse_links(run.evaluation)
    path = inside(run.evaluation, f"{sheet}.png") if sheet in SHEETS else run.evaluation
    if not path.is_file():
        raise NotHereError(_("There is no '{name}' here.").format(name=sheet[:80]))
    return FileResponse(path, media_type="image/png", headers={"Cache-Control": "private, no-cache"})
