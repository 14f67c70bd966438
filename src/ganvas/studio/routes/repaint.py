"""Repaint: pictures to paint from, masks, and paintings that are begun, watched and stopped."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from .. import paintings, picture_files
from ..context import Here
from ..thumbnails import TYPE, etag

router = APIRouter(prefix="/api")

Side = Annotated[int, Query(ge=64, le=1024)]  # pixels


class FromSet(BaseModel):
    """A picture of a set."""

    set: str
    picture: str


@router.get("/sources")
def sources(studio: Here) -> list[dict[str, Any]]:
    """Return the pictures that were chosen before, the newest first, and those that come with Ganvas."""
    return [{"id": name, "title": title} for name, title in picture_files.chosen(studio.workspace)]


@router.put("/sources")
async def upload_source(studio: Here, request: Request, file: str) -> dict[str, Any]:
    """Upload a picture to paint from."""
    return {"id": await picture_files.upload(studio.workspace, file, request.stream())}


@router.post("/sources")
def copy_source(studio: Here, wanted: FromSet) -> dict[str, Any]:
    """Take a picture of a set to paint from."""
    return {"id": picture_files.copy_of_set(studio.workspace, wanted.set, wanted.picture)}


@router.get("/sources/picture")
def show_source(studio: Here, request: Request, id: str, side: Side = 256) -> Response:
    """Return a copy of a picture to paint from, or of a mask."""
    path = picture_files.path_of(studio.workspace, id)
    tag = etag(path, side)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(studio.thumbnailer.make(path, path.name, side), headers=headers, media_type=TYPE)


@router.put("/masks")
async def upload_mask(studio: Here, request: Request) -> dict[str, Any]:
    """Keep a mask that was painted."""
    return {"id": await picture_files.save_mask(studio.workspace, request.stream())}


@router.get("/paintings")
def list_paintings(studio: Here) -> list[dict[str, Any]]:
    """Return the paintings that were begun of late, the newest first."""
    return [studio.jobs.look(job) for job in studio.jobs.of_kind("painting")[:8]]


@router.post("/paintings")
def paint(studio: Here, wanted: paintings.Wanted) -> dict[str, Any]:
    """Begin a painting."""
    return {"job": paintings.begin(studio, wanted).id}


@router.get("/jobs/{job}")
def look_at_job(studio: Here, job: str) -> dict[str, Any]:
    """Return how something that is being made is."""
    return studio.jobs.look(studio.jobs.find(job))


@router.post("/jobs/{job}/stop")
def stop_job(studio: Here, job: str) -> dict[str, Any]:
    """Let it end with what it has."""
    studio.jobs.stop(job)
    return {}
