"""What does the coach cost? Of single trainings, timed inside, and of pairs with the coach off and with it.

Inside one training, all that the coach does is timed: loading the small network, looking at real pictures and at
samples, and keeping healthy moments to go back to. What a checkpoint or a score would have cost anyway is not counted.
Calibration, which tries a check, is.

In pairs, the same training is run with the coach off and with it, each in a process of its own with one thread. A coach
that finds nothing wrong leaves the training as it is, bit for bit, so the two differ by its work alone. Which of a pair
comes first alternates. The number of pictures may be calibrated to so many minutes' worth of work.

Processor time is compared, which other work on the machine disturbs less than the clock.

    python benchmarks/coach_cost.py --minutes 2 5 10
    python benchmarks/coach_cost.py --cases people:quick:32:8000
    python benchmarks/coach_cost.py --minutes 2 5 10 --pairs 3
    python benchmarks/coach_cost.py --cases mnist:dcgan:16:70000 --pairs 5 --coach watch
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

import ganvas
from galleries import FILES
from ganvas.planning.schedule import is_due
from ganvas.training import after_step
from ganvas.training.monitoring.health_check import HealthChecker
from sets import ASSETS

CASES = ("people:quick:32", "mnist:dcgan:16", "people:residual:32")
PILOT = 1_500  # images of the training that the others are calibrated by


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


def measure(case: str, pairs: int, coach: str, assets: Path, work: Path) -> str:
    """Return one row of the table."""
    train(f"{case.rpartition(':')[0]}:64", "off", assets, work)  # pictures are prepared once, before anything counts
    shares, clocks, looks, seconds = [], [], 0, []
    for pair in range(pairs):
        taken = {each: train(case, each, assets, work) for each in (("off", coach), (coach, "off"))[pair % 2]}
        shares.append(taken[coach][0] / taken["off"][0] - 1)
        clocks.append(taken[coach][1] / taken["off"][1] - 1)
        seconds.append(taken["off"][0])
        looks = taken[coach][2]
    spread = f"{min(shares):.1%} to {max(shares):.1%}"
    cost = f"{statistics.median(shares):.1%} ({spread}) | {statistics.median(clocks):.1%}"
    return f"| {case} | {pairs} | {statistics.median(seconds):.0f} s | {looks} | {cost} |"


def calibrated(case: str, minutes: float, assets: Path, work: Path) -> str:
    """Return the case with as many images as take so many minutes of processor time, the coach off."""
    short, long = (train(f"{case}:{images}", "off", assets, work)[0] for images in (PILOT, 3 * PILOT))
    return f"{case}:{round(PILOT + 2 * PILOT * (60 * minutes - short) / max(1e-3, long - short))}"


def inside(case: str, minutes: float, coach: str, assets: Path, work: Path) -> str:
    """Return one row: the share of a training that goes into the coach, by this process's time.

    Args:
        minutes: the budget; 0 for as many images as the case names.
    """
    data, recipe, size, *images = case.split(":")
    budget: dict[str, Any] = {"minutes": minutes} if minutes else {"images": int(images[0])}
    spent, looks, kept = 0.0, 0, 0

    def timed(what: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any) -> Any:
            nonlocal spent, looks
            began = time.process_time()
            found = what(*given)
            spent += time.process_time() - began
            looks += what is check
            return found

        return run

    def keep(session: Any, *given: Any, **named: Any) -> Iterator[Any]:
        nonlocal spent, kept
        usual = is_due(*session.last.progress, session.config.checkpoints) or session.reason != "finished"
        is_coach = not (usual or session.should_score or session.last.is_last)
        began = time.process_time()
        yield from save(session, *given, **named)
        spent += (time.process_time() - began) if is_coach else 0.0
        kept += is_coach

    make, check, save = HealthChecker.__init__, HealthChecker.check, after_step.save
    began = time.process_time()
    with (
        patch.object(HealthChecker, "__init__", timed(make)),
        patch.object(HealthChecker, "check", timed(check)),
        patch.object(after_step, "save", keep),
    ):
        pictures, out = assets / FILES[data], work / f"{data}-{recipe}-{size}-{minutes:g}"
        for _ in ganvas.train(pictures, out, recipe=recipe, size=size, coach=coach, device="cpu", **budget):
            pass
    whole = time.process_time() - began
    name = f"{case}, {minutes:g} minutes" if minutes else case
    return f"| {name} | {looks} | {kept} | {spent:.1f} s of {whole:.0f} s | {spent / whole:.1%} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=Path, default=ASSETS)
    parser.add_argument(
        "--cases", nargs="+", default=CASES, help="PICTURES:RECIPE:PIXELS, or with :IMAGES in place of minutes"
    )
    parser.add_argument("--minutes", type=float, nargs="+", default=[])
    parser.add_argument("--pairs", type=int, default=0, help="pairs of each; without, single trainings timed inside")
    parser.add_argument("--coach", default="act")
    wanted = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        if not wanted.pairs:
            print("| training | looks | kept | processor time | share |\n| --- | ---: | ---: | ---: | ---: |")
            for case, minutes in product(wanted.cases, wanted.minutes or [0.0]):
                print(inside(case, minutes, wanted.coach, wanted.assets, work), flush=True)
            return
        print("| pictures : recipe : pixels : seen | pairs | training | looks | processor time | clock |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        for case, minutes in product(wanted.cases, wanted.minutes or [0.0]):
            sized = calibrated(case, minutes, wanted.assets, work) if minutes else case
            print(measure(sized, wanted.pairs, wanted.coach, wanted.assets, work), flush=True)


if __name__ == "__main__":
    main()
