"""Directions of a generator that are found by themselves: principal components, and the styles' own axes."""

import time
from collections.abc import Generator, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ..errors import GanvasError, check_choice, ganvas_command
from ..events import DirectionFound, Done, Event, Progress
from ..image_io import check_writable
from ..runs import Run
from ..translation import N_, _
from .axes import coordinates, principal_axes, regressed, style_axes
from .direction_files import Direction, check_not_taken, write_direction
from .layers import ALL, parse_layers
from .sample import GeneratorModel, sample_label, sample_latents
from .table import check_place, draw_table, save_table

METHODS = ("pca", "sefa")
SAMPLES = 10_000  # latents that are measured
FEATURE_SAMPLES = 2000  # of whose first layers the components are taken; these have thousands of numbers each
BATCH = 1000
SEED = 0  # of the latents measured: not the user's, since the directions are the generator's
POSITIONS = (-3, -2, -1, 0, 1, 2, 3)  # standard deviations, of a sheet's columns
SHEET_SEEDS = (0, 1, 2, 3)
WHAT = N_("latents measured")


def find_axes(
    model: GeneratorModel, run: Run, method: str = "pca", count: int = 10, layers: str = ALL
) -> Iterator[Event]:
    """Find the directions in which pictures change most, write them and their sheets into the run, and yield events.

    Args:
        model: the run's generator.
        run: the run.
        method: "pca" for principal components, "sefa" for the axes that change the styles most.
        count: directions at most.
        layers: those that a direction moves, such as "coarse" or "0-3".

    Raises:
        GanvasError: an argument is out of range, or something in the run is in the way.
    """
    start = time.monotonic()
    check_choice(method, METHODS, N_("method"))
    if count < 1:
        raise GanvasError(_("Cannot find {count} directions.").format(count=count), _("Try: --count 10"))
    chosen = parse_layers(layers, model.w_shape[0])
    family = method if layers == ALL else f"{method}-{layers.replace(',', '-')}"
    found: dict[str, Any] = {"method": method, "layers": layers}
    for rank in range(1, count + 1):
        check_keepable(run, f"{family}-{rank}", found)
    overview = run.directions / f"{family}.png"
    check_place(overview)
    steps, shares = yield from (_style_steps if method == "sefa" else _principal_steps)(model, count, chosen)
    directions = [
        Direction(name=f"{family}-{rank}", step=step, found=found | {"rank": rank, "share": round(float(share), 6)})
        for rank, (step, share) in enumerate(zip(steps, shares, strict=True), 1)
    ]
    for direction in directions:
        share = _("{percent:.1f} % of what varies").format(percent=100 * direction.found["share"])
        yield keep(model, run, direction, share if method == "pca" else "")
    rows = [partial(pictures_along, model, direction, SHEET_SEEDS[0]) for direction in directions]
    names = [direction.name for direction in directions]
    sheet = draw_table(rows, len(POSITIONS), names, [f"{position:+d}" for position in POSITIONS])
    save_table(sheet, overview, {"run": model.run_name, "directions": ",".join(names)})
    command = ganvas_command("sample", run.folder, "--direction", f"{names[0]}=2")
    yield from model.notes()
    yield done(str(overview), start, command)


def keep(model: GeneratorModel, run: Run, direction: Direction, text: str) -> DirectionFound:
    """Write a direction and its sheet from -3 to 3 into the run, and return the event that says so."""
    file = write_direction(run, model, direction)
    sheet = file.with_suffix(".png")
    rows = [partial(pictures_along, model, direction, seed) for seed in SHEET_SEEDS]
    drawn = draw_table(rows, len(POSITIONS), column_names=[f"{position:+d}" for position in POSITIONS])
    save_table(drawn, sheet, {"run": model.run_name, "direction": direction.name})
    return DirectionFound(direction.name, str(file), str(sheet), text)


def check_keepable(run: Run, name: str, found: dict[str, Any]) -> None:
    """Check that a direction and its sheet may be written, before time is spent on finding it.

    Raises:
        GanvasError: the name is taken, or a file is in the way.
    """
    check_writable(run.directions, _("Make the run writable."))
    check_not_taken(run, name, found)
    check_place(run.directions / f"{name}.png")


def pictures_along(model: GeneratorModel, direction: Direction, seed: int) -> Tensor:
    """Return the picture of a seed moved from -3 to 3 standard deviations, uint8 (7, C, H, W)."""
    w = model.map(*model.latents([seed]))
    return model.synthesize(w + torch.tensor(POSITIONS)[:, None, None] * direction.step)


def done(path: str, start: float, command: str) -> Done:
    """Return the last event of finding directions."""
    return Done(path, 0, 0, time.monotonic() - start, "finished", command)


def drawn_latents(model: GeneratorModel, count: int) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Yield z (N, z_dim) and class indices (N,), if there are classes, of `count` pictures in batches."""
    for first in range(0, count, BATCH):
        indices = range(first, min(first + BATCH, count))
        labels = None
        if model.config.classes:
            labels = torch.tensor([sample_label(SEED, index, model.config) for index in indices])
        yield sample_latents(SEED, indices, model.config.z_dim), labels


def measured_latents(model: GeneratorModel) -> Generator[Event, None, Tensor]:
    """Yield progress and return w (N, w_dim) of many pictures, in the one layer from which all others are copied."""
    batches = []
    for z, labels in drawn_latents(model, SAMPLES):
        batches.append(_mapped(model, z, labels).float().cpu())
        yield Progress(WHAT, sum(map(len, batches)), SAMPLES)
    return torch.cat(batches)


@torch.inference_mode()
def _mapped(model: GeneratorModel, z: Tensor, labels: Tensor | None) -> Tensor:
    """Return w (N, w_dim) on the model's device: many at once, where it need not be the same to the bit."""
    return model.network.map(z.to(model.device), None if labels is None else labels.to(model.device))[:, 0]


def in_layers(model: GeneratorModel, step: Tensor, layers: tuple[int, ...]) -> Tensor:
    """Return a step (D,) in latents as one (num_ws, w_dim) that moves these layers only, and leaves labels alone."""
    steps = torch.zeros(model.w_shape)
    steps[list(layers), : len(step)] = step.float().cpu()
    return steps


def _principal_steps(
    model: GeneratorModel, count: int, layers: tuple[int, ...]
) -> Generator[Event, None, tuple[list[Tensor], Tensor]]:
    """Return steps (num_ws, w_dim) along the principal components, and their shares of the variance.

    They are those of w or of codes where there is a mapping to these. A plain z has the same variance everywhere. There
    they are those of what the first layers make of it, mapped back to z by regression (Härkönen et al. 2020, GANSpace).
    """
    if _features(model, *next(drawn_latents(model, 1))) is None:
        axes, shares = principal_axes((yield from measured_latents(model)), count)
    else:
        axes, shares = yield from _regressed_axes(model, count)
    return [in_layers(model, axis, layers) for axis in axes], shares


def _regressed_axes(model: GeneratorModel, count: int) -> Generator[Event, None, tuple[Tensor, Tensor]]:
    """Return axes of z (K, z_dim), of unit length and so one standard deviation, and their shares of the features'."""
    sample = [_features(model, z, labels) for z, labels in drawn_latents(model, FEATURE_SAMPLES)]
    axes, shares = principal_axes(torch.cat([features for features in sample if features is not None]), count)
    latents, along = [], []
    for z, labels in drawn_latents(model, SAMPLES):
        features = _features(model, z, labels)
        assert features is not None
        latents.append(z)
        along.append(coordinates(features, axes))
        yield Progress(WHAT, sum(map(len, latents)), SAMPLES)
    steps = regressed(torch.cat(latents), torch.cat(along))
    return steps / steps.norm(dim=1, keepdim=True).clamp_min(1e-12), shares


@torch.inference_mode()
def _features(model: GeneratorModel, z: Tensor, labels: Tensor | None) -> Tensor | None:
    """Return what the first layers make of z, (N, F) on the CPU, or None if z is mapped to other latents.

    With classes it is less the mean of the class: what differs between classes, no z can change.
    """
    features = model.network.early_features(_mapped(model, z, labels))
    if features is None or labels is None:
        return None if features is None else features.float().cpu()
    features = features.float().cpu()
    counts = labels.bincount().clamp_min(1)
    sums = torch.zeros(len(counts), features.shape[1]).index_add_(0, labels, features)
    return features - (sums / counts[:, None])[labels]


def _style_steps(
    model: GeneratorModel, count: int, layers: tuple[int, ...]
) -> Generator[Event, None, tuple[list[Tensor], Tensor]]:
    """Return steps (num_ws, w_dim) along the axes of w that change the styles of these layers most, and their shares.

    They are axes of w, where styles are linear (Shen and Zhou 2021, SeFa): in z they would mean nothing.

    Raises:
        GanvasError: the generator has no styles.
    """
    weights = model.network.style_weights()
    if not weights:
        raise GanvasError(
            _("SeFa needs a generator with styles, and this one has none."),
            _("Try: {command}, or train with --recipe stylegan2").format(
                command=ganvas_command("directions", model.run_name)
            ),
        )
    axes, shares = style_axes([weights[layer] for layer in layers], count)
    w = (yield from measured_latents(model)).double()
    deviations = ((w - w.mean(0)) @ axes.T).std(0)
    return [in_layers(model, axis * size, layers) for axis, size in zip(axes, deviations, strict=True)], shares
