"""What the routes of the studio share."""

from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Annotated

from fastapi import Depends, Request

from .access import Access
from .answers import Answers
from .explorer import Explorer
from .jobs import Jobs
from .thumbnails import Thumbnailer
from .trainings import Trainings
from .workspace import Workspace


@dataclass(frozen=True)
class Studio:
    """One open studio.

    is_local: whether only this machine reaches it. Others may not name folders on it.
    closing: set when it is being closed: who follows a run is let go.
    """

    workspace: Workspace
    access: Access
    trainings: Trainings
    jobs: Jobs
    explorer: Explorer
    is_local: bool = True
    answers: Answers = field(default_factory=Answers)
    thumbnailer: Thumbnailer = field(default_factory=Thumbnailer)
    closing: Event = field(default_factory=Event)


def new_studio(folder: Path | str, password: str | None = None, is_local: bool = True) -> Studio:
    """Return a studio on a workspace."""
    workspace = Workspace(folder)
    return Studio(workspace, Access(password), Trainings(workspace), Jobs(workspace), Explorer(workspace), is_local)


def _studio(request: Request) -> Studio:
    studio: Studio = request.app.state.studio
    return studio


Here = Annotated[Studio, Depends(_studio)]  # parameter of a route that needs the studio
