"""StyleGAN2 as NVIDIA's PyTorch code pickles it: StyleGAN2-ADA's and StyleGAN3's repositories, and forks of them."""

import numpy as np

from ...config import NetworkConfig
from ...models.stylegan2 import NOISE_LR_MULTIPLIER
from ...translation import _
from .imported import Array, ImportedNetwork, need
from .module_tree import ModuleTree
from .nvidia_mapping import mapping_settings, mapping_weights, sizes

FILTER = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64
FIRST = 4  # side of the constant that the synthesis begins with


def is_stylegan2(generator: ModuleTree) -> bool:
    """Return whether this is a StyleGAN2 generator."""
    return "mapping" in generator and "synthesis" in generator and f"b{FIRST}" in generator["synthesis"]


def read_stylegan2(generator: ModuleTree) -> ImportedNetwork:
    """Return the network.

    Raises:
        ForeignNetworkError: it has parts that StyleGAN2 has not.
    """
    z_dim, _w_dim, classes, shape = sizes(generator)
    synthesis = generator["synthesis"]
    resolutions = [size for size in (FIRST << level for level in range(13)) if size <= shape[1]]
    need(resolutions[-1:] == [shape[1]], _("The side of its images is no power of two."))
    blocks = [synthesis[f"b{size}"] for size in resolutions]
    weights, clamps = mapping_weights(generator["mapping"]), set()
    layers = [(block, name) for block in blocks for name in ("conv0", "conv1") if name in block]
    for index, (block, name) in enumerate(layers):
        weights |= _layer(block[name], f"layers.{index}")
        clamps.add(_clamp(block[name]))
    for level, block in enumerate(blocks):
        _check_block(block)
        weights |= _modulated(block["torgb"], f"to_rgb.{level}")
        clamps.add(_clamp(block["torgb"]))
    need(len(clamps) == 1, _("Its layers are clamped differently."))
    weights["const"] = blocks[0].tensor("const")
    weights["rgb_biases"] = np.stack([block.tensor("torgb.bias") for block in blocks])[:, :, None, None]
    weights["pl_mean"] = np.zeros((), np.float32)
    widths = tuple(int(block.tensor("conv1.weight").shape[0]) for block in blocks)
    settings = mapping_settings(generator["mapping"]) | {"clamp": clamps.pop()}
    return ImportedNetwork(
        origin=_("StyleGAN2, by NVIDIA's PyTorch code"),
        recipe="stylegan2",
        generator=NetworkConfig("stylegan2-original", widths, settings),
        z_dim=z_dim,
        shape=shape,
        num_classes=classes,
        weights=weights,
    )


def _check_block(block: ModuleTree) -> None:
    architecture = block.attribute("architecture", str, "skip")
    need(architecture == "skip", _("Its architecture is {name}, not skip.").format(name=architecture[:20]))
    if "resample_filter" in block:
        given = block.tensor("resample_filter")
        need(
            given.shape == FILTER.shape and bool(np.allclose(given, FILTER)),
            _("It resamples by another filter than [1, 3, 3, 1]."),
        )


def _layer(layer: ModuleTree, name: str) -> dict[str, Array]:
    """Return the weights of one layer. Ours learns the strength of its noise at a tenth, so it is stored tenfold."""
    need(layer.attribute("activation", str) == "lrelu", _("A layer has an activation that is not known."))
    side = layer.attribute("resolution", int)
    weights = _modulated(layer, f"{name}.conv")
    weights[f"{name}.bias"] = layer.tensor("bias")[:, None, None]
    has_noise = "noise_strength" in layer
    need(0 < side <= 1 << 14, _("A layer has no size."))
    weights[f"{name}.noise_const"] = layer.tensor("noise_const") if has_noise else np.zeros((side, side), np.float32)
    strength = layer.tensor("noise_strength") if has_noise else np.zeros((), np.float32)
    weights[f"{name}.noise_strength"] = np.asarray(strength / NOISE_LR_MULTIPLIER, np.float32)
    return weights


def _modulated(layer: ModuleTree, name: str) -> dict[str, Array]:
    return {
        f"{name}.weight": layer.tensor("weight"),
        f"{name}.affine.weight": layer.tensor("affine.weight"),
        f"{name}.affine.bias": layer.tensor("affine.bias"),
    }


def _clamp(layer: ModuleTree) -> float:
    given = layer.attributes.get("conv_clamp")
    return 0.0 if given is None else float(layer.attribute("conv_clamp", float))
