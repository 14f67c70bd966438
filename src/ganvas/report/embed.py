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
MAX_KEPT_PIXELS = 20_000_000  # of images that are kept in memory, in 80 MB; sheets of ours have less together
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
    images = Images()
    lengths = {path: length for path in paths if (length := _length(images.open(path)))}
    if not lengths:
        return [None for _ in paths]
    encoding = _encoding(images.open(max(lengths, key=lambda path: lengths[path])), max_bytes / len(lengths))
    return [_embed(images.open(path), encoding) for path in paths]


class Images:
    """Images by their paths. They are opened again where all of them together would take too much memory."""

    def __init__(self) -> None:
        self._kept: dict[Path, Image.Image] = {}
        self._free = MAX_KEPT_PIXELS

    def open(self, path: Path) -> Image.Image | None:
        """Return the image at `path`, RGB or RGBA; None if it is missing, unreadable or too large."""
        image = self._kept.get(path) or _open_image(path)
        if image is not None and path not in self._kept and image.width * image.height <= self._free:
            self._kept[path] = image
            self._free -= image.width * image.height
        return image


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


def _length(image: Image.Image | None) -> int:
    """Return how long an image is in a usual encoding; 0 if there is none."""
    return 0 if image is None else len(_webp(image, 1.0, 75))


def _encoding(largest: Image.Image | None, max_bytes: float) -> tuple[float, int | None]:
    """Return the first of all encodings in which the largest image is small enough, else the last."""
    small = (each for each in ENCODINGS[:-1] if largest is not None and len(_webp(largest, *each)) <= max_bytes)
    return next(small, ENCODINGS[-1])


def _embed(image: Image.Image | None, encoding: tuple[float, int | None]) -> EmbeddedImage | None:
    if image is None:
        return None
    text = base64.b64encode(_webp(image, *encoding)).decode()
    return EmbeddedImage(f"data:image/webp;base64,{text}", image.width, image.height)


def _webp(image: Image.Image, scale: float, quality: int | None) -> bytes:
    if scale < 1:
        image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    buffer = io.BytesIO()
    # In lossless mode, "quality" is the effort. A low one is seven times as fast, and files are 5 % larger.
    image.save(buffer, "WEBP", lossless=quality is LOSSLESS, quality=quality or 20, method=2)
    return buffer.getvalue()
