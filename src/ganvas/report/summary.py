"""What the report and the model card share: the facts of a run, a summary in plain words, the command to repeat it."""

from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from PIL import Image

from ..coach.diagnosis.diagnoses import HEALTHY_VERDICTS
from ..coach.model_health import ending, health_of
from ..config import Config
from ..config.train_options import repeating_flags
from ..errors import ganvas_command
from ..formatting import (
    basename,
    format_duration,
    format_interval,
    format_number,
    format_percent,
    format_size,
)
from ..image_io import open_written
from ..latents.model_file import read_health
from ..runs import Run
from ..translation import N_, _, ngettext
from ..version import __version__
from .history import History

Evaluation = dict[str, Any]
PACKAGES = ("torch", "torchvision", "timm", "numpy", "pillow")
COPYING_VERDICTS = {  # memorisation verdict -> (symbol, text)
    "none": ("✓", N_("No sign of copying found")),
    "some": ("!", N_("Some samples are near-copies")),
    "much": ("✕", N_("Many samples are near-copies")),
    "unknown": ("?", N_("Copying could not be judged")),
}
MAX_NAMED_PROBLEMS = 4
NOT_CHECKED = ("?", N_("Not checked for copies"))


@dataclass(frozen=True)
class RunSummary:
    """All facts of a run: its folder, its configuration, its history, and its evaluation if there is one.

    place: where others find it (`hub:owner/name`); empty for its folder.
    """

    run: Run
    config: Config
    history: History
    evaluation: Evaluation | None
    place: str = ""

    @property
    def shown_place(self) -> str:
        """Return what commands call the run."""
        return self.place or str(self.run.folder)

    @property
    def name(self) -> str:
        """Return the run's name."""
        return self.place.rpartition("/")[2] or self.run.folder.resolve().name

    @property
    def dataset_name(self) -> str:
        """Return the name of the folder or file of training pictures."""
        return basename(self.config.data.path)

    @property
    def evaluate_command(self) -> str:
        """Return the command that evaluates the run."""
        return ganvas_command("evaluate", self.shown_place)

    @property
    def device(self) -> str:
        """Return the device of the training and the reason for it."""
        return self.history.starts[-1].device if self.history.starts else _("unknown")

    @property
    def scores(self) -> list[dict[str, Any]]:
        """Return the scores of the evaluation; empty without an evaluation."""
        rows = (self.evaluation or {}).get("scores")
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    @property
    def memorization(self) -> dict[str, Any]:
        """Return the memorisation check of the evaluation; empty without one."""
        memorization = (self.evaluation or {}).get("memorisation")
        return memorization if isinstance(memorization, dict) else {}

    @property
    def baseline_name(self) -> str:
        """Return the name of the real pictures that the near-copies are compared with."""
        held_out = self.memorization.get("baseline") == "held out"
        return _("Held-out real pictures") if held_out else _("Training pictures among themselves")

    @property
    def copying_verdict(self) -> tuple[str, str, str]:
        """Return the key, the symbol and the text of the verdict on memorisation."""
        key = str(self.memorization.get("verdict", ""))
        symbol, text = COPYING_VERDICTS.get(key, NOT_CHECKED)
        return key if key in COPYING_VERDICTS else "unknown", symbol, _(text)


def summary_sentences(summary: RunSummary) -> list[str]:
    """Return sentences in plain words: what was trained, on what, for how long, how healthy and how good it is."""
    config, history = summary.config, summary.history
    classes = [_("{count} classes").format(count=len(config.classes))] if config.classes else []
    sentences = [
        _(
            "Trained with the {recipe} recipe to generate pictures like those in “{dataset}” ({format}). "
            "It saw {images:,} pictures, repeats included, in {time} on {device}."
        )
    ]
    if history.done is None:
        sentences.append(_("It is still training, or was stopped abruptly; this is its state so far."))
    elif history.done.reason == "stopped":
        sentences.append(_("The coach stopped it at step {step:,}, after {used} of the budget."))
    elif history.done.reason != "finished":
        sentences.append(_("It was interrupted at step {step:,}, after {used} of the budget."))
    facts = {
        "recipe": config.recipe,
        "dataset": summary.dataset_name,
        "format": ", ".join([format_size(config), *classes]),
        "images": history.images_seen,
        "time": format_duration(history.seconds),
        "device": summary.device.partition(" (")[0],
        "step": history.step,
        "used": format_percent(history.progress),
    }
    opening = " ".join(sentence.format(**facts) for sentence in sentences)
    return [opening, *health_sentences(summary.history), *quality_sentences(summary)]


def health_warning(summary: RunSummary) -> str:
    """Return that the training or its model is not healthy, with what can be done; "" if nothing is wrong."""
    history = summary.history
    end = health_of(history.spans[-1].verdict) if history.spans else None
    return ending(end, read_health(summary.run), history.is_over)


def health_sentences(history: History) -> list[str]:
    """Return a sentence on the problems and treatments of the training; nothing if there were none."""
    problems = list(dict.fromkeys(span.name for span in history.spans if span.name not in HEALTHY_VERDICTS))
    count = len(history.treatments)
    if not problems and not count:
        return []
    names = ", ".join(_(name) for name in problems[:MAX_NAMED_PROBLEMS])
    if len(problems) > MAX_NAMED_PROBLEMS:
        more = len(problems) - MAX_NAMED_PROBLEMS
        names = _("{names} and {count:,} more").format(names=names, count=more)
    if not count:
        sentences = [_("The coach saw {problems}.").format(problems=names)]
    elif names:
        text = ngettext(
            "The coach stepped in once ({problems}).", "The coach stepped in {count:,} times ({problems}).", count
        )
        sentences = [text.format(count=count, problems=names)]
    else:
        text = ngettext("The coach stepped in once.", "The coach stepped in {count:,} times.", count)
        sentences = [text.format(count=count)]
    if history.spans:
        last = _("Its last verdict so far: {verdict}.") if history.done is None else _("Its last verdict: {verdict}.")
        sentences.append(last.format(verdict=_(history.spans[-1].name)))
    return [" ".join(sentences)]


def quality_sentences(summary: RunSummary) -> list[str]:
    """Return what the evaluation says; without one, the last score during training, or that there is none."""
    if summary.scores:
        sentences = (summary.evaluation or {}).get("summary")
        copying = summary.memorization.get("text")  # shown elsewhere
        others = [_(str(each)) for each in sentences if each != copying] if isinstance(sentences, list) else []
        return [_score_sentence(summary.scores[0]), *others]
    for (score, network), scored in summary.history.scores.items():
        last = scored[-1][1]
        text = _("{score} at step {step:,} of the training: {value} ({count:,} samples).")
        name, value = score_name(score, network), format_number(last.value)
        return [text.format(score=name, step=last.step, value=value, count=last.count)]
    return [_("Its quality has not been measured yet.")]


def _score_sentence(row: dict[str, Any]) -> str:
    score_interval, real = format_interval(row.get("low"), row.get("high")), row.get("real")
    value = f"{format_number(row.get('value'))}{f' ({score_interval})' if score_interval else ''}"
    text = _("{score}: {value}.") if real is None else _("{score}: {value}; real pictures get {real}.")
    return text.format(score=score_name(row.get("name"), row.get("network")), value=value, real=format_number(real))


def compared_at(evaluation: dict[str, Any]) -> str:
    """Return at which size samples and real pictures were compared: " at 64x64 px"; release 0.1 did not say."""
    width, height = evaluation.get("width"), evaluation.get("height")
    if not isinstance(width, int) or not isinstance(height, int):
        return ""
    return _(" at {width}x{height} px").format(width=width, height=height)


def score_name(name: object, network: object) -> str:
    """Return what a score is called: "Frechet distance on efficientnet-lite0"."""
    score = _(str(name))
    return _("{score} on {network}").format(score=score, network=network) if network else score


def train_command(config: Config, folder: Path) -> str:
    """Return the command that trains such a run again, with every option that could come out differently by then."""
    return ganvas_command("train", config.data.path, "--out", f"{folder}-again", *repeating_flags(config))


def versions(summary: RunSummary) -> dict[str, str]:
    """Return the releases that trained, evaluated and reported the run, the last with its packages."""
    by_role = {_("trained with"): _training_release(summary.history), _("evaluated with"): ""}
    if summary.evaluation and summary.evaluation.get("version"):
        by_role[_("evaluated with")] = f"ganvas {summary.evaluation['version']}"
    installed = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    by_role[_("reported with")] = f"ganvas {__version__}, {installed}"
    return {key: value for key, value in by_role.items() if value}


def _training_release(history: History) -> str:
    """Return the release that wrote the last sample grid, from the metadata of the file."""
    for grid in reversed(history.sample_grids):
        try:
            with open_written(grid.path) as image:
                return str(image.info.get("software", ""))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):  # nothing that we have written
            continue
    return ""


def skipped_files(run: Run) -> list[tuple[str, str]]:
    """Return the name of each picture that was skipped, and the reason."""
    if not run.skipped_file.is_file():
        return []
    lines = run.skipped_file.read_text(encoding="utf-8", errors="replace").splitlines()
    parts = (line.partition("\t") for line in lines if line.strip())
    return [(name, reason) for name, _, reason in parts]
