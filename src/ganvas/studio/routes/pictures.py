"""Pictures: sets that are uploaded or named, what is in them, and what is left out."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel

from ...errors import GanvasError
from ...translation import _
from .. import sets, uploads
from ..context import Here
from ..thumbnails import TYPE, etag
from ..workspace import inside

router = APIRouter(prefix="/api/sets")


class NewSet(BaseModel):
    """A set to be made: of a folder on this machine, or for pictures to be uploaded."""

    name: str
    folder: str = ""


class LeftOut(BaseModel):
    """Pictures to leave out, or to take in again."""

    pictures: list[str]
    out: bool


@router.get("")
def list_sets(studio: Here) -> list[dict[str, Any]]:
    """Return all sets."""
    return [
        {
            "name": each.name,
            "path": str(each.path),
            "is_there": each.path.exists(),
            "left_out": len(each.left_out),
            "is_uploaded": studio.workspace.pictures in each.path.parents,
        }
        for each in sets.all_sets(studio.workspace)
    ]


@router.post("")
def new_set(studio: Here, wanted: NewSet) -> dict[str, Any]:
    """Make a set."""
    if not wanted.folder:
        return {"name": sets.new_upload(studio.workspace, wanted.name).name}
    if not studio.is_local:
        raise GanvasError(_("Folders can be named only where the studio is open to this machine alone."))
    return {"name": sets.name_folder(studio.workspace, wanted.name, wanted.folder).name}


@router.delete("/{name}")
def forget_set(studio: Here, name: str) -> dict[str, Any]:
    """Take a set from the list; nothing is deleted."""
    sets.forget(studio.workspace, name)
    return {}


@router.put("/{name}/picture")
async def upload_picture(studio: Here, request: Request, name: str, file: str) -> dict[str, Any]:
    """Add one picture to a set."""
    found = sets.find_set(studio.workspace, name)
    if inside(studio.workspace.pictures, name) != found.path.resolve() or found.path.suffix == ".zip":
        raise GanvasError(_("Pictures are added to uploaded sets only."))
    await uploads.save_picture(uploads.picture_path(found.path, file), request.stream(), found.path)
    return {}


@router.put("/{name}/zip")
async def upload_zip(studio: Here, request: Request, name: str) -> dict[str, Any]:
    """Make a set of an uploaded zip."""
    path = studio.workspace.child(studio.workspace.pictures, name).with_name(f"{name}.zip")
    if path.exists():
        raise GanvasError(_("There is a set '{name}' already.").format(name=name), _("Choose another name."))
    await uploads.save_zip(path, request.stream())
    await run_in_threadpool(sets.name_folder, studio.workspace, name, str(path))
    return {}


@router.get("/{name}/pictures")
def list_pictures(studio: Here, name: str, first: int = 0, count: int = 60) -> dict[str, Any]:
    """Return the names of some pictures of a set, and which of all are left out."""
    found = sets.find_set(studio.workspace, name)
    return {"names": found.names(max(0, first), max(0, count)), "left_out": found.left_out}


@router.get("/{name}/thumbnail")
def show_thumbnail(studio: Here, request: Request, name: str, picture: str) -> Response:
    """Return a small copy of one picture."""
    found = sets.find_set(studio.workspace, name)
    content = found.content(picture)
    tag = etag(content if isinstance(content, Path) else found.path, picture)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(studio.thumbnailer.make(content, picture), headers=headers, media_type=TYPE)


@router.post("/{name}/left-out")
def leave_out(studio: Here, name: str, wanted: LeftOut) -> dict[str, Any]:
    """Leave pictures out, or take them in again."""
    return {"left_out": sets.leave_out(studio.workspace, name, wanted.pictures, wanted.out).left_out}


@router.get("/{name}/inspection")
async def inspect(studio: Here, name: str) -> dict[str, Any]:
    """Return what `ganvas inspect` says of a set."""
    found = sets.find_set(studio.workspace, name)
    return await studio.answers.ask("look", found.stamp(), path=str(found.selected), options=None)
