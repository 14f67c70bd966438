"""A source without some of its pictures: a .pictures file names the source, and what is left out of it.

    {"path": "people", "left_out": ["women/0003.png"]}

A relative path is seen from the folder of the file. Nothing of the source is changed.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from ..errors import GanvasError
from ..translation import _
from ..typed_json import read_json_object
from .source import Source, SourceItem, WrappedSource

SUFFIX = ".pictures"


def read_selection(path: Path) -> tuple[Path, frozenset[str]]:
    """Return the path of the source that a .pictures file names, and the names of what is left out.

    Raises:
        GanvasError: it is damaged, or names another such file.
    """
    try:
        record = read_json_object(path)
        source, left_out = record["path"], record["left_out"]
        is_right = isinstance(source, str) and isinstance(left_out, list) and Path(source).suffix != SUFFIX
    except (ValueError, KeyError):
        is_right = False
    if not is_right:
        raise GanvasError(
            _("{path} is not a selection of pictures.").format(path=path),
            _("It should be like this: {example}").format(example='{"path": "PICTURES", "left_out": ["01.jpg"]}'),
        )
    return path.parent / source, frozenset(map(str, left_out))


class SelectedSource(WrappedSource):
    """Another source, without the pictures of these names."""

    def __init__(self, path: Path, source: Source, left_out: frozenset[str]) -> None:
        super().__init__(path, source)
        self._left_out = left_out

    def items(self) -> Iterator[SourceItem]:
        return (item for item in self._source.items() if item.name not in self._left_out)

    @property
    def labels(self) -> dict[str, str]:
        return self._source.labels

    def group_of(self, name: str) -> str:
        return self._source.group_of(name)

    def classes(self, groups: Mapping[str, int]) -> dict[str, str]:
        return self._source.classes(groups)
