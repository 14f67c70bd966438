"""Time to quality: what a budget of minutes buys from `ganvas train` and from the loops that users would copy instead.

Each method trains in a process of its own, start-up included in its minutes, on the same pictures at 32 px with the
same cores and threads. Ours is started anew for each budget, reads the files itself and prepares them within its
budget; the peers (peers.py) are handed prepared pictures, and since they have no schedule, one long run of theirs is
scored at each mark. What is scored, and how, stands in quality.py.

Results are appended to benchmarks/results/speedrun.jsonl as they come, and what stands there is not run again.

    python benchmarks/speedrun.py --cores 1 --threads 1 --only classic lesson real
    python benchmarks/speedrun.py --cores 1 --threads 1 --only ganvas
    python benchmarks/speedrun.py --table
"""

import argparse
import contextlib
import fcntl
import json
import os
import platform
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
from quality import ASSETS, READERS, SAMPLES, SIZE, SOURCES, WORK, floors, pictures_file, save_sheet, score_samples

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "speedrun.jsonl"
PEERS, OURS, REAL = ("classic", "lesson"), "ganvas", "real"
Row = dict[str, str | int | float]


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

    def scored(self, samples: np.ndarray, data: str) -> dict[str, float]:
        """Score samples against a real set."""
        return score_samples(samples, data, self.assets, self.work)


def run_peer(method: str, data: str, seed: int, marks: list[float], lane: Lane) -> Iterator[Row]:
    """Train a peer once until its last mark, then yield a row for each mark."""
    out = lane.work / f"{method}-{data}-seed{seed}-threads{lane.threads}"
    pictures = pictures_file(data, lane.assets, lane.work)
    command = [sys.executable, str(HERE / "peers.py"), method, str(pictures), "--seed", str(seed), "--out", str(out)]
    command += ["--threads", str(lane.threads), "--started", str(time.time()), "--marks", *(f"{m:g}" for m in marks)]
    subprocess.run(command, check=True, env=lane.environment)
    for mark in marks:
        told = json.loads((out / f"{mark:g}.json").read_text())
        samples = np.load(out / f"{mark:g}.npy")
        save_sheet(samples, out / f"{mark:g}.png")
        rate = told["pictures"] / (60 * told["minutes"])
        yield {"minutes": mark, "measured": told["minutes"], "pictures_per_second": rate, **lane.scored(samples, data)}


def run_ours(data: str, seed: int, minutes: float, lane: Lane) -> Iterator[Row]:
    """Run `ganvas train` as a user would, with nothing prepared, then sample its run folder and yield one row."""
    out = lane.work / f"{OURS}-{data}-seed{seed}-threads{lane.threads}-{minutes:g}min"
    cache = out.with_name(out.name + "-cache")
    for left_over in (out, cache):
        shutil.rmtree(left_over, ignore_errors=True)
    options = {"size": SIZE, "minutes": minutes, "seed": seed, "device": "cpu", "out": out}
    command = [sys.executable, "-m", "ganvas", "train", str(lane.assets / SOURCES[data])]
    command += [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    started = time.time()
    subprocess.run(command, check=True, env={**lane.environment, "GANVAS_CACHE": str(cache)})
    measured = (time.time() - started) / 60
    samples = ganvas.load(out, "cpu").sample(count=SAMPLES, seed=seed + 1000).numpy()
    np.save(out.with_suffix(".npy"), samples)
    save_sheet(samples, out.with_suffix(".png"))
    seen = max(event.get("images", 0) for event in map(json.loads, (out / "events.jsonl").open()))
    rate = seen / (60 * measured)
    yield {"minutes": minutes, "measured": measured, "pictures_per_second": rate, **lane.scored(samples, data)}


def run_real(data: str, lane: Lane) -> Iterator[Row]:
    """Yield the scores of real pictures against real pictures."""
    for note, found in floors(data, lane.assets, lane.work):
        yield {"note": note, "minutes": 0.0, **found}


def machine_line() -> str:
    """Name the processor, its cores and the version of torch."""
    info = Path("/proc/cpuinfo")
    models = [line for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    name = models[0].split(":", 1)[1].strip() if models else platform.machine()
    return f"{name}, {os.cpu_count()} cores, torch {torch.__version__}"


def read_results() -> list[Row]:
    """Return the rows recorded so far."""
    return [json.loads(line) for line in RESULTS.read_text().splitlines()] if RESULTS.exists() else []


def done(**wanted: str | int | float) -> bool:
    """Tell whether a row with these values is recorded."""
    return any(all(row.get(key) == value for key, value in wanted.items()) for row in read_results())


def record(rows: Iterator[Row], lane: Lane, **who: str | int) -> None:
    """Append rows to the results as they come, to five digits, and say each aloud."""
    for row in rows:
        full: Row = {**who, **row, "threads": lane.threads, "machine": lane.machine}
        rounded = {key: float(f"{value:.5g}") if isinstance(value, float) else value for key, value in full.items()}
        RESULTS.parent.mkdir(exist_ok=True)
        with RESULTS.open("a") as file:
            file.write(json.dumps(rounded) + "\n")
        print(json.dumps(rounded), flush=True)


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


def averages(rows: list[Row]) -> tuple[float, float] | None:
    """Return the mean Frechet distance and KID, or nothing where there are no rows."""
    return (mean(float(r["frechet"]) for r in rows), mean(float(r["kid"]) for r in rows)) if rows else None


def shown(average: tuple[float, float] | None) -> str:
    """Write one cell of the table."""
    return f"{average[0]:.0f} / {average[1]:.3f}" if average else ""


def table(rows: list[Row]) -> str:
    """Return the results as markdown: means over seeds, and ours over the best other at the same minutes."""
    lines = []
    for data in sorted({str(row["data"]) for row in rows}, reverse=True):
        mine = [row for row in rows if row["data"] == data]
        lines += [f"**{data}**: Frechet / KID", ""]
        lines += ["| minutes | classic DCGAN | lesson's DCGAN | ganvas | ours / best other | ganvas took |"]
        lines += ["| ---: " * 6 + "|"]
        for minutes in sorted({float(row["minutes"]) for row in mine if row["method"] != REAL}):
            at = {m: averages([r for r in mine if (r["method"], r["minutes"]) == (m, minutes)]) for m in (*PEERS, OURS)}
            others, ours = [at[peer] for peer in PEERS if at[peer]], at[OURS]
            best = [min(scores) for scores in zip(*others, strict=True)]
            ratios = [f"{a / b:.2f}" for a, b in zip(ours, best, strict=True)] if ours and best else []
            took = [float(r["measured"]) for r in mine if (r["method"], r["minutes"]) == (OURS, minutes)]
            cells = [f"{minutes:g}", *(shown(value) for value in at.values()), " / ".join(ratios)]
            cells += [f"{max(took):.2f}" if took else ""]
            lines.append(f"| {' | '.join(cells)} |")
        floor = [f"{row['note']} {shown(averages([row]))}" for row in mine if row["method"] == REAL]
        lines += ["", f"Real pictures: {'; '.join(floor) or 'not scored yet'}.", ""]
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
    parser.add_argument("--table", action="store_true", help="only print the table of what is recorded")
    return parser.parse_args()


def main() -> None:
    """Run what is missing and print the table."""
    args = parse_arguments()
    if not args.table:
        os.sched_setaffinity(0, args.cores)  # the runs are children and inherit it
        torch.set_num_threads(args.threads)
        args.work.mkdir(parents=True, exist_ok=True)
        run_missing(args, Lane(args.assets, args.work, args.cores, args.threads, machine_line()))
    print(table(read_results()))


if __name__ == "__main__":
    main()
