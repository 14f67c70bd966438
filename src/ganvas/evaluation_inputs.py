"""What an evaluation compares: samples of a run or of a folder, and real pictures, both at one size."""

import dataclasses
import hashlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .config import DataConfig
from .config.train_options import parse_size
from .data import PreparedDataset, inspect, open_source, prepare, read_overview
from .data.place import absolute
from .data.prepare import is_trained_on
from .data.shard_list import is_there
from .data.windows import in_windows
from .device import available_cores
from .errors import GanvasError, ganvas_command
from .events import Event, Note, Progress
from .latents.model_file import MODEL_FILE, read_training_length
from .latents.sample import load
from .metrics import DEFAULT_NETWORK
from .runs import Run
from .translation import N_, _

T = TypeVar("T")
DEFAULT_SAMPLES = 2000
MIN_SIDE = 8  # pixels; the spectrum of smaller images is too coarse
MAX_SIDE = 256  # pixels; larger pictures are shrunk, since the networks use a smaller size anyway
PROGRESS_INTERVAL = 250  # images between two reports of progress


@dataclass(frozen=True, eq=False, kw_only=True)
class EvaluationInputs:
    """Samples and the real images that they are compared with.

    Args:
        name, against: names of the samples and of the real images, usually their folders.
        samples: uint8 (N, C, H, W).
        real_data: the prepared real images.
        is_training_data: whether the generator was trained on the real images.
        is_of_run: whether the scores are kept in the run; those against other pictures are not.
        shows_real: whether the real images may be shown: the user has named them, or the run was trained on them.
        held_out_count: how many of the real images were held out of the training.
        trained_for: steps and images seen by the generator in training; None if not known.
        model_hash: hash of the generator's file; empty if there is none.
        turns: quarters by which the real images were turned in the training.
    """

    name: str
    against: str
    samples: Tensor
    real_data: PreparedDataset
    is_training_data: bool = False
    is_of_run: bool = False
    shows_real: bool = True
    held_out_count: int = 0
    trained_for: tuple[int, int] | None = None
    model_hash: str = ""
    turns: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class EvaluationOptions:
    """Options of an evaluation; see `ganvas.evaluate`. `at` is a size such as "128" or "96x64"."""

    count: int = DEFAULT_SAMPLES
    network: str = DEFAULT_NETWORK
    weights: Path | None = None
    seed: int = 1  # not 0: the best checkpoint of a run was chosen with the latents of seed 0
    device: str = "auto"
    at: str | None = None


def run_inputs(
    run: Run, against: str | Path | None, options: EvaluationOptions
) -> Generator[Event, None, EvaluationInputs]:
    """Sample the run's model, and prepare its training pictures or those in `against`, both at one size."""
    config = run.read_config()
    while True:
        hash_before, trained_for = model_hash(run), read_training_length(run)
        model = load(run.folder, options.device)
        if hash_before == model_hash(run):  # otherwise the run is in training and has just written a new model
            break
    path = config.data.path if against is None else absolute(against)
    if against is None and (config.imported or not is_there(path)):
        problem = (
            _("{folder} was imported: the pictures that it was trained on are not known.")
            if config.imported
            else _("The pictures that {folder} was trained on are no longer at {path}.")
        )
        raise GanvasError(
            problem.format(folder=run.folder, path=path),
            _("Say where they are: {command}").format(
                command=ganvas_command("evaluate", run.folder, "--against", "PICTURES")
            ),
        )
    data_config = dataclasses.replace(config.data, path=path)
    if against is not None:
        data_config = in_windows(dataclasses.replace(data_config, window=None))
    width, height = compared_size(data_config, options.at)
    real_data = yield from prepare(dataclasses.replace(data_config, width=width, height=height), available_cores())
    is_same_data = is_trained_on(config, real_data, data_config.path)
    if against is None and not is_same_data:  # a stranger's run may name any folder of ours
        yield Note(
            _(
                "The pictures in {path} are not those that {folder} was trained on, or have changed "
                "since. Scores compare with them, but they are not shown."
            ).format(path=path, folder=run.folder)
        )

    def samples_between(start: int, end: int) -> Tensor:
        return resized(model.sample(end - start, options.seed, first=start), (height, width))

    yield from model.notes()
    samples = yield from in_batches(N_("samples generated"), options.count, samples_between)
    return EvaluationInputs(
        name=str(run.folder), against=str(against or path), samples=torch.cat(samples), real_data=real_data,
        is_training_data=is_same_data, is_of_run=against is None or is_same_data,
        shows_real=against is not None or is_same_data, held_out_count=config.held_out if is_same_data else 0,
        trained_for=trained_for, model_hash=hash_before, turns=config.turns,
    )  # fmt: skip


def folder_inputs(
    folder: Path, against: str | Path | None, options: EvaluationOptions
) -> Generator[Event, None, EvaluationInputs]:
    """Read a folder of samples, and prepare the real pictures at the samples' size."""
    open_source(folder)  # reports a folder that cannot be read first of all
    if against is None:
        raise GanvasError(
            _("{folder} is no run, or nothing is trained in it yet.").format(folder=folder),
            _("If it holds samples, say where real pictures are: {command}").format(
                command=ganvas_command("evaluate", folder, "--against", "PICTURES")
            ),
        )
    inspection = inspect(folder)
    scale = min(1.0, MAX_SIDE / max(inspection.widths.middle, inspection.heights.middle))
    width, height = (round(scale * side.middle) for side in (inspection.widths, inspection.heights))
    if min(width, height) < MIN_SIDE:
        raise GanvasError(
            _("The pictures in {folder} are {width}x{height} px; scores need at least {min_side} px per side.").format(
                folder=folder, width=width, height=height, min_side=MIN_SIDE
            ),
            _("Try: {command}").format(command=ganvas_command("inspect", folder)),
        )
    overviews = [read_overview(open_source(path)) for path in (folder, against)]
    channels = 1 if all(each.gray for each in overviews) else 3
    fake_config, real_config = (
        DataConfig(str(path), height, width, channels, value_range=overview.value_range)
        for path, overview in zip((folder, against), overviews, strict=True)
    )
    fake_data = yield from prepare(fake_config, available_cores())
    real_data = yield from prepare(in_windows(real_config), available_cores())
    indices = np.random.default_rng(options.seed).permutation(fake_data.count)[: options.count]
    samples = torch.from_numpy(np.asarray(fake_data.images[indices]))
    return EvaluationInputs(name=str(folder), against=str(against), samples=samples, real_data=real_data)


def compared_size(config: DataConfig, at: str | None) -> tuple[int, int]:
    """Return the width and height at which a run's samples are compared with real pictures.

    By default that is the size of the real pictures, so that small samples do not look good by being small; for samples
    that are no larger, at most 256 px on the short side, since networks look at no more.

    Args:
        config: how the run's pictures were prepared.
        at: the size that was asked for.

    Raises:
        GanvasError: what was asked for is no size, or of another shape.
    """
    if at is not None:
        width, height = parse_size(at, "--at")
        if min(width, height) < MIN_SIDE:
            raise GanvasError(
                _("Scores need at least {min_side} px per side.").format(min_side=MIN_SIDE),
                _("Try: --at {width}x{height}").format(width=config.width, height=config.height),
            )
        if abs(width * config.height - height * config.width) > max(width * config.height, height * config.width) / 20:
            raise GanvasError(
                _("Samples of {own} px cannot be compared at {other}: the shape differs.").format(
                    own=f"{config.width}x{config.height}", other=f"{width}x{height}"
                ),
                _("Try: --at {width}x{height}").format(width=2 * config.width, height=2 * config.height),
            )
        return width, height
    overview = read_overview(open_source(config.path, config.value_range), config.aspect, config.limit)
    own = min(overview.short_side, MAX_SIDE)
    scale = max(1.0, own / min(config.width, config.height))
    return round(scale * config.width), round(scale * config.height)


def resized(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Return uint8 images (N, C, H, W) at another size, enlarged bicubically, as a viewer would."""
    if images.shape[2:] == size:
        return images
    shrinks = size[0] < images.shape[2]
    floats = F.interpolate(images.float(), size, mode="bicubic", antialias=shrinks)
    return floats.round().clamp(0, 255).to(torch.uint8)


def in_batches(description: str, count: int, compute: Callable[[int, int], T]) -> Generator[Event, None, list[T]]:
    """Return compute(start, end) for batches of `count` images, and report the progress."""
    results = []
    for start in range(0, count, PROGRESS_INTERVAL):
        yield Progress(description, start, count)
        results.append(compute(start, min(start + PROGRESS_INTERVAL, count)))
    yield Progress(description, count, count)
    return results


def model_hash(run: Run) -> str:
    """Return a hash of the run's model file; empty if there is none."""
    file = run.model / MODEL_FILE
    return hashlib.blake2b(file.read_bytes(), digest_size=16).hexdigest() if file.is_file() else ""
