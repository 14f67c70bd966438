"""Preparing pictures and writing reports: what does it cost now, against an earlier commit?

    python benchmarks/paired.py --before 6f84629^ --pairs 15

Each code has a process of its own, which has done the work once before. They take turns on the same files. Of each pair
the ratio of processor time, now to before, is taken, helpers included; the middle one counts, and the quarters beside
it say how sure it is. It needs git and its history. The run that the reports are of is trained by the earlier code,
since both can read that.
"""

import argparse
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from statistics import median, quantiles

import numpy as np
from PIL import Image

from machine import machine_line

HERE = Path(__file__).resolve().parents[1]
SIZE = 64
# What a process does each time that it is told a number, which is new each time.
PREPARE = """
from ganvas.config import DataConfig
from ganvas.data import prepare
def work(number):
    for _ in prepare(DataConfig(sys.argv[1], 64 + number, 64, 3), 1): pass
"""
REPORT = """
from ganvas.cli import main
def work(number):
    assert main(["report", sys.argv[1], "--count", "20"]) == 0
"""
BEGIN = """
import os, sys
out, sys.stdout = sys.stdout, open(os.devnull, "w")
"""
END = """
for line in sys.stdin:
    before = sum(os.times()[:4])
    work(int(line))
    print(sum(os.times()[:4]) - before, file=out, flush=True)
"""


def sets(folder: Path) -> dict[str, Path]:
    """Write sets of pictures; return their places by names."""
    rng = np.random.default_rng(0)

    def picture(width: int, height: int) -> Image.Image:
        small = rng.integers(0, 256, (height // 20, width // 20, 3), np.uint8)
        return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)

    kinds = {"JPEG, 1600 x 1200": (24, 1600, 1200, "jpg"), "PNG, 260 px": (100, 260, 260, "png"),
             "JPEG, 260 px": (200, 260, 260, "jpg"), "PNG, 40 px": (1000, 40, 40, "png")}  # fmt: skip
    found = {}
    for name, (count, width, height, suffix) in kinds.items():
        place = folder / name
        place.mkdir(parents=True)
        for number in range(count):
            picture(width, height).save(place / f"{number:05d}.{suffix}")
        found[name] = place
    packed = folder / "packed.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(found["PNG, 260 px"].iterdir()):
            archive.write(path, path.name)
    return found | {"zip of PNG, 260 px": packed}


class Worker:
    """A process with the package in `code` that does its work on a place when it is told to."""

    def __init__(self, code: Path, work: str, place: Path, cache: Path) -> None:
        environment = os.environ | {"GANVAS_CACHE": str(cache), "PYTHONPATH": str(code / "src"), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-c", BEGIN + work + END, str(place)]
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def seconds(self, number: int) -> float:
        """Return the seconds of processor that the work took."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"{number}\n")
        stdin.flush()
        return float(stdout.readline())

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def pairs_of(before: Path, work: str, place: Path, count: int) -> list[tuple[float, float]]:
    """Return the seconds of the code before and of this one, `count` times; they begin in turn."""
    with tempfile.TemporaryDirectory() as cache:
        workers = [Worker(code, work, place, Path(cache, code.name)) for code in (before, HERE)]
        for worker in workers:
            worker.seconds(0)
        pairs = []
        for number in range(1, count + 1):
            order = workers if number % 2 else workers[::-1]
            found = {worker: worker.seconds(number) for worker in order}
            pairs.append((found[workers[0]], found[workers[1]]))
        for worker in workers:
            worker.close()
    return pairs


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", required=True, help="a commit")
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--only", default="", help="cases with this in their names")
    arguments = parser.parse_args()
    print(machine_line())
    print("| what | pairs | s before | s now | now / before | its quarters |")
    print("| --- | ---: | ---: | ---: | ---: | --- |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = subprocess.run(["git", "-C", HERE, "archive", arguments.before], capture_output=True, check=True)
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as packed:
            packed.extractall(folder / "before", filter="data")
        places = sets(folder / "sets")
        run = folder / "run"
        train = [
            "train",
            str(places["PNG, 40 px"]),
            "--out",
            str(run),
            "--recipe",
            "fc",
            "--size",
            "32",
            "--device",
            "cpu",
        ]
        environment = os.environ | {"PYTHONPATH": str(folder / "before" / "src"), "GANVAS_CACHE": str(folder / "cache")}
        subprocess.run(
            [sys.executable, "-m", "ganvas", *train, "--images", "4000"],
            env=environment,
            check=True,
            capture_output=True,
        )
        cases = [("prepare", PREPARE, each) for each in places.values()] + [("report", REPORT, run)]
        for what, work, place in cases:
            if arguments.only not in f"{what}, {place.name}":
                continue
            pairs = pairs_of(folder / "before", work, place, arguments.pairs)
            ratios = [now / before for before, now in pairs]
            before, now = (median(each) for each in zip(*pairs, strict=True))
            low, _, high = quantiles(ratios, n=4)
            print(
                f"| {what}, {place.name} | {len(pairs)} | {before:.2f} | {now:.2f} | {median(ratios):.3f} "
                f"| {low:.3f} to {high:.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
