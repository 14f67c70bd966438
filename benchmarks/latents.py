"""How near does `ganvas project` come, against the nearest of many random samples, and how long does it take?

Two sets are projected into each run: samples of its own, which it certainly can draw, and pictures that it was not
trained on. A distance is a squared one between two vectors: half pixels, half features (0 is the same picture).

    taskset -c 1 env OMP_NUM_THREADS=1 python benchmarks/latents.py runs/quick runs/vae --held-out held/ --tune

A row is one run and one set: medians over the pictures, how many of them came nearer than the nearest sample, and the
seconds of one picture's search, without those that the samples take. What is recorded is not measured again: delete
its line to repeat it.
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import ganvas
from ganvas.device import choose_device
from ganvas.events import Progress, Projected
from ganvas.latents.write import write_pictures
from machine import machine_line
from rows import Row, add_row, read_rows

RESULTS = Path(__file__).parent / "results" / "latents.jsonl"
SEED = 4_321  # of the samples that are projected
COUNT, SAMPLES = 32, 10_000


def measure(run: Path, pictures: Path, samples: int, tune: bool, device: str) -> Row:
    """Return what projecting a folder of pictures into a run gave."""
    found: list[Projected] = []
    tuned: list[float] = []
    seconds = 0.0
    with tempfile.TemporaryDirectory() as out:
        since = time.monotonic()
        for event in ganvas.project(run, pictures, out, tune=tune, samples=samples, device=device):
            now = time.monotonic()
            if isinstance(event, Progress) and event.what == "pictures":
                seconds += now - since
            if isinstance(event, Projected):
                if event.tuned is None:
                    found.append(event)
                else:
                    tuned.append(event.tuned)
            since = now
    row: Row = {
        "pictures": len(found),
        "distance": median(event.distance for event in found),
        "nearest": median(event.nearest for event in found),
        "nearer": sum(event.distance < event.nearest for event in found),
        "seconds": seconds / len(found),
    }
    return row | ({"tuned": median(tuned)} if tuned else {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, help="folders of trained runs")
    parser.add_argument("--held-out", type=Path, help="folder of pictures that they were not trained on")
    parser.add_argument("--count", type=int, default=COUNT, help="samples of its own that are projected into a run")
    parser.add_argument("--samples", type=int, default=SAMPLES, help="random samples to compare with")
    parser.add_argument("--tune", action="store_true", help="tune the generator to the held-out pictures, too")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--results", type=Path, default=RESULTS)
    args = parser.parse_args()
    known = {(row["run"], row["set"], row["samples"]) for row in read_rows(args.results)}
    for run in args.runs:
        model = ganvas.load(run, args.device)
        with tempfile.TemporaryDirectory() as own:
            sets = {"own samples": (write_pictures(model, Path(own), args.count, SEED), False)}
            if args.held_out:
                sets["held out"] = args.held_out, args.tune
            for name, (pictures, tune) in sets.items():
                if (run.name, name, args.samples) in known:
                    continue
                row = measure(run, pictures, args.samples, tune, args.device)
                facts = {"run": run.name, "recipe": model.config.recipe, "set": name, "samples": args.samples}
                threads = choose_device(args.device).threads
                add_row(facts | row | {"threads": threads, "machine": machine_line()}, args.results)


if __name__ == "__main__":
    main()
