"""Which of several arrays in a file are the pictures, and which are their labels: by shapes first, then by names."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...errors import GanvasError
from ...limits import MAX_IMAGE_PIXELS
from ...translation import _

PICTURE_NAMES = ("images", "image", "pictures", "imgs", "img", "x", "data")
LABEL_NAMES = ("labels", "label", "y", "targets", "target", "classes", "class", "fine_labels")
MAX_LISTED = 10  # arrays that an error names


class ArrayInfo(NamedTuple):
    """What a file says of an array: its shape, and its type of numbers."""

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]

    @property
    def is_pictures(self) -> bool:
        """Whether it may be pictures: (N, H, W), (N, H, W, C) or (N, C, H, W) of numbers."""
        return self.dtype.kind in "buif" and (
            len(self.shape) == 3
            or (len(self.shape) == 4 and (self.shape[3] in (1, 3, 4) or self.shape[1] in (1, 3, 4)))
        )

    def may_label(self, count: int) -> bool:
        """Return whether it may be the labels of so many pictures: (N,), (N, 1), or one-hot (N, K)."""
        is_list = len(self.shape) == 1 and self.dtype.kind in "iubSUO"
        return self.shape[:1] == (count,) and (is_list or (len(self.shape) == 2 and self.dtype.kind in "iubf"))

    def __str__(self) -> str:
        return f"{self.dtype} {' x '.join(map(str, self.shape))}"


def choose_arrays(path: Path, arrays: Mapping[str, ArrayInfo]) -> tuple[str, str | None]:
    """Return the names of the array with the pictures and of that with their labels (or None).

    Of several sets of pictures, that of the training is taken.

    Raises:
        GanvasError: none may be pictures, or several may; the message names all that are there.
    """
    found = [name for name, each in arrays.items() if each.is_pictures]
    if len(found) > 1:
        found = [name for name in found if "train" in name.lower()] or found
    if len(found) > 1:
        found = [name for name in found if _last_word(name) in PICTURE_NAMES] or found
    if len(found) != 1:
        listed = ", ".join(f"{name} ({each})" for name, each in list(arrays.items())[:MAX_LISTED]) or _("nothing")
        what = _("{path} has several arrays that may be pictures: {listed}.")
        if not found:
            what = _("{path} has no array that may be pictures: {listed}.")
        raise GanvasError(
            what.format(path=path, listed=listed),
            _("Save one as (N, H, W), (N, H, W, C) or (N, C, H, W), called {name}.").format(name="images"),
        )
    shape = arrays[found[0]].shape
    if shape[1] * shape[2] * (shape[3] if len(shape) == 4 else 1) > 4 * MAX_IMAGE_PIXELS:
        raise GanvasError(
            _("{path} says that its pictures have {shape} numbers each, over the limit.").format(
                path=path, shape=" x ".join(map(str, shape[1:]))
            ),
            _("Save smaller pictures."),
        )
    return found[0], _labels_of(found[0], arrays)


def _last_word(name: str) -> str:
    """Return a name without what says which part of a set it is: "train/x_train" is "x"."""
    word = re.sub(r"(train|training)", "", name.lower().rpartition("/")[2])
    return word.strip("_- ")


def _labels_of(pictures: str, arrays: Mapping[str, ArrayInfo]) -> str | None:
    found = [name for name, each in arrays.items() if name != pictures and each.may_label(arrays[pictures].shape[0])]
    is_train = "train" in pictures.lower()
    named = [name for name in found if _last_word(name) in LABEL_NAMES and ("train" in name.lower()) == is_train]
    named = named or [name for name in found if _last_word(name) in LABEL_NAMES]
    lists = [name for name in found if len(arrays[name].shape) == 1]
    return named[0] if named else lists[0] if len(lists) == 1 else None


def label_list(labels: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """Return labels (N,), (N, 1) or one-hot (N, K) as (N,)."""
    if labels.ndim == 1:
        return labels
    return labels[:, 0] if labels.shape[1] == 1 else np.asarray(labels.argmax(1))
