"""Pickles as NVIDIA's programs write them, made without their code: persistent objects with a state, tensors inside."""

import pickle
import sys
import types
from typing import Any

import numpy as np
import torch
from torch import Tensor

Tensors = dict[str, Tensor]
FILTER = torch.outer(torch.tensor([1.0, 3, 3, 1]), torch.tensor([1.0, 3, 3, 1])) / 64


class Persistent:
    """An object that pickles as theirs do: a call of their function with the class's name, its source and its state."""

    def __init__(self, class_name: str, state: dict[str, Any]) -> None:
        self.class_name, self.state = class_name, state

    def __reduce__(self) -> tuple[object, ...]:
        meta = {
            "type": "class",
            "version": 6,
            "module_src": "raise SystemExit('this was executed')",
            "class_name": self.class_name,
            "state": self.state,
        }
        return sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj, (meta,)


def module(tensors: Tensors, attributes: dict[str, dict[str, Any]], path: str = "") -> Persistent:
    """Return tensors with dots in their names as modules in modules.

    Args:
        tensors: by full name.
        attributes: of each module, by a name that its path ends in.
        path: of this module.
    """
    own = {name: torch.nn.Parameter(each, False) for name, each in tensors.items() if "." not in name}
    inner: dict[str, Tensors] = {}
    for name, each in tensors.items():
        first, dot, rest = name.partition(".")
        if dot:
            inner.setdefault(first, {})[rest] = each
    modules = {name: module(each, attributes, f"{path}.{name}".removeprefix(".")) for name, each in inner.items()}
    last = path.rpartition(".")[2]
    return Persistent(
        "Module",
        {"_parameters": own, "_buffers": {}, "_modules": modules, "training": False, **attributes.get(last, {})},
    )


def pickled(generator: Persistent) -> bytes:
    """Return what their training saves."""
    names = ("torch_utils", "torch_utils.persistence")
    made = {name: types.ModuleType(name) for name in names}

    def _reconstruct_persistent_obj(meta: object) -> None:
        raise AssertionError("a pickle was executed")

    _reconstruct_persistent_obj.__module__, _reconstruct_persistent_obj.__qualname__ = (
        names[1],
        "_reconstruct_persistent_obj",
    )
    made[names[1]]._reconstruct_persistent_obj = _reconstruct_persistent_obj  # type: ignore[attr-defined]
    before = {name: sys.modules.get(name) for name in names}
    sys.modules.update(made)
    try:
        record = {"G": None, "D": None, "G_ema": generator, "training_set_kwargs": {"path": "x"}, "augment_pipe": None}
        return pickle.dumps(record)
    finally:
        for name, old in before.items():
            del sys.modules[name]
            if old is not None:
                sys.modules[name] = old


def random(seed: int, *shape: int) -> Tensor:
    """Return random numbers, the same for a seed."""
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


def mapping(z_dim: int, w_dim: int, layers: int, classes: int) -> Tensors:
    """Return the weights of a mapping network."""
    tensors = {"mapping.w_avg": random(1, w_dim)}
    if classes:
        tensors |= {"mapping.embed.weight": random(2, w_dim, classes), "mapping.embed.bias": random(3, w_dim)}
    for index in range(layers):
        width = w_dim if index else z_dim + (w_dim if classes else 0)
        tensors[f"mapping.fc{index}.weight"] = 100 * random(4 + index, w_dim, width)
        tensors[f"mapping.fc{index}.bias"] = 10 * random(9 + index, w_dim)
    return tensors


def modulated(name: str, out_channels: int, in_channels: int, kernel: int, w_dim: int) -> Tensors:
    """Return the weights of a modulated convolution, its style's affine and its bias."""
    return {
        f"{name}.weight": random(20, out_channels, in_channels, kernel, kernel),
        f"{name}.bias": random(21, out_channels),
        f"{name}.affine.weight": random(22, in_channels, w_dim),
        f"{name}.affine.bias": 1 + 0.1 * random(23, in_channels),
    }


def stylegan2(
    classes: int = 0, clamp: float | None = None, widths: tuple[int, ...] = (12, 8, 6)
) -> tuple[bytes, Tensors]:
    """Return a pickle of a StyleGAN2 of 16 px, z of 5 and w of 7 numbers, and its tensors."""
    tensors = mapping(5, 7, 3, classes)
    tensors["synthesis.b4.const"] = random(30, widths[0], 4, 4)
    attributes: dict[str, dict[str, Any]] = {
        "": {"z_dim": 5, "w_dim": 7, "c_dim": classes, "img_resolution": 4 << len(widths) - 1, "img_channels": 3},
        "mapping": {"w_dim": 7},
    }
    fully = {"activation": "lrelu", "bias_gain": 0.01}
    attributes |= {f"fc{index}": fully for index in range(3)}
    for level, width in enumerate(widths):
        side = 4 << level
        block = f"synthesis.b{side}"
        attributes[f"b{side}"] = {"architecture": "skip"}
        tensors[f"{block}.resample_filter"] = FILTER
        layers = {"conv1": width} if level == 0 else {"conv0": widths[level - 1], "conv1": width}
        for name, in_channels in layers.items():
            tensors |= modulated(f"{block}.{name}", width, in_channels, 3, 7)
            tensors[f"{block}.{name}.noise_const"] = random(40, side, side)
            tensors[f"{block}.{name}.noise_strength"] = random(41 + level)
        tensors |= modulated(f"{block}.torgb", 3, width, 1, 7)
    for name in ("conv0", "conv1", "torgb"):
        attributes[name] = {"activation": "lrelu", "conv_clamp": clamp}
    return pickled(with_sides(module(tensors, attributes))), tensors


def with_sides(generator: Persistent) -> Persistent:
    """Return a generator whose layers know their size."""
    for name, block in generator.state["_modules"]["synthesis"].state["_modules"].items():
        for layer in block.state["_modules"].values():
            layer.state["resolution"] = int(name.removeprefix("b"))
    return generator


# A StyleGAN3 of 16 px and three layers, as NVIDIA's code lays it out: for each layer and the RGB the size of its input
# and output, factors, taps, and padding.
STAGES3 = (
    {"in": 36, "out": 36, "rates": (16, 16), "up": 2, "down": 2, "taps": (12, 12)},
    {"in": 36, "out": 36, "rates": (16, 16), "up": 2, "down": 2, "taps": (12, 12)},
    {"in": 36, "out": 16, "rates": (16, 16), "up": 2, "down": 2, "taps": (12, 12)},
    {"in": 16, "out": 16, "rates": (16, 16), "up": 1, "down": 1, "taps": (1, 1)},
)


def padding3(stage: dict[str, Any], kernel: int) -> list[int]:
    """Return the padding of a layer: what the filters and the convolution take, shared by both sides."""
    total = (stage["out"] - 1) * stage["down"] + 1 - (stage["in"] + kernel - 1) * stage["up"]
    total += sum(stage["taps"]) - 2
    low = (total + stage["up"]) // 2
    return [low, total - low] * 2


def stylegan3(radial: bool, widths: tuple[int, ...] = (8, 6, 4)) -> tuple[bytes, Tensors]:
    """Return a pickle of a StyleGAN3 of 16 px (R if `radial`, else T), z of 5 and w of 7 numbers, and its tensors."""
    tensors, kernel = mapping(5, 7, 2, 0), 1 if radial else 3
    tensors |= {
        "synthesis.input.weight": random(50, 8, 8),
        "synthesis.input.affine.weight": 0.1 * random(51, 4, 7),
        "synthesis.input.affine.bias": torch.tensor([1.0, 0.2, 0.1, -0.1]),
        "synthesis.input.freqs": random(52, 8, 2),
        "synthesis.input.phases": random(53, 8),
        "synthesis.input.transform": torch.eye(3),
    }
    attributes: dict[str, dict[str, Any]] = {
        "": {"z_dim": 5, "w_dim": 7, "c_dim": 0, "img_resolution": 16, "img_channels": 3},
        "mapping": {"w_dim": 7},
        "fc0": {"activation": "lrelu", "bias_gain": 0.01},
        "fc1": {"activation": "lrelu", "bias_gain": 0.01},
    }
    names = []
    for index, stage in enumerate(STAGES3):
        is_rgb = index == len(widths)
        name = f"L{index}_{stage['out']}_{(*widths, 3)[index]}"
        names.append(name)
        size = 1 if is_rgb else kernel
        tensors |= modulated(f"synthesis.{name}", (*widths, 3)[index], (widths[0], *widths)[index], size, 7)
        tensors[f"synthesis.{name}.magnitude_ema"] = torch.tensor(0.5 + index)
        if not is_rgb:
            tensors[f"synthesis.{name}.up_filter"] = 0.3 * random(60, 12)
            # Only layers that are not critically sampled have radial filters: the last two here are.
            taps = (12, 12) if radial and index < 1 else (12,)
            tensors[f"synthesis.{name}.down_filter"] = 0.2 * random(61, *taps)
        attributes[name] = {
            "conv_clamp": 256,
            "conv_kernel": size,
            "up_factor": stage["up"],
            "down_factor": stage["down"],
            "up_taps": stage["taps"][0],
            "down_taps": stage["taps"][1],
            "padding": padding3(stage, size),
            "in_sampling_rate": 16,
            "out_sampling_rate": 16,
            "tmp_sampling_rate": 16 if is_rgb else 32,
            "in_cutoff": np.float64(2.0),
        }
    attributes["synthesis"] = {
        "layer_names": names,
        "num_critical": 2,
        "margin_size": 10,
        "output_scale": 0.25,
        "_init_kwargs": {"first_stopband": 2**3, "last_stopband_rel": 2**0.3},
    }
    return pickled(module(tensors, attributes)), tensors
