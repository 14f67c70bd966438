"""Looking at pictures in this process, which may die of one: the next time, that one is tried in a helper first."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO

from ..config import DataConfig
from ..errors import GanvasError
from .cache import make_cache_folder
from .chunks import Job
from .helper import PICTURE_SECONDS, Helper, HelperDiedError
from .killers import Killers
from .source import Source, SourceItem

DEEP = (0.0, 65535.0)  # a range, so that pictures with more than 8 bits go through all decoders


@contextmanager
def looking(source: Source) -> Iterator[Callable[[SourceItem], SourceItem]]:
    """Look at pictures in the body of the `with`. It calls what it is given before it opens any.

    That notes the item, and returns it; a picture that kills its decoder is returned with that as its problem.
    """
    killers = Killers(source)
    with _note_file(killers.path) as file:

        def begin(item: SourceItem) -> SourceItem:
            if killers.looked_at == [item.name, item.stamp]:
                killers.looked_at = None
                if reason := _deadly(source, item):
                    killers.proved[item.name] = [item.stamp, reason]
            item = killers.marked(item)
            _rewrite(file, killers.to_bytes(None if item.problem else item))
            return item

        try:
            yield begin
        finally:
            _rewrite(file, killers.to_bytes())
    if not killers.proved:
        with suppress(OSError):  # there was none, or other things lie in these folders
            killers.path.unlink()
            killers.path.parent.rmdir()
            killers.path.parent.parent.rmdir()


def _note_file(path: Path) -> IO[bytes]:
    """Return the file in which it is noted what is looked at, or one that is soon forgotten where there is no cache."""
    try:
        make_cache_folder()
        path.parent.mkdir(exist_ok=True)
        return path.open("wb", buffering=0)
    except (OSError, GanvasError):  # to look at pictures, no cache is needed
        return tempfile.TemporaryFile()


def _rewrite(file: IO[bytes], content: bytes) -> None:
    with suppress(OSError):  # a full disk is no reason not to look
        file.seek(0)
        file.write(content)
        file.truncate()


def _deadly(source: Source, item: SourceItem) -> str:
    """Decode an item in a helper; return how that died, or an empty string if it did not."""
    with tempfile.TemporaryDirectory() as scratch:
        index, target = Path(scratch) / "index", Path(scratch) / "target"
        index.write_text(json.dumps((item.name, item.group, "")) + "\n", encoding="ascii")
        target.touch()
        job = Job(DataConfig(source.place, 8, 8, 3, value_range=DEEP), index, target, sys.maxsize)
        try:
            with closing(Helper(job)) as helper:
                helper.decode(0, 0, 0, PICTURE_SECONDS)
        except HelperDiedError as death:
            return str(death)
    return ""
