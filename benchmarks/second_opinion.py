"""A second opinion on what `family.py` trained: would a network that nobody trained with say the same?

`projected` sees through EfficientNet-lite0, a sibling of the network that scores the family, which may flatter it. Here
the samples of kept runs are scored by VGG-16, the network of the paintings, which no recipe looks through: the Frechet
distance between its features of 400 samples and of 400 pictures, each layer averaged over the picture, as a part of the
pictures' own variance. Two sets of 400 pictures beside each other tell how near one can come.

    python benchmarks/second_opinion.py --case photographs --minutes 2 --recipes quick projected
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

import ganvas
from family import WORK, reals_of
from family_cases import CASES
from ganvas.image_io import to_float
from ganvas.metrics.distances import frechet_distance
from ganvas.models.vgg import VGG, packaged_vgg16
from ganvas.recipes import RECIPES
from ganvas.runs import Run

COUNT, LAYERS = 400, ("relu3_1", "relu4_1")


@torch.inference_mode()
def seen(pictures: np.ndarray, encoder: VGG) -> dict[str, torch.Tensor]:
    """Return the features (N, C) of uint8 pictures (N, C, H, W) at each layer."""
    found: dict[str, list[torch.Tensor]] = {layer: [] for layer in LAYERS}
    for part in torch.from_numpy(np.ascontiguousarray(pictures)).split(50):
        coloured = to_float(part).expand(-1, 3, -1, -1) if part.shape[1] == 1 else to_float(part)
        for layer, features in encoder(coloured).items():
            found[layer].append(features.mean((2, 3)))
    return {layer: torch.cat(each).double() for layer, each in found.items()}


def distances(samples: dict[str, torch.Tensor], real: dict[str, torch.Tensor]) -> dict[str, float]:
    """Return the distance at each layer, relative to the variance of the real pictures."""
    return {
        layer: round(frechet_distance(samples[layer], real[layer]) / float(real[layer].var(0).sum()), 3)
        for layer in LAYERS
    }


def main() -> None:
    """Score each run that is there, and print a line for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=list(CASES), default="photographs")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--recipes", nargs="+", choices=list(RECIPES), default=list(RECIPES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1, help="of the runs")
    parser.add_argument("--work", type=Path, default=WORK, help="where family.py left its runs")
    args = parser.parse_args()
    encoder, real = VGG(packaged_vgg16(), LAYERS, "max"), None
    for recipe in args.recipes:
        name = f"{args.case}-{recipe}-{args.minutes:g}min-seed{args.seed}-threads{args.threads}"
        run = Run(args.work / name)
        if not run.exists():
            continue
        if real is None:
            pictures = reals_of(run.read_config().data).images
            real = seen(pictures[:COUNT], encoder)
            print("real pictures", json.dumps(distances(seen(pictures[COUNT : 2 * COUNT], encoder), real)), flush=True)
        samples = ganvas.load(run.folder, "cpu").sample(count=COUNT, seed=args.seed + 1000).numpy()
        print(recipe, json.dumps(distances(seen(samples, encoder), real)), flush=True)


if __name__ == "__main__":
    main()
