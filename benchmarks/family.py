"""All recipes side by side: how good each is after the same minutes, what it costs, and whether `auto` chose well.

Each run is a training of its own in a process of its own, on one core and one thread or on all, with nothing prepared
and its start-up counted into its minutes. 2,000 samples are scored as in quality.py against the pictures as that run
prepared them, 10,000 of them at most. Beside stand the pictures a second of training, the most memory that the
training held, what the coach said at the end and how often it treated, and which share of the convolutions that this
machine could do is in a step (cost.py; the rate is measured just before the training, and not at its expense).

    python benchmarks/family.py --core 1                     # people and photographs, all recipes and auto, 10 minutes
    python benchmarks/family.py --core 1 --cases hundred --recipes dcgan auto --minutes 2 10
    python benchmarks/family.py --core 1 --replan            # auto anew: it chooses otherwise now
    python benchmarks/family.py --table
    python benchmarks/family.py --sheets people.webp --case people --minutes 10

Results are appended to benchmarks/results/family.jsonl as they come, and what stands there is not run again; a run that
was cut short goes on. A recipe that cannot make these pictures gets a row that says so. Where `auto` comes to the very
configuration of a recipe that stands there, its row is that one: the training would be the same, number by number.
"""

import argparse
import dataclasses
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import ganvas
from cost import convolution_rate, seconds_per_step, step_flops
from family_cases import CASES, Combo, is_there, options_of, order_of, twin
from family_table import AUTO, SHOWN, by_distance, join, table
from ganvas.atomic_write import write_atomically
from ganvas.config import Config, DataConfig
from ganvas.data import PreparedDataset, prepare
from ganvas.device import choose_device, torch_device
from ganvas.event_log import read_events
from ganvas.events import Done, Event, Note, Step, Treatment, Verdict, run_to_end
from ganvas.image_io import image_grid, save_image, to_image
from ganvas.recipes import RECIPES
from ganvas.runs import Run
from ganvas.training.start import train
from machine import forget_peak, machine_line, peak_memory
from quality import SAMPLES, as_prepared, score_samples
from rows import Row, add_row, read_rows
from sets import ASSETS
from speedrun import Lane

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "family.jsonl"
WORK = Path(tempfile.gettempdir()) / "ganvas-family"
MOST_REALS = 10_000


def missing(rows: Iterable[Row], wanted: Iterable[Combo], threads: int) -> list[Combo]:
    """Return those of the wanted runs that no row tells of, in their order."""
    known = {combo_of(row) for row in rows if row["threads"] == threads}
    return [combo for combo in wanted if combo not in known]


def combo_of(row: Row) -> Combo:
    """Return which run a row tells of."""
    return Combo(str(row["case"]), str(row["recipe"]), float(row["minutes"]), int(row["seed"]))


def train_here(order: Row) -> Row:
    """Train in this process as `order` says; return what only this process can know: memory and the machine's rate.

    The clock began at `started`, when the process did, and stands still while the rate is measured.
    """
    began = time.monotonic() - (time.time() - float(order["started"]))
    torch_device(choose_device("cpu"))
    paused = time.monotonic()
    rate = convolution_rate()
    began += time.monotonic() - paused
    forget_peak()
    for event in train(str(order["pictures"]), str(order["out"]), options_of(order), lambda: False, began):
        if isinstance(event, Note):
            print(f"  {event.text}", flush=True)
    return {"rate": rate, "peak_mb": peak_memory()}


def run_child(combo: Combo, lane: Lane) -> Row:
    """Train in a process of its own, or go on there, and return what it told.

    A training that is whole is not repeated if it waits for its scores; if its row was deleted, it is.

    Raises:
        subprocess.CalledProcessError: the process broke.
    """
    out = combo.path(lane)
    told, cache = combo.told(lane), Path(f"{out}-cache")
    if not told.exists():
        if is_finished(Run(out)):
            shutil.rmtree(out)
        order = order_of(combo, lane) | {"started": time.time()}
        command = [sys.executable, str(HERE / "family.py"), "--order", json.dumps(order)]
        subprocess.run(command, check=True, env={**lane.environment, "GANVAS_CACHE": str(cache)})
        shutil.rmtree(cache, ignore_errors=True)
    found: Row = json.loads(told.read_text())
    return found


def is_finished(run: Run) -> bool:
    """Tell whether a run has come to its end."""
    events = read_events(run.events_file)[0] if run.events_file.exists() else []
    return bool(events) and isinstance(events[-1], Done) and events[-1].reason != "interrupted"


def follow(order: Row) -> None:
    """Be the child: train, and leave what is told beside the run; a GanvasError is told as well."""
    try:
        found = train_here(order)
    except ganvas.GanvasError as error:
        found = {"error": str(error)}
    write_atomically(Path(f"{order['out']}.json"), json.dumps(found).encode())


def read_run(config: Config, events: Sequence[Event]) -> Row:
    """Return what the events of a finished run say: pictures, their rate, seconds a step, and the coach's word.

    Pictures a second are those of the training alone: sheets, scores and checkpoints take none of its seconds.
    """
    done = [event for event in events if isinstance(event, Done)][-1]
    verdicts = [event.name for event in events if isinstance(event, Verdict)]
    treatments = sum(isinstance(event, Treatment) and not event.outcome for event in events)
    row: Row = {
        "chosen": config.recipe,
        "pictures": done.images_seen,
        "pictures_per_second": done.images_seen / done.seconds,
    }
    row |= {"seconds": done.seconds, "ended": done.reason}
    row |= {"verdict": verdicts[-1] if verdicts else "not examined", "treatments": treatments}
    step = seconds_per_step(config, [event for event in events if isinstance(event, Step)])
    return row | ({} if step is None else {"seconds_per_step": step})


@functools.lru_cache(maxsize=1)
def reals_of(data: DataConfig) -> PreparedDataset:
    """Return what the samples of a run are compared with: its pictures, of very many a part that is always the same."""
    pictures = run_to_end(prepare(dataclasses.replace(data, conditional=False), workers=1)).images
    return as_prepared(np.asarray(pictures[np.random.default_rng(0).permutation(len(pictures))[:MOST_REALS]]))


def measure(combo: Combo, lane: Lane) -> Row:
    """Train if need be, then sample, score and count; return the row, or one with an error if ganvas refused."""
    try:
        found = run_child(combo, lane)
        if "error" in found:
            return {"error": found["error"]}
        run = Run(combo.path(lane))
        config = run.read_config()
        samples = ganvas.load(run.folder, "cpu").sample(count=SAMPLES, seed=combo.seed + 1000).numpy()
        sheet = to_image(image_grid(torch.from_numpy(samples[: SHOWN**2]), columns=SHOWN))
        save_image(sheet, combo.sheet(lane.work), combo._asdict())
        row = found | read_run(config, read_events(run.events_file)[0]) | {"step_flops": step_flops(config)}
        if "seconds_per_step" in row:
            row["share"] = float(row["step_flops"]) / (float(row["seconds_per_step"]) * float(row["rate"]))
        return row | score_samples(samples, reals_of(config.data))
    except ganvas.GanvasError as error:
        return {"error": str(error)}


def forget(combos: Iterable[Combo], lane: Lane, results: Path) -> None:
    """Take the rows of these runs out of the results, and remove their runs."""
    gone = set(combos)
    kept = [row for row in read_rows(results) if row["threads"] != lane.threads or combo_of(row) not in gone]
    write_atomically(results, "".join(f"{json.dumps(row)}\n" for row in kept).encode())
    for combo in gone:
        combo.told(lane).unlink(missing_ok=True)
        shutil.rmtree(combo.path(lane), ignore_errors=True)


def run_missing(wanted: Sequence[Combo], lane: Lane, results: Path) -> None:
    """Run what is wanted and not recorded, one after the other; what breaks is told, and tried again the next time."""
    for combo in missing(read_rows(results), wanted, lane.threads):
        print(f"{combo.case}, {combo.recipe}, {combo.minutes:g} minutes, seed {combo.seed}", flush=True)
        try:
            with lane.alone():
                row = known_twin(combo, lane, results) or measure(combo, lane)
        except subprocess.CalledProcessError as error:
            print(f"  It broke with status {error.returncode}; what it said stands above.", flush=True)
            continue
        who = combo._asdict() | {"threads": lane.threads}
        add_row({"version": ganvas.__version__, "machine": lane.machine} | row | who, results)
        combo.told(lane).unlink(missing_ok=True)


def known_twin(combo: Combo, lane: Lane, results: Path) -> Row | None:
    """Return the row that `auto` would get again, if it stands there."""
    same = twin(combo, lane) if combo.recipe == AUTO else None
    rows = [row for row in read_rows(results) if row["threads"] == lane.threads and combo_of(row) == same]
    return rows[-1] if rows else None


def write_sheets(rows: Iterable[Row], case: str, minutes: float, work: Path, out: Path) -> None:
    """Join the random sheets of all recipes on a case, the nearest first; auto's is one of theirs again."""
    found = by_distance(row for row in rows if (row["case"], row["minutes"], row["seed"]) == (case, minutes, 0))
    paths = {recipe: Combo(case, recipe, minutes, 0).sheet(work) for recipe in found if recipe != AUTO}
    sheets = {recipe: Image.open(path) for recipe, path in paths.items() if path.exists()}
    if not sheets:
        raise SystemExit(f"There are no sheets of {case} after {minutes:g} minutes in {work / 'sheets'}.")
    save_image(join(sheets), out, {"case": case, "minutes": minutes})


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    cores = sorted(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=["people", "photographs"])
    parser.add_argument("--recipes", nargs="+", choices=[*RECIPES, AUTO], default=[*RECIPES, AUTO])
    parser.add_argument("--minutes", nargs="+", type=float, default=[10.0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument(
        "--core", choices=["all", *map(str, cores)], default=str(cores[0]), help="where runs are pinned"
    )
    parser.add_argument("--assets", type=Path, default=ASSETS, help="folder with the data sets")
    parser.add_argument("--work", type=Path, default=WORK, help="folder for runs and sheets, outside the repository")
    parser.add_argument("--results", type=Path, default=RESULTS, help="file of the rows")
    parser.add_argument("--replan", action="store_true", help="run auto again, and nothing else")
    parser.add_argument("--table", action="store_true", help="only print the table of what is recorded")
    parser.add_argument("--sheets", type=Path, help="only join the sheets of --case after --minutes to this picture")
    parser.add_argument("--case", choices=list(CASES), default="people", help="of --sheets")
    parser.add_argument("--order", type=json.loads, help=argparse.SUPPRESS)  # this process is the one that trains
    return parser.parse_args()


def main() -> None:
    """Run what is missing and print the table."""
    args = parse_arguments()
    if args.order:
        return follow(args.order)
    if args.sheets:
        return write_sheets(read_rows(args.results), args.case, args.minutes[0], args.work, args.sheets)
    if not args.table:
        cores = sorted(os.sched_getaffinity(0)) if args.core == "all" else [int(args.core)]
        os.sched_setaffinity(0, cores)  # the runs are children and inherit it
        torch.set_num_threads(len(cores))
        args.work.mkdir(parents=True, exist_ok=True)
        lane = Lane(args.assets, args.work, cores, len(cores), machine_line())
        recipes = [AUTO] if args.replan else args.recipes
        there = [case for case in args.cases if is_there(case, lane)]
        wanted = [Combo(c, r, m, s) for s in args.seeds for c in there for m in args.minutes for r in recipes]
        if args.replan:
            forget(wanted, lane, args.results)
        run_missing(wanted, lane, args.results)
    print(table(read_rows(args.results)))
    return None


if __name__ == "__main__":
    main()
