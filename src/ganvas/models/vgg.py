"""VGG, frozen, as an eye that others look through: layers by name, and one pass that serves every loss."""

import contextlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .. import builtin
from ..errors import GanvasError, did_you_mean
from ..image_io import write_atomically
from .frozen_ops import Averaged, Frozen, Mirrored

RGB = tuple[float, float, float]

VGG19_BLOCKS = (2, 2, 4, 4, 4)  # convolutions in each block


def _average(features: Tensor) -> Tensor:
    averages: Tensor = Averaged.apply(features)
    return averages


def _maximum(features: Tensor) -> Tensor:
    return F.max_pool2d(features, 2, ceil_mode=True)


# How features are pooled (half a window at the edge still counts, so no picture is too thin), and what the poolings,
# shallow to deep, are multiplied by. Averages are smaller than maxima, and the biases behind were learnt for maxima:
# this brings their input to the strength they know. Medians over 14 photographs and paintings at 128 and 256 px, with
# VGG-16, between 1.14 and 1.45, 1.58 and 1.82, 1.76 and 1.94; the fourth, of VGG-19, is as the third.
POOLINGS: dict[str, tuple[Callable[[Tensor], Tensor], Sequence[float]]] = {
    "average": (_average, (1.36, 1.76, 1.86, 1.86)),
    "max": (_maximum, (1.0, 1.0, 1.0, 1.0)),
}

PACKAGED = "VGG-16 (packaged)"


class NotFetched(GanvasError):
    """Say that weights are neither on the disk nor to be had over the network."""


@dataclass(frozen=True)
class VGGWeights:
    """Hold a VGG's convolutions and the preprocessing that they were trained with.

    Args:
        name: for people ("VGG-16, packaged").
        tensors: "conv1_1.weight" (out, in, 3, 3), "conv1_1.bias" (out,), "conv1_2.weight" ... of any type; kept as the
            network runs them, so that it need not hold a second copy.
        mean, std: of RGB pictures in [0, 1]; they come in as (picture - mean) / std.
    """

    name: str
    tensors: Mapping[str, Tensor]
    mean: RGB
    std: RGB

    def __post_init__(self) -> None:
        """Bring the tensors to single precision, their channels together."""
        object.__setattr__(self, "tensors", {name: _as_run(each) for name, each in self.tensors.items()})

    @property
    def convolutions(self) -> list[str]:
        """Return "1_1", "1_2", "2_1" ... in the order they are run."""
        return sorted(name[4:-7] for name in self.tensors if name.endswith(".weight"))

    @property
    def layers(self) -> list[str]:
        """Return every name that can be asked for, shallow to deep."""
        return [f"{kind}{each}" for each in self.convolutions for kind in ("conv", "relu")]


class VGG(nn.Module):
    """Map pictures (B, 3, H, W) in [-1, 1] to the features at `layers`, and compute nothing deeper.

    Of any size down to one pixel. "conv4_2" is the convolution's output, "relu4_2" the same with negatives cut off.

    Args:
        layers: names such as "relu1_1".
        pooling: "average" (smooth gradients, and so smoother pictures) or "max" (as the network was trained).

    Raises:
        GanvasError: these weights have no such layer, or there is no such pooling.

    Source: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2014.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, weights: VGGWeights, layers: Iterable[str], pooling: str = "average") -> None:
        super().__init__()
        if pooling not in POOLINGS:
            known = list(POOLINGS)
            raise GanvasError(f"Unknown pooling '{pooling}'.{did_you_mean(pooling, known)}", f"One of {known}.")
        self.layers = tuple(dict.fromkeys(layers))
        check_layers(self.layers, weights)
        self.pool, self.gains = POOLINGS[pooling]
        deepest = max(layer[4:] for layer in self.layers)
        self.convolutions = [each for each in weights.convolutions if each <= deepest]
        self.register_buffer("mean", torch.tensor(weights.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(weights.std).view(1, 3, 1, 1))
        for each in self.convolutions:
            self.register_buffer(f"weight{each}", weights.tensors[f"conv{each}.weight"])
            self.register_buffer(f"bias{each}", weights.tensors[f"conv{each}.bias"])

    def padded(self, features: Tensor) -> Tensor:
        """Return features mirrored beyond their edges, by one: black there would be an edge, and painted as a frame.

        Repeating the outermost pixels would give them twice the weight, and they would be painted bright or dark.
        """
        if min(features.shape[2:]) == 1:
            return F.pad(features, (1, 1, 1, 1), mode="replicate")
        mirrored: Tensor = Mirrored.apply(features)
        return mirrored

    @property
    def coarsest(self) -> int:
        """Return the pixels from one feature of the deepest layer to the next."""
        return stride(self.convolutions[-1])

    @property
    def halo(self) -> int:
        """Return how many pixels around its own the deepest layer sees at most, rounded up to its coarsest grid."""
        reach = 0
        for before, each in zip((None, *self.convolutions), self.convolutions, strict=False):
            if before and stride(before) != stride(each):
                reach += stride(before)  # the pooling's second pixel
            reach += stride(each)
        return -(-reach // self.coarsest) * self.coarsest

    def bytes_of(self, layers: Iterable[str]) -> float:
        """Return how many bytes the features at `layers` take for each pixel of a picture."""
        return sum(4 * len(self.get_buffer(f"bias{layer[4:]}")) / stride(layer) ** 2 for layer in layers)

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Return each layer's features (B, C, H', W') by name, from one pass."""
        return dict(self.walk(pictures))

    def walk(self, pictures: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Yield each layer's name and features (B, C, H', W') when the pass comes by, shallow to deep.

        What is made of a layer's features there and then has its gradient taken when the way back comes by, and not
        kept until then.
        """
        features = (pictures.mul(0.5).add(0.5) - self.mean) / self.std
        features = features.contiguous(memory_format=torch.channels_last)
        for each in self.convolutions:
            if each.endswith("_1") and each != "1_1":
                features = self.pool(features) * self.gains[int(each[0]) - 2]
            weight, bias = self.get_buffer(f"weight{each}"), self.get_buffer(f"bias{each}")
            uncut, cut = f"conv{each}" in self.layers, f"relu{each}" in self.layers
            features = Frozen.apply(self.padded(features), weight, bias, not uncut, cut)
            if uncut:
                yield f"conv{each}", features
                features = features.relu()
            if cut:
                yield f"relu{each}", features


def _as_run(tensor: Tensor) -> Tensor:
    """Return weights or biases as convolutions run them fastest; what is so already is not copied."""
    return tensor.float().contiguous(memory_format=torch.channels_last if tensor.ndim == 4 else torch.contiguous_format)


def stride(layer: str) -> int:
    """Return the pixels from one feature of a layer, "relu3_1" or "3_1", to the next."""
    return 1 << (int(layer[-3]) - 1)


def check_layers(layers: Iterable[str], weights: VGGWeights) -> None:
    """Refuse a layer that these weights do not have.

    Raises:
        GanvasError: naming the layer, the nearest one that is known, and the range.
    """
    known = weights.layers
    for layer in layers:
        if layer not in known:
            near = did_you_mean(layer, known)
            raise GanvasError(
                f"{weights.name} has no layer '{layer}'.{near}", f"Its layers go from {known[0]} to {known[-1]}."
            )


def packaged_vgg16() -> VGGWeights:
    """Return the VGG-16 that comes with ganvas: conv1_1 to conv4_2, no download."""
    from safetensors.torch import load_file

    # These were trained on 0..255 with only the mean taken off, which is what a deviation of 1/255 does.
    mean = (123.68 / 255, 116.779 / 255, 103.939 / 255)
    return VGGWeights(PACKAGED, load_file(builtin.vgg16()), mean, (1 / 255, 1 / 255, 1 / 255))


def slim(weights: VGGWeights, path: Path, deepest: str = "5_1") -> None:
    """Write the convolutions down to `deepest` in half precision: what paintings look through, in 25 MB and not 550.

    Raises:
        OSError: the disk does not take it.
    """
    from safetensors.torch import save

    kept = {
        name: each.half().contiguous() for name, each in weights.tensors.items() if name[4:].split(".")[0] <= deepest
    }
    facts = {"name": f"{weights.name}, slim", "mean": json.dumps(weights.mean), "std": json.dumps(weights.std)}
    write_atomically(path, save(kept, facts))


def slim_vgg(path: Path) -> VGGWeights:
    """Return what `slim` wrote.

    Raises:
        GanvasError: the file is damaged, or it is another one.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            facts = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
        mean, std = (tuple(float(each) for each in json.loads(facts[name])) for name in ("mean", "std"))
        whole = all(name.replace(".weight", ".bias") in tensors for name in tensors)
        if len(mean) != 3 or len(std) != 3 or not whole or "conv1_1.weight" not in tensors:
            raise ValueError("it holds no VGG")
        return VGGWeights(facts["name"], tensors, mean, std)
    except (OSError, SafetensorError, KeyError, ValueError, TypeError) as error:
        raise GanvasError(
            f"{path} cannot be read ({str(error) or type(error).__name__}).",
            "Make it anew: ganvas slim WEIGHTS --out FILE",
        ) from error


def torchvision_vgg19(path: Path | None = None) -> VGGWeights:
    """Return torchvision's VGG-19: from `path`, else from torch's cache, else downloaded there (550 MB) and checked.

    Nothing in the file is executed. A file that ends in .safetensors is one that `slim` wrote.

    Raises:
        GanvasError: there is no such file, it cannot be downloaded, or it holds no VGG-19.
    """
    name = str(path) if path else "torchvision's VGG-19"
    if path and not path.is_file():
        raise GanvasError(f"There is no weights file {path}.", "Give the path of torchvision's vgg19-dcbb9e9d.pth.")
    if path and path.suffix == ".safetensors":
        return slim_vgg(path)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True) if path else _from_torchvision()
    except Exception as error:  # unpickling damaged bytes may raise anything
        reason = (str(error) or type(error).__name__).splitlines()[0]
        if isinstance(error, OSError) and not path:
            hint = "Go online once, give --vgg19-weights FILE, or use --network vgg16."
            raise NotFetched(f"{name} cannot be fetched ({reason}).", hint) from error
        hint = "Delete it and fetch it again: it is damaged, or no file of tensors."
        raise GanvasError(f"{name} cannot be read ({reason}).", hint) from error
    return VGGWeights("VGG-19 (torchvision)", _by_name(state, name), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def _from_torchvision() -> Any:
    """Return VGG-19's state as torchvision stores it. It announces a download on stdout, which is for results."""
    from torchvision.models import VGG19_Weights

    with contextlib.redirect_stdout(sys.stderr):
        return VGG19_Weights.IMAGENET1K_V1.get_state_dict(
            progress=False, check_hash=True, map_location="cpu", weights_only=True
        )


def _by_name(state: Any, source: str) -> dict[str, Tensor]:
    """Return the convolutions of torchvision's numbered `features` under their names in the paper."""
    tensors: dict[str, Tensor] = {}
    place = 0  # in nn.Sequential: a convolution and its ReLU count one each, and so does the pooling after a block
    for block, count in enumerate(VGG19_BLOCKS, start=1):
        for convolution in range(1, count + 1):
            for part, dimensions in (("weight", 4), ("bias", 1)):
                tensor = state.get(f"features.{place}.{part}") if isinstance(state, dict) else None
                if not isinstance(tensor, Tensor) or tensor.ndim != dimensions:
                    hint = "Give torchvision's vgg19-dcbb9e9d.pth, or use --network vgg16."
                    raise GanvasError(f"{source} holds no VGG-19 (features.{place}.{part} is missing).", hint)
                tensors[f"conv{block}_{convolution}.{part}"] = tensor
            place += 2
        place += 1
    return tensors
