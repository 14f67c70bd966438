"""Pictures inside the page: as WebP in data URIs, small enough to be sent."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

FILM_BYTES = 3_600_000  # of all sheets together; as text they take a third more
STILL_BYTES = 300_000  # of each other picture
MOST_SHEETS = 60
LOSSLESS = None
# Tried in turn until a picture is small enough: how much of the size is kept, and WebP's quality.
PLANS: tuple[tuple[float, int | None], ...] = (
    (1.0, LOSSLESS), (1.0, 90), (1.0, 75), (0.5, 90), (0.5, 70), (0.25, 80), (0.25, 50),
)  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """Hold a picture as a data URI, and its size in pixels as it was on the disk."""

    uri: str
    width: int
    height: int


def embed(path: Path, most: int = STILL_BYTES) -> Picture | None:
    """Return the picture at `path` in `most` bytes or little more; None if it is not there or cannot be read."""
    pictures = embed_all([path], most)
    return pictures[0]


def embed_all(paths: Sequence[Path], most: int = FILM_BYTES) -> list[Picture | None]:
    """Return pictures that belong together, all treated alike, in `most` bytes or little more altogether."""
    opened = [_open(path) for path in paths]
    images = [image for image in opened if image is not None]
    if not images:
        return [None for _ in paths]
    hardest = max(images, key=lambda image: len(_webp(image, 1.0, 75)))
    plan = next((plan for plan in PLANS[:-1] if len(_webp(hardest, *plan)) <= most / len(images)), PLANS[-1])
    return [None if image is None else _picture(image, plan) for image in opened]


def spread(count: int, most: int = MOST_SHEETS) -> list[int]:
    """Return at most `most` of `count` indices, evenly spread, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return [round(index * (count - 1) / (most - 1)) for index in range(most)]


def _open(path: Path) -> Image.Image | None:
    try:
        with Image.open(path) as image:
            return image.convert("RGBA" if "A" in image.getbands() else "RGB")
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None  # missing, torn or not a picture: the page goes without it and says so


def _picture(image: Image.Image, plan: tuple[float, int | None]) -> Picture:
    text = base64.b64encode(_webp(image, *plan)).decode()
    return Picture(f"data:image/webp;base64,{text}", image.width, image.height)


def _webp(image: Image.Image, size: float, quality: int | None) -> bytes:
    if size < 1:
        image = image.resize((max(1, round(image.width * size)), max(1, round(image.height * size))))
    buffer = io.BytesIO()
    # Lossless, "quality" means effort; little of it is seven times as quick and costs a twentieth more.
    image.save(buffer, "WEBP", lossless=quality is LOSSLESS, quality=quality or 20, method=2)
    return buffer.getvalue()
