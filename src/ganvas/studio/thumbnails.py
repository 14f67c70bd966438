"""Small copies of pictures for the page: decoded as for training, and never sent as they are."""

import io
import threading
import zlib
from pathlib import Path
from typing import Any

from PIL import Image

from ..data.decode import read_image

SIDE = 256  # pixels
AT_ONCE = threading.BoundedSemaphore(2)  # decoders; a training needs the cores
TYPE = "image/webp"


def thumbnail(content: Any, name: str, side: int = SIDE) -> bytes:
    """Return a picture as WebP, its longer side `side` pixels at most.

    Raises:
        UnreadableImageError: it cannot be read.
    """
    with AT_ONCE:
        image = read_image(content, name, min_size=(side, side)).image
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        file = io.BytesIO()
        image.save(file, "WEBP", quality=82, method=2)
    return file.getvalue()


def etag(path: Path, *parts: object) -> str:
    """Return what changes when a file changes."""
    status = path.stat()
    return (
        '"'
        + "-".join(map(str, (status.st_mtime_ns, status.st_size, *(zlib.crc32(str(part).encode()) for part in parts))))
        + '"'
    )
