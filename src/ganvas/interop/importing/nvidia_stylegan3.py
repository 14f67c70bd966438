"""StyleGAN3-T and R as NVIDIA's code pickles them."""

from ...config import NetworkConfig
from ...models.stylegan3_geometry import DEFAULTS, Geometry
from ...translation import _
from .imported import Array, ImportedNetwork, need
from .module_tree import ModuleTree
from .nvidia_mapping import mapping_settings, mapping_weights, sizes

MAX_LAYERS = 64


def is_stylegan3(generator: ModuleTree) -> bool:
    """Return whether this is a StyleGAN3 generator."""
    if "mapping" not in generator or "synthesis" not in generator:
        return False
    return "input" in generator["synthesis"] and "layer_names" in generator["synthesis"].attributes


def read_stylegan3(generator: ModuleTree) -> ImportedNetwork:
    """Return the network.

    Raises:
        ForeignNetworkError: its layers are not those of StyleGAN3 of such sizes.
    """
    z_dim, _w_dim, classes, shape = sizes(generator)
    synthesis = generator["synthesis"]
    names = synthesis.attributes["layer_names"]
    need(
        isinstance(names, list) and 2 < len(names) <= MAX_LAYERS and all(isinstance(name, str) for name in names),
        _("The network has no layers."),
    )
    layers = [synthesis[name] for name in names]
    settings = mapping_settings(generator["mapping"]) | _settings(synthesis, layers)
    numbers = {name: settings[name] for name in DEFAULTS}
    kernel, radial = int(settings["kernel"]), bool(settings["radial"])
    _check_geometry(layers, Geometry.of(shape[1], len(layers) - 1, kernel, radial, numbers))
    weights = mapping_weights(generator["mapping"])
    for name in ("weight", "affine.weight", "affine.bias", "freqs", "phases", "transform"):
        weights[f"input.{name}"] = synthesis.tensor(f"input.{name}")
    for index, layer in enumerate(layers):
        weights |= _layer(layer, f"layers.{index}")
    widths = tuple(int(layer.tensor("weight").shape[0]) for layer in layers[:-1])
    return ImportedNetwork(
        origin=_("StyleGAN3-{kind}, by NVIDIA's code").format(kind="R" if kernel == 1 else "T"),
        recipe="",
        generator=NetworkConfig("stylegan3", widths, settings),
        z_dim=z_dim,
        shape=shape,
        num_classes=classes,
        weights=weights,
    )


def _settings(synthesis: ModuleTree, layers: list[ModuleTree]) -> dict[str, float]:
    """Return the numbers of our network, from what the layers tell and from the arguments it was made with."""
    first = layers[0]
    arguments = synthesis.attributes.get("_init_kwargs")
    given = arguments if isinstance(arguments, dict) else {}
    settings = {name: float(given.get(name, DEFAULTS[name])) for name in ("first_stopband", "last_stopband_rel")}
    rate, up = first.attribute("tmp_sampling_rate", int), first.attribute("up_factor", int)
    coarse = max(first.attribute(f"{side}_sampling_rate", int) for side in ("in", "out"))
    need(coarse > 0 and up > 1, _("Its layers are not those of a StyleGAN3 of such a size."))
    clamp = first.attributes.get("conv_clamp")
    return settings | {
        "num_critical": synthesis.attribute("num_critical", int),
        "margin": synthesis.attribute("margin_size", int),
        "output_scale": synthesis.attribute("output_scale", float),
        "first_cutoff": first.attribute("in_cutoff", float),
        "lrelu_upsampling": rate // coarse,
        "filter_size": first.attribute("up_taps", int) // up,
        "kernel": first.attribute("conv_kernel", int),
        "radial": int(any("down_filter" in each and each.tensor("down_filter").ndim == 2 for each in layers)),
        "clamp": 0.0 if clamp is None else first.attribute("conv_clamp", float),
    }


def _check_geometry(layers: list[ModuleTree], geometry: Geometry) -> None:
    for layer, stage in zip(layers, geometry.stages, strict=True):
        given = tuple(layer.attribute(name, int) for name in ("up_factor", "down_factor", "up_taps", "down_taps"))
        padding = layer.attributes.get("padding")
        same = given == (stage.up, stage.down, stage.up_taps, stage.down_taps)
        need(
            same and isinstance(padding, list) and padding == [*stage.padding, *stage.padding],
            _("Its layers are not those of a StyleGAN3 of such a size."),
        )


def _layer(layer: ModuleTree, name: str) -> dict[str, Array]:
    tensors = ("weight", "bias", "affine.weight", "affine.bias", "magnitude_ema")
    filters = tuple(each for each in ("up_filter", "down_filter") if each in layer)
    return {f"{name}.{each}": layer.tensor(each) for each in (*tensors, *filters)}
