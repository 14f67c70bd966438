"""Train: the options, the plan in plain words, and the trainings that are asked for."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from ...config import TrainOptions
from ...config.keywords import options_from
from ...config.options import GROUPS
from ...config.train_options import to_flags
from ...data.selected_source import SUFFIX
from ...errors import GanvasError
from .. import sets
from ..context import Here
from ..options_form import form_fields

router = APIRouter(prefix="/api")

Options = dict[str, str | float | bool | list[str] | None]


class Wanted(BaseModel):
    """What is to be trained: the set, and the options that were given."""

    set: str
    options: Options = {}


class NewTraining(Wanted):
    """A training to begin, by this name."""

    name: str


class Continuation(BaseModel):
    """How a run goes on: what the coach does; None for what it did."""

    coach: Literal["act", "watch", "off"] | None = None


class More(BaseModel):
    """More time for a run that is finished."""

    minutes: float


def _given(values: Options) -> TrainOptions:
    """Return the options that were given.

    Raises:
        GanvasError: there is no such option, or it cannot be so.
    """
    try:
        return options_from(values)
    except (TypeError, ValueError) as error:
        raise GanvasError(str(error)) from error


@router.get("/options")
def options() -> list[dict[str, Any]]:
    """Return the options of a training, in groups."""
    return [{"title": title, "fields": fields} for title, fields in form_fields(GROUPS)]


@router.post("/plan")
async def plan(studio: Here, wanted: Wanted) -> dict[str, Any]:
    """Return what would be trained, as `ganvas inspect` says it."""
    found = sets.find_set(studio.workspace, wanted.set)
    given = _given(wanted.options)
    return await studio.answers.ask("look", found.stamp(), path=str(found.selected), options=given.given())


@router.get("/trainings")
def trainings(studio: Here) -> list[dict[str, Any]]:
    """Return all trainings, the newest first."""
    return [each.to_dict() for each in studio.trainings.all()]


@router.post("/trainings")
def begin(studio: Here, wanted: NewTraining) -> dict[str, Any]:
    """Put a training into the queue."""
    found = sets.find_set(studio.workspace, wanted.set)
    given = _given(wanted.options)
    run = studio.workspace.run(wanted.name)
    if not run.exists():
        run.check_free()
    pictures = found.path
    if found.left_out:  # what is left out later does not change what this run is trained on
        pictures = studio.workspace.trainings / f"{wanted.name}{SUFFIX}"
        sets.write_selection(pictures, found)
    words = ("train", str(pictures), "--out", str(run.folder), *to_flags(given.given()))
    studio.trainings.ask(wanted.name, words, found.name)
    return {}


@router.post("/trainings/{name}/pause")
def pause(studio: Here, name: str) -> dict[str, Any]:
    """Save and end; or leave the queue."""
    studio.trainings.pause(name)
    return {}


@router.post("/trainings/{name}/go-on")
def go_on(studio: Here, name: str, wanted: Continuation) -> dict[str, Any]:
    """Go on from the last save."""
    run = studio.workspace.run(name)
    known = studio.trainings.look(name).request
    words: tuple[str, ...] = ("train", "--out", str(run.folder))
    if not run.exists() and known is not None:
        words = known.arguments
    elif wanted.coach is not None:
        words = (*words, *to_flags({"coach": wanted.coach}))
    studio.trainings.ask(name, words)
    return {}


@router.post("/trainings/{name}/more")
def more(studio: Here, name: str, wanted: More) -> dict[str, Any]:
    """Give a finished run more time."""
    run = studio.workspace.existing_run(name)
    given = _given({"minutes": wanted.minutes})
    studio.trainings.ask(name, ("train", "--out", str(run.folder), *to_flags(given.given())))
    return {}
