"""How near does `ganvas project` come, against the nearest of many random samples, and how long does it take?

Two sets are projected into each run: samples of its own, which it certainly can draw, and pictures that it was not
trained on. A distance is a squared one between two vectors: half pixels, half features (0 is the same picture).

    taskset -c 1 env OMP_NUM_THREADS=1 python benchmarks/latents.py runs/quick runs/vae --held-out held/ --tune

A row is one run and one set: medians over the pictures, how many of them came nearer than the nearest sample, the most
that one is from it as a share, and the seconds of the processor that the search of one picture took, without those of
the samples. With --tune the generator then learns all held-out pictures. What is recorded is not measured again: delete
its line to repeat it.
"""

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

import ganvas
from ganvas.device import choose_device
from ganvas.events import Progress, Projected
from ganvas.image_io import save_image, to_image
from machine import machine_line
from rows import Row, add_row, read_rows

RESULTS = Path(__file__).parent / "results" / "latents.jsonl"
SEED = 4_321  # of the samples that are projected
COUNT, SAMPLES = 32, 10_000
OWN, HELD = "own samples", "held out"
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


class Stopwatch:
    """Seconds of the processor that a kind of work took, by the progress that it reports."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.since = time.process_time()

    def lap(self, what: str) -> None:
        """Count the time since the last lap to `what`."""
        now = time.process_time()
        self.seconds[what] = self.seconds.get(what, 0.0) + now - self.since
        self.since = now


def project(
    run: Path, pictures: Path, out: Path, samples: int, device: str, tune: bool = False
) -> tuple[list[Projected], dict[str, float]]:
    """Return what was found, or tuned, and the seconds that each kind of work took."""
    found, watch, what = [], Stopwatch(), ""
    for event in ganvas.project(run, pictures, out, tune=tune, samples=samples, device=device):
        what = event.what if isinstance(event, Progress) else what
        watch.lap(what)
        if isinstance(event, Projected):
            found.append(event)
    return found, watch.seconds


def row_of(found: list[Projected], seconds: float) -> Row:
    """Return what the pictures of one set gave."""
    return {
        "pictures": len(found),
        "distance": median(event.distance for event in found),
        "nearest": median(event.nearest for event in found),
        "nearer": sum(event.distance < event.nearest for event in found),
        "most": max(event.distance / event.nearest for event in found),
        "cpu_seconds": seconds,
    }


def measure(run: Path, held_out: list[Path], count: int, samples: int, device: str, tune: bool) -> dict[str, Row]:
    """Return a row for each set that is projected into a run, both by one command."""
    model = ganvas.load(run, device)
    with tempfile.TemporaryDirectory() as folder:
        pictures, out = Path(folder) / "pictures", Path(folder) / "out"
        pictures.mkdir()
        for index, image in enumerate(model.sample(count, SEED)):
            save_image(to_image(image), pictures / f"own-{index:03d}.png", {})
        for path in held_out:
            shutil.copy(path, pictures / f"held-{path.name}")
        found, seconds = project(run, pictures, out, samples, device)
        each = seconds["pictures"] / (
            len(found) + 1
        )  # and the picture of the run's own that tells how near one can get
        by_set = {
            name: [event for event in found if Path(event.picture).name.startswith(start)]
            for name, start in ((OWN, "own-"), (HELD, "held-"))
        }
        rows = {name: row_of(events, each) for name, events in by_set.items() if events}
        if tune and held_out:
            for path in pictures.glob("own-*"):
                path.unlink()
            tuned, seconds = project(run, pictures, out, samples, device, tune=True)
            moved = [event.tuned for event in tuned if event.tuned is not None]
            rows[HELD] |= {"tuned": median(moved), "tuning_cpu_seconds": seconds["tuning"] / len(moved)}
            rows[HELD] |= {
                "tuned_nearer": sum(event.tuned < event.nearest for event in tuned if event.tuned is not None)
            }
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, help="folders of trained runs")
    parser.add_argument("--held-out", type=Path, help="folder of pictures that they were not trained on")
    parser.add_argument("--count", type=int, default=COUNT, help="pictures of each set, at most")
    parser.add_argument("--samples", type=int, default=SAMPLES, help="random samples to compare with")
    parser.add_argument("--tune", action="store_true", help="tune the generator to the held-out pictures, too")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--results", type=Path, default=RESULTS)
    args = parser.parse_args()
    known = {(row["run"], row["samples"], row["pictures"]) for row in read_rows(args.results) if "cpu_seconds" in row}
    held_out = sorted(path for path in args.held_out.iterdir() if path.suffix in SUFFIXES) if args.held_out else []
    for run in args.runs:
        if (run.name, args.samples, args.count) in known:
            continue
        recipe = ganvas.load(run, args.device).config.recipe
        rows = measure(run, held_out[: args.count], args.count, args.samples, args.device, args.tune)
        for name, row in rows.items():
            facts = {"run": run.name, "recipe": recipe, "set": name, "samples": args.samples}
            threads = choose_device(args.device).threads
            add_row(facts | row | {"threads": threads, "machine": machine_line()}, args.results)


if __name__ == "__main__":
    main()
