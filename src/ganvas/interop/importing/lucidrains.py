"""lucidrains' lightweight-gan and stylegan2-pytorch, as they save themselves: {"GAN": state dict, "version": ...}."""

from typing import Any

import numpy as np

from ...config import NetworkConfig
from ...translation import _
from .imported import Array, ImportedNetwork, need
from .state_dicts import count, renamed, tensors_in

PREFIX = "GE."  # of the averaged generator
LIGHTWEIGHT = {
    r"initial_conv\.0\.(weight|bias)": r"first.\1",
    r"initial_conv\.1\.(\w+)": r"first_norm.\1",
    r"layers\.(\d+)\.0\.0\.net\.0\.(weight|bias)": r"layers.\1.expand.\2",
    r"layers\.(\d+)\.0\.2\.1\.(weight|bias)": r"layers.\1.conv.\2",
    r"layers\.(\d+)\.0\.3\.weight": r"layers.\1.noise_strength",
    r"layers\.(\d+)\.0\.4\.(\w+)": r"layers.\1.norm.\2",
    r"layers\.(\d+)\.1\.(to_k|net\.0|net\.2)\.(weight|bias)": r"layers.\1.excite.\2.\3",
    r"layers\.(\d+)\.2\.norm\.(g|b)": r"layers.\1.attention.norm.\2",
    r"layers\.(\d+)\.2\.fn\.to_lin_kv\.net\.(\d)\.weight": r"layers.\1.attention.to_lin_kv.\2.weight",
    r"layers\.(\d+)\.2\.fn\.(to_\w+)\.(weight|bias)": r"layers.\1.attention.\2.\3",
    r"out_conv\.(weight|bias)": r"to_rgb.\1",
}
PLAIN = {
    r"initial_block": "const",
    r"initial_conv\.(weight|bias)": r"first.\1",
    r"blocks\.(\d+)\.to_(style|noise)(1|2)\.(weight|bias)": r"blocks.\1.conv\3.to_\2.\4",
    r"blocks\.(\d+)\.conv(1|2)\.weight": r"blocks.\1.conv\2.weight",
    r"blocks\.(\d+)\.to_rgb\.to_style\.(weight|bias)": r"blocks.\1.to_rgb.to_style.\2",
    r"blocks\.(\d+)\.to_rgb\.conv\.weight": r"blocks.\1.to_rgb.weight",
    r"net\.(\d+)\.(weight|bias)": r"mapping_layers.\1.\2",  # of SE, the averaged mapping
}
BLUR = r".*\.f"  # the filter [1, 2, 1]
MAX_LAYERS = 12
LR_MULTIPLIER = 0.1  # of the mapping, unless their --lr-mlp said otherwise, which the file does not tell


def is_lucidrains(content: Any) -> bool:
    """Return whether a file is from one of both programs."""
    return isinstance(content, dict) and isinstance(content.get("GAN"), dict)


def read_lucidrains(content: dict[str, Any]) -> ImportedNetwork:
    """Return the network.

    Raises:
        ForeignNetworkError: it has parts that we have not.
    """
    given = tensors_in(content["GAN"])
    generator = {name.removeprefix(PREFIX): each for name, each in given.items() if name.startswith(PREFIX)}
    if "out_conv.weight" in generator:
        return _lightweight(generator)
    mapping = {name.removeprefix("SE."): each for name, each in given.items() if name.startswith("SE.net.")}
    return _plain(generator, mapping)


def _lightweight(given: dict[str, Array]) -> ImportedNetwork:
    weights = renamed(given, LIGHTWEIGHT, BLUR)
    layers = count(weights, r"layers\.\d+\.conv\.weight")
    need(0 < layers <= MAX_LAYERS, _("The network has no layers."))
    attention = 0
    for index in range(layers):
        side = 8 << index
        weights[f"layers.{index}.noise_const"] = _noise(index, side)
        attention += side // 2 * (f"layers.{index}.attention.norm.g" in weights)
    _need_parts(weights, "first.weight", "to_rgb.weight", *(f"layers.{index}.conv.weight" for index in range(layers)))
    widths = tuple(int(weights[f"layers.{index}.conv.weight"].shape[0]) // 2 for index in range(layers))
    side = 4 << layers
    return ImportedNetwork(
        origin=_("lightweight-gan, by lucidrains"),
        recipe="",
        generator=NetworkConfig("lightweight-gan", widths, {"attention": attention}),
        z_dim=int(weights["first.weight"].shape[0]),
        shape=(int(weights["to_rgb.weight"].shape[0]), side, side),
        weights=weights,
    )


def _plain(given: dict[str, Array], mapping: dict[str, Array]) -> ImportedNetwork:
    depth = count(mapping, r"net\.\d+\.weight")
    numbered = {f"net.{2 * index}.{kind}": index for index in range(depth) for kind in ("weight", "bias")}
    dense = {
        f"net.{numbered[name]}.{name.rpartition('.')[2]}": each for name, each in mapping.items() if name in numbered
    }
    weights = renamed(given | dense, PLAIN, BLUR)
    blocks = count(weights, r"blocks\.\d+\.conv1\.weight")
    need(0 < blocks <= MAX_LAYERS and depth > 0, _("The network has no layers."))
    side = 4 << blocks - 1
    names = [f"blocks.{index}.conv2.weight" for index in range(blocks)]
    _need_parts(weights, "const", "mapping_layers.0.weight", "blocks.0.to_rgb.weight", *names)
    weights |= {"noise_const": _uniform_noise(side)}
    return ImportedNetwork(
        origin=_("stylegan2-pytorch, by lucidrains"),
        recipe="",
        generator=NetworkConfig(
            "stylegan2-plain",
            tuple(int(weights[name].shape[0]) for name in names),
            {"mapping_layers": depth, "mapping_lr_multiplier": LR_MULTIPLIER},
        ),
        z_dim=int(weights["mapping_layers.0.weight"].shape[0]),
        shape=(int(weights["blocks.0.to_rgb.weight"].shape[0]), side, side),
        weights=weights,
    )


def _need_parts(weights: dict[str, Array], *names: str) -> None:
    for name in names:
        there = name in weights and weights[name].ndim > 0
        need(there, _("The network has no part {name}.").format(name=name))


def _noise(index: int, side: int) -> Array:
    """Return the noise of a layer, which is random there and drawn once here."""
    return np.random.default_rng(index).standard_normal((side, side), np.float32)


def _uniform_noise(side: int) -> Array:
    return np.random.default_rng(0).random((side, side), np.float32)
