"""A place in the bytes of a file. Nothing is taken that is not there, so no size in a file costs memory by itself."""

import struct

from ..translation import _
from .budget import MAX_NAME
from .errors import RefusedError

SHORT = 64 << 10  # bytes; longer ones stay views of the file


class Cursor:
    """Reads bytes one after the other.

    Args:
        data: the bytes.
        place: where to begin.
    """

    def __init__(self, data: memoryview, place: int = 0) -> None:
        self.data, self.place = data, place

    def byte(self) -> int:
        """Return the next byte. Raises IndexError at the end."""
        value = self.data[self.place]
        self.place += 1
        return value

    def take(self, size: int) -> memoryview:
        """Return the next `size` bytes as a view.

        Raises:
            RefusedError: there are fewer.
        """
        if not 0 <= size <= len(self.data) - self.place:
            raise RefusedError(_("it ends too early"))
        self.place += size
        return self.data[self.place - size : self.place]

    def unpack(self, form: str) -> int:
        """Return the next number in one of struct's formats."""
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def short_bytes(self, size: int) -> bytes | memoryview:
        """Return the next `size` bytes: as bytes, or as a view of the file where they are many."""
        view = self.take(size)
        return bytes(view) if size <= SHORT else view

    def line(self) -> bytes:
        """Return the bytes up to the next end of a line, without it, and go behind it."""
        length = 64
        while True:
            chunk = bytes(self.data[self.place : self.place + length])
            end = chunk.find(b"\n")
            if end >= 0:
                self.place += end + 1
                return chunk[:end]
            if len(chunk) < length:
                raise RefusedError(_("it ends too early"))
            length *= 4  # so that what is looked through stays in proportion to what is found

    def name(self) -> str:
        """Return the next line as a name."""
        line = self.line()
        if len(line) > MAX_NAME:
            raise RefusedError(_("it has a name of {count:,} characters").format(count=len(line)))
        return line.decode("utf-8")
