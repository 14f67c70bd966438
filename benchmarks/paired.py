"""Preparing pictures and writing reports: what does it cost now, against an earlier commit?

    python benchmarks/paired.py --before 6f84629^ --pairs 9

Both codes take turns in processes of their own, on the same files. Of each pair the ratio of processor time, now to
before, is taken, helpers included and imports not; the middle one counts, and the quarters beside it say how sure it
is. It needs git and its history. The run that the reports are of is trained by the earlier code, which both can read.
"""

import argparse
import io
import json
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
# What a process does: once to warm up, as modules are imported late, and once for the figure.
PREPARE = """
import sys
from ganvas.config import DataConfig
from ganvas.data import prepare
def work(number):
    for _ in prepare(DataConfig(sys.argv[1], SIZE + number, SIZE, 3), 1): pass
""".replace("SIZE", str(SIZE))
REPORT = """
import sys
from ganvas.cli import main
def work(number):
    assert main(["report", sys.argv[1], "--count", "20"]) == 0
"""
TIMED = """
import contextlib, json, os, sys
out, used = sys.stdout, []
with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
    for number in range(2):
        before = sum(os.times()[:4])
        work(number)
        used.append(sum(os.times()[:4]) - before)
print(json.dumps(used[1]), file=out)
"""


def sets(folder: Path) -> dict[str, Path]:
    """Write sets of pictures; return their places by names."""
    rng = np.random.default_rng(0)

    def picture(width: int, height: int) -> Image.Image:
        small = rng.integers(0, 256, (height // 20, width // 20, 3), np.uint8)
        return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)

    kinds = {"JPEG, 1600 x 1200": (24, 1600, 1200, "jpg"), "PNG, 256 px": (300, 256, 256, "png"),
             "JPEG, 256 px": (600, 256, 256, "jpg"), "PNG, 32 px": (3000, 40, 40, "png")}  # fmt: skip
    found = {}
    for name, (count, width, height, suffix) in kinds.items():
        place = folder / name
        place.mkdir(parents=True)
        for number in range(count):
            picture(width, height).save(place / f"{number:05d}.{suffix}")
        found[name] = place
    packed = folder / "packed.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(found["PNG, 256 px"].iterdir()):
            archive.write(path, path.name)
    return found | {"zip of PNG, 256 px": packed}


def used(code: Path, work: str, place: Path) -> float:
    """Return the seconds of processor that a process with the package in `code` takes for its work."""
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"GANVAS_CACHE": cache, "PYTHONPATH": str(code / "src"), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-c", work + TIMED, str(place)]
        return float(json.loads(subprocess.run(command, env=environment, capture_output=True, check=True).stdout))


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", required=True, help="a commit")
    parser.add_argument("--pairs", type=int, default=9)
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
            str(places["PNG, 32 px"]),
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
            [sys.executable, "-m", "ganvas", *train, "--images", "20000"],
            env=environment,
            check=True,
            capture_output=True,
        )
        cases = [("prepare", PREPARE, each) for each in places.values()] + [("report", REPORT, run)]
        for what, work, place in cases:
            pairs = [(used(folder / "before", work, place), used(HERE, work, place)) for _ in range(arguments.pairs)]
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
