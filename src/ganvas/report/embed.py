"""Images inside the page: WebP in data URIs, small enough to send the page by mail."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from ..image_io import open_written
from ..limits import MAX_SHEET_PIXELS, MAX_SHEET_SIDE

MAX_BYTES_ALL = 3_600_000  # of a group of images together; base64 makes them a third larger
MAX_BYTES = 300_000  # of a single image
MAX_FRAMES = 60  # sample grids in the time-lapse
LOSSLESS = None
# (scale of width and height, WebP quality), tried in turn until the image is small enough.
ENCODINGS: tuple[tuple[float, int | None], ...] = (
    (1.0, LOSSLESS), (1.0, 90), (1.0, 75), (0.5, 90), (0.5, 70), (0.25, 80), (0.25, 50),
)  # fmt: skip


@dataclass(frozen=True)
class EmbeddedImage:
    """An image as a data URI, with the size in pixels of the original file."""

    uri: str
    width: int
    height: int


def embed(path: Path, max_bytes: int = MAX_BYTES) -> EmbeddedImage | None:
    """Return the image at `path` in about `max_bytes` or less; None if it is missing or unreadable."""
    return embed_all([path], max_bytes)[0]


def embed_all(paths: Sequence[Path], max_bytes: int = MAX_BYTES_ALL) -> list[EmbeddedImage | None]:
    """Return images in one common encoding, in about `max_bytes` or less altogether; None for unreadable ones."""
    images_or_none = [_open_image(path) for path in paths]
    images = [image for image in images_or_none if image is not None]
    if not images:
        return [None for _ in paths]
    largest = max(images, key=lambda image: len(_webp(image, 1.0, 75)))
    encoding = next(
        (each for each in ENCODINGS[:-1] if len(_webp(largest, *each)) <= max_bytes / len(images)), ENCODINGS[-1]
    )
    return [None if image is None else _embed(image, encoding) for image in images_or_none]


def evenly_spaced(count: int, max_count: int = MAX_FRAMES) -> list[int]:
    """Return at most `max_count` evenly spaced indices below `count`, including the first and the last."""
    if count <= max_count:
        return list(range(count))
    return [round(index * (count - 1) / (max_count - 1)) for index in range(max_count)]


def _open_image(path: Path) -> Image.Image | None:
    try:
        if path.is_symlink():  # to a file from elsewhere, which is not to be shown
            return None
        with open_written(path) as image:
            if max(image.size) > MAX_SHEET_SIDE or image.width * image.height > MAX_SHEET_PIXELS:
                return None
            return image.convert("RGBA" if "A" in image.getbands() else "RGB")
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None  # missing, truncated or not an image: the page says so


def _embed(image: Image.Image, encoding: tuple[float, int | None]) -> EmbeddedImage:
    text = base64.b64encode(_webp(image, *encoding)).decode()
    return EmbeddedImage(f"data:image/webp;base64,{text}", image.width, image.height)


def _webp(image: Image.Image, scale: float, quality: int | None) -> bytes:
    if scale < 1:
        image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    buffer = io.BytesIO()
    # In lossless mode, "quality" is the effort. A low one is seven times as fast, and files are 5 % larger.
    image.save(buffer, "WEBP", lossless=quality is LOSSLESS, quality=quality or 20, method=2)
    return buffer.getvalue()
