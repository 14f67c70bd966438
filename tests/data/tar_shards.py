"""Shards as strangers make them, whole and damaged."""

import io
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image


def png(value: int, size: int = 16) -> bytes:
    """Return a PNG that no other value has."""
    pixels = np.random.default_rng(value).integers(0, 255, (size, size, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def write_tar(path: Path, files: dict[str, bytes], **header: object) -> Path:
    """Write a tar with these files; `header` changes what it says of each."""
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in header.items():
                setattr(info, key, value)
            tar.addfile(info, io.BytesIO(content))
    return path


def write_set(folder: Path, shards: int, each: int, classes: tuple[str, ...] = ("",)) -> Path:
    """Write shards of so many pictures each, which are told apart by their pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    for shard in range(shards):
        numbers = range(shard * each, (shard + 1) * each)
        names = {f"{classes[number % len(classes)]}/{number:04d}.png".lstrip("/"): png(number) for number in numbers}
        write_tar(folder / f"s-{shard:02d}.tar", names)
    return folder
