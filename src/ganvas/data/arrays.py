"""Pictures stored as one array: MNIST's idx files, plain or .gz, and NumPy's .npy. Memory-mapped, not loaded."""

import gzip
import math
import re
import struct
import tempfile
import zlib
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any, cast

import numpy as np
import numpy.typing as npt

from ..errors import GanvasError
from ..limits import MAX_NPY_HEADER
from ..translation import _
from .value_range import UINT8, ValueRange, range_of

GZIP_MAGIC = b"\x1f\x8b"
COPY_BYTES = 1 << 20  # at a time


def find_idx(folder: Path) -> Path | None:
    """Return the file with MNIST's training images if `folder` has it, else None."""
    for name in ("train-images-idx3-ubyte", "train-images.idx3-ubyte"):
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    return None


def is_idx(path: Path) -> bool:
    """Return whether `path` is an idx file of uint8, by its first bytes; its name does not matter."""
    try:
        with _open(path) as file:
            header = file.read(4)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return False
    return len(header) == 4 and header[:3] == b"\0\0\x08" and 1 <= header[3] <= 4


def load_idx(path: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8] | None]:
    """Return the images (N, H, W) or (N, H, W, C) of an idx file, and the labels (N,) from the file beside it, or None.

    Raises:
        GanvasError: the file is damaged or holds labels, or there is not one label for each image.
    """
    images = _read_idx(path)
    if images.ndim < 3:
        raise GanvasError(
            _("{path} holds labels, not pictures.").format(path=path), _("Use the file with 'images' in its name.")
        )
    labels_path = _find_labels(path)
    if labels_path is None:
        return images, None
    labels = _read_idx(labels_path)
    if labels.shape != images.shape[:1]:
        raise GanvasError(
            _("{labels_path} holds {labels:,} labels for the {images:,} pictures of {file}.").format(
                labels_path=labels_path, labels=len(labels), images=len(images), file=path.name
            ),
            _("To train without labels, move that file away."),
        )
    return images, labels


def load_npy(path: Path, value_range: ValueRange | None = None) -> tuple[npt.NDArray[Any], ValueRange]:
    """Return the images of a .npy as (N, H, W) or (N, H, W, 3 or 4), and the range of their numbers.

    (N, C, H, W) is transposed. Of numbers of another type than uint8, the range is found by `range_of`.

    Raises:
        GanvasError: the file is damaged, needs pickle, has other numbers, or another shape.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False, max_header_size=MAX_NPY_HEADER)
    except (ValueError, EOFError, OSError, SyntaxError, TokenError) as error:  # the header is text in Python's syntax
        # NumPy's own words would advise to load it unsafely, which runs what is in it.
        words = str(error).rstrip(".")
        reason = _("it is none, or holds Python objects") if "pickle" in words or "Python objects" in words else words
        raise GanvasError(
            _("{path} cannot be read as an array: {reason}.").format(path=path, reason=reason),
            _("Write it again with numpy.save."),
        ) from error
    if not isinstance(array, np.ndarray):
        raise _no_numbers(path, _("archive"))
    return checked_pictures(array, path, value_range)


def checked_pictures(
    array: npt.NDArray[Any], path: Path, value_range: ValueRange | None
) -> tuple[npt.NDArray[Any], ValueRange]:
    """Return pictures as (N, H, W) or (N, H, W, 3 or 4), and the range of their numbers; see `load_npy`."""
    if array.dtype.kind not in "buif":
        raise _no_numbers(path, array.dtype)
    if array.ndim == 4 and array.shape[3] not in (1, 3, 4) and array.shape[1] in (1, 3, 4):
        array = array.transpose(0, 2, 3, 1)
    if array.ndim == 4 and array.shape[3] == 1:
        array = array.reshape(array.shape[:3])
    if array.ndim == 3 or (array.ndim == 4 and array.shape[3] in (3, 4)):
        return array, UINT8 if array.dtype == np.uint8 else value_range or checked_range(array, path)
    shape = " x ".join(map(str, array.shape))
    raise GanvasError(
        _("{path} has the shape {shape}.").format(path=path, shape=shape),
        _("Save it as (N, H, W), (N, H, W, C) or (N, C, H, W)."),
    )


def _no_numbers(path: Path, kind: object) -> GanvasError:
    return GanvasError(
        _("{path} holds {kind}, not numbers from 0 to 255.").format(path=path, kind=kind), _("Save an array of uint8.")
    )


def checked_range(array: Iterable[npt.NDArray[Any]], path: Path) -> ValueRange:
    """Return the range that the numbers of `array` have, read part by part."""
    if any(not np.isfinite(part).all() for part in array):
        raise GanvasError(
            _("{path} holds infinite numbers, or what is no number.").format(path=path),
            _("Replace them and save it again."),
        )
    return range_of(iter(array)) or UINT8


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == GZIP_MAGIC


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if _is_gzip(path) else path.open("rb")


def _read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """Return the array in an idx file: two zeros, type 8 (uint8), number of axes, their lengths, then the data."""
    with ExitStack() as files:
        packed: IO[bytes] = files.enter_context(_open(path))
        try:
            axes = packed.read(4)[3]
            lengths = packed.read(4 * axes)
            shape = struct.unpack(f">{axes}I", lengths) if len(lengths) == 4 * axes else (0,)
            promised = math.prod(shape)
            start, plain = packed.tell(), packed
            if _is_gzip(path):  # unpacked to disk, so that it can be mapped
                start, plain = 0, files.enter_context(tempfile.TemporaryFile())
                _copy(packed, plain, promised + 1)  # and no more: a megabyte can be packed into a kilobyte
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise GanvasError(
                _("{path} is damaged: {error}").format(path=path, error=error), _("Download it again.")
            ) from error
        follow = plain.seek(0, 2) - start
        if promised == 0 or follow != promised:
            more = "more" if follow > promised else f"{follow:,} bytes"
            raise GanvasError(
                _("{path} is damaged: its header says {shape}, but {more} follow.").format(
                    path=path, shape=" x ".join(map(str, shape)), more=more
                ),
                _("Download it again."),
            )
        return np.memmap(plain, np.uint8, "r", start, shape)


def _copy(source: IO[bytes], target: IO[bytes], count: int) -> None:
    """Copy `count` bytes, or as many as there are."""
    while count > 0 and (part := source.read(min(count, COPY_BYTES))):
        target.write(part)
        count -= len(part)


def _find_labels(path: Path) -> Path | None:
    """Return the file with the labels of the images in `path`, by MNIST's naming, or None."""
    name = re.sub(r"\.gz$", "", path.name).replace("images", "labels").replace("idx3", "idx1")
    if name == path.name.removesuffix(".gz"):
        return None
    variants = (name, f"{name}.gz", name.replace(".idx1", "-idx1"), f"{name.replace('.idx1', '-idx1')}.gz")
    return next((path.with_name(variant) for variant in variants if path.with_name(variant).is_file()), None)
