"""Refuse what cannot be painted before any time is spent on it, with the thing to type instead."""

import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..config import StyleConfig
from ..config.style import STARTS
from ..errors import GanvasError, did_you_mean
from ..image_io import DEEP
from ..models.vgg import POOLINGS
from .colour import COLOURS
from .optimise import OPTIMISERS
from .style_targets import STATISTICS

NETWORKS = ("vgg16", "vgg19")
RANGES = {  # of what settings may be
    "strength": (0.0, 1.0),
    "style_scale": (0.05, 8.0),
    "mask_threshold": (0.0, 1.0),
    "mask_softness": (0.0, 1.0),
    "smoothness": (0.0, 1000.0),
    "memory": (0.0, 100_000.0),
}
SIZES = (16, 16384)  # below, no network sees anything; above, hardly any memory holds a painting
WEBP = 16_383  # pixels of a side that the format holds
DEPTHS = (0, 8, 16)  # 0: as the content
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")


def check_config(config: StyleConfig, styles: int) -> None:
    """Refuse settings that make no sense; `styles` is how many pictures the style is taken from.

    Raises:
        GanvasError: naming the setting and what it may be.
    """
    if config.start not in STARTS and not Path(config.start).is_file():
        if Path(config.start).suffix:
            raise GanvasError(f"There is no picture {config.start} to start from.", "Check the path.")
        _one_of("start", config.start, (*STARTS, "a picture's path"))
    _one_of("optimiser", config.optimiser, OPTIMISERS)
    _one_of("network", config.network, NETWORKS)
    if config.vgg19_weights and config.network != "vgg19":
        raise GanvasError("Weights of VGG-19 were named, but VGG-16 is to paint.", "Add: --network vgg19")
    _one_of("pooling", config.pooling, POOLINGS)
    _one_of("statistics", config.statistics, STATISTICS)
    check_colours(config.colours)
    if not SIZES[0] <= config.size <= SIZES[1]:
        raise GanvasError(f"A painting cannot be {config.size} pixels long.", f"--size takes {SIZES[0]} to {SIZES[1]}.")
    if config.depth not in DEPTHS:
        raise GanvasError(f"A colour cannot have {config.depth} bits.", "--depth takes 8 or 16.")
    if not 0 <= config.seed < 2**63:
        raise GanvasError(f"The seed cannot be {config.seed}.", "--seed takes 0 to 9223372036854775807.")
    if config.iterations < 1:
        raise GanvasError(f"{config.iterations} iterations paint nothing.", "Try: --iterations 25")
    for name, (low, high) in RANGES.items():
        value = getattr(config, name)
        if not low <= value <= high:
            raise GanvasError(
                f"{name.replace('_', '-')} cannot be {value}.", f"--{name.replace('_', '-')} takes {low:g} to {high:g}."
            )
    for name in ("content_layers", "style_layers"):
        layer_shares(getattr(config, name), name)
    check_blend(config.blend, styles)


def layer_shares(layers: Sequence[str], name: str = "layers") -> dict[str, float]:
    """Return how much each layer counts, adding up to 1, from words such as "relu1_1" and "relu2_1=2".

    Raises:
        GanvasError: there is none, or a weight is no number of 0 or more.
    """
    flag = f"--{name.replace('_', '-')}"
    if not layers:
        raise GanvasError(f"{name} is empty.", f"Name a layer, or leave {flag} out.")
    found = {}
    for word in layers:
        layer, _, weight = word.partition("=")
        try:
            found[layer] = float(weight or 1)
        except ValueError:
            found[layer] = math.nan
        if not (math.isfinite(found[layer]) and found[layer] >= 0):
            raise GanvasError(f"'{word}' is no layer with its weight.", f"Try: {flag} {layer}=2")
    if not sum(found.values()):
        raise GanvasError(f"All {name} count 0.", f"Try: {flag} {layer}=2")
    return {layer: weight / sum(found.values()) for layer, weight in found.items() if weight}


def check_colours(colours: str) -> None:
    """Refuse colours that nobody knows.

    Raises:
        GanvasError: naming those that are known.
    """
    _one_of("colours", colours, COLOURS)


def check_masks(masks: Sequence[Path], styles: int, blend: Sequence[float] = ()) -> None:
    """Refuse masks that do not fit the styles.

    Raises:
        GanvasError: there are too few or too many, or a blend as well.
    """
    if masks and blend:
        raise GanvasError("Styles are either blended or masked.", "Leave out --blend, or --mask.")
    if masks and styles == 1:
        raise GanvasError("A mask needs a second style.", "Name another STYLE: the last one has what no mask claims.")
    if masks and not styles - 1 <= len(masks) <= styles:
        raise GanvasError(
            f"There are {styles} styles but {len(masks)} masks.",
            "Give --mask one picture for each style, or one fewer: the last style then has the rest.",
        )


def check_blend(blend: Sequence[float], styles: int) -> None:
    """Refuse a blend that does not fit the number of styles.

    Raises:
        GanvasError: there is no style, or the shares are too few, too many, negative, or all zero.
    """
    if not styles:
        raise GanvasError("No style picture was named.", "Try: ganvas style CONTENT STYLE --out painting.png")
    if blend and len(blend) != styles:
        raise GanvasError(f"There are {styles} styles but {len(blend)} shares.", "Give --blend one number per style.")
    if blend and not (all(math.isfinite(share) and share >= 0 for share in blend) and sum(blend) > 0):
        raise GanvasError(f"Styles cannot be blended {blend}.", "--blend takes numbers of 0 or more, such as 2 1.")


def check_out(out: Path, pictures: Iterable[Path], depth: int = 0, size: int = 0) -> None:
    """Refuse a place that the painting cannot be written to, or where it would destroy one of its own sources.

    Args:
        depth: bits of a colour that are asked for; 0 for any.
        size: pixels of the longer side; 0 for any.

    Raises:
        GanvasError: naming the path and a better one.
    """
    if out.is_dir():
        raise GanvasError(f"{out} is a folder.", f"Try: --out {out / 'painting.png'}")
    if out.suffix.lower() not in SUFFIXES:
        near = did_you_mean(out.suffix.lower(), list(SUFFIXES))
        raise GanvasError(
            f"No picture format is called '{out.suffix}' ({out}).{near}", f"One of {', '.join(SUFFIXES)}."
        )
    if depth == 16 and out.suffix.lower() not in DEEP:
        raise GanvasError(f"{out} cannot hold 16 bits a colour.", f"Try: --out {out.with_suffix('.png')}")
    if size > WEBP and out.suffix.lower() == ".webp":
        raise GanvasError(f"A WebP has at most {WEBP} pixels a side ({out}).", f"Try: --out {out.with_suffix('.png')}")
    if any(out.exists() and picture.exists() and out.samefile(picture) for picture in pictures):
        raise GanvasError(f"{out} is one of the pictures to paint from.", "Give --out another name.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GanvasError(
            f"The folder {out.parent} cannot be made ({error.strerror}).", "Give --out elsewhere."
        ) from error
    if not os.access(out.parent, os.W_OK):
        raise GanvasError(f"Nothing can be written in {out.parent}.", "Give --out a folder of your own.")


def _one_of(name: str, value: str, known: Iterable[str]) -> None:
    names = list(known)
    if value not in names:
        raise GanvasError(f"Unknown {name} '{value}'.{did_you_mean(value, names)}", f"--{name} takes {names}.")
