"""Explore: pictures of a run drawn while somebody looks, kept, walked through, and moved along directions."""

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field

from ...runs import Run
from .. import keeping
from ..context import Here, Studio
from ..explorer import OvertakenError
from ..points import Point
from ..quality import newest_sheet

router = APIRouter(prefix="/api/explore")

Truncation = Annotated[float, Field(ge=0, le=1)]
BYTES = "application/octet-stream"


class Look(BaseModel):
    """Pictures that a place of the page wants to show; `number` counts its requests."""

    channel: Annotated[str, Field(pattern=r"^[\w-]{1,64}$")]
    number: Annotated[int, Field(ge=0, le=2**53)]
    points: list[Point]
    truncation: Truncation = 1.0


class Kept(BaseModel):
    """A picture to be kept."""

    point: Point
    truncation: Truncation = 1.0


class Walk(BaseModel):
    """A film through some points."""

    points: Annotated[list[Point], Field(min_length=2, max_length=64)]
    truncation: Truncation = 1.0
    seconds: Annotated[float, Field(ge=1, le=600)] = 10.0
    is_open: bool = False


@router.get("")
def runs(studio: Here) -> list[dict[str, Any]]:
    """Return the runs that have a generator, those first that were last trained."""
    found = []
    for training in studio.trainings.all():
        run = studio.workspace.run(training.name)
        if run.exists() and (run.model / "generator.safetensors").is_file():
            found.append({"name": training.name, "sheet": newest_sheet(run)})
    return found


@router.get("/{name}")
def show(studio: Here, name: str) -> dict[str, Any]:
    """Return what can be explored in a run."""
    from ...latents.direction_files import direction_names

    run = _run(studio, name)
    model = studio.explorer.model(run)
    data = model.config.data
    return {
        "name": name,
        "width": data.width,
        "height": data.height,
        "classes": model.config.classes,
        "has_layers": model.has_mapping,
        "directions": direction_names(run),
        "jobs": [studio.jobs.look(job) for job in studio.jobs.of_kind("directions", "walk") if job.about == name][:6],
    }


@router.post("/{name}/draw")
def draw(studio: Here, name: str, wanted: Look) -> Response:
    """Return pictures as WebP, one after the other, each behind its length in four bytes (big-endian).

    Where a newer request of the same channel has come, the answer is empty, with status 204.
    """
    try:
        pictures = studio.explorer.draw(
            _run(studio, name), wanted.points, wanted.truncation, wanted.channel, wanted.number
        )
    except OvertakenError:
        return Response(status_code=204)
    return Response(b"".join(len(each).to_bytes(4, "big") + each for each in pictures), media_type=BYTES)


@router.post("/{name}/keep")
def keep(studio: Here, name: str, wanted: Kept) -> dict[str, Any]:
    """Keep a picture among what was made."""
    return {"name": keeping.keep(studio, _run(studio, name), wanted.point, wanted.truncation).path.name}


@router.post("/{name}/walk")
def walk(studio: Here, name: str, wanted: Walk) -> dict[str, Any]:
    """Begin a film."""
    run = _run(studio, name)
    job = keeping.walk(studio, run, wanted.points, wanted.truncation, wanted.seconds, wanted.is_open)
    return {"job": job.id}


@router.post("/{name}/directions")
def directions(studio: Here, name: str) -> dict[str, Any]:
    """Begin to find the directions in which pictures change most."""
    run = _run(studio, name)
    return {"job": studio.jobs.start("directions", ("directions", str(run.folder)), about=name).id}


def _run(studio: Studio, name: str) -> Run:
    return studio.workspace.existing_run(name)
