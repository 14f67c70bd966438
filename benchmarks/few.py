"""A hundred pictures: what 20 minutes make of them, from nothing and from an earlier run, and is it learned by heart?

100 of the 997 emoji people, drawn at random, are trained on as `ganvas train` would by itself, once from nothing and
once `--from` a run on 1,525 other emoji (no people among them) of ten minutes. The samples are compared with the 897
people that no training has seen: a copy of one of the 100 does not help there. Copies of the 100 are looked for too,
by the network that reads them and by a small copy of each, and told beside those among the 100 themselves.

The 100 themselves are scored in the place of samples: nobody who learns them by heart can come nearer.

    python benchmarks/few.py --core 0
    python benchmarks/few.py --core 0 --recipe stylegan2
    python benchmarks/few.py --core 0 --pictures 50 --minutes 10
    python benchmarks/few.py --table
    python benchmarks/few.py --sheet few.webp

Results are appended to benchmarks/results/few.jsonl; what stands there is not done again, and a run that was cut short
goes on.
"""

import argparse
import io
import os
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

import ganvas
from family_cases import FEW
from ganvas.atomic_write import write_atomically
from ganvas.events import Done, Note, Treatment
from ganvas.image_io import image_grid, save_image, to_image
from machine import machine_line
from quality import SAMPLES, as_prepared, on_white, score_samples
from rows import Row, add_row, read_rows
from sets import ASSETS

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "few.jsonl"
WORK = Path(tempfile.gettempdir()) / "ganvas-few"
SIZE, EARLIER_MINUTES = 32, 10.0
STARTS = ("nothing", "an earlier run")
OTHERS, ELSEWHERE = "others", "elsewhere"  # the people that no training sees, and what the earlier run saw


def read_archive(path: Path, without: str = "") -> np.ndarray:
    """Return the pictures of an archive on white, (N, 64, 64, 3) uint8, but those in one of its folders."""
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".png"))
        kept = [name for name in names if not (without and name.startswith(f"{without}/"))]
        return np.stack([np.asarray(on_white(Image.open(io.BytesIO(archive.read(name))))) for name in kept])


def pictures(part: str, assets: Path, work: Path) -> Path:
    """Return the .npy of so many people ("100"), of the others or from elsewhere, made once in the work folder."""
    path = work / f"{part}.npy"
    if not path.exists():
        if part == ELSEWHERE:
            found = read_archive(assets / "emoji-all-64.zip", without="people-and-body")
        else:
            people = read_archive(assets / "emoji-people-64.zip")
            order = np.random.default_rng(0).permutation(len(people))
            found = people[order[FEW:] if part == OTHERS else order[: int(part)]]
        buffer = io.BytesIO()
        np.save(buffer, found)
        write_atomically(path, buffer.getvalue())
    return path


def small(path: Path) -> np.ndarray:
    """Return pictures at the size that is trained, (N, 3, 32, 32) uint8."""
    shrunk = [Image.fromarray(each).resize((SIZE, SIZE), Image.Resampling.LANCZOS) for each in np.load(path)]
    return np.stack([np.asarray(each) for each in shrunk]).transpose(0, 3, 1, 2).copy()


def train(data: Path, out: Path, recipe: str, minutes: float, seed: int, origin: Path | None) -> Row:
    """Train to the end and return what was said about it."""
    began, treatments = time.monotonic(), 0
    asked = {"recipe": recipe, "size": str(SIZE), "minutes": minutes, "seed": seed, "device": "cpu"}
    for event in ganvas.train(data, out, **asked, **({"origin": str(origin)} if origin else {})):
        treatments += isinstance(event, Treatment) and not event.outcome
        if isinstance(event, Note | Done):
            print(f"  {event}", flush=True)
    return {"treatments": treatments, "measured": (time.monotonic() - began) / 60}


def scored(samples: np.ndarray, data: Path, others: Path) -> Row:
    """Score samples against people that no training saw, and look for copies of those that it did."""
    row = score_samples(samples, as_prepared(small(others)))
    known = score_samples(samples, as_prepared(small(data)))
    copies = ("near_copies", "near_copies_real", "memorisation", "near_duplicates", "nearest")
    return {name: value for name, value in row.items() if name not in copies} | {name: known[name] for name in copies}


def table(rows: Sequence[Row]) -> str:
    """Return the results as markdown."""
    titles = ["pictures", "begun with", "recipe", "minutes", "Frechet to unseen people (95 %)", "coverage", "diversity"]
    titles += ["near-copies of them (among them)", "verdict"]
    lines = [f"| {' | '.join(titles)} |", "| ---: | --- | --- " + "| ---: " * 5 + "| --- |"]
    for row in sorted(rows, key=lambda row: -row["pictures"]):
        low, high = row["frechet_corrected_low"], row["frechet_corrected_high"]
        cells = [row["pictures"], row["start"], row["recipe"], f"{row['minutes']:g}"]
        cells += [f"{row['frechet_corrected']:.0f} ({low:.0f} to {high:.0f})", f"{row['coverage']:.2f}"]
        cells += [f"{row['diversity']:.2f}", f"{row['near_copies']:.1%} ({row['near_copies_real']:.1%})"]
        lines.append(f"| {' | '.join(map(str, [*cells, row['memorisation']]))} |")
    return "\n".join(lines)


def sheet(rows: Sequence[Row], work: Path) -> Image.Image:
    """Return random samples of each run side by side, what was trained on first."""
    count = rows[0]["pictures"]
    shown = {f"some of the {count}": small(work / f"{count}.npy")}
    shown |= {f"from {row['start']}: {row['recipe']}": np.load(work / f"{row['name']}.npy") for row in rows[1:]}
    parts = {name: to_image(image_grid(torch.from_numpy(each[:64]), columns=8)) for name, each in shown.items()}
    side, label = 2 * next(iter(parts.values())).width, 18
    whole = Image.new("RGB", (side * len(parts), side + label), "white")
    for place, (name, part) in enumerate(parts.items()):
        ImageDraw.Draw(whole).text((place * side + 4, 3), name, fill="black")
        whole.paste(part.resize((side, side), Image.Resampling.NEAREST), (place * side, label))
    return whole


def main() -> None:
    """Train and score what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="auto")
    parser.add_argument("--pictures", type=int, default=FEW, choices=range(10, FEW + 1), metavar="COUNT")
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--core", type=int, help="pin to this core")
    parser.add_argument("--assets", type=Path, default=ASSETS)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--table", action="store_true", help="only print the table of what is recorded")
    parser.add_argument("--sheet", type=Path, help="only write random samples of each run to this picture")
    args = parser.parse_args()
    if args.sheet:
        of_count = [row for row in read_rows(args.results) if row["pictures"] == args.pictures]
        return save_image(sheet(of_count, args.work), args.sheet, {})
    if args.table:
        return print(table(read_rows(args.results)))
    if args.core is not None:
        os.sched_setaffinity(0, {args.core})
    cores = len(os.sched_getaffinity(0))
    torch.set_num_threads(cores)
    args.work.mkdir(parents=True, exist_ok=True)
    count = str(args.pictures)
    data, others, elsewhere = (pictures(part, args.assets, args.work) for part in (count, OTHERS, ELSEWHERE))

    def known(name: str) -> bool:
        return any((row["pictures"], row["name"]) == (args.pictures, name) for row in read_rows(args.results))

    def record(row: Row) -> None:
        add_row({"pictures": args.pictures} | row | {"cores": cores, "machine": machine_line()}, args.results)

    if not known(count):
        record({"name": count, "start": f"the {count}", "recipe": "", "minutes": 0} | scored(small(data), data, others))
    for start in STARTS:
        name = f"{args.recipe}-{'transfer' if start != STARTS[0] else 'scratch'}-{args.minutes:g}-{args.seed}"
        name += f"-of-{count}" * (args.pictures != FEW)
        if known(name):
            continue
        origin = None
        if start != STARTS[0]:
            origin = args.work / f"{args.recipe}-elsewhere-{args.seed}"
            train(elsewhere, origin, args.recipe, EARLIER_MINUTES, args.seed, None)
        told = train(data, args.work / name, args.recipe, args.minutes, args.seed, origin)
        model = ganvas.load(args.work / name, "cpu")
        samples = model.sample(count=SAMPLES, seed=args.seed + 1000).numpy()
        np.save(args.work / f"{name}.npy", samples)
        row: Row = {"name": name, "start": start, "recipe": model.config.recipe, "minutes": args.minutes}
        record(row | told | scored(samples, data, others))
    print(table(read_rows(args.results)))
    return None


if __name__ == "__main__":
    main()
