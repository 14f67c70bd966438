"""Image output: the one conversion from floats to bytes, and the one way to write pictures, with metadata inside."""

import io
import os
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote, unquote

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile, PngInfo
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile
from torch import Tensor

from .atomic_write import write_atomically
from .errors import GanvasError, did_you_mean
from .translation import _
from .version import __version__

EXIF_SAFE = " !\"#$&'()*+,/:<=>?@[\\]^`{|}"  # not percent-encoded in EXIF descriptions, where ; separates entries
SIXTEEN_BIT_SUFFIXES = (".png", ".tif", ".tiff")  # formats with 16 bits a channel
WRITTEN_FORMATS = ("PNG", "WEBP", "JPEG", "TIFF")  # by Ganvas
WRITTEN_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")
IMAGE_FILES = {
    b"\xff\xd8\xff": JpegImageFile,
    b"RIFF": WebPImageFile,
    b"II": TiffImageFile,
    b"MM": TiffImageFile,
    b"GIF8": GifImageFile,
}
HEAD_BYTES = 4  # enough to tell these
EXIF_DESCRIPTION, EXIF_SOFTWARE = 0x010E, 0x0131  # tags
PNG_HEADER_SIZE = 33  # bytes of a PNG before its first optional chunk: signature and IHDR


def to_uint8(images: Tensor) -> Tensor:
    """Return images in [-1, 1] as uint8 in [0, 255], rounded to nearest; NaN becomes 0. Any shape."""
    scaled = images.detach().float().nan_to_num(nan=-1.0).add_(1).mul_(127.5)
    return scaled.round_().clamp_(0, 255).to(torch.uint8)


def to_float(images: Tensor) -> Tensor:
    """Return uint8 images as floats in [-1, 1]: the inverse of `to_uint8`. Any shape."""
    return images.float().div_(127.5).sub_(1)


def to_uint16(images: Tensor) -> npt.NDArray[np.uint16]:
    """Return images in [-1, 1] as uint16 in [0, 65535], rounded to nearest; NaN becomes 0. Any shape."""
    scaled = images.detach().float().nan_to_num(nan=-1.0).add_(1).mul_(32767.5)
    return scaled.round_().clamp_(0, 65535).cpu().numpy().astype(np.uint16)


def to_image(image: Tensor) -> Image.Image:
    """Return one uint8 image (C, H, W) with 1, 3 or 4 channels as a Pillow image."""
    array = np.ascontiguousarray(image.permute(1, 2, 0).cpu().numpy())
    return Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array)


def image_grid(images: Tensor, columns: int | None = None, gap: int = 2) -> Tensor:
    """Return uint8 images (N, C, H, W) as one grid (C, H', W'), about square, on white with `gap` pixels between."""
    count, channels, height, width = images.shape
    columns = min(count, columns or max(1, round((count * height / width) ** 0.5)))
    rows = -(-count // columns)
    sheet = torch.full((channels, rows * (height + gap) + gap, columns * (width + gap) + gap), 255, dtype=torch.uint8)
    for index, image in enumerate(images):
        top, left = gap + index // columns * (height + gap), gap + index % columns * (width + gap)
        sheet[:, top : top + height, left : left + width] = image
    return sheet


def save_image(image: Image.Image, path: Path, metadata: Mapping[str, object]) -> None:
    """Write `image` to `path` atomically, with `metadata` and the version of ganvas.

    Metadata is in text chunks of a PNG, and in the EXIF description of JPEG, WebP and TIFF. The suffix decides the
    format. For JPEG, transparency is composited onto white. The image's colour profile is written too.
    """
    texts = _with_version(metadata)
    suffix = path.suffix.lower()
    options: dict[str, object] = {"icc_profile": image.info.get("icc_profile")}
    if suffix == ".png":
        info = PngInfo()
        for key, value in texts.items():
            info.add_text(key, value)
        options["pnginfo"] = info
    else:
        exif = image.getexif()
        exif[EXIF_DESCRIPTION] = description(metadata)
        exif[EXIF_SOFTWARE] = texts["software"]
        options["exif"] = exif
    if suffix in (".jpg", ".jpeg"):
        options |= {"quality": 95, "subsampling": 0}
        if image.mode == "RGBA":
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        image = image.convert("L" if image.mode == "L" else "RGB")
    elif suffix == ".webp":
        options |= {"quality": 95}
    buffer = io.BytesIO()
    image.save(buffer, format=Image.registered_extensions()[suffix], **options)
    write_atomically(path, buffer.getvalue())


def save_16bit_image(
    pixels: npt.NDArray[np.uint16], path: Path, metadata: Mapping[str, object], icc_profile: bytes
) -> None:
    """Write uint16 pixels (H, W, 3 or 4) as `save_image` does 8-bit images; for `SIXTEEN_BIT_SUFFIXES` only."""
    import imagecodecs
    import tifffile

    texts = _with_version(metadata)
    if path.suffix.lower() == ".png":
        content = bytes(imagecodecs.png_encode(np.ascontiguousarray(pixels)))
        chunks = [_png_chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(icc_profile))]
        chunks += [_png_chunk(b"iTXt", key.encode() + b"\0" * 5 + value.encode()) for key, value in texts.items()]
        write_atomically(path, content[:PNG_HEADER_SIZE] + b"".join(chunks) + content[PNG_HEADER_SIZE:])
        return
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer, pixels, photometric="rgb", compression="zlib", description=description(metadata), metadata=None,
        software=texts["software"], iccprofile=icc_profile, extrasamples=["unassalpha"] * (pixels.shape[2] - 3),
    )  # fmt: skip
    write_atomically(path, buffer.getvalue())


def check_suffix(path: Path) -> None:
    """Check that a name ends as one of the formats that Ganvas writes.

    Raises:
        GanvasError: it does not; the hint lists them.
    """
    suffix = path.suffix.lower()
    if suffix not in WRITTEN_SUFFIXES:
        near = did_you_mean(suffix, WRITTEN_SUFFIXES)
        raise GanvasError(
            _("There is no picture format '{suffix}' ({path}).{near}").format(suffix=path.suffix, path=path, near=near),
            _("Use one of {names}.").format(names=", ".join(WRITTEN_SUFFIXES)),
        )


def check_writable(folder: Path, hint: str) -> None:
    """Check that files can be written to a folder, which may not be there yet: before time is spent on them.

    Raises:
        GanvasError: they cannot.
    """
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    if not nearest.is_dir():
        raise GanvasError(
            _("The folder {folder} cannot be created: {nearest} is a file.").format(folder=folder, nearest=nearest),
            hint,
        )
    if not os.access(nearest, os.W_OK):
        raise GanvasError(_("The folder {nearest} is not writable.").format(nearest=nearest), hint)


def open_written(path: Path) -> Image.Image:
    """Open a picture that Ganvas has written, or that a stranger has put in its place: only in the formats it writes.

    Pillow would start other programs for some: Ghostscript for PostScript. To open a pipe would wait for ever.

    Raises:
        OSError: it is not there, or none of these.
    """
    if path.exists() and not path.is_file():
        raise OSError(f"{path} is not a file")
    return Image.open(path, formats=WRITTEN_FORMATS)


def read_metadata(path: Path) -> dict[str, str]:
    """Return the metadata that Ganvas wrote into a picture; empty if there is none or the file is damaged.

    Nothing is decoded, so that a painting may have more pixels than Pillow opens.

    Raises:
        OSError: it is there, but cannot be read now.
    """
    if not path.is_file():
        return {}
    try:
        with path.open("rb") as file, _image_file_of(file.read(HEAD_BYTES))(path) as image:
            if isinstance(image, PngImageFile):
                return {str(key): value for key, value in image.info.items() if isinstance(value, str)}
            if isinstance(image, GifImageFile):
                return parse_description(image.info.get("comment", b"").decode("ascii", "replace"))
            exif = image.getexif()
            line, software = (str(exif.get(tag, "")) for tag in (EXIF_DESCRIPTION, EXIF_SOFTWARE))
    except MemoryError:
        raise
    except Exception as error:  # decoders raise anything on a broken file; it has no metadata for us
        if isinstance(error, OSError) and error.errno is not None:
            raise
        return {}
    metadata = parse_description(line)
    return {"software": software} | metadata if software else metadata


def _image_file_of(head: bytes) -> type[ImageFile.ImageFile]:
    """Return the class of Pillow for a file that begins like this."""
    return next((kind for magic, kind in IMAGE_FILES.items() if head.startswith(magic)), PngImageFile)


def _with_version(metadata: Mapping[str, object]) -> dict[str, str]:
    """Return metadata as text, with the version of ganvas."""
    return {**{key: str(value) for key, value in metadata.items()}, "software": f"ganvas {__version__}"}


def description(metadata: Mapping[str, object]) -> str:
    """Return metadata, with the version of ganvas, as one line of ASCII: for EXIF, and for the comment of a film."""
    return "; ".join(f"{key}={quote(value, safe=EXIF_SAFE)}" for key, value in _with_version(metadata).items())


def parse_description(text: str) -> dict[str, str]:
    """Return the metadata in such a line; empty if it is none."""
    entries = (entry.partition("=") for entry in text.split("; "))
    return {key: unquote(value) for key, separator, value in entries if separator}


def _png_chunk(kind: bytes, content: bytes) -> bytes:
    """Return one chunk of a PNG file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def description_exif(metadata: Mapping[str, object]) -> Image.Exif:
    """Return metadata, with the version of ganvas, as EXIF."""
    exif = Image.Exif()
    exif[EXIF_DESCRIPTION], exif[EXIF_SOFTWARE] = description(metadata), _with_version(metadata)["software"]
    return exif


def save_animation(
    frames: Sequence[Image.Image], path: Path, milliseconds: int, metadata: Mapping[str, object]
) -> None:
    """Write `frames` as an animated WebP that loops; its last frame lasts ten times as long."""
    exif = description_exif(metadata)
    durations = [milliseconds] * (len(frames) - 1) + [10 * milliseconds]
    buffer = io.BytesIO()
    frames[0].save(
        buffer, "WEBP", save_all=True, append_images=frames[1:], duration=durations, loop=0, quality=90, exif=exif
    )
    write_atomically(path, buffer.getvalue())
