"""The commands that look at something: pictures, a run, its health, the machine."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

from ..errors import GanvasError
from .options import Device, Json, Run, optional, say


@dataclass(frozen=True)
class Inspect:
    """Look into a folder of pictures: what is in there, what is wrong with it, how it would be trained and why.

    Nothing is changed. A few seconds go into measuring how fast this machine is.
    """

    pictures: Annotated[Positional[Path], arg(metavar="PICTURES")]
    """Folder, .zip, .npy or MNIST-style idx file."""
    minutes: float = 10.0
    """The budget that the plan is for."""
    recipe: str = "auto"
    """A name that ganvas recipes lists, if it is not to be chosen."""
    size: str = "auto"
    """Pixels: 64, or width by height: 96x64."""
    labels: bool = False
    """Plan with the sub-folders (or idx labels) as classes."""
    width: Annotated[float | None, optional("FACTOR")] = None
    """Of the networks, as a multiple of the recipe's."""
    batch: Annotated[int | None, optional("COUNT")] = None
    """Pictures a step in place of the recipe's."""
    origin: Annotated[Path | None, optional("RUN", "from")] = None
    """Plan to begin with the networks of an earlier run."""
    device: Device = "auto"
    json: Json = False

    def run(self) -> dict[str, Any]:
        import ganvas

        from ..data.prepare import FEWEST
        from .tables import show_inspection, show_plan

        found = ganvas.inspect(self.pictures)
        show_inspection(found)
        if found.usable < FEWEST:
            return found.to_dict()
        plan = ganvas.plan(
            self.pictures,
            minutes=self.minutes,
            size=self.size,
            recipe=self.recipe,
            labels=self.labels,
            width=self.width,
            batch=self.batch,
            origin=self.origin,
            device=self.device,
        )
        show_plan(plan)
        say(f"Next: ganvas train {shlex.quote(str(self.pictures))}{self._asked()}")
        return found.to_dict() | {"plan": plan.to_dict()}

    def _asked(self) -> str:
        """Return the flags that train as planned."""
        flags = {
            "recipe": self.recipe != "auto" and self.recipe,
            "size": self.size != "auto" and self.size,
            "minutes": self.minutes != Inspect.minutes and f"{self.minutes:g}",
            "width": self.width is not None and f"{self.width:g}",
            "batch": self.batch is not None and str(self.batch),
            "from": self.origin is not None and shlex.quote(str(self.origin)),
        }
        return "".join(f" --{name} {text}" for name, text in flags.items() if text) + " --labels" * self.labels


@dataclass(frozen=True)
class Recipes:
    """List the recipes: for which pictures and machines, how long they take, what they scored where measured."""

    json: Json = False

    def run(self) -> dict[str, Any]:
        from .tables import show_recipes

        return show_recipes()


@dataclass(frozen=True)
class Evaluate:
    """Tell how good the samples are: distances to the real pictures, coverage, diversity, what was learned by heart."""

    subject: Annotated[Positional[Path], arg(metavar="RUN|FOLDER")]
    """A run, or any folder of pictures."""
    against: Annotated[Path | None, optional("PICTURES")] = None
    """The real pictures; those that RUN was trained on if not given."""
    count: int = 2000
    """Samples at most; scores of unequal numbers should not be compared."""
    network: str = "efficientnet-lite0"
    """efficientnet-lite0, efficientnet-lite1, inception-v3 (FID), dinov2-vit-s-14, dinov2-vit-l-14, clip-vit-b-32."""
    weights: Annotated[Path | None, optional("FILE")] = None
    """The network's weights, if they are neither packaged nor to be fetched."""
    seed: int = 1
    """Of the samples; a run of seed 0 chose its best checkpoint by those of seed 0."""
    out: Annotated[Path | None, optional("FOLDER")] = None
    """Where scores.json and the sheets go; RUN/evaluation if not given, nowhere for a FOLDER."""
    device: Device = "auto"
    json: Json = False

    def run(self) -> dict[str, Any]:
        from ..device import joined
        from ..evaluation import Wanted, evaluate, is_first_rank
        from ..events import drain
        from .tables import show_evaluation
        from .terminal import watch

        wanted = Wanted(self.count, self.network, self.weights, self.seed, self.device)
        with joined():
            work = evaluate(self.subject, self.against, wanted, self.out)
            if not is_first_rank():
                drain(work)
                return {}
            found = watch(work)
        show_evaluation(found)
        _name_report(self.subject)
        return found.to_dict()


@dataclass(frozen=True)
class Doctor:
    """Examine how healthy a training was: what went wrong and when, why, what was done, what to do now."""

    subject: Annotated[Positional[Path], arg(metavar="RUN|EVENTS.JSONL")]
    """A run, or only its record of events; of a run in training, as far as it has come."""
    json: Json = False

    def run(self) -> dict[str, Any]:
        import ganvas

        from .tables import show_findings

        found = ganvas.doctor(self.subject)
        show_findings(found)
        _name_report(self.subject)
        return found.to_dict()


@dataclass(frozen=True)
class Report:
    """Write one page about a run that opens offline, and its model card; evaluates the run first if need be."""

    run_folder: Run
    count: int = 2000
    """Samples to score, if the run was not evaluated yet."""
    device: Device = "auto"
    json: Json = False

    def run(self) -> dict[str, Any]:
        import ganvas

        from ..evaluation import Wanted, evaluate, read_evaluation
        from ..runs import Run
        from .terminal import watch

        run = Run(self.run_folder)
        run.read_config()  # says what is wrong, if it is no run
        if read_evaluation(run) is None:
            try:
                watch(evaluate(self.run_folder, None, Wanted(count=self.count, device=self.device)))
            except GanvasError as error:
                say(f"The page goes without scores: {error.message}\n{error.hint}")
        page = ganvas.write_report(self.run_folder)
        say(f"{page}: open it in a browser.")
        return {"path": str(page)}


@dataclass(frozen=True)
class Env:
    """Print versions and device, for a bug report."""

    json: Json = False

    def run(self) -> dict[str, Any]:
        from .tables import show_environment

        return show_environment()


def _name_report(subject: Path) -> None:
    """Say how to see all of it on one page, if it is a run."""
    if (subject / "config.json").is_file():
        say(f"Next: ganvas report {shlex.quote(str(subject))}")
