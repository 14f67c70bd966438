"""The studio's demo: the built-in people as a set, and a run that was trained on them."""

import zipfile
from dataclasses import replace
from pathlib import Path

from .. import builtin
from ..translation import _
from . import sets
from .context import new_studio


def prepare_demo(folder: Path) -> None:
    """Put the built-in pictures and the packaged run into a workspace, unless they are there."""
    studio = new_studio(folder)
    with studio.workspace.open("demo"):
        name = _("people")
        if all(each.name != name for each in sets.all_sets(studio.workspace)):
            sets.name_folder(studio.workspace, name, str(builtin.people()))
        run = studio.workspace.run(name)
        if not run.folder.exists():
            with zipfile.ZipFile(builtin.demo_run()) as packed:
                packed.extractall(run.folder)
            config = run.read_config()
            run.write_config(replace(config, data=replace(config.data, path=str(builtin.people()))))
