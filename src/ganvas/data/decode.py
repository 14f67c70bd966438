"""Decode any picture file to an upright sRGB image, and resize it to the configured shape.

Only Pillow opens files, and only as picture formats: nothing here starts Ghostscript or another program.
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
from ..errors import GanvasError, check_choice, did_you_mean
from .color import to_srgb
from .integrity import PNG_SIGNATURE, check_jpeg, check_png

ImageInput = Path | bytes | npt.NDArray[np.uint8]  # a file, a file's content, or pixels (H, W) or (H, W, C)

MAX_PIXELS = (
    178_956_970  # Pillow's own limit: half a gigabyte as RGB. Checked before decoding, so a bomb costs nothing.
)

FORMAT_OF_SUFFIX = {
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
    ".tga": "TGA",  # last: it has no signature, so almost anything could pass for it
}
MODE_OF_CHANNELS = {1: "L", 3: "RGB", 4: "RGBA"}
FIT_METHODS = ("crop", "pad", "stretch")

EXIF_ORIENTATION = 0x0112  # the EXIF tag
UPRIGHT_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class UnreadableImageError(GanvasError):
    """This picture cannot be read; a folder with some of these can still be trained on.

    Args:
        reason: in plain words, without a full stop ("truncated").
        name: of the file.
    """

    def __init__(self, reason: str, name: str = "") -> None:
        super().__init__(
            f"{printable(name)}: {reason}." if name else f"{reason}.",
            "Use another picture, or open this one and save it again.",
        )
        self.reason = reason


@dataclass(frozen=True)
class DecodedImage:
    """An upright sRGB image (mode L, RGB or RGBA), and notes on how it was converted."""

    image: Image.Image
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImageHeader:
    """What a file says about itself before it is decoded. Sizes in pixels, as stored (before EXIF orientation)."""

    format: str
    mode: str
    width: int
    height: int
    orientation: int
    animated: bool
    alpha: bool
    mislabelled: bool


def read_header(source: ImageInput, name: str = "") -> ImageHeader:
    """Return the header of a picture, without decoding its pixels.

    Raises:
        UnreadableImageError: it is empty, not a picture, has too many pixels, or cannot be opened.
    """
    if isinstance(source, np.ndarray):
        image = Image.fromarray(source)
        return ImageHeader("array", image.mode, *image.size, 1, False, image.mode == "RGBA", False)
    with _open_image(source, name) as image:
        return _header_of(image, _display_name(source, name))


def read_image(source: ImageInput, name: str = "", min_size: tuple[int, int] | None = None) -> DecodedImage:
    """Return the picture in a file, in the bytes of one, or in an array.

    Args:
        name: for messages, and to detect a wrong suffix; not needed with a path.
        min_size: (width, height) that is enough. A JPEG may then be decoded smaller than it is, several times faster.

    Raises:
        UnreadableImageError: it is empty, not a picture, truncated, has too many pixels, or cannot be opened.
    """
    if isinstance(source, np.ndarray):
        return DecodedImage(Image.fromarray(source))
    with _open_image(source, name) as image:
        header = _header_of(image, _display_name(source, name))
        notes = list(_header_notes(header))
        if min_size and header.format == "JPEG":
            image.draft(None, min_size if header.orientation < 5 else min_size[::-1])
        image.load()
        if header.format == "JPEG":
            check_jpeg(source if isinstance(source, bytes) else source.read_bytes())
        transpose = UPRIGHT_TRANSPOSE.get(_exif_orientation(image))  # read again: Pillow has already turned a TIFF
        srgb_image, color_notes = to_srgb(image)
        return DecodedImage(
            srgb_image.transpose(transpose) if transpose is not None else srgb_image, tuple(notes + color_notes)
        )


def resize_to(image: Image.Image, config: DataConfig) -> Image.Image:
    """Return an L, RGB or RGBA image resized to the size and channels of `config`, by its fit method.

    Transparency is composited onto the background before resizing, so that hidden colours leave no halo. The filter is
    Lanczos.
    """
    mode = MODE_OF_CHANNELS[config.channels]
    if image.mode == "RGBA" and mode != "RGBA":
        background = Image.new("RGBA", image.size, config.background)
        image = Image.alpha_composite(background, image).convert("RGB")
    image = image if image.mode == mode else image.convert(mode)  # converting to the same mode would copy
    size = (config.width, config.height)
    if config.fit == "pad":
        padding_color = (*ImageColor.getrgb(config.background)[:3], 0) if mode == "RGBA" else config.background
        return ImageOps.pad(image, size, Image.Resampling.LANCZOS, padding_color)
    box = _center_box(image.size, size) if config.fit == "crop" else None
    return image.resize(size, Image.Resampling.LANCZOS, box, reducing_gap=3.0)


def to_chw_array(image: Image.Image) -> npt.NDArray[np.uint8]:
    """Return an image as a (C, H, W) uint8 array."""
    array = np.asarray(image)
    return array[None] if array.ndim == 2 else array.transpose(2, 0, 1)


def check_data_config(config: DataConfig) -> None:
    """Check that size, channels, fit and background are possible.

    Raises:
        GanvasError: one is not; the message names it, and the nearest valid value.
    """
    check_choice(config.fit, FIT_METHODS, "fit")
    if config.channels not in MODE_OF_CHANNELS:
        raise GanvasError(
            f"Pictures cannot have {config.channels} channels.", "Use 1 (grey), 3 (colour) or 4 (colour and alpha)."
        )
    if config.width < 1 or config.height < 1:
        raise GanvasError(f"Pictures cannot be {config.height} x {config.width} pixels.", "Try: --size 64")
    try:
        ImageColor.getrgb(config.background)
    except ValueError as error:
        suggestion = did_you_mean(config.background.lower(), ImageColor.colormap)
        raise GanvasError(
            f"Unknown background colour '{config.background}'.{suggestion}", "Use a colour name or #rrggbb."
        ) from error


def printable(name: str) -> str:
    """Return a file name that is safe to print and to write: unprintable characters become escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in name)


def _center_box(size: tuple[int, int], target: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return the largest centred box (left, top, right, bottom) with the aspect ratio of `target`."""
    scale = min(size[0] / target[0], size[1] / target[1])
    width, height = target[0] * scale, target[1] * scale
    # Rounding may give a tiny negative number.
    left, top = max((size[0] - width) / 2, 0), max((size[1] - height) / 2, 0)
    return left, top, min(left + width, size[0]), min(top + height, size[1])


@contextmanager
def _open_image(source: Path | bytes, name: str) -> Iterator[Image.Image]:
    """Open a picture. Any error, here or in the body of the `with`, is raised as `UnreadableImageError`."""
    try:
        with warnings.catch_warnings(), _open_stream(source) as file:
            warnings.simplefilter("ignore")  # Pillow warns of what is checked, noted or raised here
            _check_content(file)
            with Image.open(file, formats=_supported_formats()) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise Image.DecompressionBombError
                yield image
    except Exception as error:  # decoders raise anything on a broken file; none of it may stop the run
        raise UnreadableImageError(_failure_reason(error, source), _display_name(source, name)) from error


def _check_content(file: io.BufferedReader | io.BytesIO) -> None:
    """Check what a decoder does not, where that is quick."""
    if file.read(len(PNG_SIGNATURE)) == PNG_SIGNATURE:
        check_png(PNG_SIGNATURE + file.read())
    file.seek(0)


def _open_stream(source: Path | bytes) -> io.BufferedReader | io.BytesIO:
    return source.open("rb") if isinstance(source, Path) else io.BytesIO(source)


@lru_cache(maxsize=1)
def _supported_formats() -> tuple[str, ...]:
    """Return the allowed picture formats that the installed Pillow can open."""
    Image.init()
    return tuple(name for name in dict.fromkeys(FORMAT_OF_SUFFIX.values()) if name in Image.OPEN)


def _failure_reason(error: Exception, source: Path | bytes) -> str:
    """Return in plain words why a picture could not be read."""
    if isinstance(error, Image.DecompressionBombError):
        return f"too many pixels (over {MAX_PIXELS // 1_000_000} million)"
    if isinstance(error, UnidentifiedImageError):
        try:
            with _open_stream(source) as file:
                first_bytes = file.read(16)
        except OSError as unreadable:
            return _failure_reason(unreadable, b"")
        return f"not a picture (it begins with {first_bytes!r})" if first_bytes else "empty (0 bytes)"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read ({error.strerror.lower()})"
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return "truncated" if "truncated" in text.lower() else f"damaged ({text})"


def _display_name(source: Path | bytes, name: str) -> str:
    return name or (str(source) if isinstance(source, Path) else "")


def _header_of(image: Image.Image, name: str) -> ImageHeader:
    if image.format == "PNG":  # whose EXIF may come last: it is read with the pixels, which may be damaged
        image.load()
    format_name = {"MPO": "JPEG", "DIB": "BMP"}.get(image.format or "", image.format or "")
    return ImageHeader(
        format=format_name,
        mode=image.mode,
        width=image.width,
        height=image.height,
        orientation=_exif_orientation(image),
        animated=image.format != "MPO" and bool(getattr(image, "is_animated", False)),
        alpha=image.has_transparency_data,
        mislabelled=FORMAT_OF_SUFFIX.get(PurePosixPath(name).suffix.lower(), format_name) != format_name,
    )


def _header_notes(header: ImageHeader) -> Iterator[str]:
    if header.mislabelled:
        yield f"really {header.format}, despite the suffix"
    if header.animated:
        yield "only the first frame is used"
    if header.orientation in UPRIGHT_TRANSPOSE:
        yield "turned upright, as EXIF says"


def _exif_orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; damaged EXIF counts as upright (1)."""
    try:
        return int(image.getexif().get(EXIF_ORIENTATION, 1))
    except (SyntaxError, ValueError, TypeError, KeyError, IndexError, OSError):
        return 1
