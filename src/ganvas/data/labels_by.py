"""Labels by a pattern of the pictures' names: `(.+)_` finds "cat" in "pets/cat_01.jpg"."""

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping

from ..errors import GanvasError
from ..translation import _
from .class_folders import unless_many_are_loose
from .image_file import ImageInput
from .source import Source, SourceItem

MAX_PATTERN = 100  # characters
MAX_REPEATS = 3  # each multiplies the time that a search may take by the length of a name
MAX_NAME = 255  # characters of a name that are looked at; file systems allow no more
MAX_SECONDS = 1.0  # for one name
BACKSLASHED = re.compile(r"\\(.)", re.DOTALL)
CHARACTER_SET = re.compile(r"\[\^?\]?[^\]]*\]")
REPEAT = re.compile(r"[*+]|\{\d*,?\d*\}")


def parse_labels_by(pattern: str) -> re.Pattern[str]:
    """Return a pattern with one group, the label.

    Repeated groups, references to groups and more than three repeats are refused: a search could take for ever.

    Raises:
        GanvasError: it is no pattern, or of these.
    """
    try:
        found = re.compile(pattern[: MAX_PATTERN + 1])
    except (re.error, RecursionError, OverflowError) as error:
        raise _refused(pattern, str(error)) from error
    plain = CHARACTER_SET.sub("x", BACKSLASHED.sub(lambda each: "1" if each[1].isdigit() else "x", pattern))
    if len(pattern) > MAX_PATTERN:
        raise _refused(pattern, _("it has more than {most} characters").format(most=MAX_PATTERN))
    if found.groups != 1:
        raise _refused(pattern, _("it needs one group in brackets, the label"))
    if re.search(r"\)[*+{?]", plain) or re.search(r"\\\d|\(\?P?[=(]", pattern):
        raise _refused(pattern, _("groups may not be repeated or referred to: a search could take for ever"))
    if len(REPEAT.findall(plain)) > MAX_REPEATS or plain.count("|") > MAX_REPEATS:
        raise _refused(pattern, _("it has more than {most} repeats: a search could take for ever").format(most=MAX_REPEATS))
    return found


def _refused(pattern: str, reason: str) -> GanvasError:
    return GanvasError(
        _("{pattern} is no pattern for labels: {reason}.").format(pattern=pattern[:MAX_PATTERN], reason=reason),
        _("Try: --labels-by {pattern} for names such as {name}").format(pattern='"(.+)_"', name="cat_01.jpg"),
    )


class LabelledSource(Source):
    """Another source, whose labels are found in the names of its pictures, without their folders."""

    def __init__(self, source: Source, pattern: str) -> None:
        super().__init__(source.path)
        self.kind = source.kind
        self._source, self._text, self._pattern = source, pattern, parse_labels_by(pattern)

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
            raise _refused(self._text, _("a search in {name} took too long").format(name=file))
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
