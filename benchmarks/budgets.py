"""Minutes that were asked for, and how long it took: each recipe, alone and with another program beside it.

Each run is a process of its own on all cores with nothing prepared, start-up counted in. The other program keeps one
core busy from the middle of the budget on.

    python benchmarks/budgets.py --minutes 1 2
    python benchmarks/budgets.py --table

Results are appended to benchmarks/results/budgets.jsonl as they come, and what stands there is not run again.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

from ganvas.recipes import RECIPES
from machine import machine_line
from rows import Row, add_row, read_rows
from sets import ASSETS

RESULTS = Path(__file__).resolve().parent / "results" / "budgets.jsonl"
PICTURES = ASSETS / "emoji-people-64.zip"
NEIGHBOUR = [sys.executable, "-c", "while True: pass"]


def run(recipe: str, minutes: float, busy: bool, work: Path) -> float:
    """Train once, and return the seconds that the command took."""
    out, cache = work / "run", work / "cache"
    for left_over in (out, cache):
        shutil.rmtree(left_over, ignore_errors=True)
    command = [sys.executable, "-m", "ganvas", "train", str(PICTURES), "--out", str(out), "--recipe", recipe]
    command += ["--minutes", f"{minutes:g}", "--device", "cpu"]
    neighbours: list[subprocess.Popen[bytes]] = []
    timer = threading.Timer(30 * minutes, lambda: neighbours.append(subprocess.Popen(NEIGHBOUR)))
    began = time.monotonic()
    if busy:
        timer.start()
    try:
        environment = {**os.environ, "GANVAS_CACHE": str(cache)}
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return time.monotonic() - began
    finally:
        timer.cancel()
        for each in neighbours:
            each.kill()
            each.wait()


def table(rows: list[Row]) -> str:
    """Return seconds taken over seconds asked for, recipe by recipe."""
    cases = sorted({(row["minutes"], row["busy"]) for row in rows})
    heads = [f"{minutes:g} min, {'busy' if busy else 'alone'}" for minutes, busy in cases]
    lines = [f"| recipe | {' | '.join(heads)} |", f"| --- |{' ---: |' * len(cases)}"]
    for recipe in dict.fromkeys(row["recipe"] for row in rows):
        cells = []
        for case in cases:
            found = [row["kept"] for row in rows if (row["recipe"], row["minutes"], row["busy"]) == (recipe, *case)]
            cells.append(f"{median(found) - 1:+.1%}" if found else "-")
        lines.append(f"| `{recipe}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Run what is asked for and not recorded yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", nargs="+", choices=list(RECIPES), default=list(RECIPES))
    parser.add_argument("--minutes", nargs="+", type=float, default=[1.0])
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    if args.table:
        print(table(read_rows(RESULTS)))
        return
    for minutes in args.minutes:
        for busy in (False, True):
            for recipe in args.recipes:
                who = {"recipe": recipe, "minutes": minutes, "busy": busy}
                if any(all(row[key] == value for key, value in who.items()) for row in read_rows(RESULTS)):
                    continue
                with tempfile.TemporaryDirectory(prefix="ganvas-budgets-") as work:
                    seconds = run(recipe, minutes, busy, Path(work))
                row = {**who, "seconds": round(seconds, 1), "kept": round(seconds / (60 * minutes), 4)}
                add_row({**row, "machine": machine_line()}, RESULTS)


if __name__ == "__main__":
    main()
