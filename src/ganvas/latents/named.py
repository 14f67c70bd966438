"""A direction that a user names: from the pictures of one folder to those of another."""

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..data.folder_source import FolderSource
from ..errors import GanvasError, UnreadableNowError, ganvas_command
from ..events import Done, Event, Note, Progress
from ..runs import Run
from ..translation import _
from .direction_files import Direction, check_name
from .directions import check_keepable, done, in_layers, keep, measured_latents
from .latent_files import read_latents
from .layers import ALL, parse_layers
from .plane import Whitening, separate
from .projection.pictures import list_pictures
from .projection.project import Options, project
from .projection.results import INTERRUPTED, Result
from .sample import GeneratorModel

LEAST_PICTURES = 5  # of each folder
HARDLY_TOLD = 0.6  # share of pictures told apart; half of them are told by chance


def find_between(
    model: GeneratorModel,
    run: Run,
    name: str,
    start: Path,
    end: Path,
    layers: str = ALL,
    projection: Options | None = None,
) -> Iterator[Event]:
    """Find the direction from the pictures of one folder to those of another, write it into the run, and yield events.

    Pictures that the generator drew are known by their metadata; others are projected first.

    Args:
        model: the run's generator.
        run: the run.
        name: what the direction is to be called.
        start, end: the folders; moving by 1 goes one standard deviation from the first kind to the second.
        layers: those that it moves, such as "coarse" or "0-3".
        projection: how other pictures are projected; as by `ganvas project` if not given.

    Raises:
        GanvasError: a folder has too few pictures, the name is taken, or an argument is out of range.
    """
    began = time.monotonic()
    check_name(name)
    chosen = parse_layers(layers, model.w_shape[0])
    found: dict[str, Any] = {"method": "pictures", "from": _name(start), "to": _name(end), "layers": layers}
    check_keepable(run, name, found)
    folders = [_pictures(start), _pictures(end)]
    if start.resolve() == end.resolve():
        raise GanvasError(
            _("Both folders are {start}: nothing differs.").format(start=start), _("Name two: --from FOLDER --to OTHER")
        )
    kinds, options = [], projection or Options(device=str(model.device))
    for folder, files, side in zip((start, end), folders, ("from", "to"), strict=True):
        projected = run.directions / f"{name}-pictures" / side
        w = yield from _latents(model, run, folder, files, projected, options)
        kinds.append(w[:, list(chosen), : model.config.z_dim].mean(1).double().cpu())
    whitening = Whitening.of((yield from measured_latents(model))[:, : model.config.z_dim])
    plane = separate(*(whitening.measure(kind) for kind in kinds))
    found |= {"pictures": [len(kind) for kind in kinds], "told": round(plane.told, 4)}
    direction = Direction(name=name, step=in_layers(model, whitening.step(plane.weights), chosen), found=found)
    yield Note(_told(plane.told))
    counts = _("from {start} ({first} pictures) to {end} ({second})").format(
        start=found["from"], first=len(kinds[0]), end=found["to"], second=len(kinds[1])
    )
    event = keep(model, run, direction, counts)
    yield event
    yield from model.notes()
    yield done(event.sheet, began, ganvas_command("sample", run.folder, "--direction", f"{name}=2"))


def _pictures(folder: Path) -> list[Path]:
    """Return the pictures in a folder, those in its sub-folders too.

    Raises:
        GanvasError: there are too few.
    """
    if not folder.is_dir():
        problem = _("{folder} is not a folder.") if folder.exists() else _("{folder} does not exist.")
        raise GanvasError(problem.format(folder=folder), _("Name two folders: --from FOLDER --to OTHER"))
    files = [folder / item.name for item in FolderSource(folder).items() if not item.problem]
    if len(files) < LEAST_PICTURES:
        raise _too_few(folder, len(files))
    return files


def _latents(
    model: GeneratorModel, run: Run, folder: Path, files: Sequence[Path], out: Path, options: Options
) -> Generator[Event, None, Tensor]:
    """Yield progress and return the latents (N, num_ws, w_dim) of pictures: from their metadata, or by projection.

    Args:
        out: folder for what is projected; it is kept, so that the same command goes on after an interruption.
    """
    latents, unknown = [], 0
    for number, file in enumerate(files, 1):
        try:
            latents.append(read_latents(file, model))
        except UnreadableNowError:
            raise
        except GanvasError:  # a picture that the generator as it is now did not draw
            unknown += 1
        yield Progress(_("pictures of {name}").format(name=folder.name), number, len(files))
    if not unknown:
        return torch.cat(latents)
    yield Note(
        _(
            "{unknown} of the {count} pictures in {folder} were not drawn by this generator as "
            "it is now. All of them are projected, into {out}."
        ).format(unknown=unknown, count=len(files), folder=folder, out=out)
    )
    with closing(project(run.folder, folder, out, options)) as events:
        for event in events:
            if isinstance(event, Done) and event.reason == INTERRUPTED:
                raise KeyboardInterrupt
            if not isinstance(event, Done):
                yield event
    found = [Result(out, name).latent for path, name in list_pictures(folder, out)]
    latents = [read_latents(file, model) for file in found if file.is_file()]
    if len(latents) < LEAST_PICTURES:
        raise _too_few(folder, len(latents))
    return torch.cat(latents)


def _too_few(folder: Path, count: int) -> GanvasError:
    return GanvasError(
        _("{folder} has {count} pictures; a direction needs {least_pictures} of each kind, and 20 are better.").format(
            folder=folder, count=count, least_pictures=LEAST_PICTURES
        ),
        _("Draw some, and sort them into two folders: ganvas sample RUN --count 200 --out FOLDER"),
    )


def _name(folder: Path) -> str:
    """Return a folder's own name: its place is nobody's business who gets the run."""
    return folder.resolve().name


def _told(share: float) -> str:
    percent = f"{100 * share:.0f} %"
    if share < HARDLY_TOLD:
        return _(
            "Only {percent} of the pictures are told apart by the others: by chance it is half "
            "of them. More pictures may help, or what differs is nothing that this generator has "
            "learned."
        ).format(percent=percent)
    return _("{percent} of the pictures are told apart by the others.").format(percent=percent)
