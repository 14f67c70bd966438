"""Films as animated WebP: each frame is a picture of its own, and transparency is kept."""

import io
import struct
from collections.abc import Iterator

from PIL import Image

from ..errors import GanvasError
from ..image_io import description_exif
from ..translation import _
from .writer import FilmFile, Frame, spread

# After Google's "WebP Container Specification": chunks in a RIFF file.
EXIF_FLAG, ALPHA_FLAG, ANIMATION_FLAG = 0x08, 0x10, 0x02
PICTURE_CHUNKS = (b"ALPH", b"VP8 ", b"VP8L")
DO_NOT_BLEND = 0x02  # a frame replaces the one before, transparency included
MAX_BYTES = 2**32 - 2**24  # what the length in a RIFF file can say, less some room for the last chunks
QUALITY = 90


class WebPFilm(FilmFile):
    """Animated WebP that repeats for ever. Frames are written as they come: memory stays flat."""

    def _open(self) -> None:
        settings = self.settings
        self.file.write(b"RIFF\0\0\0\0WEBP")
        flags = EXIF_FLAG | ANIMATION_FLAG | (ALPHA_FLAG if settings.has_alpha else 0)
        self._chunk(b"VP8X", struct.pack("<I", flags) + _uint24(settings.width - 1) + _uint24(settings.height - 1))
        self._chunk(b"ANIM", struct.pack("<IH", 0, 0))  # the background is transparent; 0 repeats for ever

    def _write(self, frame: Frame) -> None:
        milliseconds = spread(self.frames, self.settings.fps, 1000)[1]
        buffer = io.BytesIO()
        Image.fromarray(frame).save(buffer, "WEBP", quality=QUALITY)
        height, width = frame.shape[:2]
        header = bytes(6) + _uint24(width - 1) + _uint24(height - 1) + _uint24(milliseconds) + bytes([DO_NOT_BLEND])
        self._chunk(b"ANMF", header + b"".join(_picture_chunks(buffer.getvalue())))
        if self.file.tell() > MAX_BYTES:
            raise GanvasError(
                _("A film as .webp can have 4 GB at most."), _("Choose a name that ends in .mp4 or .webm.")
            )

    def _finish(self) -> None:
        self._chunk(b"EXIF", description_exif(self.settings.metadata).tobytes().removeprefix(b"Exif\0\0"))
        size = self.file.tell()
        self.file.seek(4)
        self.file.write(struct.pack("<I", size - 8))

    def _chunk(self, name: bytes, content: bytes) -> None:
        self.file.write(name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2))


def _uint24(number: int) -> bytes:
    return number.to_bytes(3, "little")


def _picture_chunks(picture: bytes) -> Iterator[bytes]:
    """Yield the chunks of a still WebP that hold its pixels."""
    position = 12  # behind RIFF, length and WEBP
    while position < len(picture):
        name, size = struct.unpack_from("<4sI", picture, position)
        end = position + 8 + size + size % 2
        if name in PICTURE_CHUNKS:
            yield picture[position:end]
        position = end
