"""Decode any picture file to an upright sRGB image, and resize it to the configured shape."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor, ImageOps

from ..config import DataConfig
from ..errors import GanvasError, check_choice, did_you_mean
from ..limits import MAX_IMAGE_PIXELS
from ..translation import N_, _
from .color import to_srgb
from .crop import crop_box
from .image_file import (
    NO_MEMORY,
    UPRIGHT_TRANSPOSE,
    ImageHeader,
    ImageInput,
    UnreadableImageError,
    decoding_bytes,
    display_name,
    exif_orientation,
    header_of,
    open_image,
    reading,
)
from .integrity import check_jpeg
from .memory_share import Reserve
from .notes import MISLABELLED
from .sixteen_bit import in_range
from .value_range import ValueRange

MODE_OF_CHANNELS = {1: "L", 3: "RGB", 4: "RGBA"}
CROPS = ("crop", "top", "entropy")
FIT_METHODS = (*CROPS, "pad", "stretch")


@dataclass(frozen=True)
class DecodedImage:
    """An upright sRGB image (mode L, RGB or RGBA), and notes on how it was converted."""

    image: Image.Image
    notes: tuple[str, ...] = ()


def read_image(
    source: ImageInput,
    name: str = "",
    min_size: tuple[int, int] | None = None,
    value_range: tuple[float, float] | None = None,
    reserve: Reserve | None = None,
) -> DecodedImage:
    """Return the picture in a file, in the bytes of one, or in an array.

    Args:
        name: for messages, and to detect a wrong suffix; not needed with a path.
        min_size: (width, height) that is enough. A JPEG may then be decoded smaller than it is, several times faster.
        value_range: of a picture with more than 8 bits a channel. None for what its format says; numbers beyond that
            are scaled by their own extremes.
        reserve: called before decoding, with the bytes of memory that it takes.

    Raises:
        UnreadableImageError: it is empty, not a picture, truncated, has too many pixels, or cannot be opened.
    """
    if isinstance(source, np.ndarray):
        return DecodedImage(Image.fromarray(source))
    with open_image(source, name) as image:
        with reading(source, name):
            header = header_of(image, display_name(source, name))
            if min_size and header.format == "JPEG":
                image.draft(None, min_size if header.orientation < 5 else min_size[::-1])
            if reserve:
                reserve(decoding_bytes(image, header))
            image.load()
            if header.animated and not header.deep:
                _skip_blank_frames(image)
            if header.format == "JPEG":
                check_jpeg(source if isinstance(source, bytes) else source.read_bytes())
            orientation = exif_orientation(image)  # only now: a PNG's may come last, and Pillow has turned a TIFF
            if header.format == "PNG" and orientation != header.orientation:
                header = replace(header, orientation=orientation)
            notes = list(_header_notes(header))
            if header.deep and value_range is not None:
                turned_from = header.orientation if header.format == "TIFF" else 1
                image = in_range(image, source, ValueRange(*value_range), turned_from)
                notes.append(N_("high bit depth reduced to 8 bits"))
        transpose = UPRIGHT_TRANSPOSE.get(orientation)
        try:
            srgb_image, color_notes = to_srgb(image)
            upright = srgb_image if transpose is None else srgb_image.transpose(transpose)
        except MemoryError as error:
            raise UnreadableImageError(NO_MEMORY, display_name(source, name)) from error
        except (OSError, ValueError, KeyError, IndexError) as error:  # of Pillow, on odd palettes
            raise UnreadableImageError(f"damaged ({error})", display_name(source, name)) from error
        return DecodedImage(upright, tuple(notes + color_notes))


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
    box = crop_box(image, size, config.fit) if config.fit in CROPS else None
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
    check_choice(config.fit, FIT_METHODS, N_("fit"))
    if config.channels not in MODE_OF_CHANNELS:
        raise GanvasError(
            _("Pictures cannot have {channels} channels.").format(channels=config.channels),
            _("Use 1 (grey), 3 (colour) or 4 (colour and alpha)."),
        )
    if config.width < 1 or config.height < 1:
        raise GanvasError(
            _("Pictures cannot be {height} x {width} pixels.").format(height=config.height, width=config.width),
            _("Try: --size 64"),
        )
    try:
        ImageColor.getrgb(config.background)
    except ValueError as error:
        suggestion = did_you_mean(config.background.lower(), ImageColor.colormap)
        raise GanvasError(
            _("Unknown background colour '{background}'.{suggestion}").format(
                background=config.background, suggestion=suggestion
            ),
            _("Use a colour name or #rrggbb."),
        ) from error


def _skip_blank_frames(image: Image.Image) -> None:
    """Go on to the first frame or page that is not a single color, as many animations begin; else to the first.

    All that are looked at have together no more pixels than one picture may have, and none is larger than the first.
    """
    first = image.width * image.height
    for frame in range(1, 1 + MAX_IMAGE_PIXELS // first):
        if not _is_blank(image):
            return
        try:
            image.seek(frame)
        except EOFError:
            break
        if image.width * image.height > first:
            break
    image.seek(0)
    image.load()


def _is_blank(image: Image.Image) -> bool:
    extrema = image.convert("RGBA" if image.has_transparency_data else "RGB").getextrema()
    return all(low == high for low, high in extrema)  # type: ignore[misc]


def _header_notes(header: ImageHeader) -> Iterator[str]:
    if header.mislabelled:
        yield MISLABELLED.format(format=header.format)
    if header.animated:
        yield N_("only one frame or page is used, the first that is not blank")
    if header.orientation in UPRIGHT_TRANSPOSE:
        yield N_("turned upright, as EXIF says")
