"""Stacked MNIST: does a training keep all of 1,000 modes, and in their proportions?

Three digits in the colour channels of one picture make a thousand kinds of pictures. 26,000 samples are read digit by
digit; a kind that comes at least once is found, and the divergence D_KL(samples || real stacks), in nats, tells how
evenly they come. It is measured as in the papers since VEEGAN (2017) and PacGAN (2018), so that the figures may be
compared; only the network that reads the digits is another, as everybody trains their own.

    python benchmarks/stacked_mnist.py --minutes 10 30           # reads, trains what is missing, samples, counts
    python benchmarks/stacked_mnist.py --runs RUN OTHER_RUN      # runs that were trained on the stacks elsewhere
    python benchmarks/stacked_mnist.py --table

Results are appended to benchmarks/results/stacked_mnist.jsonl as they come, and what stands there is not done again. A
training that was cut short goes on. Pin it with taskset and OMP_NUM_THREADS; each line records the threads.
"""

import argparse
import re
import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np

import ganvas
from digits import Reader, get_reader, load_digits, stack, stacking
from ganvas.event_log import replay
from ganvas.events import Note, Score, Started, Step
from ganvas.runs import Run
from machine import machine_line
from modes import Counts, coverage, stack_modes
from rows import Row, add_row, read_rows

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "stacked_mnist.jsonl"
MNIST = HERE.parents[1] / "shared" / "assets" / "mnist"
WORK = Path(tempfile.gettempdir()) / "ganvas-stacked-mnist"
SIZE, SAMPLES, SEED_OF_SAMPLES = 28, 26_000, 1000
STEADY = frozenset(
    {"dcgan"}
)  # recipes whose rates do not end with the budget: a long run passes through the short ones
PUBLISHED = {  # modes, divergence; from hours to days on GPUs
    "DCGAN (in VEEGAN 2017)": (99, 3.40),
    "VEEGAN (2017)": (150, 2.95),
    "WGAN-GP (2017)": (959, 0.73),
    "StyleGAN2 (2020)": (940, 0.42),
    "PacGAN (2018)": (992, 0.28),
    "DDGAN (2022)": (1000, 0.071),
    "MEG (2019)": (1000, 0.031),
    "R3GAN (2024)": (1000, 0.029),
}


class Judge:
    """Count the modes of samples against those of the real stacks.

    Args:
        mnist: folder of the idx files.
        work: folder where the reader's weights and the stacks are kept.
    """

    def __init__(self, mnist: Path, work: Path) -> None:
        self.reader: Reader
        self.reader, accuracy = get_reader(mnist, work / "reader.safetensors")
        print(f"The reader of digits is right on {accuracy:.2%} of the test set.", flush=True)
        digits, labels = load_digits(mnist, "train")
        self.chosen = stacking(len(digits))
        self.digits, self.labels, self.mnist = digits, labels, mnist
        self.true: Counts = stack_modes(labels[self.chosen])

    def count(self, pictures: np.ndarray) -> Row:
        """Return modes and divergence of uint8 pictures (N, 3, 28, 28), and where the divergence comes from."""
        read, sure = self.reader.read(pictures.reshape(-1, SIZE, SIZE))
        read = read.reshape(-1, 3)
        found = coverage(stack_modes(read), self.true)
        wanted = np.bincount(self.labels, minlength=10)
        channels = [np.bincount(channel, minlength=10) for channel in read.T]
        for name, counts in zip(("red", "green", "blue"), channels, strict=True):
            print(f"  {name}: digits 0 to 9 come", *(f"{part:.1%}" for part in counts / counts.sum()))
        return {
            "samples": len(pictures),
            "modes": found.modes,
            "kl": found.kl,
            "kl_of_channels": sum(coverage(counts, wanted).kl for counts in channels),
            "unsure": float((sure < 0.9).mean()),
        }

    def floor(self, samples: int) -> Row:
        """Return what stacks of the test set's digits score, which no generator has made."""
        digits, _ = load_digits(self.mnist, "test")
        chosen = np.random.default_rng(1).integers(len(digits), size=(samples, 3))
        return {"run": "real", "recipe": "real", "minutes": 0.0, **self.count(digits[chosen])}

    def stacks(self, path: Path) -> Path:
        """Return the .npy of the 60,000 stacks that runs are trained on, written at the first call."""
        if not path.is_file():
            part = path.with_suffix(".part.npy")
            np.save(part, stack(self.digits, self.chosen))
            part.replace(path)
        return path


def train(stacks: Path, out: Path, recipe: str, minutes: float, seed: int, mark: float) -> bool:
    """Train, or go on, until `mark` of `minutes` are used up; tell whether the model in `out` is the one of then."""
    reached, early = 0.0, mark < minutes
    events = ganvas.train(stacks, out, recipe=recipe, size=str(SIZE), channels="rgb", minutes=minutes, seed=seed)
    with closing(events):  # leaving early saves
        for event in events:
            if isinstance(event, Note):
                print(event.text, flush=True)
            elif isinstance(event, Score):
                print(f"  after {reached:.1f} minutes: {event.score} {event.value:.1f}", flush=True)
            elif isinstance(event, Started) and early and event.images_seen * minutes > 1.1 * mark * event.total_images:
                return False
            elif isinstance(event, Step):
                reached = minutes * event.progress
                if early and reached >= mark:
                    break
    return True


def evaluate(folder: Path, judge: Judge, samples: int) -> Row:
    """Return what the run in `folder` scores, and what it was."""
    run = Run(folder)
    config = run.read_config()
    seen, device = 0, ""
    for event in replay(run.events_file):
        seen = getattr(event, "images_seen", seen)
        device = event.device if isinstance(event, Started) else device
    threads = re.search(r"(\d+) thread", device)
    pictures = ganvas.load(folder).sample(samples, SEED_OF_SAMPLES).numpy()
    return {
        "run": folder.resolve().name,
        "recipe": config.recipe,
        "seed": config.seed,
        "minutes": config.minutes or 0.0,
        "images": seen,
        "threads": int(threads[1]) if threads else device,
        **judge.count(pictures),
    }


def done(**wanted: str | int | float) -> bool:
    """Tell whether a row with these values is recorded."""
    return any(all(row.get(key) == value for key, value in wanted.items()) for row in read_rows(RESULTS))


def record(row: Row, results: Path = RESULTS) -> None:
    """Append one row to the results, with the release and the machine, and say it aloud."""
    add_row(row | {"version": ganvas.__version__, "machine": machine_line()}, results)


def run_missing(args: argparse.Namespace, judge: Judge) -> None:
    """Train and count what is asked for and not yet recorded."""
    for recipe in args.recipes:
        for mark in sorted(args.minutes):
            minutes = max(args.minutes) if recipe in STEADY else mark
            out = args.out / f"{recipe}-{minutes:g}min-seed{args.seed}"
            if done(recipe=recipe, minutes=mark, seed=args.seed, samples=args.samples):
                continue
            print(f"{recipe}, {mark:g} minutes, in {out}", flush=True)
            if train(judge.stacks(args.out / "stacked.npy"), out, recipe, minutes, args.seed, mark):
                record(evaluate(out, judge, args.samples) | {"minutes": mark})
            else:
                print(f"  {out} is past {mark:g} minutes. Delete the folder to have them.", flush=True)


def table(rows: list[Row]) -> str:
    """Return the results as markdown, the published ones beside."""
    lines = ["| trained by | minutes | threads | modes of 1,000 | KL | of which channels alone | unsure digits |"]
    lines += ["| --- |" + " ---: |" * 6]
    for row in sorted(rows, key=lambda row: (row["recipe"] == "real", str(row["recipe"]), float(row["minutes"]))):
        real = row["recipe"] == "real"
        who = "real stacks of the test digits" if real else f"`{row['recipe']}`, seed {row['seed']}"
        cost = ["", ""] if real else [f"{row['minutes']:g}", str(row["threads"])]
        scores = [f"{row['modes']:,}", f"{row['kl']:.3f}", f"{row['kl_of_channels']:.3f}", f"{row['unsure']:.1%}"]
        lines.append(f"| {' | '.join([who, *cost, *scores])} |")
    for name, (modes, kl) in PUBLISHED.items():
        lines.append(f"| {name}, as published | | | {modes:,} | {kl:g} | | |")
    return "\n".join(lines)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", nargs="+", default=["quick", "dcgan"], help="of ganvas.recipes")
    parser.add_argument("--minutes", nargs="+", type=float, default=[10.0, 30.0], help="budgets of training")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--samples", type=int, default=SAMPLES, help="26,000 in all papers")
    parser.add_argument("--mnist", type=Path, default=MNIST, help="folder with MNIST's four idx files")
    parser.add_argument("--out", type=Path, default=WORK, help="folder for runs, stacks and the reader's weights")
    parser.add_argument("--runs", nargs="+", type=Path, help="count these runs, train nothing")
    parser.add_argument("--table", action="store_true", help="only print the table of what is recorded")
    return parser.parse_args()


def main() -> None:
    """Do what is missing and print the table."""
    args = parse_arguments()
    if not args.table:
        judge = Judge(args.mnist, args.out)
        if not done(recipe="real", samples=args.samples):
            record(judge.floor(args.samples))
        for folder in args.runs or ():
            asked = Run(folder).read_config().minutes or 0.0
            if not done(run=folder.resolve().name, minutes=asked, samples=args.samples):
                record(evaluate(folder, judge, args.samples))
        if args.runs is None:
            run_missing(args, judge)
    print(table(read_rows(RESULTS)))


if __name__ == "__main__":
    try:
        main()
    except ganvas.GanvasError as error:
        raise SystemExit(str(error)) from error
