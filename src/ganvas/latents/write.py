"""Samples as files, each with run, seed and index inside."""

from pathlib import Path

from torch import Tensor

from ..errors import GanvasError
from ..image_io import grid, save_image, to_image
from .sample import GeneratorModel

AT_ONCE = 256  # pictures held in memory


def write_pictures(
    model: GeneratorModel, folder: Path, count: int, seed: int, truncation: float = 1.0, label: str | None = None
) -> Path:
    """Write `count` pictures as folder/000000.png and so on, and return the folder.

    Raises:
        GanvasError: an argument is out of range, or the folder cannot be written.
    """
    for start in range(0, max(count, 1), AT_ONCE):
        pictures = model.sample(min(AT_ONCE, count - start), seed, truncation, label, first=start)
        for index, picture in enumerate(pictures, start):
            _save(picture, folder / f"{index:06d}.png", _origin(model, seed, truncation, label) | {"index": index})
    return folder


def write_grid(
    model: GeneratorModel,
    file: Path,
    count: int,
    seed: int,
    truncation: float = 1.0,
    label: str | None = None,
    enlarge: int = 1,
) -> Path:
    """Write `count` pictures as one sheet, each pixel `enlarge` times as large, and return its path.

    Raises:
        GanvasError: an argument is out of range, or the file cannot be written.
    """
    pictures = model.sample(count, seed, truncation, label)
    sheet = grid(pictures.repeat_interleave(enlarge, 2).repeat_interleave(enlarge, 3), gap=2 * enlarge)
    _save(sheet, file, _origin(model, seed, truncation, label) | {"count": count})
    return file


def _save(picture: Tensor, path: Path, origin: dict[str, object]) -> None:
    try:
        save_image(to_image(picture), path, origin)
    except (OSError, KeyError) as error:
        raise GanvasError(
            f"Cannot write {path}: {error}", "Name a file that ends in .png, in a folder you may write."
        ) from error


def _origin(model: GeneratorModel, seed: int, truncation: float, label: str | None) -> dict[str, object]:
    origin: dict[str, object] = {"run": model.run, "seed": seed, "truncation": truncation}
    return origin if label is None else origin | {"label": label}
