"""Does the coach notice, name and cure? Two catalogues of sicknesses, with the coach off, watching or acting.

Each case trains about a minute or half a minute in a process of its own, with one thread, at 16 px, and its last model
is scored: the Frechet distance of 1,000 samples in features of EfficientNet-lite1 from up to 5,000 real pictures, all
of them and sound also where it was trained on fewer or on spoilt ones. A case is rescued if with the coach acting its
distance is at most 1.25 times the median of the healthy runs of the same pictures, recipe and budget. A watching coach
leaves the training as it is, so its run tells both when something was noticed and what would have come of it.

The planted sicknesses stand in sickness.py, those that nobody planted in unplanned.py. Results are appended to
benchmarks/results/rescue.jsonl or unplanned.jsonl as they come, and what stands there is not run again. Of the second
catalogue those cases that no rule may be tuned on have a file of their own, and without --names only their totals are
printed. Several lanes may run at a time, each on a core. The work folder keeps each run's events and last sheet, so
that --replay can tell in seconds what other rules would have said. Where they would have left the second catalogue's
training alone, --mode act copies the watched run: the two are the same to the bit.

    python benchmarks/rescue.py --mode watch act --core 1            # everything that is missing
    python benchmarks/rescue.py --mode watch --only healthy          # or: tuned, unseen
    python benchmarks/rescue.py --mode act --cases 'rates-*'
    python benchmarks/rescue.py --replay --only tuned
    python benchmarks/rescue.py --catalogue unplanned --table
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from fnmatch import fnmatch
from pathlib import Path

import torch

from catalogues import CATALOGUES, Places
from ganvas.coach.diagnosis.diagnoses import HEALTHY_VERDICTS
from ganvas.coach.diagnosis.rules import CERTAIN
from ganvas.coach.doctor import fresh_verdicts
from ganvas.device import choose_device
from ganvas.errors import GanvasError
from ganvas.event_log import replay
from ganvas.events import Done, Event, HealthCheck, Score, Started, Step, Treatment
from ganvas.latents.model_file import MODEL_FILE
from ganvas.latents.sample import load as load_model
from ganvas.metrics.distances import bootstrap_frechet_distance
from ganvas.metrics.features import extract_features
from ganvas.metrics.real_features import RealImages
from ganvas.runs import Run
from ganvas.training import loop
from machine import machine_line
from planting import PLANTS, load
from rows import Row
from sets import ASSETS
from sickness import Case
from tally import Outcome, alarms, changes, outcomes, replayed, table, totals

RESULTS = Path(__file__).resolve().parent / "results"
WORK = Path(tempfile.gettempdir()) / "ganvas-rescue"
NETWORK, SAMPLES, SEED, REALS = "efficientnet-lite1", 1000, 1001, 5000
MODES = ("off", "watch", "act")


def train(case: Case, mode: str, places: Places) -> tuple[list[Event], str]:
    """Train a case from the beginning; return its events, and how it ended: finished, stopped or broke."""
    run = places.run(case, mode)
    shutil.rmtree(run.folder, ignore_errors=True)
    data, pictures = load(case.data, case.fault.spoil, places.assets, places.work)
    config = places.catalogue.configure(case, data, pictures, mode)
    with run.lock(), PLANTS[case.fault.during](config):
        run.write_config(config)
        try:
            for event in loop.train(config, run, data, choose_device("cpu")):
                run.append_event(event)
        except GanvasError as error:
            print(error, flush=True)
    shutil.rmtree(run.checkpoints, ignore_errors=True)
    events = list(replay(run.events_file))
    last = events[-1]
    return events, last.reason if isinstance(last, Done) else "broke"


def score(case: Case, run: Run, places: Places) -> tuple[float, float]:
    """Return the Frechet distance of the run's model, plain and corrected; infinite if there is no model."""
    if not (run.model / MODEL_FILE).is_file():
        return math.inf, math.inf
    reals = RealImages(load(case.data, "whole", places.assets, places.work)[0], network=NETWORK)
    fake = extract_features(load_model(run.folder, "cpu").sample(SAMPLES, SEED), NETWORK)
    real = reals.features(reals.random_indices(REALS))
    plain, corrected = bootstrap_frechet_distance(
        fake.intermediate, real.intermediate, torch.Generator().manual_seed(0), replicates=0
    )
    return plain.value, corrected.value


def record(case: Case, mode: str, places: Places) -> Row:
    """Train and score a case, and return its row."""
    began = time.perf_counter()
    events, ended = train(case, mode, places)
    wall = time.perf_counter() - began
    plain, corrected = score(case, places.run(case, mode), places)
    steps = [event for event in events if isinstance(event, Step | Done)]
    budget = next(event.total_images for event in events if isinstance(event, Started))
    told = changes(events)
    first = next(iter(alarms(told, case.fault.onset * budget)), None) if case.sick else next(iter(alarms(told)), None)
    return {
        "case": case.name,
        "mode": mode,
        "kind": case.fault.kind,
        "data": case.data,
        "recipe": case.recipe,
        "seed": case.seed,
        "aside": case.aside,
        "budget": budget,
        "images": steps[-1].images_seen if steps else 0,
        "seconds": round(steps[-1].seconds if steps else 0.0, 1),
        "wall": round(wall, 1),
        "frechet": round(plain, 1),
        "frechet_corrected": round(corrected, 1),
        "noticed": first and [first[0], round(first[0] / budget, 3), first[1]],
        "verdicts": told,
        "treatments": [
            [e.images_seen, e.diagnosis, e.outcome, e.text, [each.kind for each in e.prescriptions]]
            for e in events
            if isinstance(e, Treatment)
        ],
        "ended": ended,
        "machine": machine_line(),
    }


def copied(case: Case, places: Places) -> Row | None:
    """Return the watched run's row as that of the acting one, if today's rules find nothing that the coach acts on.

    Until the coach acts, the two trainings are the same to the bit. None if it would act, or if that is not known.
    """
    row, file = places.row(case, "watch"), places.run(case, "watch").events_file
    if row is None or not file.exists():
        return None
    measured = [event for event in replay(file) if isinstance(event, HealthCheck | Score)]
    for verdict in fresh_verdicts(measured):
        if verdict.name not in HEALTHY_VERDICTS or (verdict.name == "converged" and verdict.confidence >= CERTAIN):
            return None
    return row | {"mode": "act", "noticed": None, "verdicts": replayed(measured), "treatments": [], "copied": True}


def run_here(case: Case, mode: str, places: Places) -> None:
    """Run a case in this process and append its row."""
    os.environ.setdefault("GANVAS_CACHE", str(places.work / "cache"))
    may_copy = mode == "act" and places.catalogue.copies
    row = (copied(case, places) if may_copy else None) or record(case, mode, places)
    places.results.mkdir(parents=True, exist_ok=True)
    with places.file(case).open("a") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")
    if places.is_secret(case):
        print(f"an unseen case {mode}, {row['wall']:.0f} s", flush=True)
        return
    called = f"{row['noticed'][2]} at {row['noticed'][0]:,}" if row["noticed"] else "nothing noticed"
    print(f"{case.name} {mode}: {row['frechet']:,.0f}, {row['wall']:.0f} s, {row['ended']}, {called}", flush=True)


def run_all(cases: list[Case], modes: list[str], places: Places, options: list[str]) -> None:
    """Run what is missing, each case in a process of its own with one thread."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    for case in cases:
        for mode in modes:
            with places.claimed(case, mode) as ours:
                if ours and places.row(case, mode) is None:
                    order = [sys.executable, __file__, "--here", "--cases", case.name, "--mode", mode, *options]
                    if subprocess.run(order, env=environment).returncode:
                        print(f"{case.name} {mode}: failed, no result", flush=True)


def anew(cases: list[Case], places: Places, names: bool) -> list[str]:
    """Return the verdicts of today's rules on the recorded histories, a line each, and what they add up to.

    Args:
        names: whether there is a line for cases too of which nothing may be told but totals.
    """
    files = {case.name: places.run(case, "watch").events_file for case in cases if places.row(case, "watch")}
    told = {name: replayed(replay(file)) for name, file in files.items() if file.exists()}
    known = [case for case in cases if case.name in told]
    found = outcomes(known, places.rows(), lambda row: told[row["case"]], places.catalogue.cases)
    lines = []
    for each in found:
        if places.is_secret(each.case) and not names:
            continue
        mark = ("✓" if each.named else "✗") if each.case.sick else "✗" if each.noticed else "✓"
        timeline = ", ".join(f"{images / 1000:.1f}k {name} {sure:.2f}" for images, name, sure in told[each.case.name])
        lines.append(f"{mark} {each.case.name} ({each.off / each.healthy:.2f}): {timeline}")
    return [*lines, "", *totals(found)]


def recorded(cases: list[Case], places: Places, names: bool) -> list[str]:
    """Return the table of what is recorded, and what it adds up to."""
    found = outcomes(cases, places.rows(), everything=places.catalogue.cases)
    shown: list[Outcome] = [each for each in found if names or not places.is_secret(each.case)]
    return [*table(shown), "", *totals(found)]


def chosen(everything: tuple[Case, ...], only: str | None, pattern: str) -> list[Case]:
    """Return the cases of a group that match a glob; the healthy ones first: the others are compared with them."""
    groups = {
        None: lambda case: True,
        "tuned": lambda case: not case.aside,
        "unseen": lambda case: case.aside,
        "healthy": lambda case: not case.sick,
    }
    found = (case for case in everything if groups[only](case) and fnmatch(case.name, pattern))
    return sorted(found, key=lambda case: case.sick)


def main() -> None:
    """Run, tell, or replay."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", nargs="+", choices=MODES, default=["watch", "act"])
    parser.add_argument("--catalogue", choices=list(CATALOGUES), default="planted")
    parser.add_argument("--only", choices=["tuned", "unseen", "healthy"])
    parser.add_argument("--cases", default="*", help="a glob of their names")
    parser.add_argument("--core", type=int, help="to run on")
    parser.add_argument("--assets", type=Path, default=ASSETS)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of what is recorded")
    parser.add_argument("--here", action="store_true", help="run in this process, whatever stands in the results")
    parser.add_argument("--table", action="store_true", help="print what is recorded")
    parser.add_argument("--replay", action="store_true", help="diagnose the recorded runs anew")
    parser.add_argument("--names", action="store_true", help="tell more than totals about unseen cases")
    args = parser.parse_args()
    catalogue = CATALOGUES[args.catalogue]
    places = Places(catalogue, args.assets.resolve(), args.work.resolve(), args.results.resolve())
    cases = chosen(catalogue.cases, args.only, args.cases)
    if args.core is not None:
        os.sched_setaffinity(0, {args.core})
    if args.table:
        print("\n".join(recorded(cases, places, args.names)))
    elif args.replay:
        print("\n".join(anew(cases, places, args.names)))
    elif args.here:
        run_here(cases[0], args.mode[0], places)
    else:
        paths = {"--assets": places.assets, "--work": places.work, "--results": places.results}
        options = ["--catalogue", args.catalogue, *(str(word) for pair in paths.items() for word in pair)]
        run_all(cases, args.mode, places, options)


if __name__ == "__main__":
    main()
