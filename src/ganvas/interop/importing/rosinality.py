"""StyleGAN2 as rosinality/stylegan2-pytorch saves it: a dictionary of state dicts, of which `g_ema` draws."""

import math
import re
from typing import Any

import numpy as np

from ...config import NetworkConfig
from ...inert_pickle import Opaque
from ...models.equalized import SQRT2
from ...models.style_mapping import MAPPING_LR_MULTIPLIER
from ...models.stylegan2 import NOISE_LR_MULTIPLIER
from ...translation import _
from .imported import Array, Arrays, ImportedNetwork, need

FILTER = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64
MAX_SIZE = 1 << 14


def is_rosinality(content: Any) -> bool:
    """Return whether a file holds such a network."""
    return isinstance(content, dict) and isinstance(content.get("g_ema"), dict) and "input.input" in content["g_ema"]


def read_rosinality(content: dict[str, Any]) -> ImportedNetwork:
    """Return the network.

    Raises:
        ForeignNetworkError: it has parts that StyleGAN2 has not.
    """
    given: Arrays = {name: each for name, each in content["g_ema"].items() if isinstance(each, np.ndarray)}
    levels = 1 + sum(re.fullmatch(r"to_rgbs\.\d+\.bias", name) is not None for name in given)
    mapping_layers = sum(re.fullmatch(r"style\.\d+\.weight", name) is not None for name in given)
    size = 4 << levels - 1
    need(size <= MAX_SIZE and mapping_layers > 0, _("The network has no layers."))
    for name, kernel in given.items():
        if name.endswith(".kernel"):
            blurs = kernel.shape == FILTER.shape and bool(np.allclose(kernel, 4 * FILTER))
            need(blurs, _("It resamples by another filter than [1, 3, 3, 1]."))
    weights: dict[str, Array] = {"pl_mean": np.zeros((), np.float32), "const": _part(given, "input.input")[0]}
    for index in range(mapping_layers):
        for kind, factor in (("weight", 1), ("bias", SQRT2)):
            weights[f"style_mapping.layers.{2 * index}.{kind}"] = _part(given, f"style.{index + 1}.{kind}") * factor
    layers = ["conv1", *(f"convs.{index}" for index in range(2 * (levels - 1)))]
    for index, name in enumerate(layers):
        weights |= _layer(given, name, index)
    colors = ["to_rgb1", *(f"to_rgbs.{index}" for index in range(levels - 1))]
    for level, name in enumerate(colors):
        weights |= _modulated(given, name, f"to_rgb.{level}")
    weights["rgb_biases"] = np.concatenate([_part(given, f"{name}.bias") for name in colors])
    average = content.get("latent_avg")
    if isinstance(average, np.ndarray):
        weights["w_avg"] = average.reshape(-1)
    widths = tuple(int(_part(given, f"{name}.conv.weight").shape[2]) for name in colors)
    w_dim = int(_part(given, "style.1.weight").shape[1])
    settings = {"w_dim": w_dim, "mapping_layers": mapping_layers, "mapping_lr_multiplier": _rate(content)}
    return ImportedNetwork(
        origin=_("StyleGAN2, by rosinality's code"),
        recipe="stylegan2",
        generator=NetworkConfig("stylegan2-original", widths, settings),
        z_dim=w_dim,
        shape=(int(weights["rgb_biases"].shape[1]), size, size),
        weights=weights,
    )


def _part(given: Arrays, name: str) -> Array:
    need(name in given and given[name].ndim > 0, _("The network has no part {name}.").format(name=name))
    return given[name]


def _layer(given: Arrays, name: str, index: int) -> dict[str, Array]:
    """Return the weights of one layer; early releases keep no noise, so that it is drawn once and kept from now on."""
    weights = _modulated(given, name, f"layers.{index}.conv")
    weights[f"layers.{index}.bias"] = _part(given, f"{name}.activate.bias").reshape(-1, 1, 1)
    strength = _part(given, f"{name}.noise.weight") / NOISE_LR_MULTIPLIER
    weights[f"layers.{index}.noise_strength"] = strength.reshape(())
    side = 4 << (index + 1) // 2
    stored = given.get(f"noises.noise_{index}")
    drawn = np.random.default_rng(index).standard_normal((side, side)) if stored is None else stored
    weights[f"layers.{index}.noise_const"] = drawn.reshape(drawn.shape[-2:])
    return weights


def _modulated(given: Arrays, name: str, ours: str) -> dict[str, Array]:
    return {
        f"{ours}.weight": _part(given, f"{name}.conv.weight")[0],
        f"{ours}.affine.weight": _part(given, f"{name}.conv.modulation.weight"),
        f"{ours}.affine.bias": _part(given, f"{name}.conv.modulation.bias"),
    }


def _rate(content: dict[str, Any]) -> float:
    """Return the mapping's rate multiplier, where the arguments of the training tell it."""
    arguments = content.get("args")
    state = arguments.state if isinstance(arguments, Opaque) else None
    rate = state.get("lr_mlp") if isinstance(state, dict) else None
    return float(rate) if isinstance(rate, int | float) and math.isfinite(rate) and rate > 0 else MAPPING_LR_MULTIPLIER
