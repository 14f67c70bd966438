"""Test files like those that people have: broken, odd and hostile ones, and good ones that are hard to read."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 200, 40), (40, 50, 210), (230, 220, 40)


def quarters(side: int = 64) -> Image.Image:
    """Return a picture with red top left, green top right, blue bottom left, yellow bottom right."""
    pixels = np.empty((side, side, 3), np.uint8)
    half = side // 2
    pixels[:half, :half], pixels[:half, half:] = RED, GREEN
    pixels[half:, :half], pixels[half:, half:] = BLUE, YELLOW
    return Image.fromarray(pixels)


def photograph(seed: int, width: int = 64, height: int = 48) -> Image.Image:
    """Return a smooth colourful picture, a different one for each seed."""
    small = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def good_folder(folder: Path, count: int, form: str = "png") -> Path:
    """Fill `folder` with `count` good pictures and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        photograph(number).save(folder / f"good{number:04d}.{form}")
    return folder


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    """Return `image` as the bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """Return a PNG of a few hundred bytes that claims 900 million pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(100_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def oriented(orientation: int, form: str = "JPEG") -> bytes:
    """Return the quarters as stored by a camera that writes this EXIF orientation."""
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's transpositions that undo what a viewer does
    image = quarters()
    if orientation in back:
        image = image.transpose(Image.Transpose(back[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95, "subsampling": 0} if form == "JPEG" else {}
    return encoded(image, form, exif=exif, **options)


def swapped_profile() -> bytes:
    """Return a colour profile that differs visibly from sRGB: its red and blue primaries are swapped."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {}
    for number in range(struct.unpack_from(">I", profile, 128)[0]):
        name, offset, _ = struct.unpack_from(">4sII", profile, 132 + 12 * number)
        tags[name] = offset
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    profile[red : red + 20], profile[blue : blue + 20] = profile[blue : blue + 20], profile[red : red + 20]
    described = bytes(profile)
    for name in ("sRGB", "sRGB".encode("utf-16-be").decode("latin1")):
        described = described.replace(name.encode("latin1"), name.replace("s", "x").encode("latin1"))
    return described


def broken_files() -> dict[str, tuple[bytes, str]]:
    """Return files without a usable picture, by name: their content, and what the reason must contain."""
    jpeg = encoded(photograph(1, 400, 300), "JPEG", quality=90)
    png = encoded(photograph(2, 400, 300), "PNG")
    gif, webp = encoded(photograph(3), "GIF"), encoded(photograph(4, 400, 300), "WEBP", lossless=True)
    tiff, bmp = encoded(photograph(5), "TIFF"), encoded(photograph(6), "BMP")
    return {
        "empty.jpg": (b"", "empty"),
        "empty.png": (b"", "empty"),
        "empty.gif": (b"", "empty"),
        "empty.webp": (b"", "empty"),
        "text.png": (b"This is not a picture.\n", "not a picture"),
        "page.jpg": (b"<!DOCTYPE html><html><body>404</body></html>", "not a picture"),
        "vector.png": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
        "script.jpg": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n", "not a picture"),
        "document.png": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "not a picture"),
        "zeros.jpg": (bytes(5000), "not a picture"),
        "ones.png": (b"\xff" * 5000, "not a picture"),
        "pickle.png": (b"\x80\x04\x95cos\nsystem\n", "not a picture"),
        "half.jpg": (jpeg[: len(jpeg) // 2], "truncated"),
        "most.jpg": (jpeg[: len(jpeg) * 9 // 10], "truncated"),
        "start.jpg": (jpeg[:200], ""),
        "three.jpg": (jpeg[:3], ""),
        "half.png": (png[: len(png) // 2], "truncated"),
        "start.png": (png[:40], "truncated"),
        "signature.png": (png[:8], ""),
        "half.gif": (gif[: len(gif) // 2], "truncated"),
        "half.webp": (webp[: len(webp) // 2], ""),
        "start.webp": (webp[:20], ""),
        "half.tif": (tiff[: len(tiff) // 2], ""),
        "half.bmp": (bmp[: len(bmp) // 2], "truncated"),
        "bomb.png": (bomb(), "too many pixels"),
        "bomb_wide.png": (bomb(2_000_000_000, 1), ""),
        "bomb_grey.png": (bomb(20_000, 10_000), "too many pixels"),
    }


def odd_files() -> dict[str, bytes]:
    """Return files that are valid but need care, by name."""
    image = quarters()
    clear = image.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(image.size))
    deep = Image.fromarray(np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64))
    palette = image.quantize(8)
    frames = [photograph(7), photograph(8)]
    animated = {"save_all": True, "append_images": [photograph(9)], "duration": 50}
    jpeg = encoded(image, "JPEG", quality=95, subsampling=0)
    return {
        "cmyk.jpg": encoded(image.convert("CMYK"), "JPEG", quality=95),
        "cmyk.tif": encoded(image.convert("CMYK"), "TIFF"),
        "grey.jpg": encoded(image.convert("L"), "JPEG"),
        "deep.png": encoded(deep, "PNG"),
        "deep.tif": encoded(deep, "TIFF"),
        "float.tif": encoded(Image.fromarray(np.linspace(0, 1, 4096, dtype=np.float32).reshape(64, 64)), "TIFF"),
        "bits.png": encoded(image.convert("1"), "PNG"),
        "palette.png": encoded(palette, "PNG"),
        "palette_clear.png": encoded(palette, "PNG", transparency=0),
        "palette_bytes.png": encoded(palette, "PNG", transparency=bytes([0, 128, 255])),
        "grey_clear.png": encoded(clear.convert("LA"), "PNG"),
        "clear.png": encoded(clear, "PNG"),
        "clear.webp": encoded(clear, "WEBP", lossless=True),
        "animated.gif": encoded(frames[0], "GIF", **animated),
        "animated.webp": encoded(frames[0], "WEBP", **animated),
        "animated.png": encoded(frames[0], "PNG", **animated),
        "pages.tif": encoded(frames[0], "TIFF", save_all=True, append_images=frames[1:]),
        "jpeg_called.png": jpeg,
        "PNG_CALLED.JPG": encoded(image, "PNG"),
        "progressive.jpg": encoded(image, "JPEG", progressive=True, quality=95),
        "profile.png": encoded(image, "PNG", icc_profile=swapped_profile()),
        "profile_broken.png": encoded(image, "PNG", icc_profile=b"no profile at all" * 20),
        "profile_broken.jpg": encoded(image, "JPEG", icc_profile=b"\0" * 200),
        "exif_broken.jpg": encoded(image, "JPEG", exif=b"Exif\0\0garbage!"),
        "line.png": encoded(Image.new("RGB", (300, 1), RED), "PNG"),
        "dot.gif": encoded(Image.new("RGB", (1, 1), RED), "GIF"),
        "portable.ppm": encoded(image, "PPM"),
        "targa.tga": encoded(image, "TGA"),
        "wavelet.jp2": encoded(image, "JPEG2000"),
        "tail.jpg": jpeg + b"something behind the end" * 10,
        **{f"exif{number}.jpg": oriented(number) for number in range(1, 9)},
    }


def odd_names() -> list[bytes]:
    """Return file names that are legal and unpleasant; one is not valid in any encoding."""
    return [
        b"with space.png",
        b"new\nline.png",
        b"tab\there.png",
        b"quote'\".png",
        "snow\u2603man.png".encode(),
        "\u202eright-to-left.png".encode(),
        b"escape\x1b[31m.png",
        b"not-utf8-\xff\xfe.png",
        b"-rf.png",
        b"%s%d{}.png",
        b"a" * 250 + b".png",
    ]


def write_all(folder: Path) -> tuple[list[str], list[str]]:
    """Write all files of this module into `folder`; return the names of the broken and of the good ones."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (content, _) in broken_files().items():
        (folder / name).write_bytes(content)
    for name, content in odd_files().items():
        (folder / name).write_bytes(content)
    names = [os.fsdecode(name) for name in odd_names()]
    for name in names:
        quarters().save(folder / "plain.png")
        (folder / "plain.png").rename(folder / name)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "self.png").symlink_to(folder / "self.png")
    (folder / "dangling.png").symlink_to(folder / "nowhere.png")
    os.mkfifo(folder / "pipe.png")
    (folder / "folder.png").mkdir()  # empty, so nothing is wrong with it
    return [*broken_files(), "loop", "self.png", "dangling.png", "pipe.png"], [*odd_files(), *names]
