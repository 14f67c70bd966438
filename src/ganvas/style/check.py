"""Checks of settings and paths before any work is done; every error says what to type instead."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import cast, get_args

from ..config import StyleConfig
from ..config.style import STARTS, ColorMode, NetworkName
from ..data.ownership import check_free
from ..errors import GanvasError, did_you_mean
from ..image_io import SIXTEEN_BIT_SUFFIXES, check_suffix, check_writable
from ..models.frozen_ops import POOLINGS
from ..signature import load_signature
from ..translation import _
from .color import COLOR_MODES
from .optimize import OPTIMIZERS
from .style_targets import STATISTICS

RANGES = {  # smallest and largest value of settings
    "strength": (0.0, 1.0),
    "style_scale": (0.05, 8.0),
    "mask_threshold": (0.0, 1.0),
    "mask_softness": (0.0, 1.0),
    "smoothness": (0.0, 1000.0),
    "memory": (0.0, 100_000.0),
}
SIZE_RANGE = (16, 16384)  # pixels; a network sees nothing in smaller pictures, and hardly any memory holds larger ones
WEBP_MAX_SIDE = 16_383  # pixels, a limit of the format
DEPTHS = (0, 8, 16)  # bits per channel; 0 is as the content


def check_config(config: StyleConfig, style_count: int) -> None:
    """Check that settings make sense.

    Args:
        style_count: number of style pictures.

    Raises:
        GanvasError: a setting is wrong; it is named together with what it may be. Or the signature cannot be used.
    """
    if config.start not in STARTS and not Path(config.start).is_file():
        if Path(config.start).suffix:
            raise GanvasError(
                _("There is no picture {start} to start from.").format(start=config.start), _("Check the path.")
            )
        _check_choice("start", config.start, (*STARTS, _("the path of a picture")))
    _check_choice("optimizer", config.optimizer, OPTIMIZERS)
    _check_choice("network", config.network, get_args(NetworkName))
    if config.vgg19_weights and config.network != "vgg19":
        raise GanvasError(_("Weights of VGG-19 were given, but the network is vgg16."), _("Add: --network vgg19"))
    _check_choice("pooling", config.pooling, POOLINGS)
    _check_choice("statistics", config.statistics, STATISTICS)
    check_colors(config.colors)
    if not SIZE_RANGE[0] <= config.size <= SIZE_RANGE[1]:
        low, high = SIZE_RANGE
        raise GanvasError(
            _("A painting cannot be {size} pixels long.").format(size=config.size),
            _("--size takes {low} to {high}.").format(low=low, high=high),
        )
    if config.depth not in DEPTHS:
        raise GanvasError(
            _("A color channel cannot have {depth} bits.").format(depth=config.depth), _("--depth takes 8 or 16.")
        )
    if not 0 <= config.seed < 2**63:
        raise GanvasError(
            _("The seed cannot be {seed}.").format(seed=config.seed), _("--seed takes 0 to 9223372036854775807.")
        )
    if config.iterations < 1:
        raise GanvasError(
            _("With {iterations} iterations nothing is painted.").format(iterations=config.iterations),
            _("Try: --iterations 25"),
        )
    for name, (lowest, highest) in RANGES.items():
        value, flag = getattr(config, name), name.replace("_", "-")
        if not lowest <= value <= highest:
            raise GanvasError(
                _("{flag} cannot be {value}.").format(flag=flag, value=value),
                _("--{flag} takes {lowest:g} to {highest:g}.").format(flag=flag, lowest=lowest, highest=highest),
            )
    for name in ("content_layers", "style_layers"):
        layer_weights(getattr(config, name), name)
    check_blend(config.blend, style_count)
    load_signature(config.signature)


def layer_weights(layers: Sequence[str], name: str = "layers") -> dict[str, float]:
    """Return the weight of each layer, adding up to 1, from words such as "relu1_1" and "relu2_1=2".

    Raises:
        GanvasError: there are no layers, or a weight is not a number of 0 or more.
    """
    flag = f"--{name.replace('_', '-')}"
    if not layers:
        raise GanvasError(
            _("{name} is empty.").format(name=name), _("Name a layer, or leave {flag} out.").format(flag=flag)
        )
    weights = {}
    for word in layers:
        layer, weight = word.partition("=")[::2]
        try:
            weights[layer] = float(weight or 1)
        except ValueError:
            weights[layer] = math.nan
        if not (math.isfinite(weights[layer]) and weights[layer] >= 0):
            raise GanvasError(
                _("'{word}' is not a layer with its weight.").format(word=word),
                _("Try: {flag} {layer}=2").format(flag=flag, layer=layer),
            )
    if not sum(weights.values()):
        raise GanvasError(
            _("All {name} have weight 0.").format(name=name), _("Try: {flag} {layer}=2").format(flag=flag, layer=layer)
        )
    return {layer: weight / sum(weights.values()) for layer, weight in weights.items() if weight}


def check_colors(colors: str) -> ColorMode:
    """Return the colour mode of this name.

    Raises:
        GanvasError: there is none; the known ones are named.
    """
    _check_choice("colors", colors, COLOR_MODES)
    return cast(ColorMode, colors)


def check_masks(masks: Sequence[Path], style_count: int, blend: Sequence[float] = ()) -> None:
    """Check that masks fit the styles.

    Raises:
        GanvasError: there are too few or too many masks, or there is a blend as well.
    """
    if masks and blend:
        raise GanvasError(_("Styles are either blended or masked."), _("Leave out --blend or --mask."))
    if masks and style_count == 1:
        raise GanvasError(
            _("A mask needs a second style."), _("Name another STYLE; the last one fills what no mask covers.")
        )
    if masks and not style_count - 1 <= len(masks) <= style_count:
        raise GanvasError(
            _("There are {style_count} styles but {count} masks.").format(style_count=style_count, count=len(masks)),
            _("Give --mask one picture per style, or one fewer; the last style then fills the rest."),
        )


def check_blend(blend: Sequence[float], style_count: int) -> None:
    """Check that a blend fits the number of styles.

    Raises:
        GanvasError: there is no style, or the shares are too few, too many, negative, or all zero.
    """
    if not style_count:
        raise GanvasError(_("No style picture was named."), _("Try: ganvas style CONTENT STYLE --out painting.png"))
    if blend and len(blend) != style_count:
        message = _("There are {style_count} styles but {shares} shares.").format(
            style_count=style_count, shares=len(blend)
        )
        raise GanvasError(message, _("Give --blend one number per style."))
    if blend and not (all(math.isfinite(share) and share >= 0 for share in blend) and sum(blend) > 0):
        raise GanvasError(
            _("Styles cannot be blended as {blend}.").format(blend=blend),
            _("--blend takes numbers of 0 or more, such as 2 1."),
        )


def check_out(out: Path, sources: Iterable[Path], depth: int = 0, size: int = 0) -> None:
    """Check that a painting can be written to `out` without overwriting one of its sources, or what is not ours.

    Args:
        depth: bits per channel that are asked for; 0 for any.
        size: pixels of the longer side; 0 for any.

    Raises:
        GanvasError: it cannot; the message names the path, and the hint a better one.
    """
    if out.is_dir():
        raise GanvasError(
            _("{out} is a folder.").format(out=out), _("Try: --out {file}").format(file=out / "painting.png")
        )
    check_suffix(out)
    if depth == 16 and out.suffix.lower() not in SIXTEEN_BIT_SUFFIXES:
        raise GanvasError(
            _("{out} cannot hold 16 bits per channel.").format(out=out),
            _("Try: --out {file}").format(file=out.with_suffix(".png")),
        )
    if size > WEBP_MAX_SIDE and out.suffix.lower() == ".webp":
        message = _("WebP allows at most {max_side} pixels per side ({out}).").format(max_side=WEBP_MAX_SIDE, out=out)
        raise GanvasError(message, _("Try: --out {file}").format(file=out.with_suffix(".png")))
    if any(out.exists() and source.exists() and out.samefile(source) for source in sources):
        raise GanvasError(
            _("{out} is one of the pictures to paint from.").format(out=out), _("Give --out another name.")
        )
    check_free(out)
    check_writable(out.parent, _("Choose another folder for --out."))


def _check_choice(name: str, value: str, known: Iterable[str]) -> None:
    names = list(known)
    if value not in names:
        hint = _("--{name} takes one of {names}.").format(name=name, names=", ".join(names))
        raise GanvasError(
            _("Unknown {name} '{value}'.{suggestion}").format(
                name=name, value=value, suggestion=did_you_mean(value, names)
            ),
            hint,
        )
