"""Parquet with pictures in a column, as Hugging Face's data sets have them, read by pyarrow (the extra `parquet`).

A cell is the content of a picture's file, or `{bytes, path}`. Rows are read a few at a time: never a whole file.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import GanvasError
from ...limits import MAX_MEMBER_BYTES
from ...translation import N_, _
from ..class_folders import unless_many_are_loose
from ..image_file import UnreadableImageError, is_temporary
from ..source import Source, SourceItem

KIND = "parquet"
SUFFIXES = (".parquet", ".pq")
BATCH_ROWS = 8  # pictures that are read at once
LABEL_ROWS = 4096
MAX_COLUMNS = 10_000
IMAGE_NAMES = ("image", "img", "images", "picture", "photo", "pixel_values", "jpg", "png", "image_bytes", "bytes")
LABEL_NAMES = ("label", "labels", "class", "target", "category", "fine_label", "y")
NO_BYTES = N_("only the path of a picture is in the table, not its bytes")


class Columns(NamedTuple):
    """The column with the pictures and the one with their labels, if there is one, and the names of these."""

    pictures: str
    labels: str | None
    names: tuple[str, ...]


class ParquetSource(Source):
    """Pictures in the rows of parquet files. An item is called by its file and its row."""

    kind = KIND

    def __init__(self, path: Path, files: list[Path]) -> None:
        super().__init__(path)
        self._names = {file.name if len(files) == 1 else file.relative_to(path).as_posix(): file for file in files}
        self._columns = find_columns(files[0])
        self._rows: _Rows | None = None

    def items(self) -> Iterator[SourceItem]:
        for name, path in self._names.items():
            status = path.stat()
            stamp = f"{status.st_size}-{status.st_mtime_ns}"
            file = open_parquet(path)
            count = file.metadata.num_rows
            if count > status.st_size:  # a picture takes some bytes: it claims what is not there
                with _reading(path):
                    raise ValueError(_("it claims {count:,} rows").format(count=count))
            labels = self._labels(file, path) if self._columns.labels else iter(())
            for row in range(count):
                yield SourceItem(f"{name}/{row:06d}", next(labels, ""), stamp)

    def _labels(self, file: Any, path: Path) -> Iterator[str]:
        with _reading(path):
            for batch in file.iter_batches(LABEL_ROWS, columns=[self._columns.labels], use_threads=False):
                for label in batch.column(0).to_pylist():
                    yield self._group(label)

    def _group(self, label: object) -> str:
        names = self._columns.names
        if isinstance(label, int) and not isinstance(label, bool) and names:
            return names[label] if 0 <= label < len(names) else ""
        return "" if label is None else str(label)

    def read(self, name: str) -> bytes:
        file, _separator, row = name.rpartition("/")
        if self._rows is None or self._rows.name != file:
            self._rows = _Rows(file, self._names[file], self._columns.pictures)
        try:
            cell = self._rows.cell(int(row))
        except UnreadableImageError:
            raise
        except MemoryError:
            raise
        except Exception as error:  # of Arrow, on damaged pages; one says nothing about the others
            self._rows = None
            raise UnreadableImageError(
                f"{N_('damaged')} ({str(error).splitlines()[0]})", name, is_temporary(error)
            ) from error
        content = cell.get("bytes") if isinstance(cell, dict) else cell
        if not isinstance(content, bytes):
            raise UnreadableImageError(NO_BYTES if isinstance(cell, dict) else N_("no picture in this row"), name)
        if len(content) > MAX_MEMBER_BYTES:
            raise UnreadableImageError(f"has {len(content):,} bytes, over the limit of {MAX_MEMBER_BYTES:,}", name)
        return content

    def classes(self, groups: Mapping[str, int]) -> dict[str, str]:
        if self._columns.labels is None:
            return {}
        return unless_many_are_loose({group: group for group in groups if group}, groups)


class _Rows:
    """The pictures of one file, in order: who asks for a row before the last one begins again at its group of rows."""

    def __init__(self, name: str, path: Path, column: str) -> None:
        self.name, self._column = name, column
        self._file = open_parquet(path)
        counts = [self._file.metadata.row_group(group).num_rows for group in range(self._file.num_row_groups)]
        self._starts = [sum(counts[:group]) for group in range(len(counts) + 1)]
        self._group, self._batches = -1, iter(())
        self._first, self._cells = 0, list[Any]()

    def cell(self, row: int) -> Any:
        """Return a picture's cell."""
        group = next((number for number, start in enumerate(self._starts[1:]) if row < start), None)
        if group is None:
            raise UnreadableImageError(N_("truncated"))
        if group != self._group or row < self._first:
            self._group, self._first, self._cells = group, self._starts[group], []
            self._batches = self._file.iter_batches(
                BATCH_ROWS, row_groups=[group], columns=[self._column], use_threads=False
            )
        while row >= self._first + len(self._cells):
            self._first += len(self._cells)
            batch = next(self._batches, None)
            if batch is None:
                raise UnreadableImageError(N_("truncated"))
            self._cells = batch.column(0)
        return self._cells[row - self._first].as_py()


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Raise what Arrow says of a damaged file, in the body of the `with`, as GanvasError."""
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, ValueError, OverflowError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # of the system
            raise
        reason = (str(error).splitlines() or [""])[0].rstrip(".")
        raise GanvasError(
            _("{path} cannot be read as parquet: {reason}.").format(path=path, reason=reason),
            _("Copy or download it again."),
        ) from error


def open_parquet(path: Path) -> Any:
    """Return an open parquet file, whose claims fit to its size.

    Raises:
        GanvasError: pyarrow is not installed, or it is damaged.
    """
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise GanvasError(
            _("To read {path}, pyarrow is needed.").format(path=path), _('Try: pip install "ganvas[parquet]"')
        ) from error
    with _reading(path):
        # Without a buffer a whole column of a group of rows would be read at once.
        file = parquet.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20)
        rows = file.metadata.num_rows
        groups = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
        if min(groups, default=0) < 0 or sum(groups) != rows:
            raise ValueError(_("it claims {count:,} rows").format(count=rows))
        if file.metadata.num_columns > MAX_COLUMNS:
            raise ValueError(_("it claims {count:,} columns").format(count=file.metadata.num_columns))
    return file


def find_columns(path: Path) -> Columns:
    """Return which columns of a parquet file are pictures and labels.

    Raises:
        GanvasError: no column, or several, may be pictures; the message names all columns.
    """
    file = open_parquet(path)
    with _reading(path):
        schema = file.schema_arrow
        features = _features(schema.metadata or {})
        fields = {field.name: field.type for field in schema}
    found = [name for name in fields if _kind(features.get(name)) == "Image"]
    found = found or [name for name, kind in fields.items() if _holds_bytes(kind)]
    if len(found) > 1:
        found = [name for name in found if name.lower() in IMAGE_NAMES] or found
    if len(found) != 1:
        text = _("{path} has no column of pictures. Its columns: {columns}.")
        if found:
            text = _("{path} has several columns that may be pictures. Its columns: {columns}.")
        listed = ", ".join(f"{name} ({kind})" for name, kind in list(fields.items())[:20])
        raise GanvasError(
            text.format(path=path, columns=listed),
            _("Write it with one column called {name}, of the bytes of each file.").format(name="image"),
        )
    labels = [name for name in fields if _kind(features.get(name)) == "ClassLabel"]
    labels = labels or [name for name, kind in fields.items() if name.lower() in LABEL_NAMES and _is_label(kind)]
    chosen = next((name for name in labels if name.lower() in LABEL_NAMES), labels[0] if labels else None)
    names = features.get(chosen, {}).get("names") if chosen else None
    return Columns(found[0], chosen, tuple(map(str, names)) if isinstance(names, list) else ())


def _features(metadata: Mapping[bytes, bytes]) -> dict[Any, dict[str, Any]]:
    """Return what Hugging Face's library says of the columns, by their names."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        return {name: each for name, each in features.items() if isinstance(each, dict)}
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _kind(feature: dict[str, Any] | None) -> object:
    return feature.get("_type") if feature else None


def _holds_bytes(kind: Any) -> bool:
    from pyarrow import types

    if types.is_struct(kind):
        return any(field.name == "bytes" and _holds_bytes(field.type) for field in kind)
    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def _is_label(kind: Any) -> bool:
    from pyarrow import types

    if types.is_dictionary(kind):
        return _is_label(kind.value_type)
    return bool(
        types.is_integer(kind) or types.is_string(kind) or types.is_large_string(kind) or types.is_boolean(kind)
    )
