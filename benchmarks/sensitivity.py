"""Which score sees which fault? Real pictures, spoiled on purpose in seven ways at four strengths, against real ones.

Samples and real pictures are two halves of one set that share no picture. A score *sees* a fault from the first
strength on at which its 95 % interval no longer meets that of the unspoiled samples.

    python benchmarks/sensitivity.py                    # all sets, appended to results/sensitivity.jsonl; restartable
    python benchmarks/sensitivity.py --table            # what was found, as Markdown
"""

import argparse
import io
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from ganvas.data import PreparedDataset
from ganvas.device import seeded_rng
from ganvas.evaluation import evaluate_samples
from ganvas.evaluation_inputs import EvaluationInputs, EvaluationOptions
from ganvas.events import run_to_end
from ganvas.image_io import to_image
from ganvas.metrics.features import extract_features
from ganvas.metrics.real_features import RealImages
from ganvas.metrics.score_descriptions import SCORE_DESCRIPTIONS
from rows import read_rows
from sets import ASSETS, SETS, load_set

RESULTS = Path(__file__).parent / "results" / "sensitivity.jsonl"
MOST = 1600  # pictures of a set that are used
CLUSTERS = 10  # kinds of pictures, where the set has no classes
ARROWS = {1: "↑", -1: "↓"}


def blur(x: Tensor, sigma: float, _: Any) -> Tensor:
    return gaussian_blur(x, [5, 5], sigma)


def noise(x: Tensor, deviation: float, _: Any) -> Tensor:
    added = deviation * torch.randn(x.shape, generator=seeded_rng("noise"))
    return (x + added).round().clamp(0, 255).to(torch.uint8)


def jpeg(x: Tensor, quality: float, _: Any) -> Tensor:
    spoiled = []
    for picture in x:
        file = io.BytesIO()
        to_image(picture).save(file, "JPEG", quality=int(quality))
        array = np.asarray(Image.open(file))
        spoiled.append(torch.from_numpy(array.reshape(*array.shape[:2], -1).transpose(2, 0, 1).copy()))
    return torch.stack(spoiled)


def left_out(x: Tensor, kinds: float, halves: "Halves") -> Tensor:
    """Return as many pictures, none of them of the most frequent kinds."""
    kept = ~np.isin(halves.kinds, halves.frequent[: int(kinds)])
    return torch.from_numpy(halves.pool[kept][: len(x)])


def near_duplicates(x: Tensor, share: float, _: Any) -> Tensor:
    """Replace a share of the pictures by slightly changed copies of others that stay."""
    order = torch.randperm(len(x), generator=seeded_rng("near-duplicates"))
    count = round(share * len(x) / 100)
    spoiled = x.clone()
    spoiled[order[:count]] = _changed(x[order[count : 2 * count]])
    return spoiled


def memorised(x: Tensor, share: float, halves: "Halves") -> Tensor:
    """Replace a share of the pictures by slightly changed copies of training pictures, half of them mirrored."""
    order = torch.randperm(len(x), generator=seeded_rng("memorised"))
    count = round(share * len(x) / 100)
    copies = _changed(torch.from_numpy(np.asarray(halves.train.images[:count])))
    copies[::2] = copies[::2].flip(3)
    spoiled = x.clone()
    spoiled[order[:count]] = copies
    return spoiled


def tint(x: Tensor, levels: float, _: Any) -> Tensor:
    """Shift red up and blue down."""
    shift = torch.tensor([levels, 0, -levels]).view(1, 3, 1, 1)
    return (x.expand(-1, 3, -1, -1) + shift).clamp(0, 255).to(torch.uint8)


# fault -> (what it is, how it is done, its strengths)
FAULTS: dict[str, tuple[str, Callable[[Tensor, float, "Halves"], Tensor], tuple[float, ...]]] = {
    "blur": ("Gaussian blur, deviation in pixels", blur, (0.4, 0.6, 0.9, 1.5)),
    "noise": ("noise, deviation of 255", noise, (4, 8, 16, 32)),
    "JPEG": ("JPEG quality", jpeg, (90, 70, 40, 15)),
    "left out": ("kinds of pictures left out", left_out, (1, 2, 3, 4)),
    "near-duplicates": ("% near-copies of other samples", near_duplicates, (4, 8, 15, 30)),
    "memorised": ("% near-copies of training pictures", memorised, (6, 12, 25, 50)),
    "colour": ("red up and blue down, of 255", tint, (4, 8, 16, 32)),
}


class Halves:
    """Divide a set: `train` stands for the real pictures, the first `count` of `pool` for samples.

    `kinds` are the classes of the pool, or clusters of another network's features; `frequent` those of them that could
    be left out, the most frequent ones that are less than a third of all.
    """

    def __init__(self, data: PreparedDataset) -> None:
        order = np.random.default_rng(0).permutation(data.count)[:MOST]
        half = len(order) // 2
        colours = 3 // data.images.shape[1]  # grey becomes RGB, or colours could not be shifted
        train = np.repeat(data.images[order[:half]], colours, axis=1)
        self.train = replace(data, images=train, labels=None, fingerprint=f"{data.fingerprint}-half-rgb")
        self.pool = np.repeat(data.images[order[half:]], colours, axis=1)
        self.kinds = _clusters(self.pool) if data.labels is None else data.labels[order[half:]]
        sizes = np.bincount(self.kinds)
        ranked = np.argsort(-sizes, kind="stable")
        self.frequent = ranked[sizes[ranked] < len(self.pool) / 3][:4]
        self.count = len(self.pool) - int(sizes[self.frequent].sum())

    @property
    def samples(self) -> Tensor:
        """Return the unspoiled samples."""
        return torch.from_numpy(self.pool[: self.count])


def _clusters(pictures: np.ndarray) -> np.ndarray:
    """Return the number of the cluster of each picture: k-means by directions of another network's features."""
    head = extract_features(pictures, "efficientnet-lite1").final
    directions = F.normalize(head - head.mean(0))
    centres = directions[torch.randperm(len(head), generator=seeded_rng("clusters"))[:CLUSTERS]]
    for _ in range(50):
        kinds = (directions @ centres.T).argmax(1)
        centres = F.normalize(torch.stack([directions[kinds == kind].sum(0) for kind in range(CLUSTERS)]))
    return kinds.numpy()


def _changed(pictures: Tensor) -> Tensor:
    """Return near-copies: a pixel to the side, a little darker."""
    return (pictures.roll(1, 3) * 0.97).round().to(torch.uint8)


def measure(name: str, assets: Path, known: set[tuple[str, str, float]]) -> Iterator[dict[str, Any]]:
    """Yield the scores of each fault at each strength, and of none, that are not known yet."""
    halves = Halves(load_set(name, assets))
    cases = [(fault, strength) for fault, (_, _, strengths) in FAULTS.items() for strength in strengths]
    for fault, strength in [("none", 0.0), *cases]:
        if (name, fault, strength) in known:
            continue
        samples = halves.samples if fault == "none" else FAULTS[fault][1](halves.samples, strength, halves)
        inputs = EvaluationInputs(name=fault, against=name, samples=samples, real_data=halves.train)
        evaluation, _ = run_to_end(evaluate_samples(inputs, RealImages(halves.train), EvaluationOptions()))
        scores = {each.key: [each.value, each.low, each.high] for each in evaluation.scores}
        yield {
            "set": name, "fault": fault, "strength": strength, "count": len(samples), "scores": scores,
            "memorisation": evaluation.memorisation.verdict, "summary": evaluation.summary,
        }  # fmt: skip


def table(results: list[dict[str, Any]]) -> str:
    """Return one table a set: from which strength on each score sees each fault, and which way it moves."""
    lines = []
    for name in dict.fromkeys(each["set"] for each in results):
        rows = {(each["fault"], each["strength"]): each for each in results if each["set"] == name}
        base = rows["none", 0.0]
        lines += [f"**{name}** ({base['count']} samples)", "", f"| score | {' | '.join(FAULTS)} |"]
        lines += ["| --- |" + " :---: |" * len(FAULTS)]
        spoiled = {
            fault: [rows[fault, strength] for strength in strengths] for fault, (_, _, strengths) in FAULTS.items()
        }
        for key, clean in base["scores"].items():
            cells = [_cell(clean, [each["scores"][key] for each in found]) for found in spoiled.values()]
            lines.append(f"| {SCORE_DESCRIPTIONS[key].name} | {' | '.join(cells)} |")
        cells = [_first_verdict([each["memorisation"] for each in found]) for found in spoiled.values()]
        lines += [f"| Learned by heart | {' | '.join(cells)} |", ""]
    return "\n".join(lines)


def _first_verdict(verdicts: list[str]) -> str:
    """Return the strength from which on the verdict speaks of copies."""
    return next((f"↑ {number}" for number, verdict in enumerate(verdicts, 1) if verdict in ("some", "much")), "·")


def _cell(base: list[float | None], moved: list[list[float | None]]) -> str:
    """Return the arrow and the strength (1 to 4) from which on a score sees the fault; ~ if it does not go one way."""
    middle, least, most = _bounded(base)
    rows = [_bounded(each) for each in moved]
    sides = [1 if low > most else -1 if high < least else 0 for _, low, high in rows]
    if sides[-1] == 0:
        return "·" if not any(sides) else "~"
    first = next(place for place in range(len(sides)) if all(side == sides[-1] for side in sides[place:]))
    values = [middle, *(value for value, _, _ in rows)]
    steps = [(after - before) * sides[-1] for before, after in pairwise(values)]
    monotonic = all(step >= -(most - least) / 4 for step in steps)
    return f"{ARROWS[sides[-1]]} {first + 1}" + ("" if monotonic else " ~")


def _bounded(row: list[float | None]) -> list[float]:
    """Return a score and its interval, which may have no upper bound."""
    return [math.inf if each is None else each for each in row]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--assets", type=Path, default=ASSETS)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--table", action="store_true")
    wanted = parser.parse_args()
    results = read_rows(wanted.results)
    if wanted.table:
        print(table(results))
        return
    known = {(each["set"], each["fault"], each["strength"]) for each in results}
    for name in wanted.sets:
        for result in measure(name, wanted.assets, known):
            with wanted.results.open("a") as file:
                file.write(json.dumps(result) + "\n")
            print(name, result["fault"], result["strength"], *result["summary"], flush=True)


if __name__ == "__main__":
    main()
