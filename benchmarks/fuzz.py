"""Damaged `config.json` and `events.jsonl` of a run, through every command that reads them: nothing but clean errors.

In each of the files, one to three values are replaced by hostile ones (huge, tiny, of another type, markup, NUL), or
the file is cut off. `ganvas` has to answer with its result or with an error and its hint: never with a traceback, and
within seconds.

    python benchmarks/fuzz.py --count 300 --seed 0

It prints each fault with what led to it, and the counts at the end. Exits with 1 if there was a fault.
"""

import argparse
import contextlib
import copy
import io
import json
import random
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import ganvas
from ganvas.cli import main as ganvas_command
from ganvas.events import run_to_end

HOSTILE: tuple[Any, ...] = (
    None, True, -1, 0, 2, 2**70, 10**400, 1e308, -1e308, 5e-324, float("nan"), float("inf"),
    "", "x", "nan", "<b>", "\0", "\ud800", "../..", "a" * 5000, [], [[]], {}, {"x": 1}, [-1], [10**9],
)  # fmt: skip
SLOW_SECONDS = 10.0
COMMANDS = (
    ("sample", "{run}", "--count", "4"),
    ("doctor", "{run}"),
    ("report", "{run}", "--count", "64"),
    ("train", "--out", "{run}"),
)


def make_run(folder: Path) -> Path:
    """Train for a few steps on noise."""
    pictures = folder / "pictures"
    pictures.mkdir()
    rng = np.random.default_rng(0)
    for number in range(24):
        Image.fromarray(rng.integers(0, 256, (16, 16, 3), np.uint8)).save(pictures / f"{number}.png")
    options = {"recipe": "fc", "size": "16", "images": 320, "batch": 16, "device": "cpu"}
    run_to_end(ganvas.train(pictures, folder / "run", **options))
    return folder / "run"


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all values in JSON data, containers included."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in inside for found in [(*path, key), *places(item, (*path, key))]]


def damaged(text: str, rng: random.Random) -> str:
    """Return JSON text with one to three hostile values, or cut off."""
    if rng.random() < 0.1:
        return text[: rng.randrange(len(text))]
    data = json.loads(text)
    for _ in range(rng.randint(1, 3)):
        *path, last = rng.choice(places(data))
        target = data
        for key in path:
            target = target[key]
        target[last] = copy.deepcopy(rng.choice(HOSTILE))
        if not places(data):
            break
    return json.dumps(data)


def damaged_lines(text: str, rng: random.Random) -> str:
    """Return lines of JSON, of which about a tenth are damaged."""
    lines = text.splitlines()
    return "\n".join(damaged(line, rng) if rng.random() < 0.1 else line for line in lines) + "\n"


def fault_of(words: list[str]) -> str:
    """Return what went wrong in a command: a traceback, or that it was slow; empty if nothing."""
    began = time.monotonic()
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            ganvas_command(words)
    except SystemExit:
        pass
    except Exception:
        return traceback.format_exc(limit=-3)[-1500:]
    seconds = time.monotonic() - began
    return f"took {seconds:.0f} s" if seconds > SLOW_SECONDS else ""


def main() -> int:
    """Damage, run, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng, faults, commands = random.Random(args.seed), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        whole = make_run(Path(folder))
        for name, damage in (("config.json", damaged), ("events.jsonl", damaged_lines)):
            for number in range(args.count):
                run = Path(folder) / "damaged"
                shutil.rmtree(run, ignore_errors=True)
                shutil.copytree(whole, run)
                text = damage((whole / name).read_text(), rng)
                (run / name).write_text(text)
                words = [word.format(run=run) for word in rng.choice(COMMANDS)]
                fault = fault_of(words)
                commands += 1
                if fault:
                    faults += 1
                    print(f"{name} {number}, {words[0]}:\n{fault}\n", flush=True)
    print(f"{commands:,} commands on damaged files, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
