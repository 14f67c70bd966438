"""How good is it? Samples of a run, or any folder of pictures, against real pictures: all scores, and what they say."""

import dataclasses
import hashlib
import json
import shlex
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .config import DataConfig
from .data import Prepared, guess_channels, inspect, open_source, prepare
from .device import available_cores, choose_device, random_at, use
from .errors import GanvasError
from .events import Event, Progress
from .image_io import grid, save_image, to_image, write_atomically
from .latents.sample import MODEL, GeneratorModel, load, read_age
from .metrics.features import DEFAULT, Features, extract
from .metrics.memorisation import Memorisation, memorisation, pairs_sheet
from .metrics.networks import load_network
from .metrics.pixels import measure_pixels
from .metrics.real_features import Reals
from .metrics.score_descriptions import Score, summarise
from .metrics.scores import copy_scores, feature_scores, nearest_score, pixel_scores
from .runs import Run
from .version import __version__

COUNT = 2000
MOST_REALS = 5000  # whose features are computed and kept; more would change the scores by less than their intervals
FEWEST = 20  # samples, and real pictures
SMALLEST = 8  # pixels a side that the spectrum needs
LARGEST = 256  # pixels at which folders are compared at most; the networks see less
SHOWN = 64  # pictures of a sheet
STEP = 250  # pictures between two reports of progress


@dataclass(frozen=True)
class Evaluation:
    """Tell how good a set of samples is.

    Args:
        subject: the run folder or the folder of samples.
        against: the real pictures.
        network: whose features were compared.
        step, images: how long the run's model had been trained, where that is known.
        model: hash of the run's model; empty for a folder.
        count, real_count, held_out_count: samples, real pictures, and those of them that the training never saw.
        seed: of the samples.
        version: of ganvas.
        scores: see `ganvas.metrics.scores`.
        memorisation: see `ganvas.metrics.memorisation`.
        summary: what it all says, in plain sentences.
    """

    subject: str
    against: str
    network: str
    step: int | None
    images: int | None
    model: str
    count: int
    real_count: int
    held_out_count: int
    seed: int
    version: str
    scores: tuple[Score, ...]
    memorisation: Memorisation
    summary: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain dicts, lists and scalars, ready for JSON."""
        names = [{"name": each.name, "better": each.better, "about": each.about} for each in self.scores]
        record = dataclasses.asdict(self)
        return record | {"scores": [more | each for more, each in zip(names, record["scores"], strict=True)]}


@dataclass(frozen=True, eq=False)
class Subject:
    """Hold what is evaluated, and against what: uint8 samples (N, C, H, W) and prepared real pictures.

    `own` tells whether these are the pictures that the samples' generator was trained on.
    """

    name: str
    against: str
    samples: Tensor
    data: Prepared
    own: bool = False
    held_out: int = 0
    age: tuple[int, int] | None = None
    model: str = ""


@dataclass(frozen=True)
class Wanted:
    """Say how to evaluate; see `ganvas.evaluate`."""

    count: int = COUNT
    network: str = DEFAULT
    weights: Path | None = None
    seed: int = 1  # other latents than those by which the best checkpoint was chosen
    device: str = "auto"


def evaluate(
    subject: Path, against: Path | None, wanted: Wanted, out: Path | None = None
) -> Generator[Event, None, Evaluation]:
    """Score a run's samples, or a folder of pictures, against real pictures; see `ganvas.evaluate`.

    Args:
        out: folder for scores.json and the sheets samples.png, real.png and nearest.png; a run that is compared with
            what it was trained on has its own.
    """
    if wanted.count < FEWEST:
        raise GanvasError(f"{wanted.count} samples are too few to score.", "Try: --count 2000")
    if wanted.seed < 0:
        raise GanvasError(f"A seed is a whole number from 0 on, not {wanted.seed}.", f"Try: --seed {-wanted.seed}")
    device = use(choose_device(wanted.device))
    load_network(wanted.network, wanted.weights)  # says what is wrong with it before any time is spent
    run = Run(subject)
    found = yield from _run_subject(run, against, wanted) if run.exists() else _folder_subject(subject, against, wanted)
    reals = Reals(found.data, found.held_out, wanted.network, wanted.weights, device)
    evaluation, pairs = yield from judge(found, reals, wanted)
    folder = out or (run.evaluation if found.own else None)
    if folder is not None and is_first_rank():
        origin = {"subject": found.name, "seed": wanted.seed}
        shown = torch.from_numpy(np.asarray(found.data.pictures[reals.some(SHOWN)]))
        for name, sheet in (("samples", grid(found.samples[:SHOWN])), ("real", grid(shown)), ("nearest", pairs)):
            save_image(to_image(sheet), folder / f"{name}.png", origin)
        write_atomically(folder / "scores.json", (json.dumps(evaluation.to_dict(), indent=2) + "\n").encode())
    return evaluation


def read_evaluation(run: Run) -> dict[str, Any] | None:
    """Return what was found about the run's present model, or None if it was never evaluated or has changed since."""
    try:
        record = json.loads((run.evaluation / "scores.json").read_text(encoding="utf-8"))
        return record if record["model"] == _hash(run) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_first_rank() -> bool:
    """Tell whether this process is the one that writes and speaks."""
    return not torch.distributed.is_initialized() or torch.distributed.get_rank() == 0


def _run_subject(run: Run, against: Path | None, wanted: Wanted) -> Generator[Event, None, Subject]:
    """Sample the run's model, and find the pictures that it was trained on, or others as asked."""
    config = run.read_config()
    while True:
        mark, age = _hash(run), read_age(run)
        model = load(run.folder, wanted.device)
        if mark == _hash(run):  # else the run is in training, and wrote a new model meanwhile
            break
    path = Path(config.data.path) if against is None else against
    if against is None and not path.exists():
        raise GanvasError(
            f"The pictures that {run.folder} was trained on are no longer in {path}.",
            f"Say where they are: ganvas evaluate {shlex.quote(str(run.folder))} --against PICTURES",
        )
    about = dataclasses.replace(config.data, path=str(path.resolve()), labels=False)
    data = yield from prepare(about, available_cores())
    same = data.fingerprint == config.fingerprint
    samples = yield from _sample(model, wanted)
    return Subject(
        str(run.folder), str(path), samples, data, against is None or same, config.held_out if same else 0, age, mark
    )  # fmt: skip


def _folder_subject(folder: Path, against: Path | None, wanted: Wanted) -> Generator[Event, None, Subject]:
    """Read a folder of samples, and the real pictures at the samples' size."""
    open_source(folder)  # says what is wrong with it, before anything else is asked for
    if against is None:
        raise GanvasError(
            f"{folder} is no run, so it must be compared with something.",
            f"Name the real pictures: ganvas evaluate {shlex.quote(str(folder))} --against PICTURES",
        )
    look = inspect(folder)
    shrink = min(1.0, LARGEST / max(look.widths.middle, look.heights.middle))
    width, height = (round(shrink * side.middle) for side in (look.widths, look.heights))
    if min(width, height) < SMALLEST:
        raise GanvasError(
            f"The pictures in {folder} are of {width}x{height} px; scores need {SMALLEST} px a side.",
            f"Try: ganvas inspect {shlex.quote(str(folder))}",
        )
    channels = max(guess_channels(open_source(path)) for path in (folder, against))
    fake, real = DataConfig(str(folder), height, width, channels), DataConfig(str(against), height, width, channels)
    samples = yield from prepare(fake, available_cores())
    data = yield from prepare(real, available_cores())
    chosen = np.random.default_rng(wanted.seed).permutation(samples.count)[: wanted.count]
    return Subject(str(folder), str(against), torch.from_numpy(np.asarray(samples.pictures[chosen])), data)


def _sample(model: GeneratorModel, wanted: Wanted) -> Generator[Event, None, Tensor]:
    parts = []
    for start in range(0, wanted.count, STEP):
        yield Progress("samples drawn", start, wanted.count)
        parts.append(model.sample(min(STEP, wanted.count - start), wanted.seed, first=start))
    yield Progress("samples drawn", wanted.count, wanted.count)
    return torch.cat(parts)


def judge(subject: Subject, reals: Reals, wanted: Wanted) -> Generator[Event, None, tuple[Evaluation, Tensor]]:
    """Score samples; return the evaluation and the sheet of the closest pairs."""
    if subject.data.count < FEWEST:
        raise GanvasError(
            f"{subject.data.count} real pictures in {subject.against} are too few: {FEWEST} are needed.",
            "Name more of them with --against PICTURES",
        )
    parts = []
    for start in range(0, len(subject.samples), STEP):
        yield Progress("samples looked at", start, len(subject.samples))
        batch = subject.samples[start : start + STEP]
        parts.append(extract(batch, wanted.network, device=reals.device, weights=wanted.weights))
    yield Progress("samples looked at", len(subject.samples), len(subject.samples))
    fake = Features.joined(parts)
    rows, held_out = reals.some(MOST_REALS), reals.split.held_out
    pictures = subject.data.pictures[rows]
    yield Progress("real pictures looked at", 0, 3)
    real = reals.features(rows)
    yield Progress("real pictures looked at", 1, 3)
    mirrored = reals.features(rows, mirrored=True)
    yield Progress("real pictures looked at", 2, 3)
    unseen = reals.features(held_out) if len(held_out) else None
    yield Progress("real pictures looked at", 3, 3)
    random = random_at(wanted.seed, "evaluation")
    scores = (
        *feature_scores(fake, real, random),
        nearest_score(fake, real, mirrored, unseen, random),
        *copy_scores(subject.samples, pictures),
        *pixel_scores(measure_pixels(subject.samples), measure_pixels(pictures)),
    )
    copies = memorisation(subject.samples, subject.data.pictures, reals.split, "training" if subject.own else "real")
    step, images = subject.age or (None, None)
    evaluation = Evaluation(
        subject.name, subject.against, wanted.network, step, images, subject.model, len(fake), len(rows),
        len(held_out), wanted.seed, __version__, scores, copies, (*summarise(scores), copies.text),
    )  # fmt: skip
    return evaluation, pairs_sheet(copies.pairs, subject.samples, subject.data.pictures)


def _hash(run: Run) -> str:
    """Return what tells this model from an older one of the same run; empty if there is none."""
    file = run.model / MODEL
    return hashlib.blake2b(file.read_bytes(), digest_size=16).hexdigest() if file.is_file() else ""
