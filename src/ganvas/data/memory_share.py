"""Memory for decoding. Pictures that need more than their share of it are decoded one at a time, by all processes."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .cache import file_lock

LARGE = "large"  # name of the file, beside the index, that is locked while a large picture is decoded
# Told the bytes that something will take, before it begins; may wait until they are free.
Reserve = Callable[[int], None]


class MemoryShare:
    """The memory that one of several decoding processes may use for a picture.

    Args:
        size: in bytes; pictures that need no more are decoded at any time.
        lock: file that is locked by the process that decodes a larger picture.
    """

    def __init__(self, size: int, lock: Path) -> None:
        self._size = size
        self._lock = lock

    @contextmanager
    def one_picture(self) -> Iterator[Reserve]:
        """Reserve memory for one picture until the end of the `with`: its body calls what it is given, part by part."""
        with ExitStack() as held:
            free, is_alone = self._size, False

            def reserve(needed: int) -> None:
                nonlocal free, is_alone
                free -= needed
                if free < 0 and not is_alone:
                    held.enter_context(file_lock(self._lock))
                    is_alone = True

            yield reserve


ALL_MEMORY = MemoryShare(sys.maxsize, Path())  # of a picture beside which nothing else large is decoded
