"""The pictures of the catalogues: two sets for planted sicknesses, four more for those that nobody planted.

Four come from files, and two of those and two others from Debian's packages with free licences:

- clothes: `dataset-fashion-mnist` (MIT), grey;
- icons: `oxygen-icon-theme` (LGPL-3), about 1,400 different ones in colour, drawn for 32 px;
- glyphs: `fonts-wqy-microhei` (Apache-2.0), 5,000 Chinese characters in grey;
- photos: five views of each of 1,000 photographs.
"""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ganvas.config import DataConfig
from ganvas.data import prepare
from ganvas.events import run_to_end

Pictures = np.ndarray  # (N, C, H, W) uint8

CLOTHES = Path("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz")
ICONS = Path("/usr/share/icons/oxygen/base/32x32")
FONT = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
PACKAGES = {CLOTHES: "dataset-fashion-mnist", ICONS: "oxygen-icon-theme", FONT: "fonts-wqy-microhei"}
FILES = {"people": "emoji-people-64.zip", "mnist": "mnist/train-images-idx3-ubyte.gz", "clothes": str(CLOTHES)}
PHOTOS = "photos-256.zip"
CHANNELS = {"people": 3, "mnist": 1, "clothes": 1, "icons": 3, "glyphs": 1, "photos": 3}
MOST = 20_000  # of the sets with tens of thousands
CHARACTERS = range(0x4E00, 0x9FA6)  # the unified ideographs
GLYPHS, DRAWN = 5_000, 64  # how many, and in pixels a side before they are reduced
VIEW = 0.7  # of a photograph's short side


def whole(data: str, size: int, assets: Path) -> Pictures:
    """Return all pictures of a set (N, C, size, size), at most `MOST`, always the same and in the same order."""
    if data in FILES:
        config = DataConfig(str(assets / FILES[data]), size, size, CHANNELS[data])
        return some(run_to_end(prepare(config, workers=1)).images, MOST)
    pictures = np.stack(list(MAKERS[data](size, assets)))
    return pictures[:, None] if pictures.ndim == 3 else pictures.transpose(0, 3, 1, 2)


def some(pictures: Pictures, count: int) -> Pictures:
    """Return `count` pictures at random, always the same; all of them, shuffled, if there are fewer."""
    return pictures[np.random.default_rng(7).permutation(len(pictures))[:count]]


def _needed(path: Path) -> Path:
    """Return the path of what a package holds.

    Raises:
        SystemExit: it is not installed.
    """
    if not path.exists():
        raise SystemExit(f"{path} is missing.\nInstall it: apt-get install {PACKAGES[path]}")
    return path


def _icons(size: int, assets: Path) -> Iterator[Pictures]:
    """Yield the icons on white (size, size, 3), each once; many have several names."""
    seen = set()
    for file in sorted(_needed(ICONS).rglob("*.png")):
        with Image.open(file) as image:
            drawn = image.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", drawn.size, "white"), drawn).convert("RGB")
        if picture.size == (32, 32) and (pixels := picture.tobytes()) not in seen:
            seen.add(pixels)
            yield np.asarray(picture.resize((size, size), Image.Resampling.BOX))


def _glyphs(size: int, assets: Path) -> Iterator[Pictures]:
    """Yield Chinese characters, white on black (size, size)."""
    font = ImageFont.truetype(str(_needed(FONT)), DRAWN)
    for number in np.random.default_rng(3).permutation(len(CHARACTERS))[:GLYPHS]:
        picture = Image.new("L", (DRAWN, DRAWN))
        ImageDraw.Draw(picture).text((DRAWN / 2, DRAWN / 2), chr(CHARACTERS[number]), 255, font, "mm")
        yield np.asarray(picture.resize((size, size), Image.Resampling.BOX))


def _photos(size: int, assets: Path) -> Iterator[Pictures]:
    """Yield five views of each photograph (size, size, 3): the four corners and the middle."""
    with zipfile.ZipFile(assets / PHOTOS) as archive:
        for name in sorted(archive.namelist()):
            with Image.open(io.BytesIO(archive.read(name))) as image:
                photo = image.convert("RGB")
            side = round(VIEW * min(photo.size))
            for across, down in ((0, 0), (0, 1), (1, 0), (1, 1), (0.5, 0.5)):
                left, top = round(across * (photo.width - side)), round(down * (photo.height - side))
                box = (left, top, left + side, top + side)
                yield np.asarray(photo.resize((size, size), Image.Resampling.BOX, box))


MAKERS: dict[str, Callable[[int, Path], Iterator[Pictures]]] = {"icons": _icons, "glyphs": _glyphs, "photos": _photos}
