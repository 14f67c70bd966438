"""Labels in a table beside pictures: CSV, JSON or JSON Lines, with columns called `file` and `label`, or as usual.

file,label                 {"file": "a.png", "label": "cat"}          {"a.png": "cat", "b.png": "dog"}
a.png,cat                  {"file": "b.png", "label": "dog"}
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from ...errors import GanvasError
from ...translation import _

TABLES = ("labels.csv", "labels.tsv", "labels.json", "labels.jsonl")  # beside the pictures: surely for them
METADATA = ("metadata.csv", "metadata.jsonl", "train.csv")  # may be: of Hugging Face's folders, and of contests
SUFFIXES = (".csv", ".tsv", ".json", ".jsonl")
FILE_COLUMNS = (
    "file",
    "file_name",
    "filename",
    "path",
    "image",
    "image_path",
    "image_id",
    "picture",
    "name",
    "img",
    "id",
)
LABEL_COLUMNS = ("label", "class", "category", "target", "labels", "class_name", "y", "breed")
MAX_FIELD = 1 << 16  # characters of a cell; csv's own limit is twice that
MAX_TABLE_BYTES = 256 << 20  # labels are held in memory

Row = Mapping[str, Any]


def labels_in_table(name: str, content: bytes) -> dict[str, str]:
    """Return the labels in a table by the names of pictures.

    Args:
        name: of its file, for messages; its suffix says of what kind it is.

    Raises:
        GanvasError: it is damaged or too large, or has no columns for files and labels; those that it has are named.
    """
    if len(content) > MAX_TABLE_BYTES:
        raise _damaged(name, _("it has more than {most:,} bytes").format(most=MAX_TABLE_BYTES))
    try:
        text = content.decode("utf-8-sig")
        suffix = PurePosixPath(name).suffix.lower()
        rows = _json_rows(text) if suffix == ".json" else _json_lines(text) if suffix == ".jsonl" else _csv_rows(text)
        return _labels(name, rows)
    except (ValueError, csv.Error, RecursionError) as error:
        raise _damaged(name, str(error) or type(error).__name__) from error


def _damaged(name: str, reason: str) -> GanvasError:
    return GanvasError(
        _("{name} cannot be read as a table of labels: {reason}.").format(name=name, reason=reason.rstrip(".")),
        _("Mend it, or move it away to train without it. It is like this: {example}").format(example="file,label"),
    )


def _csv_rows(text: str) -> Iterator[Row]:
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter):
        yield {str(key).strip(): value for key, value in row.items() if key is not None}


def _json_lines(text: str) -> Iterator[Row]:
    for line in text.splitlines():
        if line.strip():
            yield _object(json.loads(line))


def _json_rows(text: str) -> Iterator[Row]:
    content = json.loads(text)
    if isinstance(content, dict) and isinstance(content.get("labels"), list | dict):
        content = content["labels"]
    if isinstance(content, dict):
        content = [{"file": name, "label": label} for name, label in content.items()]
    if not isinstance(content, list):
        raise ValueError(_("it is no list"))
    for each in content:
        is_pair = isinstance(each, list) and len(each) == 2
        yield {"file": each[0], "label": each[1]} if is_pair else _object(each)


def _object(value: Any) -> Row:
    if not isinstance(value, dict):
        raise ValueError(_("a line is no object"))
    return value


def _labels(name: str, rows: Iterable[Row]) -> dict[str, str]:
    labels = dict[str, str]()
    columns: tuple[str, str] | None = None
    for row in rows:
        columns = columns or _columns(name, row)
        file, label = row.get(columns[0]), row.get(columns[1])
        if isinstance(file, str | int) and isinstance(label, str | int) and str(label).strip():
            labels[str(PurePosixPath(str(file).strip().replace("\\", "/")))] = str(label).strip()
    return labels


def _columns(name: str, row: Row) -> tuple[str, str]:
    """Return the columns for files and for labels of a table, by one of its rows."""
    by_lower = {str(key).lower(): str(key) for key in row}
    file, label = (
        next((by_lower[each] for each in names if each in by_lower), None) for names in (FILE_COLUMNS, LABEL_COLUMNS)
    )
    if file is None or label is None or file == label:
        raise MissingColumnsError(
            _("{name} has the columns {columns}; two are needed, for files and their labels.").format(
                name=name, columns=", ".join(map(str, list(row)[:20])) or _("(none)")
            ),
            _("Call them {file} and {label}.").format(file="file", label="label"),
        )
    return file, label


class MissingColumnsError(GanvasError):
    """A table is no table of labels."""
