"""Make the files of `ganvas.builtin` from their sources: `python scripts/make_builtin.py ASSETS`.

ASSETS is the folder that holds the originals (`src/ganvas/builtin/LICENSES.md` says where each comes from). Run this
again after changing a choice below, so that nobody has to guess how a packaged file came to be.
"""

import shutil
import sys
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import load_file, save_file

BUILTIN = Path(__file__).resolve().parents[1] / "src" / "ganvas" / "builtin"

# Style transfer reads no deeper than conv4_2, and what lies below it is a third of the convolutions' bytes.
VGG_LAYERS = ("1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "4_1", "4_2")

# The scan of The Starry Night shows a dark frame, which is no part of the style.
STARRY_NIGHT_INSIDE = (18, 16, 732, 580)


def main(assets: Path) -> None:
    """Write every packaged file."""
    shutil.copyfile(assets / "emoji-people-64.zip", BUILTIN / "people.zip")
    shutil.copyfile(assets / "paintings" / "Gogh4.webp", BUILTIN / "cafe_terrace.webp")
    starry_night = Image.open(assets / "paintings" / "starry_night.jpg").crop(STARRY_NIGHT_INSIDE)
    starry_night.save(BUILTIN / "starry_night.webp", quality=88, method=6)
    Image.open(assets / "content" / "astronaut.png").save(BUILTIN / "astronaut.webp", quality=92, method=6)
    save_file(packaged_vgg(assets / "vgg16_conv.safetensors"), BUILTIN / "vgg16.safetensors")


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


if __name__ == "__main__":
    main(Path(sys.argv[1]))
