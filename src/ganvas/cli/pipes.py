"""Pictures from standard input and to standard output, where a path is `-`."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import GanvasError
from ..translation import _

PIPE = Path("-")


@contextmanager
def piped(content: Path, out: Path | None) -> Iterator[tuple[Path, Path | None]]:
    """Give the paths of files that stand in for standard input and output; other paths are given back as they are.

    What was read from standard input goes to standard output if `out` is None. It goes there as PNG, once all is done.

    Raises:
        GanvasError: nothing was sent, but somebody types.
    """
    if PIPE not in (content, out):
        yield content, out
        return
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "painting.png"
        if content == PIPE:
            if sys.stdin.isatty():
                raise GanvasError(
                    _("No picture was sent to standard input."),
                    _("Try: ganvas style - STYLE --fast < photograph.jpg > painting.png"),
                )
            content = Path(folder) / "stdin"
            with content.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
            out = out or PIPE
        yield content, written if out == PIPE else out
        if out == PIPE and written.exists():
            with written.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
