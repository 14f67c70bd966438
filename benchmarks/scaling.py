"""A model on paper: what would a training of many GPUs cost, by which network, and where would it bend?

    python benchmarks/scaling.py --size 64                # counts what a step does, and prints the tables
    python benchmarks/scaling.py --published              # the model against StyleGAN3's own table

Nothing is measured on a GPU. What a step computes, starts and exchanges is counted here: FLOP (`cost.py`), operations,
bytes and exchanges (`exchange.py`). What a GPU and a network do in a second is assumed, as `GPU` and `NETWORKS` say.

A step of n processes takes: FLOP of a picture x batch / n at the GPU's rate, but no less than its operations take to be
started one by one from Python; and what is exchanged. Nothing of it overlaps, as in `ganvas.distributed`.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from cost import FORMULAS
from exchange import exchanges, of_recipe
from ganvas.config import DataConfig
from ganvas.distributed import LEAST_SHARE
from ganvas.planning.memory import largest_batch
from ganvas.recipes import RECIPES
from rows import Row, add_row, read_rows

RESULTS = Path(__file__).resolve().parent / "results" / "scaling.jsonl"
PICTURES = 10_000_000
SHOWN = 25_000_000  # pictures that StyleGAN2 and 3 are shown in a training
MACHINE = 8  # GPUs
COUNTED = 2  # processes of which one is counted; each takes its share of the pictures


class Gpu(NamedTuple):
    """What is assumed of a GPU: an A100 in float32, driven from Python."""

    flop: float = 10e12  # a second, in convolutions: half of what its float32 units could do
    start: float = 8e-6  # seconds to start an operation


class Link(NamedTuple):
    """What is assumed of a network: bytes a second that pass each GPU of a ring, and the seconds of an exchange."""

    bytes: float
    exchange: float
    spans: bool  # whether it is between machines

    def seconds(self, size: float, count: float, processes: int) -> float:
        """Return what a step's exchanges take, of so many bytes in all, by a ring of so many processes."""
        return 2 * (processes - 1) / processes * size / self.bytes + count * self.exchange


GPU = Gpu()
NETWORKS = {
    "NVLink": Link(200e9, 25e-6, spans=False),
    "PCIe 4": Link(10e9, 40e-6, spans=False),
    "100 Gbit/s": Link(100e9 / 8, 60e-6, spans=True),
    "10 Gbit/s": Link(10e9 / 8, 250e-6, spans=True),
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a step of a recipe does, a mean over its phases as they come.

    Args:
        batch: pictures, of the recipe.
        flop: of one picture.
        operations: that a step starts, whatever the batch.
        bytes, exchanges: that a step sums over all processes.
    """

    batch: int
    flop: float
    operations: float
    bytes: float
    exchanges: float

    @property
    def filling(self) -> int:
        """From how many pictures on a GPU is no longer waiting for its next operation."""
        return round(self.operations * GPU.start * GPU.flop / self.flop)

    def computing(self, processes: int, batch: int) -> float:
        """Return the seconds of a step without what is exchanged."""
        return max(self.flop * batch / processes / GPU.flop, self.operations * GPU.start)

    def seconds(self, processes: int, batch: int, link: Link) -> float:
        """Return the seconds of a step of so many pictures."""
        exchanging = link.seconds(self.bytes, self.exchanges, processes) if processes > 1 else 0.0
        return self.computing(processes, batch) + exchanging

    def efficiency(self, processes: int, batch: int, link: Link) -> float:
        """Return the pictures a second and GPU, as a share of those of one GPU with the same batch."""
        return self.computing(1, batch) / processes / self.seconds(processes, batch, link)


class Work(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Count the FLOP and the operations of what is done under it."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.flop = self.operations = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        formula = FORMULAS.get(func._overloadpacket)
        self.flop += formula(*args, **(kwargs or {}), out_val=found) if formula else 0
        self.operations += not func.is_view  # a view starts nothing
        return found


def counted(name: str, size: int) -> Step:
    """Return what a step of a recipe does at its usual width, counted on this processor."""
    config, work, found = of_recipe(name, size), Work(), []
    with work:
        found = [each for _, step in exchanges(config, COUNTED) for each in step]
    return Step(
        batch=largest_batch(RECIPES[name](DataConfig("pictures", size, size), 10_000)),
        flop=COUNTED * work.flop / config.images,
        operations=work.operations / config.steps,
        bytes=sum(each.bytes for each in found) / config.steps,
        exchanges=len(found) / config.steps,
    )


def rows_of(steps: dict[str, Step]) -> Iterator[list[str]]:
    """Yield the cells of the first table: what a step does, and what its exchanges take on each network, full."""
    heads = ["recipe", "GFLOP a picture", "operations", "MB", "exchanges"]
    yield heads + [f"ms by {name}" for name in NETWORKS]
    for name, step in steps.items():
        cells = [f"`{name}`", f"{step.flop / 1e9:.1f}", f"{step.operations:,.0f}"]
        cells += [f"{step.bytes / 1e6:.1f}", f"{step.exchanges:.0f}"]
        for link in NETWORKS.values():
            cells.append(f"{1e3 * link.seconds(step.bytes, step.exchanges, MACHINE ** (1 + link.spans)):.1f}")
        yield cells


def many_of(steps: dict[str, Step]) -> Iterator[list[str]]:
    """Yield the cells of the second table: what is left of a GPU among many, and a long training."""
    yield ["recipe", "batch", "8 GPUs, NVLink", "pictures that fill a GPU", "8 filled, NVLink", "64 filled, 100 Gbit/s",
           "64 filled, 10 Gbit/s", "hours for 25 million on one", "steps of 64 filled"]  # fmt: skip
    inside, fast, slow = (NETWORKS[each] for each in ("NVLink", "100 Gbit/s", "10 Gbit/s"))
    few, many = MACHINE, MACHINE**2
    for name, step in steps.items():
        usual = max(step.batch, LEAST_SHARE * few)
        full = max(LEAST_SHARE, step.filling)
        cells = [f"`{name}`", f"{step.batch}", f"{step.efficiency(few, usual, inside):.0%}", f"{full}"]
        cells += [f"{step.efficiency(count, count * full, link):.0%}" for count, link in
                  ((few, inside), (many, fast), (many, slow))]  # fmt: skip
        hours = SHOWN / step.batch * step.seconds(1, step.batch, inside) / 3600
        yield [*cells, f"{hours:.1f}", f"{SHOWN // (many * full):,}"]


# Seconds for 1,000 pictures on A100, StyleGAN3-T, batch 32 (NVlabs/stylegan3, docs/configs.md): size -> by GPUs
PUBLISHED = {
    128: {1: 27.20, 2: 13.74, 4: 7.52, 8: 4.40},
    256: {1: 49.81, 2: 25.05, 4: 13.26, 8: 7.32},
    512: {1: 90.25, 2: 45.42, 4: 22.81, 8: 12.29},
    1024: {1: 156.91, 2: 79.16, 4: 39.62, 8: 20.01},
}


def published() -> Iterator[list[str]]:
    """Yield the cells of the published table: efficiency, and what a step takes whatever its share of the batch.

    From one and eight GPUs follow what each picture takes, and what is left: t = fixed + share x a picture's.
    """
    yield ["size", "2 GPUs", "4", "8", "ms a picture", "fixed ms a step", "64 GPUs of 4 pictures, by these two"]
    for size, seconds in PUBLISHED.items():
        steps = {count: 32 * each / 1000 for count, each in seconds.items()}
        picture = (steps[1] - steps[8]) / (32 - 4)
        fixed = steps[8] - 4 * picture
        cells = [f"{size}", *(f"{steps[1] / count / steps[count]:.0%}" for count in (2, 4, 8))]
        alone = fixed + 256 * picture
        cells += [f"{1e3 * picture:.1f}", f"{1e3 * fixed:.0f}", f"{alone / 64 / (fixed + 4 * picture):.0%}"]
        yield cells


def data_of(pictures: int) -> Iterator[list[str]]:
    """Yield the cells of what so many pictures take on a disk, prepared, and what is read of it in a second."""
    yield ["size", "GB prepared", "MB/s to show 1,000 pictures a second", "hours to prepare at 500 a second"]
    for size in (64, 128, 256):
        each = 3 * size * size
        yield [f"{size}", f"{pictures * each / 1e9:,.0f}", f"{1e3 * each / 1e6:,.0f}", f"{pictures / 500 / 3600:.1f}"]


def table(rows: Iterator[list[str]]) -> str:
    """Return rows as markdown, the first of them its head."""
    heads, *cells = rows
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--recipes", nargs="+", choices=list(RECIPES), default=list(RECIPES))
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--published", action="store_true", help="only the model against StyleGAN3's own table")
    args = parser.parse_args()
    print(table(published()))
    if args.published:
        return
    torch.set_num_threads(1)
    known = {row["recipe"]: row for row in read_rows(args.results) if row["size"] == args.size}
    for name in args.recipes:
        if name not in known:
            known[name] = {"recipe": name, "size": args.size} | vars(counted(name, args.size))
            add_row(known[name], args.results)
    steps = {name: Step(**_without(known[name])) for name in args.recipes}
    for rows in (rows_of(steps), many_of(steps), data_of(PICTURES)):
        print(f"\n{table(rows)}")


def _without(row: Row) -> Row:
    return {key: value for key, value in row.items() if key not in ("recipe", "size")}


if __name__ == "__main__":
    main()
