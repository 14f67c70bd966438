"""What does looking cost? The same training with the coach off and with it watching, in pairs, one after the other.

A watching coach leaves the training as it is, bit for bit, so the two differ by its looks alone. Each training runs in
a process of its own with one thread; processor time is compared, which other work on the machine disturbs less than the
clock, and the clock's time is told beside it. Which of a pair comes first alternates.

With a budget of minutes a pair would take equally long, so there the looks themselves are timed, inside one training:
all of the budget that goes into loading the small network, looking at real pictures, and looking at samples.

    python benchmarks/coach_cost.py
    python benchmarks/coach_cost.py --minutes 10 --cases people:quick:32
    python benchmarks/coach_cost.py --cases mnist:dcgan:16:70000 --pairs 5
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

import ganvas
from galleries import FILES
from ganvas.training.monitoring.health_check import HealthChecker
from sets import ASSETS

CASES = ("mnist:dcgan:16:70000", "people:quick:32:20000", "people:residual:32:20000")


def train(case: str, coach: str, assets: Path, work: Path) -> tuple[float, float, int]:
    """Return seconds of the processor and of the clock that a training takes, and how often the coach looked."""
    data, recipe, size, images = case.split(":")
    out = work / f"{case.replace(':', '-')}-{coach}-{time.time_ns()}"
    command = [sys.executable, "-m", "ganvas", "train", str(assets / FILES[data]), "--out", str(out)]
    command += ["--recipe", recipe, "--size", size, "--images", images, "--coach", coach, "--device", "cpu"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "GANVAS_CACHE": str(work / "cache")}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    after, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began
    looks = (out / "events.jsonl").read_text().count('{"event":"HealthCheck"')
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, clock, looks


def measure(case: str, pairs: int, assets: Path, work: Path) -> str:
    """Return one row of the table."""
    train(f"{case.rpartition(':')[0]}:64", "off", assets, work)  # pictures are prepared once, before anything counts
    shares, clocks, looks, seconds = [], [], 0, []
    for pair in range(pairs):
        taken = {coach: train(case, coach, assets, work) for coach in (("off", "watch"), ("watch", "off"))[pair % 2]}
        shares.append(taken["watch"][0] / taken["off"][0] - 1)
        clocks.append(taken["watch"][1] / taken["off"][1] - 1)
        seconds.append(taken["off"][0])
        looks = taken["watch"][2]
    spread = f"{min(shares):.1%} to {max(shares):.1%}"
    cost = f"{statistics.median(shares):.1%} ({spread}) | {statistics.median(clocks):.1%}"
    return f"| {case} | {pairs} | {statistics.median(seconds):.0f} s | {looks} | {cost} |"


def inside(case: str, minutes: float, assets: Path, work: Path) -> str:
    """Return one row: the share of a training of so many minutes that goes into the coach, by this process's time."""
    data, recipe, size = case.split(":")[:3]
    spent, looks = 0.0, 0
    make, check = HealthChecker.__init__, HealthChecker.check

    def timed(what: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any) -> Any:
            nonlocal spent, looks
            began = time.process_time()
            found = what(*given)
            spent += time.process_time() - began
            looks += what is check
            return found

        return run

    began = time.process_time()
    with patch.object(HealthChecker, "__init__", timed(make)), patch.object(HealthChecker, "check", timed(check)):
        pictures, out = assets / FILES[data], work / f"{data}-{recipe}-{size}"
        for _ in ganvas.train(pictures, out, recipe=recipe, size=size, minutes=minutes, coach="watch", device="cpu"):
            pass
    whole = time.process_time() - began
    return f"| {case}, {minutes:g} minutes | {looks} | {spent:.1f} s of {whole:.0f} s | {spent / whole:.1%} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=Path, default=ASSETS)
    parser.add_argument("--cases", nargs="+", default=CASES)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--minutes", type=float, help="the budget of single trainings, timed inside")
    wanted = parser.parse_args()
    if wanted.minutes:
        torch.set_num_threads(1)
        with tempfile.TemporaryDirectory() as work:
            for case in wanted.cases:
                print(inside(case, wanted.minutes, wanted.assets, Path(work)), flush=True)
        return
    print("| pictures : recipe : pixels : seen | pairs | training | looks | processor time | clock |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as work:
        for case in wanted.cases:
            print(measure(case, wanted.pairs, wanted.assets, Path(work)), flush=True)


if __name__ == "__main__":
    main()
