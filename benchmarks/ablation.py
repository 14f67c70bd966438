"""Which loss and which penalty keep all modes: the ablation of R3GAN (Huang et al. 2024, table 1), reproduced small.

On stacked MNIST's 1,000 kinds of pictures, at 16 px and with the small networks of `residual`, the same run is made
with the loss and the penalty exchanged and nothing else: the same seed, rates, batch and number of pictures; no coach,
and the penalty at every step unless --every says otherwise. --rate makes the game harder to hold. Modes are counted as
in `stacked_mnist.py`; samples are enlarged to 28 px for the reader, and real stacks that were made small and large
again say what that costs.

    python benchmarks/ablation.py --images 150000          # about eight minutes a variant on one core
    python benchmarks/ablation.py --table

Results are appended to benchmarks/results/ablation.jsonl; what stands there is not done again, and a run that was cut
short goes on.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import ganvas
from digits import load_digits, stack
from ganvas.events import Done
from ganvas.recipes import RECIPES
from ganvas.recipes.residual import SPEC
from planting import rates
from rows import Row, read_rows
from stacked_mnist import MNIST, SAMPLES, SEED_OF_SAMPLES, SIZE, Judge, record

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "ablation.jsonl"
WORK = Path(tempfile.gettempdir()) / "ganvas-ablation"
SMALL = 16
VARIANTS = {  # name: loss, penalty; modes and divergence in the paper
    "RpGAN + R1 + R2": ("relativistic", "r1_r2", "1,000 / 0.078"),
    "GAN + R1 + R2": ("bce", "r1_r2", "693 / 0.927"),
    "RpGAN + R1": ("relativistic", "r1", "diverged"),
    "GAN + R1": ("bce", "r1", "diverged"),
    "RpGAN": ("relativistic", "none", ""),
    "GAN": ("bce", "none", ""),
}


def enlarged(pictures: np.ndarray) -> np.ndarray:
    """Return uint8 pictures (N, 3, 16, 16) at 28 px."""
    parts = torch.from_numpy(pictures).split(1000)
    large = [F.interpolate(each.float(), (SIZE, SIZE), mode="bicubic") for each in parts]
    return torch.cat([each.round().clamp(0, 255).to(torch.uint8) for each in large]).numpy()


def shrunk(stacks: np.ndarray) -> np.ndarray:
    """Return uint8 stacks (N, 28, 28, 3) as (N, 3, 16, 16)."""
    planes = torch.from_numpy(stacks).permute(0, 3, 1, 2)
    small = [
        F.interpolate(each.float(), (SMALL, SMALL), mode="bilinear", antialias=True) for each in planes.split(1000)
    ]
    return torch.cat([each.round().clamp(0, 255).to(torch.uint8) for each in small]).numpy()


def train(name: str, gamma: float, every: int, rate: float, stacks: Path, out: Path, images: int, seed: int) -> str:
    """Train a variant to the end, and return how it ended: "finished", or what broke."""
    loss, penalty, _ = VARIANTS[name]
    same_rates = rates(rate, "generator", "discriminator")
    RECIPES["residual"] = replace(SPEC, config=lambda data, count: same_rates(SPEC.config(data, count)))
    events = ganvas.train(
        stacks, out, recipe="residual", size=str(SMALL), channels="rgb", images=images, seed=seed, coach="off",
        loss=loss, penalty=penalty, gamma=gamma or None, penalty_interval=every or None, flip="no", device="cpu",
    )  # fmt: skip
    try:
        return next((event.reason for event in events if isinstance(event, Done)), "")
    except ganvas.GanvasError as error:
        return error.message


def table(rows: list[Row]) -> str:
    """Return the results as markdown, the paper's beside."""
    lines = ["| | gamma | every | rate | pictures seen | modes of 1,000 | KL | unsure digits | published, modes / KL |"]
    lines.append("| --- |" + " ---: |" * 8)
    order = [*VARIANTS, "real"]
    by_game = sorted(rows, key=lambda row: (row["rate"], -row["gamma"], row["every"], row["images"], row["seed"]))
    for row in sorted(by_game, key=lambda row: order.index(str(row["variant"]))):
        paper = VARIANTS[str(row["variant"])][2] if row["variant"] in VARIANTS else ""
        ended = "" if row["ended"] in ("finished", "") else f" ({row['ended']})"
        cells = [f"{row['variant']}{ended}", f"{row['gamma']:g}", row["every"] or "", f"{row['rate']:g}"]
        cells += [f"{row['images']:,}", f"{row['modes']:,}", f"{row['kl']:.3f}", f"{row['unsure']:.0%}", paper]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def main() -> None:
    """Train and count what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--images", type=int, default=150_000, help="pictures seen by each")
    parser.add_argument("--gamma", type=float, default=1.0, help="strength of the penalties; 1 in the paper")
    parser.add_argument("--every", type=int, default=1, help="steps from one penalty to the next, as much heavier")
    parser.add_argument("--rate", type=float, default=1.0, help="of the networks, as a multiple of the recipe's 0.001")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--mnist", type=Path, default=MNIST, help="folder with MNIST's four idx files")
    parser.add_argument("--work", type=Path, default=WORK, help="folder for runs, stacks and the reader's weights")
    parser.add_argument("--table", action="store_true", help="only print the table of what is recorded")
    args = parser.parse_args()
    if args.table:
        print(table(read_rows(RESULTS)))
        return
    args.work.mkdir(parents=True, exist_ok=True)
    judge, stacks = Judge(args.mnist, args.work), args.work / "stacks16.npy"
    if not stacks.exists():
        part = stacks.with_suffix(".part.npy")
        np.save(part, shrunk(stack(judge.digits, judge.chosen)).transpose(0, 2, 3, 1))
        part.replace(stacks)
    if not any(row["variant"] == "real" for row in read_rows(RESULTS)):
        digits, _ = load_digits(args.mnist, "test")
        chosen = np.random.default_rng(1).integers(len(digits), size=(SAMPLES, 3))
        real = judge.count(enlarged(shrunk(stack(digits, chosen))))
        untrained = {"gamma": 0.0, "every": 0, "rate": 1.0, "images": 0, "seed": 0, "ended": ""}
        record({"variant": "real"} | untrained | real, RESULTS)
    for seed in args.seeds:
        for name in args.variants:
            gamma, every = (0.0, 0) if VARIANTS[name][1] == "none" else (args.gamma, args.every)
            wanted = {"variant": name, "gamma": gamma, "every": every, "rate": args.rate}
            wanted |= {"images": args.images, "seed": seed}
            if any(row.items() >= wanted.items() for row in read_rows(RESULTS)):
                continue
            out = args.work / f"{name.replace(' + ', '-')}-{gamma:g}-{every}-{args.rate:g}-{args.images}-{seed}"
            ended = train(name, gamma, every, args.rate, stacks, out, args.images, seed)
            samples = ganvas.load(out, "cpu").sample(SAMPLES, SEED_OF_SAMPLES).numpy()
            record({**wanted, "ended": ended, **judge.count(enlarged(samples))}, RESULTS)
    print(table(read_rows(RESULTS)))


if __name__ == "__main__":
    main()
