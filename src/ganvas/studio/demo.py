"""The studio's demo: the built-in people as a set, and a short training on them."""

from pathlib import Path

from .. import builtin
from ..translation import _
from . import sets
from .context import new_studio

MINUTES = 2


def prepare_demo(folder: Path) -> None:
    """Put the built-in pictures and a training of two minutes into a workspace, unless they are there."""
    studio = new_studio(folder)
    with studio.workspace.open("demo"):
        name = _("people")
        if all(each.name != name for each in sets.all_sets(studio.workspace)):
            sets.name_folder(studio.workspace, name, str(builtin.people()))
        run = studio.workspace.run(name)
        if not run.exists() and studio.trainings.look(name).state == "failed":
            words = ("train", str(builtin.people()), "--out", str(run.folder), "--minutes", f"{MINUTES}")
            studio.trainings.ask(name, words, name)
