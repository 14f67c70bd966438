"""What page and card both say: what was trained on what and how good it is, in plain words, and how to repeat it."""

import shlex
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from PIL import Image

from ..coach.diagnosis.diagnoses import SOUND
from ..config import Config
from ..errors import GanvasError
from ..formatting import CHANNEL_NAMES, duration, interval, name_of, number, percent, size
from ..planning.planner import batches
from ..recipes import RECIPES
from ..runs import Run
from ..version import __version__
from .history import History

Evaluation = dict[str, Any]
PACKAGES = ("torch", "torchvision", "timm", "numpy", "pillow")
VERDICTS = {
    "none": ("✓", "No sign of copying found"),
    "some": ("!", "Some samples are near-copies"),
    "much": ("✕", "Many samples are near-copies"),
    "unknown": ("?", "Copying could not be judged"),
}
MOST_NAMED = 4  # sicknesses
UNCHECKED = ("?", "Not checked for copies")


@dataclass(frozen=True)
class Facts:
    """Hold all that is known about a run: where it lies, its configuration, what happened, how it was judged."""

    run: Run
    config: Config
    history: History
    evaluation: Evaluation | None

    @property
    def name(self) -> str:
        """Return the run's name."""
        return self.run.folder.resolve().name

    @property
    def pictures(self) -> str:
        """Return the name of what was trained on."""
        return name_of(self.config.data.path)

    @property
    def evaluate(self) -> str:
        """Return the command that measures the run."""
        return f"ganvas evaluate {shlex.quote(str(self.run.folder))}"

    @property
    def device(self) -> str:
        """Return where it was trained, and why there."""
        return self.history.starts[-1].device if self.history.starts else "unknown"

    @property
    def scores(self) -> list[dict[str, Any]]:
        """Return the evaluation's scores; empty if there is none."""
        return [row for row in (self.evaluation or {}).get("scores") or [] if isinstance(row, dict)]

    @property
    def memorisation(self) -> dict[str, Any]:
        """Return what the evaluation says about memorisation; empty if there is none."""
        found = (self.evaluation or {}).get("memorisation")
        return found if isinstance(found, dict) else {}

    @property
    def baseline(self) -> str:
        """Return which real pictures the samples' near-copies are compared with."""
        kept = self.memorisation.get("baseline") == "held out"
        return "Real pictures kept out of the training" if kept else "Real pictures among themselves"

    @property
    def verdict(self) -> tuple[str, str, str]:
        """Return key, sign and words of the verdict on memorisation."""
        key = str(self.memorisation.get("verdict", ""))
        return (key, *VERDICTS[key]) if key in VERDICTS else ("unknown", *UNCHECKED)


def summary(facts: Facts) -> list[str]:
    """Return what was trained on what, for how long, and how good it is: a sentence or two each."""
    config, history = facts.config, facts.history
    taught = f", {len(config.classes)} classes" if config.classes else ""
    what = (
        f"Trained with the recipe {config.recipe} to draw pictures like those in {facts.pictures} "
        f"({size(config)}{taught}): {history.images:,} pictures seen in {duration(history.seconds)} on "
        f"{facts.device.partition(' (')[0]}."
    )
    if history.done is None:
        what += " It is still in training, or was stopped without warning; this is how far it has come."
    elif history.done.reason == "stopped":
        what += f" The coach ended it at step {history.step:,}, after {percent(history.progress)} of the budget."
    elif history.done.reason != "finished":
        what += f" It was interrupted at step {history.step:,}, after {percent(history.progress)} of the budget."
    return [what, *how_healthy(facts.history), *how_good(facts)]


def how_healthy(history: History) -> list[str]:
    """Return that the training was ill or treated, and how it ended; nothing if there is nothing to tell."""
    ills = list(dict.fromkeys(span.name for span in history.spans if span.name not in SOUND))
    count = len(history.treatments)
    if not ills and not count:
        return []
    treated = f"The coach stepped in {'once' if count == 1 else f'{count:,} times'}" if count else "The coach saw"
    more = f" and {len(ills) - MOST_NAMED} more" if len(ills) > MOST_NAMED else ""
    named = f"{', '.join(ills[:MOST_NAMED])}{more}"
    told = f"{treated} ({named})" if count and named else f"{treated} {named}".rstrip()
    last = history.spans[-1].name if history.spans else ""
    state = f"ill: {last}" if last in ills else last
    ended = "at the moment it is" if history.done is None else "in the end it was"
    return [f"{told}; {ended} {state}." if state else f"{told}."]


def how_good(facts: Facts) -> list[str]:
    """Return what the evaluation says, or the last score that was taken on the way, or that there is none."""
    if facts.scores:
        told = (facts.evaluation or {}).get("summary") or []
        copies = facts.memorisation.get("text")  # has a place of its own
        return [_first_score(facts.scores[0]), *(str(sentence) for sentence in told if sentence != copies)]
    for (score, network), scored in facts.history.scores.items():
        last = scored[-1][1]
        value = f"{score}{_on(network)} {number(last.value)}"
        return [f"Measured on the way, at step {last.step:,}: {value}, {last.count:,} samples."]
    return ["How good it is has not been measured yet."]


def _first_score(row: dict[str, Any]) -> str:
    around, real = interval(row.get("low"), row.get("high")), row.get("real")
    told = f"{row.get('name')}{_on(row.get('network'))}: {number(row.get('value'))}{f' ({around})' if around else ''}"
    return f"{told}; real pictures get {number(real)}." if real is not None else f"{told}."


def _on(network: object) -> str:
    return f" on {network}" if network else ""


def train_command(config: Config, folder: Path) -> str:
    """Return the command that trains such a run anew, every choice that could differ by then spelt out."""
    data = config.data
    words = ["ganvas", "train", data.path, "--out", f"{folder}-again", "--recipe", config.recipe]
    words += ["--size", f"{data.width}x{data.height}", "--channels", CHANNEL_NAMES[data.channels]]
    words += ["--background", data.background] if data.background != "white" else []
    words += ["--fit", data.fit] if data.fit != "crop" else []
    words += ["--labels"] if data.labels else []
    words += ["--coach", config.coach] if config.coach != "act" else []
    if config.asked_images is not None:
        words += ["--images", str(config.asked_images)]
    elif config.minutes is not None:
        words += ["--minutes", f"{config.minutes:g}"]
    words += [*_wishes(config), "--seed", str(config.seed)]
    return shlex.join(words)


def _wishes(config: Config) -> list[str]:
    """Return the options by which the run differs from its recipe, or could, with other pictures or another origin."""
    usual = _usual(config)
    words = ["--flip", "yes" if config.flip else "no"]
    other = usual is None or config.loss != usual.loss
    if other:
        words += ["--loss", config.loss]
    if other or usual is None or config.penalty != usual.penalty:  # another loss may bring another penalty along
        penalty = config.penalty
        words += ["--penalty", penalty.name]
        words += ["--gamma", repr(penalty.gamma), "--every", str(penalty.every)] if penalty.name != "none" else []
    if config.discriminator.name != "none":  # few pictures would have another augmentation
        words += ["--augment", *(config.augment or ("none",))]
    if usual is None or config.ema != usual.ema:
        words += ["--ema", repr(config.ema)]
    batch = batches(config)
    words += ["--batch", batch] if batch.isdigit() else []  # where phases differ, nobody asked for one
    # What is not said of the width would be taken from the origin.
    words += ["--width", repr(config.width)] if config.width != 1 or config.origin else []
    words += ["--from", config.origin] if config.origin else []
    words += ["--freeze", repr(config.frozen)] if config.frozen else []
    words += ["--precision", config.precision] if config.precision != "float32" else []
    words += ["--compile"] if config.compiled else []
    return words


def _usual(config: Config) -> Config | None:
    """Return what the recipe makes by itself, or None if this release does not know it."""
    try:
        return RECIPES[config.recipe](config.data, 10_000)
    except (KeyError, GanvasError):
        return None


def versions(facts: Facts) -> dict[str, str]:
    """Return which release trained, which one evaluated, and what is installed now."""
    found = {"trained with": _trained_with(facts.history), "evaluated with": ""}
    if facts.evaluation and facts.evaluation.get("version"):
        found["evaluated with"] = f"ganvas {facts.evaluation['version']}"
    installed = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    found["reported with"] = f"ganvas {__version__}, {installed}"
    return {key: value for key, value in found.items() if value}


def _trained_with(history: History) -> str:
    """Return the release that wrote the last sheet; pictures carry it in their metadata."""
    for sheet in reversed(history.sheets):
        try:
            with Image.open(sheet.path) as image:
                return str(image.info.get("software", ""))
        except OSError:
            continue
    return ""


def skipped(run: Run) -> list[tuple[str, str]]:
    """Return name and reason of each picture that could not be read."""
    if not run.skipped_file.is_file():
        return []
    lines = run.skipped_file.read_text(encoding="utf-8", errors="replace").splitlines()
    parts = (line.partition("\t") for line in lines if line.strip())
    return [(name, reason) for name, _, reason in parts]
