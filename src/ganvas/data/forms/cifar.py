"""CIFAR-10 and CIFAR-100 for Python: pickles, of which nothing is executed."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import GanvasError
from ...inert_pickle import PickleError, read_pickle
from ...translation import _
from .array_source import ArraySource

KIND = "cifar"
SIDE = 32
BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))  # CIFAR-10
LABELS, LABEL_NAMES = ("labels", "fine_labels"), ("label_names", "fine_label_names")
META = ("batches.meta", "meta")


def find_cifar(folder: Path) -> list[Path]:
    """Return the training files of CIFAR in a folder, or in the one folder in it that its archive has; else none."""
    for place in (folder, folder / "cifar-10-batches-py", folder / "cifar-100-python"):
        ten = [place / name for name in BATCHES if (place / name).is_file()]
        if ten:
            return ten
        if (place / "train").is_file() and (place / "meta").is_file():
            return [place / "train"]
    return []


def is_cifar(path: Path) -> bool:
    """Return whether a file is a batch of CIFAR, by its name and what lies beside it."""
    is_named = path.name in (*BATCHES, "test_batch", "train", "test")
    return is_named and any(path.with_name(name).is_file() for name in META)


def open_cifar(path: Path, files: Sequence[Path]) -> ArraySource:
    """Return the pictures of batches, with their labels and the names of these.

    Raises:
        GanvasError: one is damaged, or no batch of CIFAR.
    """
    labels = list[int]()
    with tempfile.TemporaryFile() as joined:
        for file in files:
            pictures, found = _read(file)
            joined.write(pictures.tobytes())
            labels += found
        joined.flush()
        shape = (len(labels), SIDE, SIDE, 3)
        array = np.memmap(joined, np.uint8, "r", 0, shape)
    return ArraySource(path, KIND, array, np.array(labels), names=_names(files[0].parent))


def _read(file: Path) -> tuple[npt.NDArray[np.uint8], list[int]]:
    batch = read_pickle(file)
    labels: Any
    data = _entry(batch, "data")
    labels = next((found for name in LABELS if (found := _entry(batch, name)) is not None), None)
    is_right = (
        isinstance(data, np.ndarray)
        and data.dtype == np.uint8
        and data.ndim == 2
        and data.shape[1] == 3 * SIDE * SIDE
        and len(data) > 0
        and isinstance(labels, list)
        and len(labels) == len(data)
        and all(isinstance(label, int) for label in labels)
    )
    if not is_right:
        raise GanvasError(
            _("{file} is no batch of CIFAR.").format(file=file),
            _("Use the folder as its archive has it, with {name} in it.").format(name=BATCHES[0]),
        )
    return np.ascontiguousarray(data.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)), labels


def _names(folder: Path) -> tuple[str, ...]:
    """Return the names of the classes; none if the file with them is not there, or damaged."""
    for name in META:
        try:
            meta = read_pickle(folder / name) if (folder / name).is_file() else None
        except PickleError:
            meta = None
        found = next((names for key in LABEL_NAMES if (names := _entry(meta, key)) is not None), None)
        if isinstance(found, list):
            return tuple(_text(each) for each in found)
    return ()


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


def _entry(batch: Any, name: str) -> Any:
    """Return an entry of a dictionary, whose keys are texts or bytes."""
    if not isinstance(batch, dict):
        return None
    return batch.get(name, batch.get(name.encode()))
