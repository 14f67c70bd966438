"""Damaged pictures of all formats, arrays and archives, through the commands that read pictures.

In each round a folder has twenty whole pictures and twenty damaged ones. `inspect` and `train` have to use all whole
ones, whatever else lies there; `style` has to paint from a damaged one or to say why not. Then arrays and archives.
"""

import gzip
import io
import random
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import numpy.typing as npt
import tifffile
from PIL import Image

from bytes_damage import PNG_SIGNATURE, damage, with_right_checksums
from ganvas.data.image_file import can_read_heic
from trial import Tally, changes, contents, run_command, shown

PER_ROUND = 20  # damaged pictures, and as many whole ones
SOURCES_PER_ROUND = 2  # damaged arrays and archives
TRAIN = ("--recipe", "fc", "--size", "16", "--images", "64", "--batch", "16", "--device", "cpu")
PAINT = ("--size", "24", "--iterations", "1", "--device", "cpu")
Pixels = npt.NDArray[np.uint8]
# Of each pass of an interlaced PNG: its first column and row, and the steps to the next.
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
TURNED = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"  # EXIF: orientation 6


def _with_pillow(format_name: str, mode: str = "RGB", frames: int = 1, **options: object) -> Callable[[Pixels], bytes]:
    def encode(pixels: Pixels) -> bytes:
        images = [Image.fromarray(np.roll(pixels, 3 * frame, 0)).convert(mode) for frame in range(frames)]
        more = {"save_all": True, "append_images": images[1:]} if frames > 1 else {}
        buffer = io.BytesIO()
        images[0].save(buffer, format_name, **more, **options)
        return buffer.getvalue()

    return encode


def _tiff(pixels: Pixels, **options: object) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, photometric="rgb", **options)
    return buffer.getvalue()


def _interlaced(pixels: Pixels) -> bytes:
    """Return a PNG in seven passes, which Pillow reads and does not write."""
    rows = (row for left, top, right, down in ADAM7 for row in pixels[top::down, left::right])
    lines = b"".join(b"\0" + row.tobytes() for row in rows if len(row))
    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 2, 0, 0, 1)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    plain = b"".join(struct.pack(">I", len(body)) + kind + body + bytes(4) for kind, body in chunks)
    return with_right_checksums(PNG_SIGNATURE + plain)


FORMATS: dict[str, Callable[[Pixels], bytes]] = {
    "baseline.jpg": _with_pillow("JPEG"),
    "progressive.jpg": _with_pillow("JPEG", progressive=True, exif=TURNED),
    "cmyk.jpg": _with_pillow("JPEG", "CMYK"),
    "plain.png": _with_pillow("PNG"),
    "one-bit.png": _with_pillow("PNG", "1"),
    "palette.png": _with_pillow("PNG", "P"),
    "alpha.png": _with_pillow("PNG", "RGBA"),
    "deep.png": lambda pixels: bytes(imagecodecs.png_encode(pixels.astype(np.uint16) * 257)),
    "interlaced.png": _interlaced,
    "still.webp": _with_pillow("WEBP", lossless=True),
    "animated.webp": _with_pillow("WEBP", frames=3),
    "still.gif": _with_pillow("GIF", "P"),
    "animated.gif": _with_pillow("GIF", "P", frames=3),
    "plain.bmp": _with_pillow("BMP"),
    "plain.tif": _tiff,
    "zipped.tif": lambda pixels: _tiff(pixels, compression="zlib", predictor=True),
    "deep.tif": lambda pixels: _tiff(pixels.astype(np.uint16) * 257),
    "float.tif": _with_pillow("TIFF", "F"),
    "tiled.tif": lambda pixels: _tiff(pixels, tile=(16, 16)),
    "pages.tif": _with_pillow("TIFF", frames=3),
    "color.ppm": _with_pillow("PPM"),
    "gray.pgm": _with_pillow("PPM", "L"),
    "plain.tga": _with_pillow("TGA"),
    "packed.tga": _with_pillow("TGA", compression="tga_rle"),
    "plain.qoi": lambda pixels: bytes(imagecodecs.qoi_encode(pixels)),
    "plain.avif": _with_pillow("AVIF", speed=10),
    "plain.jp2": _with_pillow("JPEG2000"),
} | ({"plain.heic": _with_pillow("HEIF")} if can_read_heic() else {})  # fmt: skip


def _array(values: npt.NDArray[np.generic]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


def _idx(count: int) -> bytes:
    return struct.pack(">IIII", 0x803, count, 16, 16) + np.random.default_rng(1).bytes(count * 256)


def _zip(members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def whole_sources() -> dict[str, bytes]:
    """Return whole arrays and archives, each of 24 pictures, by name."""
    pixels = np.random.default_rng(2).integers(0, 256, (24, 16, 16, 3), np.uint8)
    pictures = {f"{number}.png": FORMATS["plain.png"](each) for number, each in enumerate(pixels)}
    return {
        "bytes.npy": _array(pixels),
        "floats.npy": _array(pixels[..., 0].astype(np.float32) / 255),
        "deep.npy": _array(pixels.astype(np.uint16) * 257),
        "train-images-idx3-ubyte": _idx(24),
        "train-images-idx3-ubyte.gz": gzip.compress(_idx(24)),
        "packed.zip": _zip(pictures),
        "stored.zip": _zip(pictures, zipfile.ZIP_STORED),
    }


def encoded(format_name: str, rng: random.Random) -> bytes:
    """Return a new picture of noise in one of `FORMATS`."""
    noise = np.random.default_rng(rng.randrange(1 << 40))
    return FORMATS[format_name](noise.integers(0, 256, (rng.randint(17, 40), rng.randint(17, 40), 3), np.uint8))


class Pictures:
    """Rounds of damaged pictures in a work folder; each round follows from the seed and its number alone."""

    def __init__(self, folder: Path, tally: Tally) -> None:
        self.folder, self.tally = folder, tally
        self.pictures, self.out, self.source = folder / "pictures", folder / "out", folder / "source"
        self.sources = whole_sources()
        self.number, self.rng = 0, random.Random()

    def run(self, count: int, seed: int, first: int) -> None:
        """Put `count` damaged files through the commands, from round `first` on."""
        rounds = -(-count // (PER_ROUND + SOURCES_PER_ROUND))
        for self.number in range(first, first + rounds):
            self.rng = random.Random(f"{seed} {self.number}")
            whole, sick = self.fill()
            self.try_folder(whole, sick)
            for _ in range(SOURCES_PER_ROUND):
                self.try_source()

    def fill(self) -> tuple[list[str], list[str]]:
        """Fill the folder; return the names of the whole pictures and of the damaged ones, which say what was done."""
        shutil.rmtree(self.pictures, ignore_errors=True)
        self.pictures.mkdir()
        for format_name in self.rng.sample(sorted(FORMATS), PER_ROUND):
            (self.pictures / f"whole-{format_name}").write_bytes(encoded(format_name, self.rng))
        whole = sorted(path.name for path in self.pictures.iterdir())
        for format_name in self.rng.sample(sorted(FORMATS), PER_ROUND):
            other = (self.pictures / self.rng.choice(whole)).read_bytes()
            how, content = damage(encoded(format_name, self.rng), self.rng, other)
            (self.pictures / f"{how}-{format_name}").write_bytes(content)
        return whole, sorted(path.name for path in self.pictures.iterdir() if path.name not in whole)

    def try_folder(self, whole: list[str], sick: list[str]) -> None:
        """Put the folder through `inspect`, `train` and `style`."""
        self.try_command("inspect", self.pictures, *TRAIN)
        run = self.out / "run"
        self.try_command("train", self.pictures, "--out", run, *TRAIN, wanted=run / "model/generator.safetensors")
        skipped = run / "skipped.txt"
        names = {line.split("\t")[0] for line in skipped.read_text().splitlines()} if skipped.exists() else set()
        if lost := names & set(whole):
            self.tally.fault(f"train (round {self.number})", f"whole pictures were left out: {lost}")
        good = self.rng.choice(whole)
        for name in self.rng.sample(sick, 2):
            pair = (name, good) if self.rng.random() < 0.5 else (good, name)
            self.try_command("style", *(self.pictures / each for each in pair), "--out", self.out / "one.png", *PAINT)
        if self.number % 10 == 0:
            shutil.rmtree(self.source, ignore_errors=True)
            self.source.mkdir()
            for name in [*whole[:3], *sick[:3]]:
                shutil.copy(self.pictures / name, self.source)
            self.try_command("style", self.source, self.pictures / good, "--out", self.out / "many", *PAINT)

    def try_source(self) -> None:
        """Put a damaged array or archive through `inspect` and `train`."""
        shutil.rmtree(self.source, ignore_errors=True)
        self.source.mkdir()
        if self.rng.random() < 0.2:
            name, how = "members.zip", "damaged members"
            content = _zip({path.name: path.read_bytes() for path in self.pictures.iterdir()}, zipfile.ZIP_STORED)
        else:
            name = self.rng.choice(sorted(self.sources))
            how, content = damage(self.sources[name], self.rng, self.sources[self.rng.choice(sorted(self.sources))])
        (self.source / name).write_bytes(content)
        self.try_command("inspect", self.source / name, *TRAIN, note=how)
        self.try_command("train", self.source / name, "--out", self.out / "of-source", *TRAIN, note=how)

    def try_command(self, *words: str | Path, note: str = "", wanted: Path | None = None) -> None:
        """Run a command and judge it: it may change nothing beside `out`, and has to write what is `wanted`."""
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()
        before = contents(self.folder, without=("out", "cache"))
        outcome = run_command([str(word) for word in words])
        self.tally.add(
            f"{shown(words, self.folder)} (round {self.number}{note and f', {note}'})",
            outcome,
            changes(before, contents(self.folder, without=("out", "cache"))),
            f"{outcome.output}\n{wanted.name} was not written" if wanted and not wanted.exists() else "",
            keep=(self.pictures, self.source),
        )
