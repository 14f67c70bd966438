"""What do real pictures get against real pictures? The floor of each score for 500, 2,000 and 5,000 pictures.

Two sets that share no picture are drawn from one source, again and again. The corrected Frechet distance and KID should
be 0 on average, and their 95 % intervals should hold 0 about as often as they promise; the plain Frechet distance shows
what the number of pictures alone adds.

    python benchmarks/floors.py                          # MNIST, emoji, photographs from ../shared/assets
    python benchmarks/floors.py --sets MNIST --repeats 20
"""

import argparse
import statistics
from pathlib import Path

import torch

from ganvas.device import seeded_rng
from ganvas.metrics.real_features import RealImages
from ganvas.metrics.score_descriptions import Score
from ganvas.metrics.scores import feature_scores
from sets import ASSETS, SETS, load_set

COUNTS = (500, 2000, 5000)


def measure(name: str, assets: Path, counts: tuple[int, ...], repeats: int) -> None:
    """Print one row for each number of pictures that two sets can be drawn of."""
    data = load_set(name, assets)
    reals = RealImages(data)
    drawn = [count for count in counts if 2 * count <= data.count]
    features = reals.features(reals.random_indices(min(data.count, max(4 * max(drawn), 2000))))
    for count in drawn:
        found: list[list[Score]] = []
        for repeat in range(repeats):
            order = torch.randperm(len(features), generator=seeded_rng("floors", count, repeat))
            one, other = features[order[:count]], features[order[count : 2 * count]]
            found.append(feature_scores(one, other, seeded_rng("floors", repeat)))
        cells = [_cell([each[place] for each in found]) for place in range(len(found[0]))]
        print(f"| {name} | {count:,} | {' | '.join(cells)} |", flush=True)


def _cell(scores: list[Score]) -> str:
    middle = statistics.mean(each.value for each in scores)
    text = f"{middle:.3g}"
    if scores[0].real is not None and scores[0].better == "lower":
        held = sum(each.low <= each.real <= each.high for each in scores if each.real is not None)
        text += f" ({held}/{len(scores)})"
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--assets", type=Path, default=ASSETS)
    parser.add_argument("--counts", nargs="+", type=int, default=COUNTS)
    parser.add_argument("--repeats", type=int, default=8)
    wanted = parser.parse_args()
    names = ("Frechet (holds 0)", "plain", "KID (holds 0)", "precision", "recall", "density", "coverage", "diversity")
    print(f"| pictures | of each | {' | '.join(names)} |\n| --- | ---: |{' ---: |' * len(names)}")
    for name in wanted.sets:
        measure(name, wanted.assets, tuple(wanted.counts), wanted.repeats)


if __name__ == "__main__":
    main()
