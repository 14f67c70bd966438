"""Refuse what cannot be painted before any time is spent on it, with the thing to type instead."""

import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..config import StyleConfig
from ..errors import GanvasError, did_you_mean
from .optimise import OPTIMISERS

STARTS = ("content", "noise")
NETWORKS = ("vgg16", "vgg19")
SIZES = (16, 4096)  # below, no network sees anything; above, even a GPU's memory ends
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")


def check_config(config: StyleConfig, styles: int) -> None:
    """Refuse settings that make no sense; `styles` is how many pictures the style is taken from.

    Raises:
        GanvasError: naming the setting and what it may be.
    """
    _one_of("start", config.start, STARTS)
    _one_of("optimiser", config.optimiser, OPTIMISERS)
    _one_of("network", config.network, NETWORKS)
    if not SIZES[0] <= config.size <= SIZES[1]:
        raise GanvasError(f"A painting cannot be {config.size} pixels long.", f"--size takes {SIZES[0]} to {SIZES[1]}.")
    if config.iterations < 1:
        raise GanvasError(f"{config.iterations} iterations paint nothing.", "Try: --iterations 60")
    for name in ("content_weight", "style_weight", "variation_weight", "learning_rate"):
        value = getattr(config, name)
        if not (math.isfinite(value) and value >= 0):
            raise GanvasError(f"{name} cannot be {value}.", f"--{name.replace('_', '-')} takes 0 or more.")
    for name in ("content_layers", "style_layers"):
        if not getattr(config, name):
            raise GanvasError(f"{name} is empty.", f"Name a layer, or leave --{name.replace('_', '-')} out.")
    check_blend(config.blend, styles)


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


def check_out(out: Path, pictures: Iterable[Path]) -> None:
    """Refuse a place that the painting cannot be written to, or where it would destroy one of its own sources.

    Raises:
        GanvasError: naming the path and a better one.
    """
    if out.suffix.lower() not in SUFFIXES:
        near = did_you_mean(out.suffix.lower(), list(SUFFIXES))
        raise GanvasError(
            f"No picture format is called '{out.suffix}' ({out}).{near}", f"One of {', '.join(SUFFIXES)}."
        )
    if out.is_dir():
        raise GanvasError(f"{out} is a folder.", f"Try: --out {out / 'painting.png'}")
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
