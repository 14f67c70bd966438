"""Samples written as files, with run, seed and index in their metadata."""

import re
from collections.abc import Iterator
from pathlib import Path

from torch import Tensor

from ..data.ownership import check_free
from ..errors import GanvasError
from ..image_io import check_suffix, check_writable, image_grid, save_image, to_image
from .sample import GeneratorModel

BATCH_IMAGES = 256  # images in memory at once


def write_pictures(
    model: GeneratorModel, folder: Path, count: int, seed: int, truncation: float = 1.0, label: str | None = None
) -> Path:
    """Write `count` pictures as folder/000000.png and so on, and return the folder.

    Raises:
        GanvasError: an argument is out of range, the folder cannot be written, or holds what Ganvas did not draw.
    """
    for place in (folder, *(file for file in _numbered(folder) if int(file.stem) < count)):
        check_free(place)
    check_writable(folder, "Name another folder: --out FOLDER")
    for start in range(0, max(count, 1), BATCH_IMAGES):
        images = model.sample(min(BATCH_IMAGES, count - start), seed, truncation, label, first=start)
        for index, image in enumerate(images, start):
            metadata = _metadata(model, seed, truncation, label) | {"index": index}
            _save(image, folder / f"{index:06d}.png", metadata, "--out FOLDER")
    return folder


def left_from_earlier(folder: Path, count: int) -> list[Path]:
    """Return pictures of an earlier, longer sampling that lie beside the first `count`, in order."""
    return sorted(file for file in _numbered(folder) if int(file.stem) >= count)


def _numbered(folder: Path) -> Iterator[Path]:
    """Yield the pictures in a folder whose names are those of samples."""
    return (file for file in folder.glob("[0-9]*.png") if re.fullmatch(r"\d{6,}", file.stem))


def write_grid(
    model: GeneratorModel,
    file: Path,
    count: int,
    seed: int,
    truncation: float = 1.0,
    label: str | None = None,
    scale: int = 1,
) -> Path:
    """Write `count` pictures as one grid, enlarged by an integer factor `scale`, and return its path.

    Raises:
        GanvasError: an argument is out of range, or the file cannot be written, or is another picture.
    """
    check_suffix(file)
    check_free(file, "--grid")
    check_writable(file.parent, "Name another place: --grid FILE")
    images = model.sample(count, seed, truncation, label)
    grid = image_grid(images.repeat_interleave(scale, 2).repeat_interleave(scale, 3), gap=2 * scale)
    _save(grid, file, _metadata(model, seed, truncation, label) | {"count": count}, "--grid FILE")
    return file


def _save(image: Tensor, path: Path, metadata: dict[str, object], other_place: str) -> None:
    try:
        save_image(to_image(image), path, metadata)
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            reason, hint = error.strerror, f"Free some disk space, or name another place: {other_place}"
        else:  # Pillow's, of a sheet too large for the format
            reason, hint = str(error), "Choose a name that ends in .png, or a smaller --count."
        raise GanvasError(f"Cannot write {path}: {reason}.", hint) from error


def _metadata(model: GeneratorModel, seed: int, truncation: float, label: str | None) -> dict[str, object]:
    metadata: dict[str, object] = {"run": model.run_name, "seed": seed, "truncation": truncation}
    return metadata if label is None else metadata | {"label": label}
