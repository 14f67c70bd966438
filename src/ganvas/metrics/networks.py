"""The frozen networks whose features pictures are compared by, behind one interface.

Each maps uint8 RGB pictures (B, 3, H, W) of any size to two sets of features: the *stage*, to which Gaussians are
fitted, and the *head*, in which neighbours are sought and kernels taken. The default ones come with pip and work
offline; the field's others are used when their weights are on disk or can be fetched.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import URLError

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import GanvasError, pick
from ..models.efficientnet import lite_body, read_weights

Pooled = tuple[Tensor, Tensor]  # stage (B, D1), head (B, D2)
LITE_SIZE = 96  # pixels; these networks were trained at 224, and a quarter of the cost serves small pictures as well
LITE_STAGE = 5  # blocks.5, the last stage but one: 192 channels in both networks
INCEPTION_URL = (
    "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
)


class EfficientNetLite(nn.Module):
    """Map pictures to the pooled stage (B, 192) and the pooled head (B, 1280) of timm's EfficientNet-lite."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        parts: Any = body
        self.to_stage = nn.Sequential(parts.conv_stem, parts.bn1, *parts.blocks[: LITE_STAGE + 1])
        self.to_head = nn.Sequential(*parts.blocks[LITE_STAGE + 1 :], parts.conv_head, parts.bn2)

    def forward(self, pictures: Tensor) -> Pooled:
        """Return stage and head of uint8 RGB pictures (B, 3, H, W), seen at 96 px."""
        return self.at_full_size(
            F.interpolate(pictures.float(), (LITE_SIZE, LITE_SIZE), mode="bilinear", antialias=True)
        )

    def at_full_size(self, pictures: Tensor) -> Pooled:
        """Return stage and head of float RGB pictures (B, 3, H, W) in 0..255, seen as they are."""
        stage = self.to_stage(((pictures - 127) / 128).contiguous(memory_format=torch.channels_last))
        head = self.to_head(stage)
        return stage.mean((2, 3)), head.mean((2, 3))


class Inception(nn.Module):
    """Map pictures to the 2,048 features that the field's FID is computed from; stage and head are the same."""

    def __init__(self, extractor: nn.Module) -> None:
        super().__init__()
        self.extractor = extractor

    def forward(self, pictures: Tensor) -> Pooled:
        """Return the features of uint8 RGB pictures (B, 3, H, W), resized to 299 px as TensorFlow 1 did."""
        features: Tensor = self.extractor(pictures)[0]
        return features, features


class Transformer(nn.Module):
    """Map pictures to the pooled token of one of timm's vision transformers; stage and head are the same."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        known: Any = body
        self.body, self.size = body, known.patch_embed.img_size
        self.mean, self.deviation = (
            torch.tensor(known.pretrained_cfg[name]).view(1, 3, 1, 1) for name in ("mean", "std")
        )

    def forward(self, pictures: Tensor) -> Pooled:
        """Return the features of uint8 RGB pictures (B, 3, H, W), seen at the transformer's size."""
        seen = F.interpolate(pictures.float(), self.size, mode="bicubic", antialias=True).clamp(0, 255)
        features: Tensor = self.body((seen / 255 - self.mean.to(seen)) / self.deviation.to(seen))
        return features, features


def build_lite(number: int, weights: Path | None) -> nn.Module:
    """Build EfficientNet-lite0 or 1 with the weights that pip brings in a package of its own."""
    body = lite_body(number, weights)
    return EfficientNetLite(body).to(memory_format=torch.channels_last)


def build_inception(weights: Path | None) -> nn.Module:
    """Build the Inception-v3 of FID, as torch-fidelity converted it from the original."""
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    if weights is None:
        tensors = torch.hub.load_state_dict_from_url(
            INCEPTION_URL, map_location="cpu", check_hash=True, weights_only=True, progress=False
        )
    else:
        tensors = read_weights(weights)
    with TemporaryDirectory() as folder:  # torch-fidelity would unpickle anything: it gets what was read safely
        file = Path(folder) / "weights.pth"
        torch.save(tensors, file)
        return Inception(FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], str(file)))


def build_transformer(name: str, weights: Path | None) -> nn.Module:
    """Build one of timm's vision transformers at 224 px, its weights from `weights`, the hub's cache, or the hub."""
    import timm
    from timm.models.vision_transformer import checkpoint_filter_fn

    body: Any = timm.create_model(name, pretrained=weights is None, num_classes=0, img_size=224)
    if weights is not None:  # read here, since timm would unpickle anything and, for CLIP, let layers be missing
        tensors = checkpoint_filter_fn(read_weights(weights), body)
        body.load_state_dict({key: each for key, each in tensors.items() if not key.startswith("head.")})
    return Transformer(body)


NETWORKS: dict[str, Callable[[Path | None], nn.Module]] = {
    "efficientnet-lite0": partial(build_lite, 0),
    "efficientnet-lite1": partial(build_lite, 1),
    "inception-v3": build_inception,
    "dinov2-vit-s-14": partial(build_transformer, "vit_small_patch14_dinov2.lvd142m"),
    "dinov2-vit-l-14": partial(build_transformer, "vit_large_patch14_dinov2.lvd142m"),
    "clip-vit-b-32": partial(build_transformer, "vit_base_patch32_clip_224.openai"),
}


@lru_cache(maxsize=2)
def load_network(name: str = "efficientnet-lite0", weights: Path | None = None) -> nn.Module:
    """Return a frozen network by name.

    Args:
        weights: its file, where it is neither packaged nor to be fetched.

    Raises:
        GanvasError: the name is unknown, or the weights cannot be had or do not fit.
    """
    build = pick(NETWORKS, name, "feature network")
    try:
        return build(weights).eval().requires_grad_(False)
    except (OSError, URLError, RuntimeError, ValueError, KeyError, ImportError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise GanvasError(
            f"The weights of {name} cannot be had: {reason}",
            "Give their file with --weights FILE, or use the packaged network: --network efficientnet-lite0",
        ) from error
