"""Everything that leaves: one way from floats to bytes, one way to a file, each with its origin written inside."""

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
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from .version import __version__

PLAIN = (
    " !\"#$&'()*+,/:<=>?@[\\]^`{|}"  # stands as it is in EXIF's description, where ; parts the facts and all is ASCII
)
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
DEEP = (".png", ".tif", ".tiff")  # formats that hold 16 bits a colour
PNG_HEAD = 33  # bytes of a PNG before its first optional chunk: signature and header


def to_uint8(pictures: Tensor) -> Tensor:
    """Return pictures in [-1, 1] as uint8 in [0, 255], rounded to nearest; NaN becomes 0. Any shape."""
    scaled = pictures.detach().float().nan_to_num(nan=-1.0).add_(1).mul_(127.5)
    return scaled.round_().clamp_(0, 255).to(torch.uint8)


def to_float(pictures: Tensor) -> Tensor:
    """Return uint8 pictures as floats in [-1, 1]: the inverse of `to_uint8`. Any shape."""
    return pictures.float().div_(127.5).sub_(1)


def to_uint16(pictures: Tensor) -> npt.NDArray[np.uint16]:
    """Return pictures in [-1, 1] as numbers of 16 bits in [0, 65535], rounded to nearest; NaN becomes 0. Any shape."""
    scaled = pictures.detach().float().nan_to_num(nan=-1.0).add_(1).mul_(32767.5)
    return scaled.round_().clamp_(0, 65535).cpu().numpy().astype(np.uint16)


def to_image(picture: Tensor) -> Image.Image:
    """Return one uint8 picture (C, H, W) with 1, 3 or 4 channels as a Pillow image."""
    array = np.ascontiguousarray(picture.permute(1, 2, 0).cpu().numpy())
    return Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array, MODES[array.shape[2]])


def grid(pictures: Tensor, columns: int | None = None, gap: int = 2) -> Tensor:
    """Return uint8 pictures (N, C, H, W) as one sheet (C, H', W'), about square, on white with `gap` pixels between."""
    count, channels, height, width = pictures.shape
    columns = min(count, columns or max(1, round((count * height / width) ** 0.5)))
    rows = -(-count // columns)
    sheet = torch.full((channels, rows * (height + gap) + gap, columns * (width + gap) + gap), 255, dtype=torch.uint8)
    for index, picture in enumerate(pictures):
        top, left = gap + index // columns * (height + gap), gap + index % columns * (width + gap)
        sheet[:, top : top + height, left : left + width] = picture
    return sheet


def save_image(image: Image.Image, path: Path, origin: Mapping[str, object]) -> None:
    """Write `image` to `path`, whole or not at all, with `origin` and our version as metadata.

    PNG carries them as text chunks, JPEG, WebP and TIFF in the EXIF description. The suffix names the format; a JPEG
    knows no transparency, and has it on white. A colour profile that the image holds goes with it.
    """
    facts = _facts(origin)
    suffix = path.suffix.lower()
    options: dict[str, object] = {"icc_profile": image.info.get("icc_profile")}
    if suffix == ".png":
        info = PngInfo()
        for key, value in facts.items():
            info.add_text(key, value)
        options["pnginfo"] = info
    else:
        exif = image.getexif()
        exif[0x010E] = _described(facts)
        exif[0x0131] = facts["software"]
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


def save_deep(pixels: npt.NDArray[np.uint16], path: Path, origin: Mapping[str, object], profile: bytes) -> None:
    """Write pixels (H, W, 3 or 4) of 16 bits a colour, as `save_image` does those of 8; the suffix is one of `DEEP`."""
    import imagecodecs
    import tifffile

    facts = _facts(origin)
    if path.suffix.lower() == ".png":
        content = bytes(imagecodecs.png_encode(np.ascontiguousarray(pixels)))
        told = [_chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(profile))]
        told += [_chunk(b"iTXt", key.encode() + b"\0" * 5 + value.encode()) for key, value in facts.items()]
        write_atomically(path, content[:PNG_HEAD] + b"".join(told) + content[PNG_HEAD:])
        return
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer, pixels, photometric="rgb", compression="zlib", description=_described(facts), metadata=None,
        software=facts["software"], iccprofile=profile, extrasamples=["unassalpha"] * (pixels.shape[2] - 3),
    )  # fmt: skip
    write_atomically(path, buffer.getvalue())


def read_origin(path: Path) -> dict[str, str]:
    """Return what `save_image` wrote about a picture into its file; nothing if it is no such file."""
    try:
        with Image.open(path) as image:
            if image.format == "PNG":
                return {str(key): value for key, value in image.info.items() if isinstance(value, str)}
            told = str(image.getexif().get(0x010E, ""))
    except Exception:  # a decoder may raise anything on a broken file, and such a file tells nothing
        return {}
    facts = (fact.partition("=") for fact in told.split("; "))
    return {key: unquote(value) for key, mark, value in facts if mark}


def _facts(origin: Mapping[str, object]) -> dict[str, str]:
    """Return what is written into a file: where it comes from, and our version."""
    return {**{key: str(value) for key, value in origin.items()}, "software": f"ganvas {__version__}"}


def _described(facts: Mapping[str, str]) -> str:
    """Return facts as the one line of ASCII that EXIF's description may be."""
    return "; ".join(f"{key}={quote(value, safe=PLAIN)}" for key, value in facts.items())


def _chunk(kind: bytes, content: bytes) -> bytes:
    """Return a part of a PNG file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def save_animation(frames: Sequence[Image.Image], path: Path, milliseconds: int, origin: Mapping[str, object]) -> None:
    """Write `frames` as an animated WebP that loops and holds its last frame ten times as long."""
    exif = Image.Exif()
    exif[0x010E] = "; ".join(f"{key}={value}" for key, value in origin.items())
    exif[0x0131] = f"ganvas {__version__}"
    durations = [milliseconds] * (len(frames) - 1) + [10 * milliseconds]
    buffer = io.BytesIO()
    frames[0].save(
        buffer, "WEBP", save_all=True, append_images=frames[1:], duration=durations, loop=0, quality=90, exif=exif
    )
    write_atomically(path, buffer.getvalue())


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a reader sees the old file or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
