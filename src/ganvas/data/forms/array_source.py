"""Pictures that lie in one array, in memory-mapped files or read row by row."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..source import Source, SourceItem
from ..value_range import UINT8, ValueRange


class Pictures(Protocol):
    """Pictures (H, W) or (H, W, C), as an array has them; they may be read when they are asked for."""

    @property
    def dtype(self) -> Any: ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> npt.NDArray[Any]: ...

    def __iter__(self) -> Iterator[npt.NDArray[Any]]: ...


class ArraySource(Source):
    """Pictures in one array, with labels (N,) or without.

    Args:
        names: of the classes, by label; without them, a label is a name.
    """

    def __init__(
        self,
        path: Path,
        kind: str,
        array: Pictures,
        labels: npt.NDArray[Any] | None,
        value_range: ValueRange = UINT8,
        names: Sequence[str] = (),
    ) -> None:
        super().__init__(path)
        self.kind = kind
        self._array = array
        self._labels = labels
        self._value_range = value_range
        self._names = names

    def items(self) -> Iterator[SourceItem]:
        status = self.path.stat()
        stamp = f"{status.st_size}-{status.st_mtime_ns}"
        for index in range(len(self._array)):
            yield SourceItem(f"{index:06d}", self._group(index), stamp)

    def _group(self, index: int) -> str:
        if self._labels is None:
            return ""
        label: Any = self._labels[index]
        if self._names and 0 <= label < len(self._names):
            return str(self._names[label])
        return str(label, "utf-8", "replace") if isinstance(label, bytes) else str(label)

    def read(self, name: str) -> npt.NDArray[np.uint8]:
        picture = self._array[int(name)]
        return np.ascontiguousarray(picture if picture.dtype == np.uint8 else self._value_range.to_uint8(picture))

    @property
    def values(self) -> str:
        if self._array.dtype == np.uint8:
            return ""
        return f"{self._array.dtype}, {self._value_range.words}"

    def classes(self, groups: Mapping[str, int]) -> dict[str, str]:
        return {} if self._labels is None else {group: group for group in groups}
