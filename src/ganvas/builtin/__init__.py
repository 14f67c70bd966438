"""What comes in the package, so that everything can be tried without a download: see LICENSES.md beside this file."""

from importlib.resources import files
from pathlib import Path


def people() -> Path:
    """Return the zip of 997 emoji people: 64-px RGBA PNGs in four folders that are their classes."""
    return _packaged("people.zip")


def paintings() -> tuple[Path, ...]:
    """Return the paintings to take a style from: The Starry Night, then Café Terrace at Night."""
    return _packaged("starry_night.webp"), _packaged("cafe_terrace.webp")


def photo() -> Path:
    """Return the photograph to repaint: an astronaut's portrait, 512 x 512 RGB."""
    return _packaged("astronaut.webp")


def vgg16() -> Path:
    """Return the weights of VGG-16, conv1_1 to conv4_2: half precision, for RGB in 0..255 minus ImageNet's mean."""
    return _packaged("vgg16.safetensors")


def _packaged(name: str) -> Path:
    return Path(str(files(__name__) / name))
