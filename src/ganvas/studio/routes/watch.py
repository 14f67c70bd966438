"""Watch: a run as it is, its history and its events, its sheets of samples."""

from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel

from ...coach.treatment.requests import ask_coach
from ...runs import Run
from ...translation import _
from ..context import Here
from ..event_tail import follow
from ..run_view import as_text, history, overview
from ..workspace import NotHereError, inside

router = APIRouter(prefix="/api/runs")


@router.get("/{name}")
def show(studio: Here, name: str) -> dict[str, Any]:
    """Return what a run is and how it is."""
    training = studio.trainings.look(name)
    run = studio.workspace.run(name)
    return training.to_dict() | overview(run)


@router.get("/{name}/history")
def show_history(studio: Here, name: str) -> dict[str, Any]:
    """Return the run's events until now, of many steps only some, and the byte at which they end."""
    return history(studio.workspace.run(name))


@router.get("/{name}/events")
def events(studio: Here, request: Request, name: str, offset: int = 0) -> StreamingResponse:
    """Send the run's events as they come, from a byte of events.jsonl on."""
    run: Run = studio.workspace.run(name)
    last = request.headers.get("last-event-id", "")
    begin = int(last) if last.isascii() and last.isdigit() and len(last) < 18 else max(0, offset)
    return StreamingResponse(
        follow(run.events_file, begin, as_text, studio.closing.is_set), media_type="text/event-stream"
    )


class Wish(BaseModel):
    """What the coach is to do about its last treatment."""

    request: Literal["undo", "more"]


@router.post("/{name}/coach")
def ask(studio: Here, name: str, wish: Wish) -> dict[str, Any]:
    """Ask the coach to undo its last treatment, or for more of it."""
    ask_coach(studio.workspace.existing_run(name), wish.request)
    return {}


@router.get("/{name}/opinions")
async def opinions(studio: Here, name: str) -> dict[str, Any]:
    """Return what the discriminator thinks of some pictures, by the newest checkpoint."""
    run = studio.workspace.existing_run(name)
    newest = max((path.name for path in run.checkpoints.glob("[0-9]*")), default="")
    return await studio.answers.ask("judge", newest, run=str(run.folder))


@router.get("/{name}/samples/{file}")
def sample_grid(studio: Here, name: str, file: str) -> FileResponse:
    """Return one sheet of samples."""
    run = studio.workspace.existing_run(name)
    run.refuse_links(run.samples)
    path = inside(run.samples, file)
    if path.suffix != ".png" or path.is_symlink() or not path.is_file():
        raise NotHereError(_("There is no '{name}' here.").format(name=file[:80]))
    return FileResponse(path, media_type="image/png", headers={"Cache-Control": "private, no-cache"})
