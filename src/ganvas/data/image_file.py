"""Open a picture file of any format, and read its header. What is wrong with a file is told in plain words.

Only Pillow opens files, and only as picture formats: nothing here starts Ghostscript or another program.
"""

import errno
import io
import stat
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from ..errors import GanvasError
from ..formatting import printable
from ..limits import MAX_IMAGE_PIXELS
from ..translation import N_, _, stored
from .file_kinds import FORMAT_OF_SUFFIX, HEAD_BYTES, sniff_format
from .integrity import PNG_SIGNATURE, check_png
from .walk import NOT_REGULAR

ImageInput = Path | bytes | npt.NDArray[np.uint8]  # a file, a file's content, or pixels (H, W) or (H, W, C)

PEAK_BYTES, DEEP_BYTES = 20, 30  # a pixel, at the peak: of pictures with 8 bits a channel, and with more
PROGRESSIVE_BYTES = 8  # a pixel, which libjpeg keeps of all scans of a progressive JPEG, however small it decodes it

RARE_TIFF = N_("a TIFF of a rare kind; save it with 8 or 16 bits, gray or RGB")
# Pictures too large for this machine would be tried in vain at each start, so that is remembered too.
TRY_AGAIN = N_("to try again: ganvas cache --clear")
NO_MEMORY = N_("not enough memory") + f"; {TRY_AGAIN}"
ERRNO_OF_DAMAGE = errno.EINVAL, errno.EOVERFLOW, errno.ENOMEM  # what a damaged file asks of the system
NO_HEIC = N_('HEIC; to read it: pip install "ganvas[heic]"')

EXIF_ORIENTATION = 0x0112  # the EXIF tag
TIFF_BITS_PER_SAMPLE = 258  # the TIFF tag
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
        reason: in plain words, in English and without a full stop ("truncated"): it may be stored.
        name: of the file.
        temporary: it is not known to be damaged, but could not be read just now.
    """

    def __init__(self, reason: str, name: str = "", temporary: bool = False) -> None:
        super().__init__(
            f"{printable(name)}: {stored(reason)}." if name else f"{stored(reason)}.",
            _("Use another picture, or open this one and save it again."),
        )
        self.reason, self.temporary = reason, temporary


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
    deep: bool  # more than 8 bits a channel


def read_header(source: ImageInput, name: str = "") -> ImageHeader:
    """Return the header of a picture, without decoding its pixels.

    Raises:
        UnreadableImageError: it is empty, not a picture, has too many pixels, or cannot be opened.
    """
    if isinstance(source, np.ndarray):
        image = Image.fromarray(source)
        return ImageHeader("array", image.mode, *image.size, 1, False, image.mode == "RGBA", False, False)
    with open_image(source, name) as image, reading(source, name):
        return header_of(image, display_name(source, name))


@contextmanager
def open_image(source: Path | bytes, name: str) -> Iterator[Image.Image]:
    """Open a picture for the body of the `with`.

    Raises:
        UnreadableImageError: it cannot be opened. Errors in the body are passed on.
    """
    with ExitStack() as stack:
        with reading(source, name):
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")  # Pillow warns of what is checked, noted or raised here
            file: IO[bytes] = stack.enter_context(_open_stream(source))
            _check_content(file)
            image = stack.enter_context(Image.open(file, formats=supported_formats()))
            if image.width * image.height > MAX_IMAGE_PIXELS:  # before decoding, so a bomb costs nothing
                raise Image.DecompressionBombError
            if image.format == "TIFF" and not _is_covered(image):
                raise UnreadableImageError("truncated", display_name(source, name))
        yield image


@contextmanager
def reading(source: Path | bytes, name: str) -> Iterator[None]:
    """Raise any error of a decoder, in the body of the `with`, as `UnreadableImageError`.

    What the system could not read may be there again later: that is no damage.
    """
    try:
        yield
    except UnreadableImageError:
        raise
    except MemoryError as error:
        raise UnreadableImageError(NO_MEMORY, display_name(source, name)) from error
    except Exception as error:  # decoders raise anything on a broken file; none of it may stop the run
        reason = _failure_reason(error, source)
        raise UnreadableImageError(reason, display_name(source, name), is_temporary(error)) from error


def is_temporary(error: Exception) -> bool:
    """Return whether the system could not read a file just now; else what is in it is at fault."""
    return isinstance(error, OSError) and error.errno not in (None, *ERRNO_OF_DAMAGE)


def _check_content(file: IO[bytes]) -> None:
    """Check what a decoder does not, where that is quick."""
    is_png = file.read(len(PNG_SIGNATURE)) == PNG_SIGNATURE
    file.seek(0)
    if is_png:
        check_png(file.read())  # of bytes in memory, from its beginning: no copy
        file.seek(0)


def _is_covered(image: Image.Image) -> bool:
    """Return whether the strips or tiles of a TIFF reach its edges; Pillow would leave the rest black.

    Else two kilobytes could claim a hundred million pixels, and get the memory for them.
    """
    ends = [entry[1][2:] for entry in image.tile]  # type: ignore[attr-defined]
    return all(
        max(reached, default=0) >= side for reached, side in zip(zip(*ends, strict=True), image.size, strict=True)
    )


def _open_stream(source: Path | bytes) -> IO[bytes]:
    if not isinstance(source, Path):
        return io.BytesIO(source)
    mode = source.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a pipe would be waited for, a device never end
        raise UnreadableImageError(NOT_REGULAR, str(source))
    return source.open("rb")


@lru_cache(maxsize=1)
def supported_formats() -> tuple[str, ...]:
    """Return the allowed picture formats that the installed Pillow can open, HEIC with the extra for it."""
    Image.init()
    with suppress(ImportError):
        from pillow_heif import register_heif_opener

        register_heif_opener()
    return tuple(name for name in dict.fromkeys(FORMAT_OF_SUFFIX.values()) if name in Image.OPEN)


def can_read_heic() -> bool:
    """Return whether the extra for HEIC is installed."""
    return "HEIF" in supported_formats()


def _failure_reason(error: Exception, source: Path | bytes) -> str:
    """Return in plain words why a picture could not be read."""
    if isinstance(error, Image.DecompressionBombError):
        return N_("too many pixels") + f" (over {MAX_IMAGE_PIXELS // 1_000_000} million)"
    if isinstance(error, UnidentifiedImageError):
        try:
            with _open_stream(source) as file:
                first_bytes = file.read(HEAD_BYTES)
        except OSError as unreadable:
            return _failure_reason(unreadable, b"")
        if sniff_format(first_bytes) == "HEIF":
            return N_("damaged") if can_read_heic() else NO_HEIC
        if sniff_format(first_bytes) == "TIFF":
            return RARE_TIFF
        return N_("not a picture") + f" (it begins with {first_bytes!r})" if first_bytes else N_("empty") + " (0 bytes)"
    if isinstance(error, OSError) and error.strerror:
        return N_("cannot be read") + f" ({error.strerror.lower()})"
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return N_("truncated") if "truncated" in text.lower() else f"damaged ({text})"


def display_name(source: Path | bytes, name: str) -> str:
    return name or (str(source) if isinstance(source, Path) else "")


def header_of(image: Image.Image, name: str) -> ImageHeader:
    """Return the header of a picture that is not decoded yet. EXIF that follows a PNG's pixels is not seen."""
    if image.format == "TIFF":
        has_16_bits = max(getattr(image, "tag_v2", {}).get(TIFF_BITS_PER_SAMPLE, (8,))) > 8
    else:
        has_16_bits = image.format == "PNG" and ";16" in str(getattr(image, "tile", ""))
    is_later = image.format == "PNG" and "exif" not in image.info  # asking for it would decode the picture
    format_name = {"MPO": "JPEG", "DIB": "BMP"}.get(image.format or "", image.format or "")
    return ImageHeader(
        format=format_name,
        mode=image.mode,
        width=image.width,
        height=image.height,
        orientation=1 if is_later else exif_orientation(image),
        animated=image.format != "MPO" and bool(getattr(image, "is_animated", False)),
        alpha=image.has_transparency_data,
        mislabelled=FORMAT_OF_SUFFIX.get(PurePosixPath(name).suffix.lower(), format_name) != format_name,
        deep=has_16_bits or image.mode.startswith(("I", "F")),
    )


def decoding_bytes(image: Image.Image, header: ImageHeader) -> int:
    """Return the memory that decoding an open picture, turning it upright and resizing it takes at most, in bytes."""
    decoded = image.width * image.height * (DEEP_BYTES if header.deep else PEAK_BYTES)  # a JPEG may be decoded smaller
    return decoded + header.width * header.height * PROGRESSIVE_BYTES * bool(image.info.get("progressive"))


def exif_orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; damaged EXIF counts as upright (1)."""
    try:
        return int(image.getexif().get(EXIF_ORIENTATION, 1))
    except (SyntaxError, ValueError, TypeError, KeyError, IndexError, OSError):
        return 1
