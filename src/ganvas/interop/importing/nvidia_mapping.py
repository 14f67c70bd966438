"""The mapping network of NVIDIA's StyleGAN2 and 3 under our names."""

from ...models.equalized import SQRT2
from ...translation import _
from .imported import Array, need
from .module_tree import ModuleTree

MAX_LAYERS = 64


def mapping_weights(mapping: ModuleTree) -> dict[str, Array]:
    """Return the weights of the mapping network.

    There, what a layer gives is multiplied by sqrt(2) after its activation. Here the scale of the weights has that
    factor, so the biases need it too.
    """
    weights: dict[str, Array] = {}
    for index in range(count_layers(mapping)):
        layer = mapping[f"fc{index}"]
        need(layer.attribute("activation", str) == "lrelu", _("The mapping has an activation that is not known."))
        weights[f"style_mapping.layers.{2 * index}.weight"] = layer.tensor("weight")
        weights[f"style_mapping.layers.{2 * index}.bias"] = layer.tensor("bias") * SQRT2
    if "embed" in mapping:
        embed = mapping["embed"]
        weights |= {f"style_mapping.embed.{name}": embed.tensor(name) for name in ("weight", "bias")}
    if "w_avg" in mapping:
        weights["w_avg"] = mapping.tensor("w_avg")
    return weights


def mapping_settings(mapping: ModuleTree) -> dict[str, float]:
    """Return the settings of our network that the mapping decides."""
    first = mapping["fc0"]
    return {
        "w_dim": mapping.attribute("w_dim", int),
        "mapping_layers": count_layers(mapping),
        "mapping_lr_multiplier": first.attribute("bias_gain", float),
    }


def count_layers(mapping: ModuleTree) -> int:
    """Return how many layers the mapping has."""
    count = sum(f"fc{index}" in mapping for index in range(MAX_LAYERS))
    need(count > 0, _("The network has no part {name}.").format(name="mapping.fc0"))
    return count


def sizes(generator: ModuleTree) -> tuple[int, int, int, tuple[int, int, int]]:
    """Return (z_dim, w_dim, classes, shape of the images)."""
    resolution, channels = (generator.attribute(f"img_{name}", int) for name in ("resolution", "channels"))
    z_dim, w_dim, classes = (generator.attribute(f"{name}_dim", int) for name in ("z", "w", "c"))
    return z_dim, w_dim, classes, (channels, resolution, resolution)
