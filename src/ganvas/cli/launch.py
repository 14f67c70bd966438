"""ganvas launch"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

from ..errors import GanvasError
from ..launch import PLATFORMS, Job, write_job
from ..translation import _
from .options import Json, optional
from .output import echo


@dataclass(frozen=True)
class Launch:
    """Flags of `ganvas launch`."""

    platform: Annotated[Positional[str], arg(metavar="PLATFORM", help="slurm, azureml, sky or kubernetes.")]
    command: Annotated[Positional[tuple[str, ...]], arg(metavar="-- train PICTURES ...")]
    """The training, as it would be typed without ganvas, after two dashes."""
    nodes: int = 1
    """Machines."""
    gpus: int = 1
    """GPUs of each."""
    minutes: int = 600
    """After which the job is ended. The training's own --minutes should be fewer."""
    image: str = "ganvas"
    """A container image made from the Dockerfile, for platforms that take one."""
    file: Annotated[Path | None, optional("FILE")] = None
    """Where the job goes; ganvas-slurm.sh and so on if left out."""
    json: Json = False

    def execute(self) -> dict[str, Any]:
        job = Job(*_read(self.command), self.nodes, self.gpus, self.minutes, self.image)
        path, submit = write_job(self.platform, job, self.file)
        echo(_("Written: {path}. Nothing was sent.").format(path=path))
        echo(_(PLATFORMS[self.platform].needs))
        echo(_("Submit it: {command}").format(command=submit))
        return {"path": str(path), "submit": submit}


def _read(words: tuple[str, ...]) -> tuple[str, Path, tuple[str, ...]]:
    """Return pictures, run, and the other words of a training, which is read as `ganvas train` would.

    Raises:
        GanvasError: it is no training of pictures.
        SystemExit: `ganvas train` would not understand it.
    """
    from ..data.place import name_of
    from . import parse
    from .commands import COMMANDS

    hint = _("Try: ganvas launch slurm --nodes 2 --gpus 8 -- train PICTURES --out RUN --minutes 500")
    if words[:1] != ("train",):
        raise GanvasError(_("A job is a training."), hint)
    training = parse("train", COMMANDS["train"], list(words[1:]))
    if training.pictures is None:
        raise GanvasError(_("No pictures were named."), hint)
    rest = [word for word in words[1:] if word != training.pictures]
    run = training.out or Path("runs") / name_of(training.pictures)
    if training.out is not None:
        place = next(index for index, word in enumerate(rest) if word.partition("=")[0] == "--out")
        del rest[place : place + (1 if "=" in rest[place] else 2)]
    return training.pictures, run, tuple(rest)
