"""TFRecords, as ProGAN and StyleGAN have them, and others with encoded pictures. TensorFlow is not needed.

A record is its length (8 bytes), a checksum of that (4), its bytes, and a checksum of these (4); each record is an
Example. ProGAN writes raw numbers, "data" of "shape" (C, H, W), in a file for each size: NAME-r02.tfrecords has 4 px,
NAME-r07.tfrecords 128. Its labels are in NAME-rxx.labels, one-hot.
"""

import math
import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from tokenize import TokenError

import numpy as np
import numpy.typing as npt

from ...errors import GanvasError
from ...limits import MAX_IMAGE_PIXELS, MAX_MEMBER_BYTES, MAX_NPY_HEADER
from ...translation import N_, _
from ..class_folders import unless_many_are_loose
from ..file_kinds import HEAD_BYTES, sniff_format
from ..image_file import ImageInput, UnreadableImageError, is_temporary
from ..source import Source, SourceItem
from .crc32c import masked_crc32c
from .named_arrays import label_list
from .tf_example import DamagedExampleError, Feature, read_example

KIND = "tfrecords"
SUFFIXES = (".tfrecords", ".tfrecord")
LEVEL = re.compile(r"(.*)-r(\d\d)$")
HEADER, SUM = struct.Struct("<QI"), struct.Struct("<I")
LABEL_NAMES = ("label", "labels", "image/class/label", "class", "target")
TRUNCATED = N_("truncated: the file ends too early")
DAMAGED = N_("damaged: a checksum is wrong")
NO_PICTURE = N_("no picture in this record")


def find_tfrecords(files: list[Path]) -> list[Path]:
    """Return those of some TFRecords that are to be read: of ProGAN's, which have one size each, the largest."""
    levels = {file: found for file in files if (found := LEVEL.match(file.stem))}
    if len(levels) < len(files):
        return files
    largest = max(levels, key=lambda file: int(levels[file][2]))
    return [largest]


class TfrecordSource(Source):
    """Pictures in TFRecords, read in place.

    An item is called by its file, its number in it, and where its bytes begin: "pets-r05.tfrecords/000012@36864".
    """

    kind = KIND

    def __init__(self, path: Path, files: list[Path]) -> None:
        super().__init__(path)
        self._files = {file.name: file for file in files}
        self._one_hot = [_labels_beside(file) for file in files]
        first = next(self._records(files[0]))
        problem = first[2]
        if not problem:
            try:
                self._has_labels = _label_of(read_example(self._record(files[0].name, first[1]))) is not None
            except (DamagedExampleError, UnreadableImageError) as error:
                problem = str(error.args[0])
        if problem:
            raise GanvasError(
                _("{path} cannot be read as TFRecords: {reason}.").format(path=files[0], reason=_(problem)),
                _("Copy it again; packed ones have to be unpacked first."),
            )

    def items(self) -> Iterator[SourceItem]:
        for file, labels in zip(self._files.values(), self._one_hot, strict=True):
            status = file.stat()
            stamp = f"{status.st_size}-{status.st_mtime_ns}"
            for number, offset, problem in self._records(file):
                name = f"{file.name}/{number:06d}@{offset}"
                label = ""
                if labels is not None:
                    label = str(labels[number]) if number < len(labels) else ""
                elif self._has_labels and not problem:
                    label = self._label(name)
                yield SourceItem(name, label, stamp, problem)

    def read(self, name: str) -> ImageInput:
        picture = _picture(self._example(name))
        if picture is None:
            raise UnreadableImageError(NO_PICTURE, name)
        return picture

    def classes(self, groups: Mapping[str, int]) -> dict[str, str]:
        return unless_many_are_loose({group: group for group in groups if group}, groups)

    def bytes_of(self, name: str) -> int:
        file, _separator, place = name.rpartition("/")
        with self._files[file].open("rb") as records:
            records.seek(int(place.partition("@")[2]))
            head = records.read(HEADER.size)
        return 3 * min(HEADER.unpack(head)[0], MAX_MEMBER_BYTES) if len(head) == HEADER.size else 0

    def _label(self, name: str) -> str:
        try:
            label = _label_of(self._example(name))
        except UnreadableImageError:  # it is told where the picture is read
            return ""
        return "" if label is None else str(label)

    def _records(self, file: Path) -> Iterator[tuple[int, int, str]]:
        """Yield number, place and problem of each record of a file; only their lengths are read."""
        size = file.stat().st_size
        offset = number = 0
        with file.open("rb") as records:
            while offset < size or number == 0:
                records.seek(offset)
                length, problem = _length(records.read(HEADER.size))
                end = offset + HEADER.size + length + SUM.size
                if problem or end > size:
                    yield number, offset, problem or TRUNCATED
                    return
                yield number, offset, ""
                offset, number = end, number + 1

    def _example(self, name: str) -> dict[str, Feature]:
        file, _separator, place = name.rpartition("/")
        try:
            return read_example(self._record(file, int(place.partition("@")[2])))
        except DamagedExampleError as error:
            raise UnreadableImageError(f"{N_('damaged')} ({error})", name) from error
        except OSError as error:
            raise UnreadableImageError(
                f"{N_('cannot be read')} ({error.strerror})", name, is_temporary(error)
            ) from error

    def _record(self, file: str, offset: int) -> bytes:
        with self._files[file].open("rb") as records:
            records.seek(offset)
            length, problem = _length(records.read(HEADER.size))
            if problem:
                raise UnreadableImageError(problem, file)
            content = records.read(length)
            total = records.read(SUM.size)
        if len(content) < length or len(total) < SUM.size:
            raise UnreadableImageError(TRUNCATED, file)
        if SUM.unpack(total)[0] != masked_crc32c(content):
            raise UnreadableImageError(DAMAGED, file)
        return content


def _length(head: bytes) -> tuple[int, str]:
    """Return the length of a record by its head, and what is wrong with it."""
    if len(head) < HEADER.size:
        return 0, TRUNCATED
    length, total = HEADER.unpack(head)
    if masked_crc32c(head[:8]) != total:
        return 0, DAMAGED
    if length > MAX_MEMBER_BYTES:
        return 0, f"a record of {length:,} bytes, over the limit of {MAX_MEMBER_BYTES:,}"
    return length, ""


def _picture(example: dict[str, Feature]) -> ImageInput | None:
    """Return the picture of an Example: raw numbers of a shape (C, H, W), or a file of a known format."""
    shape, data = example.get("shape"), example.get("data")
    if shape and data and len(shape) == 3:
        sides, content = [side for side in shape if isinstance(side, int)], data[0]
        is_right = len(sides) == 3 and min(sides) > 0 and sides[0] in (1, 3, 4)
        if (
            not is_right
            or not isinstance(content, bytes)
            or sides[1] * sides[2] > MAX_IMAGE_PIXELS
            or math.prod(sides) != len(content)
        ):
            return None
        pixels = np.frombuffer(content, np.uint8).reshape(sides).transpose(1, 2, 0)
        return np.ascontiguousarray(pixels[:, :, 0] if sides[0] == 1 else pixels)
    encoded = (value for values in example.values() for value in values if isinstance(value, bytes))
    return next((each for each in encoded if sniff_format(each[:HEAD_BYTES]) is not None), None)


def _label_of(example: dict[str, Feature]) -> int | None:
    """Return the label in an Example; None if it has none."""
    for name in LABEL_NAMES:
        values = example.get(name)
        if values and len(values) == 1 and isinstance(values[0], int):
            return values[0]
    return None


def _labels_beside(file: Path) -> npt.NDArray[np.generic] | None:
    """Return ProGAN's labels for a file of one size, mapped; None if there are none."""
    level = LEVEL.match(file.stem)
    path = file.with_name(f"{level[1]}-rxx.labels") if level else None
    if path is None or not path.is_file():
        return None
    try:
        labels = np.load(path, mmap_mode="r", allow_pickle=False, max_header_size=MAX_NPY_HEADER)
        if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "buif" or labels.ndim not in (1, 2):
            raise ValueError(_("it is no array of labels"))
    except (ValueError, EOFError, SyntaxError, TokenError) as error:
        raise GanvasError(
            _("{path} cannot be read as labels: {reason}.").format(path=path, reason=str(error).rstrip(".")),
            _("To train without labels, move that file away."),
        ) from error
    if labels.ndim == 2 and labels.shape[1] == 0:
        return None
    return label_list(labels)
