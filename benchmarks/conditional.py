"""Does a run with labels draw what it is asked for? MNIST by its digits, read by a classifier that never saw a sample.

    python benchmarks/conditional.py --minutes 5 --core 0

Trains `ganvas train MNIST --labels`, draws 200 samples of each digit by `--label`, and has them read by the reader of
digits of `stacked_mnist.py`, which is right on more than 99 % of the test set. `--recipe` takes another recipe.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path

import numpy as np

import ganvas
from digits import FILES, get_reader
from ganvas.events import Done, Note
from machine import machine_line
from stacked_mnist import MNIST

WORK = Path(tempfile.gettempdir()) / "ganvas-conditional"
EACH = 200


def main() -> None:
    """Train, draw, read, and print what came."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="auto")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--core", type=int, help="pin to this core")
    parser.add_argument("--mnist", type=Path, default=MNIST, help="folder with MNIST's four idx files")
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    if args.core is not None:
        os.sched_setaffinity(0, {args.core})
    args.work.mkdir(parents=True, exist_ok=True)
    reader, accuracy = get_reader(args.mnist, args.work / "reader.safetensors")
    out = args.work / f"{args.recipe}-{args.minutes:g}-{args.seed}"
    images = next(path for path in args.mnist.glob(f"{FILES['train']}*"))
    for event in ganvas.train(
        images, out, recipe=args.recipe, size="28", minutes=args.minutes, conditional=True, flip="no", seed=args.seed
    ):
        if isinstance(event, Note | Done):
            print(event, flush=True)
    model = ganvas.load(out)
    right = []
    for digit, label in enumerate(model.config.classes):
        samples = model.sample(EACH, 1000, label=label).numpy()[:, 0]
        read, _ = reader.read(samples)
        right.append(float((read == digit).mean()))
    row = {"recipe": model.config.recipe, "minutes": args.minutes, "recognised": round(float(np.mean(right)), 4)}
    row |= {"by_digit": [round(each, 3) for each in right], "reader": round(accuracy, 4), "machine": machine_line()}
    print(json.dumps(row))


if __name__ == "__main__":
    main()
