"""Labels by a pattern of the pictures' names: `(.+)_` finds "cat" in "pets/cat_01.jpg"."""

import time
from collections.abc import Iterator, Mapping

from ..config.label_pattern import label_pattern, refused_pattern
from ..errors import GanvasError
from ..translation import _
from .class_folders import unless_many_are_loose
from .source import Source, SourceItem, WrappedSource

MAX_NAME = 255  # characters of a name that are looked at; file systems allow no more
MAX_SECONDS = 1.0  # for one name


class LabelledSource(WrappedSource):
    """Another source, whose labels are found in the names of its pictures, without their folders."""

    def __init__(self, source: Source, pattern: str) -> None:
        super().__init__(source.path, source)
        self._text, self._pattern = pattern, label_pattern(pattern)

    @property
    def place(self) -> str:
        return self._source.place

    @property
    def title(self) -> str:
        return self._source.title

    def items(self) -> Iterator[SourceItem]:
        return (item._replace(group=self.group_of(item.name)) for item in self._source.items())

    def group_of(self, name: str) -> str:
        file = name.rpartition("/")[2][:MAX_NAME]
        began = time.process_time()
        found = self._pattern.search(file)
        if time.process_time() - began > MAX_SECONDS:
            raise refused_pattern(self._text, _("a search in {name} took too long").format(name=file))
        return (found[1] or "") if found else ""

    def classes(self, groups: Mapping[str, int]) -> dict[str, str]:
        classes = unless_many_are_loose({group: group for group in groups if group}, groups)
        if len(classes) < 2:
            raise GanvasError(
                _("{pattern} finds {count} labels in the names of the pictures in {path}.").format(
                    pattern=self._text, count=len({group for group in groups if group}), path=self.title
                ),
                _("It has to find two or more, in nine of ten names. Look at these: {names}").format(
                    names=", ".join(item.name for item, _each in zip(self._source.items(), range(3), strict=False))
                ),
            )
        return classes
