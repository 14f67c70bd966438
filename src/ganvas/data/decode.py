"""One file to one upright sRGB picture, whatever a camera, a scanner or the web did to it; and that to the shape asked.

Pillow is the only opener, and only for picture formats: nothing here starts Ghostscript or runs anything else.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor, ImageOps, UnidentifiedImageError

from ..config import DataConfig
from ..errors import GanvasError, did_you_mean
from .colour import to_srgb

Raw = Path | bytes | npt.NDArray[np.uint8]  # a file, a file's content, or pixels (H, W) or (H, W, C)

MAX_PIXELS = 178_956_970  # Pillow's own limit: half a gigabyte as RGB. Headers are checked, so a bomb costs nothing.

SUFFIXES = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), "JPEG"),
    **dict.fromkeys((".png", ".apng"), "PNG"),
    **dict.fromkeys((".tif", ".tiff"), "TIFF"),
    **dict.fromkeys((".jp2", ".j2k", ".jpx"), "JPEG2000"),
    **dict.fromkeys((".ppm", ".pgm", ".pbm", ".pnm"), "PPM"),
    **dict.fromkeys((".bmp", ".dib"), "BMP"),
    ".gif": "GIF",
    ".webp": "WEBP",
    ".avif": "AVIF",
    ".qoi": "QOI",
    ".tga": "TGA",  # last, since it has no signature: anything might be taken for one
}
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
FITS = ("crop", "pad", "stretch")

ORIENTATION = 0x0112  # the EXIF tag
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class BadPicture(GanvasError):
    """Say that one picture cannot be used. `reason` is in plain words; a folder with some of these still trains."""

    def __init__(self, reason: str, name: str = "") -> None:
        super().__init__(
            f"{printable(name)}: {reason}." if name else f"{reason}.",
            "Give another picture, or open it and save it again.",
        )
        self.reason = reason


@dataclass(frozen=True)
class Decoded:
    """Hold a picture (mode L, RGB or RGBA, upright, sRGB) and what was done to make it so, in plain words."""

    image: Image.Image
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Header:
    """Hold what a file says about itself before it is decoded. Sizes in pixels, as stored (before EXIF turns it)."""

    format: str
    mode: str
    width: int
    height: int
    orientation: int
    animated: bool
    alpha: bool
    mislabelled: bool


def read_header(source: Raw, name: str = "") -> Header:
    """Return what the head of a picture says, without decoding its pixels.

    Raises:
        BadPicture: it is empty, no picture, has too many pixels, or cannot be opened.
    """
    if isinstance(source, np.ndarray):
        image = Image.fromarray(source)
        return Header("array", image.mode, *image.size, 1, False, image.mode == "RGBA", False)
    with _opened(source, name) as image:
        return _header(image, _name_of(source, name))


def read_picture(source: Raw, name: str = "", at_least: tuple[int, int] | None = None) -> Decoded:
    """Return the picture in a file, in the bytes of one, or in an array.

    Args:
        name: for messages, and to notice a wrong suffix; a path brings its own.
        at_least: (width, height) that will do. A JPEG may then come smaller than it is, and several times faster.

    Raises:
        BadPicture: it is empty, no picture, truncated, has too many pixels, or cannot be opened.
    """
    if isinstance(source, np.ndarray):
        return Decoded(Image.fromarray(source))
    with _opened(source, name) as image:
        header = _header(image, _name_of(source, name))
        notes = list(_notes(header))
        if at_least and header.format == "JPEG":
            image.draft(None, at_least if header.orientation < 5 else at_least[::-1])
        image.load()
        turn = UPRIGHT.get(_orientation(image))  # asked again: TIFF is turned by Pillow itself
        picture, colour_notes = to_srgb(image)
        return Decoded(picture.transpose(turn) if turn is not None else picture, tuple(notes + colour_notes))


def fit(image: Image.Image, config: DataConfig) -> Image.Image:
    """Return an L, RGB or RGBA picture at the size, shape and channels of `config`.

    Transparency is put on the background before resizing, so no halo of hidden colour creeps in. Lanczos throughout.
    """
    mode = MODES[config.channels]
    if image.mode == "RGBA" and mode != "RGBA":
        ground = Image.new("RGBA", image.size, config.background)
        image = Image.alpha_composite(ground, image).convert("RGB")
    image = image if image.mode == mode else image.convert(mode)  # converting to the same makes a copy
    size = (config.width, config.height)
    if config.fit == "pad":
        colour = (*ImageColor.getrgb(config.background)[:3], 0) if mode == "RGBA" else config.background
        return ImageOps.pad(image, size, Image.Resampling.LANCZOS, colour)
    box = _middle(image.size, size) if config.fit == "crop" else None
    return image.resize(size, Image.Resampling.LANCZOS, box, reducing_gap=3.0)


def to_array(image: Image.Image) -> npt.NDArray[np.uint8]:
    """Return a picture as (C, H, W) uint8."""
    array = np.asarray(image)
    return array[None] if array.ndim == 2 else array.transpose(2, 0, 1)


def check(config: DataConfig) -> None:
    """Refuse a size, channels, fit or background that no picture can be given.

    Raises:
        GanvasError: naming the field, with the nearest value that is known.
    """
    if config.fit not in FITS:
        raise GanvasError(f"Unknown fit '{config.fit}'.{did_you_mean(config.fit, list(FITS))}", f"One of {FITS}.")
    if config.channels not in MODES:
        raise GanvasError(f"Pictures cannot have {config.channels} channels.", "1 grey, 3 colour, 4 colour with alpha.")
    if config.width < 1 or config.height < 1:
        raise GanvasError(f"Pictures cannot be {config.height} x {config.width} pixels.", "Try: --size 64")
    try:
        ImageColor.getrgb(config.background)
    except ValueError as error:
        near = did_you_mean(config.background.lower(), list(ImageColor.colormap))
        raise GanvasError(f"Unknown background '{config.background}'.{near}", "A name, or #rrggbb.") from error


def printable(name: str) -> str:
    """Return a file name that any terminal and any file can take: odd characters are written as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in name)


def _middle(size: tuple[int, int], target: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return the largest box (left, top, right, bottom) with the target's shape in the middle of a picture."""
    scale = min(size[0] / target[0], size[1] / target[1])
    width, height = target[0] * scale, target[1] * scale
    left, top = max((size[0] - width) / 2, 0), max((size[1] - height) / 2, 0)  # rounding may go a hair below 0
    return left, top, min(left + width, size[0]), min(top + height, size[1])


@contextmanager
def _opened(source: Path | bytes, name: str) -> Iterator[Image.Image]:
    """Open a picture; whatever goes wrong then, here or in the body, comes out as a `BadPicture`."""
    try:
        with warnings.catch_warnings(), _stream(source) as file:
            warnings.simplefilter("ignore")  # Pillow warns of what we check, say in `notes`, or raise
            with Image.open(file, formats=_formats()) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise Image.DecompressionBombError
                yield image
    except Exception as error:  # a decoder may raise anything on a broken file, and none may stop the run
        raise BadPicture(_reason(error, source), _name_of(source, name)) from error


def _stream(source: Path | bytes) -> io.BufferedReader | io.BytesIO:
    return source.open("rb") if isinstance(source, Path) else io.BytesIO(source)


@lru_cache(maxsize=1)
def _formats() -> tuple[str, ...]:
    """Return the picture formats that this Pillow can open, of those we allow."""
    Image.init()
    return tuple(each for each in dict.fromkeys(SUFFIXES.values()) if each in Image.OPEN)


def _reason(error: Exception, source: Path | bytes) -> str:
    """Say in plain words why a picture could not be read."""
    if isinstance(error, Image.DecompressionBombError):
        return f"too many pixels (over {MAX_PIXELS // 1_000_000} million)"
    if isinstance(error, UnidentifiedImageError):
        try:
            with _stream(source) as file:
                head = file.read(16)
        except OSError as unreadable:
            return _reason(unreadable, b"")
        return f"no picture (it begins with {head!r})" if head else "empty (0 bytes)"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read ({error.strerror.lower()})"
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return "truncated" if "truncated" in text.lower() else f"damaged ({text})"


def _name_of(source: Path | bytes, name: str) -> str:
    return name or (str(source) if isinstance(source, Path) else "")


def _header(image: Image.Image, name: str) -> Header:
    form = {"MPO": "JPEG", "DIB": "BMP"}.get(image.format or "", image.format or "")
    return Header(
        format=form,
        mode=image.mode,
        width=image.width,
        height=image.height,
        orientation=_orientation(image),
        animated=image.format != "MPO" and bool(getattr(image, "is_animated", False)),
        alpha=image.has_transparency_data,
        mislabelled=SUFFIXES.get(PurePosixPath(name).suffix.lower(), form) != form,
    )


def _notes(header: Header) -> Iterator[str]:
    if header.mislabelled:
        yield f"really {header.format}, whatever the suffix says"
    if header.animated:
        yield "only the first frame was taken"
    if header.orientation in UPRIGHT:
        yield "turned upright as EXIF says"


def _orientation(image: Image.Image) -> int:
    """Return EXIF's orientation, 1 to 8; damaged EXIF counts as upright."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except (SyntaxError, ValueError, TypeError, KeyError, IndexError, OSError):
        return 1
