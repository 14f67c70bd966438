"""A soak: what hours of trainings do to memory, open files and speed.

`many` trains one short run after the other in this process; `long` trains one run. Of memory (resident, in MB), open
files and pictures a second of processor time, the first tenth is compared with the last, three moments at least. Time
of the processor and not of the clock, so that other programs may run beside it. The first run of each recipe warms up
and does not count.
Linux only, since it reads /proc.

    python benchmarks/soak.py --minutes 240
    python benchmarks/soak.py --minutes 60 --kinds long
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import ganvas
from ganvas.events import Step
from machine import machine_line
from sets import ASSETS

PICTURES = ASSETS / "emoji-people-64.zip"
RECIPES = ("quick", "keen", "dcgan")
IMAGES = 500  # of a short run: what leaks does so with each run, not with each picture
STEPS = 10  # from one moment of the long run to the next; in an hour of a busy core there are some thousand
LEAST = 3  # moments of which a median is taken
SIZE = 32


class Moment(NamedTuple):
    """What was measured at one moment."""

    kind: str
    megabytes: float
    files: int
    speed: float


def moment(kind: str, speed: float) -> Moment:
    """Return what this process takes now, beside a speed in pictures a second."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Moment(kind, pages * os.sysconf("SC_PAGE_SIZE") / 1e6, len(list(Path("/proc/self/fd").iterdir())), speed)


def many(minutes: float, work: Path) -> Iterator[Moment]:
    """Train short runs of each recipe in turn, and yield a moment after each."""
    began = time.monotonic()
    number = 0
    while time.monotonic() - began < 60 * minutes:
        recipe = RECIPES[number % len(RECIPES)]
        options = {"recipe": recipe, "images": IMAGES, "size": f"{SIZE}", "device": "cpu", "seed": number}
        busy_before = time.process_time()
        *_, done = ganvas.train(PICTURES, work / f"{number:05d}", **options)
        number += 1
        if number > len(RECIPES):
            yield moment(recipe, done.images_seen / (time.process_time() - busy_before))


def long(minutes: float, work: Path) -> Iterator[Moment]:
    """Train one run, and yield a moment at every tenth step."""
    before, busy_before = 0, 0.0  # images and seconds at the moment before
    for event in ganvas.train(PICTURES, work / "long", recipe="dcgan", minutes=minutes, size=f"{SIZE}", device="cpu"):
        if not isinstance(event, Step) or event.step % STEPS:
            continue
        busy = time.process_time()
        if before:
            yield moment("dcgan", (event.images_seen - before) / (busy - busy_before))
        before, busy_before = event.images_seen, busy


def compare(name: str, moments: list[Moment]) -> Iterator[str]:
    """Yield a row a recipe: medians of the first and of the last tenth."""
    for kind in dict.fromkeys(each.kind for each in moments):
        same = [each for each in moments if each.kind == kind]
        tenth = max(LEAST, len(same) // 10)
        first, last = (_medians(part) for part in (same[:tenth], same[-tenth:]))
        cells = (f"{one:,.0f} to {other:,.0f}" for one, other in zip(first, last, strict=True))
        yield f"| {name} | {kind} | {len(same)} | {' | '.join(cells)} | {last[2] / first[2]:.3f} |"


def _medians(moments: list[Moment]) -> list[float]:
    return [median(values) for values in zip(*(each[1:] for each in moments), strict=True)]


def main() -> None:
    """Soak, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=240.0, help="of each kind")
    parser.add_argument("--kinds", nargs="+", choices=["many", "long"], default=["many", "long"])
    arguments = parser.parse_args()
    print(machine_line())
    print("| kind | recipe | moments | MB | open files | pictures per processor second | speed, last to first |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for kind in arguments.kinds:
        with tempfile.TemporaryDirectory() as folder:
            soak = {"many": many, "long": long}[kind]
            for row in compare(kind, list(soak(arguments.minutes, Path(folder)))):
                print(row, flush=True)


if __name__ == "__main__":
    main()
