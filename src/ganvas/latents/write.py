"""Samples written as files, with what each was drawn from in its metadata, so that it can be found again."""

import re
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from ..data.ownership import check_free
from ..errors import GanvasError, cannot_be_written
from ..events import Done, Event, Note, Progress
from ..image_io import check_suffix, check_writable, image_grid, read_metadata, save_image, to_image
from ..limits import MAX_IMAGE_PIXELS
from ..signature import Signature
from ..translation import N_, _
from .request import PictureRequest, is_same
from .sample import BATCH, GeneratorModel

SUFFIXES = {"png": ".png", "webp": ".webp", "jpeg": ".jpg"}  # by format
SAMPLE_NAME = re.compile(r"((seed-?|latent)\d{5,}|\d{6,})\.(png|webp|jpg)")
DRAWN = N_("pictures drawn")
SIGN = "sign"  # metadata: how a picture was signed


def write_pictures(
    model: GeneratorModel,
    folder: Path,
    request: PictureRequest,
    suffix: str = ".png",
    signature: Signature | None = None,
    *,
    stop: Callable[[], bool] = lambda: False,
    command: str = "",
) -> Generator[Event, None, None]:
    """Write pictures as folder/000000.png and so on, and yield what happens. Memory does not grow with their number.

    Those that are there already, drawn by the same network with the same settings, stay as they are. So the same call
    goes on where an earlier one was interrupted.

    Args:
        suffix: one of `SUFFIXES`.
        stop: asked after each batch.
        command: what goes on after an interruption.

    Raises:
        GanvasError: an argument is out of range, the folder cannot be written, or holds what Ganvas did not draw.
    """
    began = time.monotonic()
    check_free(folder)
    check_writable(folder, _("Name another folder: --out FOLDER"))
    paths = [folder / f"{request.stem(number)}{suffix}" for number in range(len(request))]
    drawn, is_complete = yield from _write(model, paths, request, signature, "--out FOLDER", stop)
    if others := other_samples(folder, {path.name for path in paths}):
        yield Note(
            _(
                "Beside them lie {count:,} pictures of an earlier sampling, from {first} on. For the "
                "new ones alone: --out NEW_FOLDER"
            ).format(count=len(others), first=others[0])
        )
    yield from model.notes()
    reason = "finished" if is_complete else "interrupted"
    yield Done(str(folder), 0, drawn, time.monotonic() - began, reason, "" if is_complete else command)


def write_picture(
    model: GeneratorModel, file: Path, request: PictureRequest, signature: Signature | None = None
) -> Generator[Event, None, None]:
    """Write the one picture that is asked for to a file whose name says the format, and yield what happens.

    Raises:
        GanvasError: there are several, or the file cannot be written, or is another picture.
    """
    check_suffix(file)
    if len(request) > 1:
        raise GanvasError(
            _("{count:,} pictures do not go into one file.").format(count=len(request)),
            _("All of them on one sheet: --sheet {file}").format(file=file),
        )
    began = time.monotonic()
    check_writable(file.parent, _("Name another place: --out FILE"))
    drawn, _complete = yield from _write(model, [file], request, signature, "--out FILE")
    yield from model.notes()
    yield Done(str(file), 0, drawn, time.monotonic() - began, "finished")


def write_sheet(
    model: GeneratorModel, file: Path, request: PictureRequest, signature: Signature | None = None, scale: int = 1
) -> Generator[Event, None, None]:
    """Write all pictures on one sheet, each enlarged by an integer factor `scale`, and yield what happens.

    Raises:
        GanvasError: an argument is out of range, or the file cannot be written, or is another picture.
    """
    began, count = time.monotonic(), len(request)
    check_suffix(file)
    check_free(file, "--sheet")
    check_writable(file.parent, _("Name another place: --sheet FILE"))
    if count * model.config.data.width * model.config.data.height > MAX_IMAGE_PIXELS:
        raise GanvasError(
            _("A sheet of {count:,} pictures is too large to be opened again.").format(count=count),
            _("Try: --count 400"),
        )
    images = []
    for start in range(0, count, BATCH):
        yield Progress(DRAWN, start, count)
        images.append(model.synthesize(request.w(model, range(start, min(start + BATCH, count)))))
    yield Progress(DRAWN, count, count)
    sheet = image_grid(torch.cat(images).repeat_interleave(scale, 2).repeat_interleave(scale, 3), gap=2 * scale)
    metadata = request.common_metadata(model) | {"count": count}
    metadata |= {"first": request.first} if request.first else {}
    if signature is not None:
        sheet, metadata = signature.stamp(sheet, *request.origin(0)), metadata | {SIGN: signature.metadata}
    _save(sheet, file, metadata, "--sheet FILE")
    yield from model.notes()
    yield Done(str(file), 0, count, time.monotonic() - began, "finished")


def _write(
    model: GeneratorModel,
    paths: Sequence[Path],
    request: PictureRequest,
    signature: Signature | None,
    other_place: str,
    stop: Callable[[], bool] = lambda: False,
) -> Generator[Event, None, tuple[int, bool]]:
    """Write each picture to its path unless it is there already; return how many were drawn, and whether these are all.

    Args:
        other_place: option with which another place is named, for errors.
    """
    signed = {} if signature is None else {SIGN: signature.metadata}
    there = _already_there(paths, lambda number: request.metadata(model, number) | signed, other_place.split()[0])
    missing = [number for number in range(len(paths)) if number not in there]
    if there:
        yield Note(
            _("Already there, from the same network with the same settings: {there:,} of {all:,}.").format(
                there=len(there), all=len(paths)
            )
        )
    for start in range(0, len(missing), BATCH):
        yield Progress(DRAWN, len(there) + start, len(paths))
        if stop():
            return start, False
        numbers = missing[start : start + BATCH]
        latents = request.w(model, numbers)
        for number, w, image in zip(numbers, latents, model.synthesize(latents), strict=True):
            if signature is not None:
                image = signature.stamp(image, *request.origin(number))
            _save(image, paths[number], request.metadata(model, number, w) | signed, other_place)
    yield Progress(DRAWN, len(paths), len(paths))
    return len(missing), True


def _already_there(paths: Sequence[Path], wanted: Callable[[int], dict[str, object]], option: str) -> set[int]:
    """Return the numbers of the pictures that are there and are those that are wanted, by their metadata.

    Raises:
        GanvasError: one of the others was not written by Ganvas.
    """
    folder = paths[0].parent
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set[str]()
    there = set()
    for number, path in enumerate(paths):
        if path.name in names:
            metadata = read_metadata(path)
            if metadata.get("software", "").startswith("ganvas ") and is_same(metadata, wanted(number)):
                there.add(number)
            else:
                check_free(path, option)
    return there


def other_samples(folder: Path, names: set[str]) -> list[str]:
    """Return the names of samples in a folder that are not among these, in order."""
    found = (path.name for path in folder.iterdir())
    return sorted(name for name in found if SAMPLE_NAME.fullmatch(name) and name not in names)


def _save(image: Tensor, path: Path, metadata: dict[str, object], other_place: str) -> None:
    try:
        save_image(to_image(image), path, metadata)
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            hint = _("Free some disk space, or name another place: {option}").format(option=other_place)
        else:  # Pillow's, of a sheet too large for the format
            hint = _("Choose a name that ends in .png, or a smaller --count.")
        raise cannot_be_written(path, error, hint) from error
