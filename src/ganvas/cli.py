"""The command line: one dataclass a command. Each calls the library and renders its events; it computes nothing."""

import json
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import tyro
from tyro.conf import OmitArgPrefixes, Positional, arg, subcommand

from .config import StyleConfig
from .errors import GanvasError

INTERRUPTED = 130
Json = Annotated[bool, arg(help="Put one JSON object on the last line of stdout.", help_behavior_hint="")]
Device = Annotated[str, arg(help="cpu, cuda, cuda:1, mps, or auto.")]
Run = Annotated[Positional[Path], arg(metavar="RUN", help="A folder that ganvas train wrote.")]


def optional(metavar: str) -> Any:
    """Return tyro's description of an option that may be left out, without talk of None."""
    return arg(metavar=metavar, help_behavior_hint="")


@dataclass(frozen=True)
class Demo:
    """See everything work on built-in pictures: train two minutes, sample, measure, repaint a photograph."""

    out: Path = Path("ganvas-demo")
    """Where the results go."""
    minutes: float = 2.0
    """Minutes of training."""

    def run(self) -> dict[str, Any]:
        from .demo import demo
        from .terminal import render, stop_on_signals

        with stop_on_signals() as stop:
            return render(demo(self.out, self.minutes, stop))


@dataclass(frozen=True)
class Inspect:
    """Look into a folder of pictures: what is in there, what is wrong with it. Nothing is changed."""

    pictures: Annotated[Positional[Path], arg(metavar="PICTURES")]
    """Folder, .zip, .npy or MNIST-style idx file."""
    json: Json = False

    def run(self) -> dict[str, Any]:
        import ganvas

        from .terminal import show_inspection

        found = ganvas.inspect(self.pictures)
        show_inspection(found)
        return found.to_dict()


@dataclass(frozen=True)
class Train:
    """Train a GAN on your pictures. The same command run again goes on where it stopped; Ctrl-C saves."""

    pictures: Annotated[Positional[Path | None], optional("PICTURES")] = None
    """Folder, .zip, .npy or MNIST-style idx file; may be left out to go on with a run."""
    out: Annotated[Path | None, optional("RUN")] = None
    """The run folder; runs/NAME-OF-THE-PICTURES if not given."""
    recipe: str = "auto"
    """auto, quick, dcgan or fc."""
    size: str = "auto"
    """Pixels: 64, or width by height: 96x64."""
    minutes: Annotated[float | None, optional("MINUTES")] = None
    """Budget of time, start-up included; 10 if no budget is given."""
    images: Annotated[int | None, optional("COUNT")] = None
    """Budget of pictures seen, in place of minutes; makes a run repeatable bit for bit."""
    labels: bool = False
    """Learn the sub-folders (or idx labels) as classes, to be sampled by --label."""
    channels: str = "auto"
    """grey, rgb, or rgba to keep transparency."""
    background: str = "white"
    """Colour put under transparent pictures."""
    fit: str = "crop"
    """crop cuts the middle out, pad keeps all on the background, stretch ignores the shape."""
    loss: str = "auto"
    """bce, hinge, least_squares, wasserstein or relativistic in place of the recipe's."""
    penalty: str = "auto"
    """r1, r2, r1_r2, approximate_r1, approximate_r1_r2, gradient or none in place of the recipe's."""
    gamma: Annotated[float | None, optional("WEIGHT")] = None
    """The penalty's weight; follows from size and batch if not given."""
    every: int = 1
    """Take the penalty every so many steps, that much stronger: 16 is usual for r1 and saves time."""
    augment: Annotated[tuple[str, ...], optional("POLICY [POLICY ...]")] = ()
    """DiffAugment in place of the recipe's: color, translation, cutout, or none."""
    flip: str = "auto"
    """yes, no, or auto: mirror pictures at random if there are fewer than 10,000. Say no for letters and digits."""
    ema: Annotated[float | None, optional("SHARE")] = None
    """Average the generator's weights with a half-life of this share of the pictures seen, such as 0.1."""
    seed: int = 0
    """Of everything random."""
    device: Device = "auto"
    json: Json = False

    def run(self) -> dict[str, Any]:
        import ganvas

        from .terminal import render, stop_on_signals

        if self.pictures is None and self.out is None:
            raise GanvasError("No pictures were named.", "Try: ganvas train PICTURES, or: ganvas demo")
        name = (self.pictures or Path()).resolve().name.partition(".")[0] or "pictures"
        out = self.out or Path("runs") / name
        options = {name: getattr(self, name) for name in TRAIN_OPTIONS}
        with stop_on_signals() as stop:
            return render(ganvas.train(self.pictures, out, **options, stop=stop))


TRAIN_OPTIONS = (
    "recipe", "size", "minutes", "images", "labels", "channels", "background", "fit",
    "loss", "penalty", "gamma", "every", "augment", "flip", "ema", "seed", "device",
)  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """Make pictures with a trained generator: 000000.png and so on, or one sheet."""

    run_folder: Run
    count: int = 64
    """How many pictures."""
    seed: int = 0
    """The same seed gives the same pictures."""
    out: Annotated[Path | None, optional("FOLDER")] = None
    """Folder for the pictures; RUN/sampled if neither this nor --grid is given."""
    grid: Annotated[Path | None, optional("FILE")] = None
    """File for one sheet of all pictures in place of single files."""
    truncation: float = 1.0
    """1 for all that was learned; towards 0 safer and more alike."""
    label: Annotated[str | None, optional("CLASS")] = None
    """Class to draw, for a run trained with --labels."""
    device: Device = "auto"
    json: Json = False

    def run(self) -> dict[str, Any]:
        import ganvas

        from .latents.write import write_grid, write_pictures

        model = ganvas.load(self.run_folder, self.device)
        if self.grid is not None:
            written = write_grid(model, self.grid, self.count, self.seed, self.truncation, self.label)
        else:
            out = self.out or self.run_folder / "sampled"
            written = write_pictures(model, out, self.count, self.seed, self.truncation, self.label)
        say(f"{self.count} pictures: {written}")
        return {"count": self.count, "seed": self.seed, "path": str(written)}


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
        from .device import joined
        from .evaluation import Wanted, evaluate, is_first_rank
        from .events import drain
        from .terminal import show_evaluation, watch

        wanted = Wanted(self.count, self.network, self.weights, self.seed, self.device)
        with joined():
            work = evaluate(self.subject, self.against, wanted, self.out)
            if not is_first_rank():
                drain(work)
                return {}
            found = watch(work)
        show_evaluation(found)
        if (self.subject / "config.json").is_file():
            say(f"Next: ganvas report {shlex.quote(str(self.subject))}")
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

        from .evaluation import Wanted, evaluate, read_evaluation
        from .runs import Run
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
class Style:
    """Repaint a picture in the manner of others."""

    content: Annotated[Positional[Path], arg(metavar="CONTENT")]
    """The picture to repaint."""
    style: Annotated[Positional[tuple[Path, ...]], arg(metavar="STYLE [STYLE ...]", help_behavior_hint="")]
    """One or more pictures whose manner is taken."""
    out: Path = Path("styled.png")
    """Where the painting goes: .png, .jpg, .webp or .tiff."""
    settings: OmitArgPrefixes[StyleConfig] = field(default_factory=StyleConfig)
    json: Json = False

    def run(self) -> dict[str, Any]:
        import ganvas

        from .terminal import render

        if not self.style:
            raise GanvasError("No style picture was named.", "Try: ganvas style CONTENT STYLE --out painting.png")
        return render(ganvas.stylize(self.content, self.style, self.out, self.settings))


@dataclass(frozen=True)
class Env:
    """Print versions and device, for a bug report."""

    json: Json = False

    def run(self) -> dict[str, Any]:
        from .terminal import show_environment

        return show_environment()


Command = (
    Annotated[Demo, subcommand("demo")]
    | Annotated[Inspect, subcommand("inspect")]
    | Annotated[Train, subcommand("train")]
    | Annotated[Sample, subcommand("sample")]
    | Annotated[Evaluate, subcommand("evaluate")]
    | Annotated[Report, subcommand("report")]
    | Annotated[Style, subcommand("style")]
    | Annotated[Env, subcommand("env")]
)

DESCRIPTION = """Train a GAN on your own folder of pictures, and repaint pictures in the style of others.

First steps:
  ganvas demo                          everything once, on built-in pictures
  ganvas inspect PICTURES              what is in a folder, and what is wrong with it
  ganvas train PICTURES --minutes 10   train on it; Ctrl-C saves, the same command goes on
  ganvas sample runs/PICTURES          make pictures
  ganvas report runs/PICTURES          how good they are, on one page
  ganvas style PHOTOGRAPH PAINTING     repaint"""


def say(text: str) -> None:
    """Tell a person something: on stderr, so that stdout stays free for --json."""
    sys.stderr.write(f"{text}\n")


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 an error with its hint, 130 interrupted (2: tyro's)."""
    given = sys.argv[1:] if arguments is None else arguments
    settings = (tyro.conf.FlagCreatePairsOff,)
    command: Any = tyro.cli(Command, prog="ganvas", description=DESCRIPTION, args=given or ["--help"], config=settings)
    try:
        result = command.run()
    except GanvasError as error:
        say(f"Error: {error.message}" + (f"\n{error.hint}" if error.hint else ""))
        return 1
    except OSError as error:
        say(f"Error: {error.filename or 'A file'} cannot be read or written: {error.strerror or error}.")
        say("Look at its permissions and at the free disk space, then type the same command again.")
        return 1
    except KeyboardInterrupt:
        say("\nInterrupted.")
        return INTERRUPTED
    if getattr(command, "json", False) and result:
        sys.stdout.write(json.dumps(result) + "\n")
    return INTERRUPTED if result.get("reason") == "interrupted" else 0


if __name__ == "__main__":
    sys.exit(main())
