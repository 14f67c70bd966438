"""Short trainings: how near a recipe comes in few steps, with its own batch and learning rates and with others.

Each run is a training of so many pictures in a process of its own, on one thread, watched by the coach, which leaves it
as it is. Its last model is scored: the Frechet distance of 1,000 samples in features of EfficientNet-lite1 from 5,000
of the pictures. Beside stand the processor's seconds, preparing included, and the reach: the learning rate as a share
of the weights' size, times the steps, which is by what multiple of their size the weights might move at most.

    python benchmarks/short.py --recipes dcgan --images 60000 --rates 1 4 16 --batches 0 64
    python benchmarks/short.py --case people --recipes dcgan fc --images 20000 60000
    python benchmarks/short.py --table

A batch of 0 is the recipe's own for so many steps, and so are its rates with a factor of 1. Results are appended to
benchmarks/results/short.jsonl as they come, and what stands there is not run again.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import NamedTuple

import ganvas
from ganvas.config import CHANNELS, DataConfig, TrainOptions
from ganvas.data import prepare
from ganvas.event_log import read_events
from ganvas.events import HealthCheck, run_to_end
from ganvas.metrics.distances import frechet_distance
from ganvas.metrics.features import extract_features
from ganvas.metrics.real_features import RealImages
from ganvas.recipes import RECIPES
from ganvas.runs import Run
from ganvas.training.start import train
from machine import machine_line
from rows import Row, add_row, read_rows
from sets import ASSETS, SETS

RESULTS = Path(__file__).resolve().parent / "results" / "short.jsonl"
WORK = Path(tempfile.gettempdir()) / "ganvas-short"
NETWORK, SAMPLES, SEED, REALS = "efficientnet-lite1", 1000, 1001, 5000
# name -> (file, pixels a side, channels)
CASES = {
    "clothes": (SETS["fashion"][0], 32, 1),
    "clothes-16": (SETS["fashion"][0], 16, 1),
    "digits": (SETS["MNIST"][0], 32, 1),
    "digits-16": (SETS["MNIST"][0], 16, 1),
    "people": ("emoji-people-64.zip", 32, 3),
    "people-16": ("emoji-people-64.zip", 16, 3),
}


class Short(NamedTuple):
    """Name one run: on what, by which recipe, of how many pictures, with which batch and rates, from which seed."""

    case: str
    recipe: str
    images: int
    batch: int
    rates: float
    seed: int

    def options(self) -> TrainOptions:
        """Return what a user would type for it."""
        _, size, channels = CASES[self.case]
        rates: dict[str, float] = {}
        if self.rates != 1:
            optimizers = RECIPES[self.recipe](DataConfig("", size, size, channels), 10_000).optimizers
            known = {"g_lr": optimizers.get("generator", optimizers.get("autoencoder"))}
            known |= {"d_lr": optimizers.get("discriminator")}
            rates = {name: self.rates * each.lr for name, each in known.items() if each is not None}
        return TrainOptions(
            recipe=self.recipe, size=str(size), images=self.images, batch=self.batch or None, seed=self.seed,
            channels=next(name for name, number in CHANNELS.items() if number == channels), upsample=1,
            device="cpu", coach="watch", **rates,
        )  # fmt: skip


def measure(short: Short, assets: Path, work: Path) -> Row:
    """Train and score in this process; return the row."""
    file, size, channels = CASES[short.case]
    run = Run(work / "-".join(map(str, short)))
    shutil.rmtree(run.folder, ignore_errors=True)
    began = time.process_time()
    for _ in train(assets / file, run.folder, short.options(), lambda: False, time.monotonic()):
        pass
    seconds = time.process_time() - began
    config, events = run.read_config(), read_events(run.events_file)[0]
    last = config.phases[-1].name
    checks = [each.metrics for each in events if isinstance(each, HealthCheck) and each.phase == last]
    samples = ganvas.load(run.folder, "cpu").sample(SAMPLES, SEED)
    reals = RealImages(
        run_to_end(prepare(DataConfig(str(assets / file), size, size, channels), workers=1)), network=NETWORK
    )
    real = reals.features(reals.random_indices(REALS))
    fake = extract_features(samples, NETWORK)
    row: Row = {"frechet": frechet_distance(fake.intermediate, real.intermediate), "seconds": seconds}
    row |= {"steps": config.steps, "batch_taken": config.phases[-1].batch, "last_phase_steps": config.phases[-1].steps}
    row["g_lr"] = max((each.lr for name, each in config.optimizers.items() if name != "discriminator"), default=0.0)
    for side in ("generator", "discriminator"):
        ratios = [each[f"{side}_lr_to_weight_ratio"] for each in checks if f"{side}_lr_to_weight_ratio" in each]
        if ratios:
            row[f"{side}_reach"] = statistics.median(ratios) * config.phases[-1].steps
    row["distances"] = [round(each["feature_distance"], 3) for each in checks]
    shutil.rmtree(run.checkpoints, ignore_errors=True)
    return row


def table(rows: list[Row]) -> str:
    """Return the results as markdown."""
    titles = ["pictures", "recipe", "seen", "seed", "batch", "steps", "rates", "seconds", "reach", "Frechet"]
    lines = [f"| {' | '.join(titles)} |", "| --- | --- " + "| ---: " * 8 + "|"]
    for row in sorted(rows, key=lambda each: [each[name] for name in ("case", "recipe", "images", "seed", "frechet")]):
        cells = [row["case"], row["recipe"], f"{row['images']:,}", row["seed"], row["batch_taken"], f"{row['steps']:,}"]
        cells += [f"x {row['rates']:g}", f"{row['seconds']:.0f}" if "seconds" in row else ""]
        cells += [f"{row['generator_reach']:.1f}" if "generator_reach" in row else ""]
        cells += [f"{row['frechet']:,.0f}"]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def main() -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=list(CASES), default="clothes")
    parser.add_argument("--recipes", nargs="+", choices=list(RECIPES), default=["dcgan"])
    parser.add_argument("--images", nargs="+", type=int, default=[60_000])
    parser.add_argument("--batches", nargs="+", type=int, default=[0], help="0 is the recipe's own")
    parser.add_argument("--rates", nargs="+", type=float, default=[1.0], help="times the recipe's own")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--assets", type=Path, default=ASSETS)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--table", action="store_true", help="only print what is recorded")
    parser.add_argument("--here", type=json.loads, help=argparse.SUPPRESS)  # this process is the one that trains
    args = parser.parse_args()
    if args.here:
        short = Short(*args.here)
        row = short._asdict() | measure(short, args.assets, args.work)
        return add_row(row | {"machine": machine_line()}, args.results)
    if not args.table:
        environment = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "GANVAS_CACHE": str(args.work / "cache")}
        combos = product([args.case], args.recipes, args.images, args.batches, args.rates, args.seeds)
        known = {tuple(row[name] for name in Short._fields) for row in read_rows(args.results)}
        for short in (Short(*each) for each in combos):
            if short not in known:
                subprocess.run([sys.executable, *sys.argv, "--here", json.dumps(short)], env=os.environ | environment)
    print(table(read_rows(args.results)))
    return None


if __name__ == "__main__":
    main()
