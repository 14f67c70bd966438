"""Frozen VGG feature extractor: layers by name, and one pass for every loss."""

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .. import builtin
from ..atomic_write import write_atomically
from ..device import is_out_of_memory
from ..errors import GanvasError, cannot_be_read_now, check_choice, did_you_mean
from ..translation import N_, _
from ..typed_json import parse_json
from .frozen_ops import POOLINGS, FrozenConvReLU, ReflectPad1

RGB = tuple[float, float, float]

VGG19_BLOCKS = (2, 2, 4, 4, 4)  # convolutions in each block
PACKAGED = "VGG-16 (packaged)"


class WeightsUnavailable(GanvasError):
    """Weights are neither on disk nor reachable over the network."""


@dataclass(frozen=True)
class VGGWeights:
    """A VGG's convolutions and the preprocessing that they were trained with.

    Args:
        name: for people ("VGG-16, packaged").
        tensors: "conv1_1.weight" (out, in, 3, 3), "conv1_1.bias" (out,), "conv1_2.weight" ... of any dtype. They are
            kept in the dtype and layout that the network uses, so that it needs no second copy.
        mean, std: of RGB images in [0, 1]; the network's input is (image - mean) / std.
    """

    name: str
    tensors: Mapping[str, Tensor]
    mean: RGB
    std: RGB

    def __post_init__(self) -> None:
        """Convert the tensors to float32 and channels_last. Raises GanvasError if one is not finite."""
        for name, tensor in self.tensors.items():
            if not tensor.isfinite().all():
                text = _("{file} is damaged: {name} is not finite.").format(file=self.name, name=name)
                raise GanvasError(text, _("Delete the file and get it again."))
        object.__setattr__(self, "tensors", {name: _in_run_layout(tensor) for name, tensor in self.tensors.items()})

    @property
    def convolutions(self) -> list[str]:
        """Return "1_1", "1_2", "2_1" ... in the order of the network."""
        return sorted(name[4:-7] for name in self.tensors if name.endswith(".weight"))

    @property
    def layers(self) -> list[str]:
        """Return the names of all layers, shallow to deep."""
        return [f"{kind}{convolution}" for convolution in self.convolutions for kind in ("conv", "relu")]


class VGG(nn.Module):
    """Features of images (B, 3, H, W) in [-1, 1] at `layers`; nothing deeper is computed.

    Images may have any size down to one pixel. "conv4_2" is the convolution's output, "relu4_2" the ReLU's after it.

    Args:
        weights: of the network.
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
        check_choice(pooling, POOLINGS, N_("pooling"))
        self.layers = tuple(dict.fromkeys(layers))
        check_layers(self.layers, weights)
        self.pool, self.gains = POOLINGS[pooling]
        deepest = max(layer[4:] for layer in self.layers)
        self.convolutions = [name for name in weights.convolutions if name <= deepest]
        self.register_buffer("mean", torch.tensor(weights.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(weights.std).view(1, 3, 1, 1))
        for name in self.convolutions:
            self.register_buffer(f"weight{name}", weights.tensors[f"conv{name}.weight"])
            self.register_buffer(f"bias{name}", weights.tensors[f"conv{name}.bias"])

    def reflect_padded(self, features: Tensor) -> Tensor:
        """Return features with one reflected pixel around them.

        Zero padding would look like an edge, and a frame would be painted. Replicated pixels would count twice, and
        would be painted too bright or too dark.
        """
        if min(features.shape[2:]) == 1:
            return F.pad(features, (1, 1, 1, 1), mode="replicate")
        padded: Tensor = ReflectPad1.apply(features)
        return padded

    @property
    def coarsest(self) -> int:
        """Return the stride of the deepest layer in pixels."""
        return stride(self.convolutions[-1])

    @property
    def halo(self) -> int:
        """Return how many pixels the deepest layer sees beyond its own, rounded up to a multiple of its stride."""
        reach = 0
        for previous, name in zip((None, *self.convolutions), self.convolutions, strict=False):
            if previous and stride(previous) != stride(name):
                reach += stride(previous)  # the pooling's second pixel
            reach += stride(name)
        return -(-reach // self.coarsest) * self.coarsest

    def bytes_of(self, layers: Iterable[str]) -> float:
        """Return how many bytes the features at `layers` take for each pixel of an image."""
        return sum(4 * len(self.get_buffer(f"bias{layer[4:]}")) / stride(layer) ** 2 for layer in layers)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return each layer's features (B, C, H', W') by name, from one pass."""
        return dict(self.iter_features(images))

    def iter_features(self, images: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Yield each layer's name and features (B, C, H', W') as soon as they are computed, shallow to deep.

        A loss that is computed from them right away gets its gradient when the backward pass reaches that layer. So the
        gradient need not be stored until then.
        """
        features = (images.mul(0.5).add(0.5) - self.mean) / self.std
        features = features.contiguous(memory_format=torch.channels_last)
        for name in self.convolutions:
            if name.endswith("_1") and name != "1_1":
                features = self.pool(features) * self.gains[int(name[0]) - 2]
            weight, bias = self.get_buffer(f"weight{name}"), self.get_buffer(f"bias{name}")
            wants_conv, wants_relu = f"conv{name}" in self.layers, f"relu{name}" in self.layers
            features = FrozenConvReLU.apply(self.reflect_padded(features), weight, bias, not wants_conv, wants_relu)
            if wants_conv:
                yield f"conv{name}", features
                features = features.relu()
            if wants_relu:
                yield f"relu{name}", features


def _in_run_layout(tensor: Tensor) -> Tensor:
    """Return weights or biases in the dtype and layout that convolve fastest, without a copy if they are so already."""
    return tensor.float().contiguous(memory_format=torch.channels_last if tensor.ndim == 4 else torch.contiguous_format)


def stride(layer: str) -> int:
    """Return the stride in pixels of a layer, "relu3_1" or "3_1"."""
    return 1 << (int(layer[-3]) - 1)


def check_layers(layers: Iterable[str], weights: VGGWeights) -> None:
    """Check that these weights have all of `layers`.

    Raises:
        GanvasError: one is missing; it names the nearest one that exists, and the range.
    """
    known = weights.layers
    for layer in layers:
        if layer not in known:
            near = did_you_mean(layer, known)
            raise GanvasError(
                _("{name} has no layer '{layer}'.{near}").format(name=weights.name, layer=layer, near=near),
                _("Its layers go from {first} to {last}.").format(first=known[0], last=known[-1]),
            )


def packaged_vgg16() -> VGGWeights:
    """Return the VGG-16 that is packaged with ganvas, conv1_1 to conv4_2, without a download."""
    from safetensors.torch import load_file

    # It was trained on 0..255 with only the mean subtracted. A standard deviation of 1/255 does the same.
    mean = (123.68 / 255, 116.779 / 255, 103.939 / 255)
    return VGGWeights(PACKAGED, load_file(builtin.vgg16()), mean, (1 / 255, 1 / 255, 1 / 255))


def save_slim_vgg(weights: VGGWeights, path: Path, deepest: str = "5_1") -> None:
    """Write the convolutions up to `deepest` in float16: what style transfer needs, in 25 MB instead of 550.

    Raises:
        OSError: the file cannot be written.
    """
    from safetensors.torch import save

    kept = {
        name: tensor.half().contiguous()
        for name, tensor in weights.tensors.items()
        if name[4:].split(".")[0] <= deepest
    }
    metadata = {"name": f"{weights.name}, slim", "mean": json.dumps(weights.mean), "std": json.dumps(weights.std)}
    write_atomically(path, save(kept, metadata))


def load_slim_vgg(path: Path) -> VGGWeights:
    """Return what `save_slim_vgg` wrote.

    Raises:
        GanvasError: the file is damaged, or something else.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        mean, std = (tuple(float(channel) for channel in parse_json(metadata[name])) for name in ("mean", "std"))
        complete = all(name.replace(".weight", ".bias") in tensors for name in tensors)
        if len(mean) != 3 or len(std) != 3 or not complete or "conv1_1.weight" not in tensors:
            raise ValueError(_("it is not a VGG"))
        return VGGWeights(metadata["name"], tensors, mean, std)
    except OSError as error:
        raise cannot_be_read_now(path, error) from error
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise GanvasError(
            _("{path} cannot be read ({reason}).").format(path=path, reason=str(error) or type(error).__name__),
            _("Make it again: ganvas shrink-vgg WEIGHTS --out FILE"),
        ) from error


def is_slim_vgg(path: Path) -> bool:
    """Return whether `save_slim_vgg` wrote a file."""
    try:
        load_slim_vgg(path)
    except GanvasError:
        return False
    return True


def torchvision_vgg19(path: Path | None = None) -> VGGWeights:
    """Return torchvision's VGG-19 from `path`, else from torch's cache, else download it there (550 MB) and verify it.

    Nothing in the file is executed. A file that ends in .safetensors is one that `save_slim_vgg` wrote.

    Raises:
        GanvasError: there is no such file, it cannot be downloaded, or it is not a VGG-19.
    """
    name = str(path) if path else _("torchvision's VGG-19")
    if path and not path.is_file():
        hint = _("Give the path of torchvision's vgg19-dcbb9e9d.pth.")
        raise GanvasError(_("There is no weights file {path}.").format(path=path), hint)
    if path and path.suffix == ".safetensors":
        return load_slim_vgg(path)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True) if path else _from_torchvision()
    except Exception as error:  # unpickling a damaged file may raise anything
        if is_out_of_memory(error):
            raise
        reason = (str(error) or type(error).__name__).splitlines()[0]
        if isinstance(error, OSError) and not path:
            hint = _("Connect to the internet once, give --vgg19-weights FILE, or use --network vgg16.")
            text = _("{name} cannot be downloaded ({reason}).").format(name=name, reason=reason)
            raise WeightsUnavailable(text, hint) from error
        if isinstance(error, OSError) and error.errno is not None:
            raise cannot_be_read_now(path, error) from error
        hint = _("It is damaged or not a weights file: delete it and download it again.")
        raise GanvasError(_("{name} cannot be read ({reason}).").format(name=name, reason=reason), hint) from error
    return VGGWeights("VGG-19 (torchvision)", _by_name(state, name), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def _from_torchvision() -> Any:
    """Return VGG-19's state_dict; torchvision's download message goes to stderr, since stdout is for results."""
    from torchvision.models import VGG19_Weights

    with contextlib.redirect_stdout(sys.stderr):
        return VGG19_Weights.IMAGENET1K_V1.get_state_dict(
            progress=False, check_hash=True, map_location="cpu", weights_only=True
        )


def _by_name(state: Any, source: str) -> dict[str, Tensor]:
    """Return the convolutions of torchvision's numbered `features` by their usual names, such as "conv1_1.weight"."""
    tensors: dict[str, Tensor] = {}
    index = 0  # in nn.Sequential, which counts convolutions, ReLUs and the pooling after each block
    for block, count in enumerate(VGG19_BLOCKS, start=1):
        for convolution in range(1, count + 1):
            for part, dimensions in (("weight", 4), ("bias", 1)):
                name = f"features.{index}.{part}"
                tensor = state.get(name) if isinstance(state, dict) else None
                if not isinstance(tensor, Tensor) or tensor.ndim != dimensions:
                    hint = _("Give torchvision's vgg19-dcbb9e9d.pth, or use --network vgg16.")
                    text = _("{source} is not a VGG-19 ({name} is missing).").format(source=source, name=name)
                    raise GanvasError(text, hint)
                tensors[f"conv{block}_{convolution}.{part}"] = tensor
            index += 2
        index += 1
    return tensors
