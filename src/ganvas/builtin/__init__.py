"""Pictures and weights that come with the package, for use without a download; see LICENSES.md in this folder."""

from importlib.resources import files
from pathlib import Path


def people() -> Path:
    """Return the path of a zip of 997 emoji people: 64 px RGBA PNGs in four folders, one per class."""
    return _packaged("people.zip")


def demo_run() -> Path:
    """Return the path of a zip of a run that was trained on them: what the studio shows of one, without checkpoints."""
    return _packaged("demo_run.zip")


def paintings() -> tuple[Path, ...]:
    """Return the paths of two paintings to use as styles: The Starry Night and Café Terrace at Night."""
    return _packaged("starry_night.webp"), _packaged("cafe_terrace.webp")


def photo() -> Path:
    """Return the path of a photograph to repaint: the portrait of an astronaut, 512 x 512 RGB."""
    return _packaged("astronaut.webp")


def photos() -> tuple[Path, ...]:
    """Return the paths of four photographs that styles are trained on: a portrait, a cup, a raccoon and a rocket."""
    return photo(), _packaged("coffee.webp"), _packaged("raccoon.webp"), _packaged("rocket.webp")


def vgg16() -> Path:
    """Return the path of VGG-16's weights, conv1_1 to conv4_2, in half precision, for RGB in 0..255 minus the mean."""
    return _packaged("vgg16.safetensors")


def fast_style() -> Path:
    """Return the path of the weights of the network that repaints in one pass, in half precision."""
    return _packaged("fast_style.safetensors")


def efficientnet_lite0() -> Path:
    """Return the path of EfficientNet-lite0's weights without its classifier, named as timm names its layers."""
    return _packaged("efficientnet_lite0.safetensors")


def _packaged(name: str) -> Path:
    return Path(str(files(__name__) / name))
