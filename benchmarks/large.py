"""Paintings larger than memory: what a large one takes on a processor, and whether the edges of its blocks show.

A photograph is painted by `ganvas style` in a process of its own, pinned to the cores that the script is left with and
bounded to --memory. Written down are seconds, the most memory that the process held, and for each size of blocks how
much larger steps are across their edges than beside them (`ganvas.style.quality.seams`; 1 is no seam). The same of
edges that are none, half a block further, stands beside: strokes alone make it wander about 1.

    taskset -c 1 python benchmarks/large.py --sizes 2048 4096 --memory 4
    python benchmarks/large.py --table

Results are appended to benchmarks/results/large.jsonl, and what stands there is not done again. Paintings stay in the
work folder, to be looked at at 100 %.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from ganvas.config import StyleConfig
from ganvas.models.vgg import packaged_vgg16
from ganvas.style.load import SourcePaths, load_picture
from ganvas.style.paint import build_encoder, plan_painting
from ganvas.style.plan import Stage
from ganvas.style.quality import seams
from ganvas.style.resume import partial_path
from machine import machine_line
from rows import Row, add_row, read_rows
from sets import ASSETS

RESULTS = Path(__file__).resolve().parent / "results" / "large.jsonl"
WORK = Path(tempfile.gettempdir()) / "ganvas-large"
CONTENT, STYLE = "content/astronaut.png", "paintings/VincentVanGogh0019.webp"


def plan_of(content: Path, style: Path, size: int, gigabytes: float) -> list[Stage]:
    """Return the stages that `ganvas style` paints in."""
    config = StyleConfig(size=size)
    pictures = SourcePaths(content, (style,), (), None).load()
    return plan_painting(pictures, config, build_encoder(config, packaged_vgg16()), int(gigabytes * 2**30))


def paint(content: Path, style: Path, size: int, gigabytes: float, out: Path) -> Row:
    """Paint in a process of its own; return seconds and the most memory that it held."""
    command = [sys.executable, "-m", "ganvas", "style", str(content), str(style), "--out", str(out), "--device", "cpu"]
    partial_path(out).unlink(missing_ok=True)  # a run that was cut short is not gone on with: it would seem quicker
    began = time.monotonic()
    process = subprocess.Popen([*command, "--size", str(size), "--memory", str(gigabytes)])
    _, status, usage = os.wait4(process.pid, 0)  # its peak begins with what this process holds, which is far less
    if status:
        raise SystemExit(f"Painting {size} px failed.")
    return {"seconds": time.monotonic() - began, "peak_mb": usage.ru_maxrss / 1024}


def edges(painting: Path, sides: Sequence[int]) -> dict[str, tuple[float, float]]:
    """Return for each size of blocks how much edges show, and lines that are no edges."""
    picture = load_picture(painting)
    tensor = picture.tensor(picture.colors.size, torch.device("cpu"))
    return {str(side): (seams(tensor, side), seams(tensor[..., side // 2 :, side // 2 :], side)) for side in sides}


def table(rows: Sequence[Row]) -> str:
    """Return the results as markdown."""
    titles = ["pixels", "memory allowed", "held", "cores", "time", "last blocks", "their edges (lines that are none)"]
    lines = [f"| {' | '.join(titles)} |", f"|{' --- |' * len(titles)}"]
    for row in rows:
        seen = ", ".join(f"{side}: {at:.3f} ({off:.3f})" for side, (at, off) in row["edges"].items())
        pixels, held = f"{row['width']} x {row['height']}", f"{row['peak_mb'] / 1024:.2f} GB"
        last = f"{row['side'] or 'whole'}, {row['optimiser']}"
        cells = [pixels, f"{row['gigabytes']:g} GB", held, row["cores"], f"{row['seconds'] / 60:.0f} min", last, seen]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def main() -> None:
    """Paint what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", type=int, default=[2048, 4096])
    parser.add_argument("--memory", type=float, default=4.0, help="GB that may be used")
    parser.add_argument("--assets", type=Path, default=ASSETS)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--table", action="store_true", help="only print what is recorded")
    args = parser.parse_args()
    rows = read_rows(RESULTS)
    content, style = args.assets / CONTENT, args.assets / STYLE
    args.work.mkdir(parents=True, exist_ok=True)
    known = {(row["size"], row["gigabytes"]) for row in rows}
    for size in [] if args.table else args.sizes:
        if (size, args.memory) in known:
            continue
        plan = plan_of(content, style, size, args.memory)
        out = args.work / f"{size}-{args.memory:g}.png"
        row = {"size": size, "gigabytes": args.memory, "width": plan[-1].size[0], "height": plan[-1].size[1]}
        row |= {"side": plan[-1].block_size, "optimiser": plan[-1].optimizer, "cores": len(os.sched_getaffinity(0))}
        row |= paint(content, style, size, args.memory, out) | {"machine": machine_line()}
        row["edges"] = edges(out, sorted({stage.block_size for stage in plan if stage.block_size}))
        rows.append(row)
        add_row(row, RESULTS)
    print(table(rows))


if __name__ == "__main__":
    main()
