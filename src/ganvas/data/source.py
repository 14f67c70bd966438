"""What all sources of pictures have in common: a stream of items, each to be read by its name."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from .class_folders import classes_of_folders, unless_many_are_loose
from .dataset_json import folder_of, label_of
from .image_file import ImageInput, UnreadableImageError

READ_BYTES = 1 << 20  # at once, where a file is only tried


class SourceItem(NamedTuple):
    """One picture of a source, before anything of it is read.

    name: argument of `Source.read`, unique in the source ("cats/01.jpg").
    group: its folder or its label; `Source.classes` turns these into class names.
    stamp: changes when the content changes.
    problem: why it cannot be read, if that is known already; else empty.
    """

    name: str
    group: str
    stamp: str
    problem: str = ""


class Source(ABC):
    """A place with pictures. `kind` is a word for it: "folder", "zip", "parquet" ..."""

    kind: str

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def place(self) -> str:
        """Where the pictures are, as `open_source` takes it."""
        return str(self.path)

    @property
    def title(self) -> str:
        """The same for people."""
        return self.place

    @abstractmethod
    def items(self) -> Iterator[SourceItem]:
        """Yield every picture, in the same order each time."""

    @abstractmethod
    def read(self, name: str) -> ImageInput:
        """Return the item called `name` as input of `decode.read_image`.

        Raises:
            UnreadableImageError: it cannot be read from the source.
        """

    def bytes_of(self, name: str) -> int:
        """Return the memory that `read` takes for the item called `name`, in bytes; 0 where it is left in its file."""
        return 0

    def release(self) -> None:
        """Let go of what was fetched from elsewhere, once nothing more is to be read."""
        return

    def can_read(self, name: str) -> bool:
        """Return whether the item called `name` can be read to its end now; what is in it may be damaged."""
        try:
            content = self.read(name)
            if isinstance(content, Path):
                with content.open("rb") as file:
                    while file.read(READ_BYTES):
                        pass
        except (UnreadableImageError, OSError):
            return False
        return True

    def other_files(self) -> Counter[str]:
        """Return the number of files that are not pictures, by suffix."""
        return Counter()

    def archives(self) -> list[str]:
        """Return the names of some archives in this one."""
        return []

    @property
    def values(self) -> str:
        """What numbers stand for black and white, where this is not plain."""
        return ""

    @cached_property
    def labels(self) -> dict[str, str]:
        """The labels of pictures by their names, where a file beside them lists those; then they are the groups."""
        return {}

    def group_of(self, name: str) -> str:
        """Return the label or else the folder of a picture, without folders that only keep each other short."""
        return label_of(self.labels, name) if self.labels else folder_of(name)

    def classes(self, groups: Mapping[str, int]) -> dict[str, str]:
        """Return the class of each group that has one; an empty dict when the groups make no classes.

        Where labels are listed, they are the classes, else folders.

        Args:
            groups: number of pictures in each.
        """
        if self.labels:
            return unless_many_are_loose({group: group for group in groups if group}, groups)
        return classes_of_folders(groups)


class WrappedSource(Source):
    """Another source, which a subclass shows otherwise: with other items, or other groups.

    Args:
        path: of this one.
        source: that it reads from.
    """

    def __init__(self, path: Path, source: Source) -> None:
        super().__init__(path)
        self.kind = source.kind
        self._source = source

    def read(self, name: str) -> ImageInput:
        return self._source.read(name)

    def bytes_of(self, name: str) -> int:
        return self._source.bytes_of(name)

    def release(self) -> None:
        self._source.release()

    def other_files(self) -> Counter[str]:
        return self._source.other_files()

    @property
    def values(self) -> str:
        return self._source.values
