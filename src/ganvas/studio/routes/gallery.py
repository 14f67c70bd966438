"""Gallery: everything that was made, with how; downloads, and what is deleted and brought back."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, Field

from ...errors import GanvasError
from ...translation import _
from .. import made
from ..context import Here
from ..how import describe
from ..thumbnails import TYPE, etag

router = APIRouter(prefix="/api")

PAGE = 60  # things of one answer
KEPT = {"Cache-Control": "private, no-cache"}


class Names(BaseModel):
    """Things by their names, or deleted ones by their ids."""

    names: Annotated[list[str], Field(max_length=1000)]


@router.get("/made")
def list_made(studio: Here, kind: str = "", first: int = 0) -> dict[str, Any]:
    """Return some of what was made, the newest first, and how much there is of each kind."""
    found = made.all_made(studio.workspace)
    counts = dict[str, int]()
    for each in found:
        counts[each.kind] = counts.get(each.kind, 0) + 1
    shown = [each for each in found if kind in ("", each.kind)]
    return {
        "items": [_item(each) for each in shown[max(0, first) :][:PAGE]],
        "count": len(shown),
        "counts": counts,
        "trash": [{"id": deleted, "name": name} for deleted, name in made.in_trash(studio.workspace)],
    }


@router.post("/made/delete")
def delete(studio: Here, wanted: Names) -> dict[str, Any]:
    """Move things to the trash; the answer brings them back."""
    at_work = {job.result for job in studio.jobs.at_work()}
    for name in wanted.names:
        if f"made/{name}" in at_work:
            raise GanvasError(_("'{name}' is still being made.").format(name=name[:80]), _("Stop it, then delete it."))
    return {"deleted": [made.delete(studio.workspace, name) for name in wanted.names]}


@router.post("/made/restore")
def restore(studio: Here, wanted: Names) -> dict[str, Any]:
    """Bring deleted things back."""
    return {"names": [made.restore(studio.workspace, each) for each in wanted.names]}


@router.post("/made/empty-trash")
def empty_trash(studio: Here) -> dict[str, Any]:
    """Remove for good what was deleted."""
    made.remove_old(studio.workspace, days=0)
    return {}


@router.get("/made/{name}")
def show(studio: Here, name: str) -> dict[str, Any]:
    """Return one thing, and how it was made."""
    found = made.find_made(studio.workspace, name)
    lines, again = describe(studio.workspace, found)
    if not again:  # a film's file does not tell all points that it passes
        again = next((job.again for job in studio.jobs.of_kind("walk") if job.result == f"made/{name}"), {})
    return _item(found) | {"lines": lines, "again": again, "bytes": found.path.stat().st_size}


@router.get("/made/{name}/file")
def file(studio: Here, name: str, download: bool = False) -> FileResponse:
    """Return the file itself, to be shown or to be saved."""
    path = made.find_made(studio.workspace, name).path
    kind = made.TYPES[path.suffix.lower()]
    return FileResponse(path, media_type=kind, headers=KEPT, filename=path.name if download else None)


@router.get("/made/{name}/thumbnail")
def show_thumbnail(studio: Here, request: Request, name: str) -> Response:
    """Return a small copy of a picture."""
    path = made.find_made(studio.workspace, name).path
    tag = etag(path)
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=KEPT | {"ETag": tag})
    return Response(studio.thumbnailer.make(path, path.name, 512), headers=KEPT | {"ETag": tag}, media_type=TYPE)


def _item(found: made.Made) -> dict[str, Any]:
    status = found.path.stat()
    return {
        "name": found.path.name,
        "title": found.path.stem,
        "kind": found.kind,
        "is_film": found.is_film,
        "time": status.st_mtime,
        "version": str(status.st_mtime_ns),
    }
