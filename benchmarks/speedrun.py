"""Time to quality: what minutes buy from `ganvas train --recipe quick`, and from the loops that users would copy.

Each method trains in a process of its own, start-up included in its minutes, on the same pictures at 32 px with the
same cores and threads. Ours is started anew for each budget, reads the files itself and prepares them within its
budget; the peers (peers.py) are handed prepared pictures, and since they have no schedule, one long run of theirs is
scored at each mark. What is scored, and how, stands in quality.py.

Results are appended to benchmarks/results/speedrun.jsonl as they come, and what stands there is not run again. The
samples are kept in the work folder: when the scores change, --rescore scores them anew and leaves the times alone.

    python benchmarks/speedrun.py --cores 1 --threads 1 --only classic lesson real
    python benchmarks/speedrun.py --cores 1 --threads 1 --only ganvas
    python benchmarks/speedrun.py --cores 1 --threads 1 --rescore
    python benchmarks/speedrun.py --table
"""

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import numpy as np
import torch

import ganvas
import quality
from ganvas.atomic_write import write_atomically
from machine import machine_line
from quality import READERS, SAMPLES, SIZE, WORK
from rows import Row, add_row, read_rows, rounded
from sets import ASSETS

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "speedrun.jsonl"
PEERS, OURS, REAL = ("classic", "lesson"), "ganvas", "real"


@dataclass(frozen=True)
class Lane:
    """Say where the runs take place: folders, cores, the threads of each run, and the machine in words."""

    assets: Path
    work: Path
    cores: list[int]
    threads: int
    machine: str

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a run, which tells every library how many threads it may start."""
        return {**os.environ, "OMP_NUM_THREADS": str(self.threads), "MKL_NUM_THREADS": str(self.threads)}

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the cores: another speedrun on one of them waits, since two timed at once would both be wrong."""
        with contextlib.ExitStack() as held:
            for core in sorted(self.cores):
                path = Path(tempfile.gettempdir()) / f"ganvas-speedrun-core{core}.lock"
                fcntl.flock(held.enter_context(path.open("w")), fcntl.LOCK_EX)
            yield

    def samples(self, method: str, data: str, seed: int, minutes: float) -> Path:
        """Return the .npy where the samples of a run are kept."""
        run = f"{method}-{data}-seed{seed}-threads{self.threads}"
        return self.work / (f"{run}-{minutes:g}min.npy" if method == OURS else f"{run}/{minutes:g}.npy")

    def score(self, samples: np.ndarray, data: str) -> Row:
        """Score samples against a real set."""
        return quality.score_samples(samples, quality.real_set(data, self.assets, self.work))


def run_peer(method: str, data: str, seed: int, marks: list[float], lane: Lane) -> Iterator[Row]:
    """Train a peer once until its last mark, then yield a row for each mark."""
    out = lane.samples(method, data, seed, marks[0]).parent
    pictures = quality.pictures_file(data, lane.assets, lane.work)
    command = [sys.executable, str(HERE / "peers.py"), method, str(pictures), "--seed", str(seed), "--out", str(out)]
    command += ["--threads", str(lane.threads), "--started", str(time.time()), "--marks", *(f"{m:g}" for m in marks)]
    subprocess.run(command, check=True, env=lane.environment)
    for mark in marks:
        told = json.loads((out / f"{mark:g}.json").read_text())
        samples = np.load(out / f"{mark:g}.npy")
        quality.save_sheet(samples, out / f"{mark:g}.png")
        rate = told["pictures"] / (60 * told["minutes"])
        yield {"minutes": mark, "measured": told["minutes"], "pictures_per_second": rate, **lane.score(samples, data)}


def run_ours(data: str, seed: int, minutes: float, lane: Lane) -> Iterator[Row]:
    """Train by `quick` as a user would, with nothing prepared, then sample the run folder and yield one row."""
    kept = lane.samples(OURS, data, seed, minutes)
    out = kept.with_suffix("")
    cache = Path(f"{out}-cache")
    for left_over in (out, cache):
        shutil.rmtree(left_over, ignore_errors=True)
    options = {"recipe": "quick", "size": SIZE, "minutes": minutes, "seed": seed, "device": "cpu", "out": out}
    command = [sys.executable, "-m", "ganvas", "train", str(lane.assets / quality.SOURCES[data])]
    command += [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    started = time.time()
    subprocess.run(command, check=True, env={**lane.environment, "GANVAS_CACHE": str(cache)})
    measured = (time.time() - started) / 60
    samples = ganvas.load(out, "cpu").sample(count=SAMPLES, seed=seed + 1000).numpy()
    np.save(kept, samples)
    quality.save_sheet(samples, kept.with_suffix(".png"))
    seen = max(event.get("images_seen", 0) for event in map(json.loads, (out / "events.jsonl").open()))
    rate = seen / (60 * measured)
    yield {"minutes": minutes, "measured": measured, "pictures_per_second": rate, **lane.score(samples, data)}


def run_real(data: str, lane: Lane) -> Iterator[Row]:
    """Yield the scores of real pictures against real pictures."""
    for note, (samples, real) in quality.floors(data, lane.assets, lane.work).items():
        yield {"note": note, "minutes": 0.0, **quality.score_samples(samples, real)}


def done(**wanted: str | int | float) -> bool:
    """Tell whether a row with these values is recorded."""
    return any(all(row.get(key) == value for key, value in wanted.items()) for row in read_rows(RESULTS))


def record(rows: Iterator[Row], lane: Lane, **who: str | int) -> None:
    """Append rows to the results as they come and say each aloud."""
    for row in rows:
        add_row({**who, **row, "threads": lane.threads, "machine": lane.machine}, RESULTS)


def rescore(args: argparse.Namespace, lane: Lane) -> None:
    """Score the kept samples of recorded runs again, and replace the scores in their rows one by one."""
    wanted = {"method": args.only, "data": args.data, "seed": args.seeds, "threads": [lane.threads]}
    for old in read_rows(RESULTS):
        method, data, seed, minutes = str(old["method"]), str(old["data"]), int(old["seed"]), float(old["minutes"])
        asked = all(old[key] in values for key, values in wanted.items())
        if not asked or minutes not in (0.0, *args.minutes):
            continue
        if method == REAL:
            samples, real = quality.floors(data, lane.assets, lane.work)[str(old["note"])]
        elif (path := lane.samples(method, data, seed, minutes)).exists():
            samples, real = np.load(path), quality.real_set(data, lane.assets, lane.work)
        else:
            print(f"{path} is gone: delete the line of that run, to have it run again.", flush=True)
            continue
        with lane.alone():
            new = old | rounded(quality.score_samples(samples, real))
        rows = [new if row == old else row for row in read_rows(RESULTS)]  # others may have come meanwhile
        write_atomically(RESULTS, "".join(f"{json.dumps(row)}\n" for row in rows).encode())
        print(json.dumps(new), flush=True)


def run_missing(args: argparse.Namespace, lane: Lane) -> None:
    """Run what is asked for and not yet recorded; the first seed of everything comes first."""
    for seed in args.seeds:
        for data in args.data:
            for method in args.only:
                run = {"method": method, "data": data, "seed": seed, "threads": lane.threads}
                who = {"method": method, "data": data, "seed": seed}
                missing = [minutes for minutes in sorted(args.minutes) if not done(**run, minutes=minutes)]
                if method == REAL and seed == 0 and not done(method=REAL, data=data):
                    with lane.alone():
                        record(run_real(data, lane), lane, **who)
                elif method in PEERS and missing:
                    with lane.alone():
                        record(run_peer(method, data, seed, missing, lane), lane, **who)
                elif method == OURS:
                    for minutes in missing:
                        with lane.alone():
                            record(run_ours(data, seed, minutes, lane), lane, **who)


def with_interval(rows: list[Row], score: str, digits: int) -> str:
    """Write the mean of a score over seeds, and from the lowest to the highest end of their intervals."""
    middle = mean(float(row[score]) for row in rows)
    low, high = min(float(row[f"{score}_low"]) for row in rows), max(float(row[f"{score}_high"]) for row in rows)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def cells(rows: list[Row]) -> list[str]:
    """Write what stands in the table about the seeds of a method at one mark."""
    shares = ("precision", "recall", "coverage", "near_copies", "near_copies_real")
    means = {score: mean(float(row[score]) for row in rows) for score in shares}
    copies = f"{means['near_copies']:.1%} ({means['near_copies_real']:.1%})"
    took = max((float(row["measured"]) for row in rows if "measured" in row), default=0.0)
    return [
        str(rows[0].get("note", rows[0]["method"])), str(len(rows)), with_interval(rows, "frechet_corrected", 0),
        with_interval(rows, "kid", 3), *(f"{means[score]:.2f}" for score in shares[:3]), copies,
        " / ".join(sorted({str(row["memorisation"]) for row in rows})), f"{took:.2f}" if took else "",
    ]  # fmt: skip


def table(rows: list[Row]) -> str:
    """Return the results as markdown, one line for each method and mark; rows of older scores wait for --rescore."""
    titles = ["minutes", "method", "seeds", "Frechet, corrected", "KID", "precision", "recall", "coverage"]
    titles += ["near-copies (real ones)", "by heart", "took at most"]
    lines = []
    for data in sorted({str(row["data"]) for row in rows}, reverse=True):
        groups: dict[tuple[float, str], list[Row]] = {}
        for row in rows:
            if row["data"] == data and "frechet_corrected" in row:
                groups.setdefault((float(row["minutes"]), str(row.get("note", row["method"]))), []).append(row)
        lines += [f"**{data}**", "", f"| {' | '.join(titles)} |", "| ---: | --- " + "| ---: " * 9 + "|"]
        lines += [f"| {' | '.join([f'{who[0]:g}', *cells(same)])} |" for who, same in sorted(groups.items())]
        lines += [""]
    return "\n".join(lines)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    cores = sorted(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=[REAL, *PEERS, OURS], default=[REAL, *PEERS, OURS])
    parser.add_argument("--data", nargs="+", choices=list(READERS), default=list(READERS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--minutes", nargs="+", type=float, default=[2.0, 5.0, 10.0])
    parser.add_argument("--cores", nargs="+", type=int, default=cores, help="pin every run to these")
    parser.add_argument("--threads", type=int, default=len(cores), help="threads of each run")
    parser.add_argument("--assets", type=Path, default=ASSETS, help="folder with the data sets")
    parser.add_argument("--work", type=Path, default=WORK, help="folder for samples and runs, outside the repository")
    parser.add_argument("--rescore", action="store_true", help="score the kept samples of recorded runs again")
    parser.add_argument("--table", action="store_true", help="only print the table of what is recorded")
    return parser.parse_args()


def main() -> None:
    """Run what is missing and print the table."""
    args = parse_arguments()
    if not args.table:
        os.sched_setaffinity(0, args.cores)  # the runs are children and inherit it
        torch.set_num_threads(args.threads)
        args.work.mkdir(parents=True, exist_ok=True)
        lane = Lane(args.assets, args.work, args.cores, args.threads, machine_line())
        (rescore if args.rescore else run_missing)(args, lane)
    print(table(read_rows(RESULTS)))


if __name__ == "__main__":
    main()
