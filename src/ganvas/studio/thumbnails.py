"""Small copies of pictures for the page: decoded as for training, and never sent as they are."""

import io
import threading
import zlib
from pathlib import Path
from typing import Any

from PIL import Image

from ..data.decode import read_image
from ..data.image_file import UnreadableImageError
from ..translation import N_

SIDE = 256  # pixels
MAX_BYTES = 1 << 30  # of memory for decoding one; larger ones are trained on, but not shown
AT_ONCE = threading.BoundedSemaphore(2)  # decoders; a training needs the cores
TYPE = "image/webp"


def thumbnail(content: Any, name: str, side: int = SIDE) -> bytes:
    """Return a picture as WebP, its longer side `side` pixels at most.

    Raises:
        UnreadableImageError: it cannot be read.
    """
    with AT_ONCE:
        image = read_image(content, name, min_size=(side, side), reserve=_reserve).image
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        file = io.BytesIO()
        image.save(file, "WEBP", quality=82, method=2)
    return file.getvalue()


def _reserve(size: int) -> None:
    if size > MAX_BYTES:
        raise UnreadableImageError(N_("too large to be shown here"))


def etag(path: Path, *parts: object) -> str:
    """Return what changes when a file changes."""
    status = path.stat()
    return (
        '"'
        + "-".join(map(str, (status.st_mtime_ns, status.st_size, *(zlib.crc32(str(part).encode()) for part in parts))))
        + '"'
    )
