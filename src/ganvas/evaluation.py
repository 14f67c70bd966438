"""Evaluation of samples: those of a run, or any folder of pictures, are scored against real pictures."""

import dataclasses
import json
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .atomic_write import write_atomically
from .data.ownership import check_free, not_ours
from .device import choose_device, seeded_rng, torch_device
from .distributed import is_main
from .errors import GanvasError
from .evaluation_inputs import (
    EvaluationInputs,
    EvaluationOptions,
    folder_inputs,
    in_batches,
    model_hash,
    run_inputs,
)
from .events import Event, Progress
from .image_io import check_writable, image_grid, save_image, to_image
from .metrics.features import Features, extract_features
from .metrics.memorization import Memorization, measure_memorization, pairs_grid
from .metrics.networks import load_network
from .metrics.pixels import measure_pixels
from .metrics.real_features import RealImages
from .metrics.score_descriptions import Score, summarize
from .metrics.scores import duplicate_scores, feature_scores, nearest_distance_score, pixel_scores
from .runs import Run
from .translation import _
from .typed_json import read_json_object
from .version import __version__

MAX_REAL_IMAGES = 5000  # for features; more would change the scores by less than their intervals
MIN_IMAGES = 20  # fewest samples, and fewest real images
GRID_IMAGES = 64  # images in samples.png and in real.png
GRIDS, SCORES_FILE = ("samples", "real", "nearest"), "scores.json"


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The result of an evaluation; the field names are the keys of scores.json.

    Args:
        subject: the run folder, or the folder of samples.
        against: path of the real pictures.
        width, height: size in pixels at which samples and real pictures were compared.
        network: name of the network whose features were compared.
        step, images: steps and images seen by the run's model in training; None if not known.
        model: hash of the run's model; empty for a folder.
        count, real_count, held_out_count: number of samples, of real images, and of held-out images.
        seed: seed of the samples.
        version: version of ganvas.
        scores: see `ganvas.metrics.scores`.
        memorisation: see `ganvas.metrics.memorization`.
        summary: the results in plain sentences, in the language of whoever evaluates.
    """

    subject: str
    against: str
    width: int
    height: int
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
    memorisation: Memorization
    summary: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain dicts, lists and scalars, ready for JSON."""
        record = dataclasses.asdict(self)
        descriptions = [
            {"name": score.name, "better": score.better, "about": score.description} for score in self.scores
        ]
        return record | {"scores": [text | score for text, score in zip(descriptions, record["scores"], strict=True)]}


def evaluate(
    subject: Path, against: str | Path | None, options: EvaluationOptions, out: Path | None = None
) -> Generator[Event, None, Evaluation]:
    """Score a run's samples, or a folder of pictures, against real pictures; see `ganvas.evaluate`.

    Args:
        subject: a run folder, or a folder of pictures.
        against: the real pictures; None for those that the run was trained on.
        options: see `EvaluationOptions`.
        out: folder for scores.json, samples.png, real.png and nearest.png. Without it they go to RUN/evaluation, if
            the run is compared with its training pictures, else nowhere.

    Raises:
        GanvasError: an option is out of range, there is nothing to compare, the network cannot be loaded, or `out`
            holds what Ganvas did not write.
    """
    if options.count < MIN_IMAGES:
        raise GanvasError(
            _("{count} samples are too few for scores.").format(count=options.count), _("Try: --count 2000")
        )
    if options.seed < 0:
        raise GanvasError(
            _("The seed must be 0 or more, not {seed}.").format(seed=options.seed),
            _("Try: --seed {seed}").format(seed=-options.seed),
        )
    device = torch_device(choose_device(options.device))
    load_network(options.network, options.weights)  # reports an error before any time is spent
    run = Run(subject)
    _check_out(out, run.evaluation if run.exists() and against is None else None)
    if run.exists():
        inputs = yield from run_inputs(run, against, options)
    else:
        inputs = yield from folder_inputs(subject, against, options)
    real_images = RealImages(
        inputs.real_data, inputs.held_out_count, network=options.network, weights=options.weights, device=device
    )
    evaluation, pairs = yield from evaluate_samples(inputs, real_images, options)
    folder = out or (run.evaluation if inputs.is_of_run else None)
    if folder is not None and is_main():
        metadata = {"subject": inputs.name, "seed": options.seed}
        real = torch.from_numpy(np.asarray(inputs.real_data.images[real_images.random_indices(GRID_IMAGES)]))
        grids = image_grid(inputs.samples[:GRID_IMAGES]), image_grid(real), pairs
        for name, grid in zip(GRIDS, grids, strict=True):
            if inputs.shows_real or name == "samples":
                save_image(to_image(grid), folder / f"{name}.png", metadata)
            else:
                (folder / f"{name}.png").unlink(missing_ok=True)  # of an earlier evaluation, of other pictures
        write_atomically(folder / SCORES_FILE, (json.dumps(evaluation.to_dict(), indent=2) + "\n").encode())
    return evaluation


def _check_out(out: Path | None, default: Path | None) -> None:
    """Check that an evaluation may go to `out`, else to `default`, without taking the place of what is not ours.

    Raises:
        GanvasError: it may not, or cannot be written there.
    """
    if out is not None:
        for place in (out, *(out / f"{name}.png" for name in GRIDS)):
            check_free(place)
        file = out / SCORES_FILE
        if file.exists() and not {"scores", "memorisation"} <= _read_record(file).keys():
            raise not_ours(file)
    folder = out or default
    if folder is not None:
        check_writable(folder, _("Name another folder: --out FOLDER"))


def _read_record(file: Path) -> dict[str, Any]:
    """Return the contents of a scores.json; empty if there is none, or something else."""
    try:
        return read_json_object(file)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}


def read_evaluation(run: Run) -> dict[str, Any] | None:
    """Return the contents of scores.json for the run's current model; None if that model has not been evaluated."""
    record = _read_record(run.evaluation / SCORES_FILE)
    return record if "model" in record and record["model"] == model_hash(run) else None


def evaluate_samples(
    inputs: EvaluationInputs, real_images: RealImages, options: EvaluationOptions
) -> Generator[Event, None, tuple[Evaluation, Tensor]]:
    """Score samples; return the evaluation, and the grid (C, H, W) of the closest pairs.

    Args:
        inputs: the samples and the real images.
        real_images: the same real images, with the network for their features.
        options: of which seed, network and weights are used.

    Raises:
        GanvasError: there are too few real images.
    """
    if inputs.real_data.count < MIN_IMAGES:
        raise GanvasError(
            _("{against} holds only {count} usable pictures; at least {least} are needed.").format(
                against=inputs.against, count=inputs.real_data.count, least=MIN_IMAGES
            ),
            _("Pass a larger set of real pictures with --against PICTURES"),
        )

    def features(start: int, end: int) -> Features:
        images = inputs.samples[start:end]
        return extract_features(images, options.network, device=real_images.device, weights=options.weights)

    batches = yield from in_batches(_("samples measured"), len(inputs.samples), features)
    fake = Features.concatenate(batches)
    indices, held_out = real_images.random_indices(MAX_REAL_IMAGES), real_images.split.held_out
    images = inputs.real_data.images[indices]
    what = _("real pictures measured")
    yield Progress(what, 0, 3)
    real = real_images.features(indices)
    yield Progress(what, 1, 3)
    mirrored = real_images.features(indices, mirrored=True)
    yield Progress(what, 2, 3)
    held_out_features = real_images.features(held_out) if len(held_out) else None
    yield Progress(what, 3, 3)
    rng = seeded_rng(options.seed, "evaluation")
    scores = (
        *feature_scores(fake, real, rng),
        nearest_distance_score(fake, real, mirrored, held_out_features, rng),
        *duplicate_scores(inputs.samples, images),
        *pixel_scores(measure_pixels(inputs.samples), measure_pixels(images)),
    )
    kind = "training" if inputs.is_training_data else "real"
    memorization = measure_memorization(inputs.samples, inputs.real_data.images, real_images.split, kind, inputs.turns)
    step, images_seen = inputs.trained_for or (None, None)
    height, width = inputs.samples.shape[2:]
    evaluation = Evaluation(
        subject=inputs.name, against=inputs.against, width=width, height=height, network=options.network, step=step,
        images=images_seen, model=inputs.model_hash, count=len(fake), real_count=len(indices),
        held_out_count=len(held_out), seed=options.seed, version=__version__, scores=scores, memorisation=memorization,
        summary=(*summarize(scores), memorization.text),
    )  # fmt: skip
    return evaluation, pairs_grid(memorization.pairs, inputs.samples, inputs.real_data.images)
