"""Pictures in a folder, with their labels by sub-folders, or in a file that lies beside them."""

from collections import Counter
from collections.abc import Iterator
from functools import cached_property, partial
from pathlib import Path

from ..errors import GanvasError
from ..translation import N_, _
from .file_kinds import HEAD_BYTES, is_image_file, suffix_of
from .forms.label_table import MAX_TABLE_BYTES, labels_in_table
from .listed_labels import find_labels
from .source import Source, SourceItem
from .walk import walk


class FolderSource(Source):
    """Pictures in a folder and its sub-folders, without hidden ones; each real folder is visited once."""

    kind = N_("folder")
    _others: Counter[str] | None = None

    def items(self) -> Iterator[SourceItem]:
        others = Counter[str]()
        for name, status, problem in walk(self.path):
            if problem or is_image_file(name, partial(self._head, name)):
                stamp = f"{status.st_size}-{status.st_mtime_ns}" if status else ""
                yield SourceItem(name, self.group_of(name), stamp, problem)
            else:
                others[suffix_of(name)] += 1
        self._others = others

    def _head(self, name: str) -> bytes:
        try:
            with (self.path / name).open("rb") as file:
                return file.read(HEAD_BYTES)
        except OSError:  # nothing says that it is a picture: it is counted among the other files
            return b""

    @cached_property
    def labels(self) -> dict[str, str]:
        return find_labels(lambda name: (self.path / name).is_file(), lambda name: read_table(self.path / name))

    def read(self, name: str) -> Path:
        return self.path / name

    def other_files(self) -> Counter[str]:
        if self._others is None:
            for _each in self.items():
                pass
        return self._others or Counter()


class TableSource(FolderSource):
    """Pictures of a folder that a table in it lists: those alone."""

    def __init__(self, table: Path) -> None:
        super().__init__(table.parent)
        self._table = table

    @property
    def place(self) -> str:
        return str(self._table)

    @cached_property
    def labels(self) -> dict[str, str]:
        return labels_in_table(str(self._table), read_table(self._table))

    def items(self) -> Iterator[SourceItem]:
        return (item for item in super().items() if item.group)


def read_table(path: Path) -> bytes:
    """Return the content of a file with labels, if it is not too large; then one byte more than is allowed.

    Raises:
        GanvasError: it cannot be read. It is not to be taken for a set without labels.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_TABLE_BYTES + 1)
    except OSError as error:
        raise GanvasError(
            _("{file} cannot be read: {reason}.").format(file=path, reason=(error.strerror or str(error)).lower()),
            _("Try: ls -l {file}").format(file=path),
        ) from error
