"""Does `ganvas.Coach` notice what goes wrong in loops of other people, and repair it there?

The loops are in public_loops.py. Each trains some hundred steps on digits or on emoji people at 32 px, by its own
settings and by some that are ill, in three ways:

- `alone`: nobody looks;
- `watched`: `observe` after each step; the weights in the end have to be those of `alone`, bit for bit;
- `repaired`: whatever `prescribe` returns is applied at once, and nothing is done by hand.

The distance is the Frechet distance of 1,000 samples in features of EfficientNet-lite1 from the real pictures, as in
rescue.py. Processor seconds are told apart: those of the coach, and those of the loop.

    git clone https://github.com/pytorch/examples; git clone https://github.com/lucidrains/lightweight-gan
    pip install einops kornia adabelief-pytorch tqdm
    python benchmarks/own_loops.py --examples examples --lightweight lightweight-gan
    python benchmarks/own_loops.py --cases 'lesson-digits-*' --ways watched repaired
    python benchmarks/own_loops.py --table
"""

import argparse
import copy
import hashlib
import math
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

import ganvas
from ganvas.coach.diagnosis.diagnoses import HEALTHY_VERDICTS
from ganvas.config import DataConfig
from ganvas.data import prepare
from ganvas.events import Treatment, Verdict, run_to_end
from ganvas.metrics.distances import bootstrap_frechet_distance
from ganvas.metrics.features import extract_features
from machine import machine_line
from public_loops import Enough, Loop, Settings, examples, lesson, lightweight, quietly
from rows import Row, add_row, read_rows
from sets import ASSETS

RESULTS = Path(__file__).resolve().parent / "results" / "own_loops.jsonl"
WORK = Path(tempfile.gettempdir()) / "ganvas-own-loops"
NETWORK, SAMPLES, MOST_PICTURES, CHECK_EVERY = "efficientnet-lite1", 1000, 5000, 50
FILES = {"digits": "mnist/train-images-idx3-ubyte.gz", "people": "emoji-people-64.zip"}
STEPS = {"lesson": 300, "examples": 300, "lightweight": 120}
ILL = {
    "own settings": Settings(),
    "rates x30": Settings(rate=30),
    "rates x300": Settings(rate=300),
    "discriminator x50": Settings(d_rate=50),
    "rates x10, beta1 .95": Settings(rate=10, beta1=0.95),
    "60 pictures": Settings(pictures=60),
}
WAYS = ("alone", "watched", "repaired")


@dataclass(frozen=True)
class Case:
    """A loop, its pictures, and what is changed in its settings."""

    loop: str
    data: str
    change: str

    @property
    def name(self) -> str:
        """What it is called in the results."""
        return f"{self.loop}-{self.data}-{self.change}"


CASES = [Case(*each) for each in product(STEPS, FILES, ILL)]


@dataclass
class Watch:
    """What a way of training does at a loop's start and after each of its steps.

    told, left: what `apply` did, and what it left to the user.
    """

    way: str
    pictures: Tensor
    steps: int
    loop: Loop | None = None
    coach: ganvas.Coach | None = None
    seconds: float = 0.0
    step: int = 0
    left: list[str] = field(default_factory=list)

    def start(self, loop: Loop) -> None:
        """Make the coach, if there is one."""
        self.loop, began = loop, time.process_time()
        if self.way != "alone":
            self.coach = ganvas.Coach(
                self.pictures,
                generator=loop.generator,
                latents=loop.latents,
                discriminator=loop.discriminator,
                optimizers=loop.optimizers,
                dataset_size=len(self.pictures),
                batch_size=loop.batch,
                total_steps=self.steps,
                check_every=CHECK_EVERY,
                repair=self.way == "repaired",
            )
        self.seconds += time.process_time() - began

    def each_step(self, losses: dict[str, float | Tensor]) -> None:
        """Show the step to the coach, and let it repair."""
        self.step, began = self.step + 1, time.process_time()
        if self.coach is not None:
            self.coach.observe(losses)
            if self.way == "repaired" and (treatment := self.coach.prescribe()):
                self.left += self.coach.apply(treatment)
        self.seconds += time.process_time() - began
        if self.step == self.steps:
            raise Enough


def load(data: str, assets: Path) -> np.ndarray:
    """Return uint8 pictures (N, 3, 32, 32) in random order, always the same; 5,000 at most."""
    prepared = run_to_end(prepare(DataConfig(str(assets / FILES[data]), 32, 32, 3), workers=1))
    order = np.random.default_rng(0).permutation(prepared.count)[:MOST_PICTURES]
    return np.ascontiguousarray(prepared.images[np.sort(order)][np.argsort(np.argsort(order))])


def as_files(pictures: np.ndarray, folder: Path) -> Path:
    """Write pictures as PNGs into a sub-folder, as for classes, unless they are there; return the folder."""
    inner = folder / "all"
    if not inner.exists():
        partly = folder / "partly"
        partly.mkdir(parents=True)
        for number, each in enumerate(pictures):
            Image.fromarray(each.transpose(1, 2, 0)).save(partly / f"{number:05}.png")
        partly.rename(inner)
    return folder


def train(case: Case, way: str, pictures: np.ndarray, args: argparse.Namespace) -> Watch:
    """Train a case in a way."""
    settings = ILL[case.change]
    chosen = pictures[: settings.pictures]
    watch = Watch(way, torch.from_numpy(chosen).float() / 127.5 - 1, STEPS[case.loop])
    folder = as_files(chosen, args.work / f"{case.data}-{len(chosen)}") if case.loop != "lesson" else args.work
    with tempfile.TemporaryDirectory(dir=args.work) as name:
        runs: dict[str, Callable[..., None]] = {
            "lesson": partial(lesson, settings, torch.from_numpy(chosen), folder),
            "examples": partial(examples, args.examples, settings, folder, Path(name)),
            "lightweight": partial(lightweight, args.lightweight, settings, folder, Path(name)),
        }
        quietly(lambda: runs[case.loop](watch.start, watch.each_step))
    return watch


@torch.no_grad()
def sample(loop: Loop) -> np.ndarray:
    """Return 1,000 samples, uint8 (N, 3, 32, 32), drawn as the loop draws its own."""
    generator = copy.deepcopy(loop.generator).train(not loop.samples_in_eval)
    rng = torch.Generator().manual_seed(1001)
    latents = torch.randn(SAMPLES, *loop.latents.shape[1:], generator=rng)
    samples = torch.cat([generator(each) for each in latents.split(50)])
    return ((samples + 1) * 127.5).round().clamp(0, 255).byte().numpy()


def distance(loop: Loop, pictures: np.ndarray, known: Path) -> float:
    """Return the Frechet distance of 1,000 samples from the real pictures; infinite where weights are not finite."""
    if not all(bool(each.isfinite().all()) for each in loop.generator.parameters()):
        return math.inf
    fake, real = extract_features(sample(loop), NETWORK).intermediate, _real_features(pictures, known)
    return bootstrap_frechet_distance(fake, real, torch.Generator().manual_seed(0), replicates=0)[0].value


def _real_features(pictures: np.ndarray, known: Path) -> Tensor:
    """Return the features of the real pictures, computed once."""
    if not known.exists():
        torch.save(extract_features(pictures, NETWORK).intermediate, known)
    return torch.load(known)


def digest(loop: Loop) -> str:
    """Return a hash of all that the loop has trained: weights, buffers, and the optimizers' memory."""
    found = hashlib.sha256()
    for each in (*loop.generator.state_dict().values(), *loop.discriminator.state_dict().values()):
        found.update(each.numpy().tobytes())
    for optimizer in loop.optimizers.values():
        for state in optimizer.state.values():
            found.update(b"".join(torch.as_tensor(state[name]).numpy().tobytes() for name in sorted(state)))
    return found.hexdigest()[:16]


def record(case: Case, way: str, args: argparse.Namespace) -> Row:
    """Train a case in a way, and return its row."""
    pictures = load(case.data, args.assets)
    began = time.process_time()
    watch = train(case, way, pictures, args)
    seconds = time.process_time() - began
    assert watch.loop is not None
    history = watch.coach.history if watch.coach else []
    return {
        "case": case.name,
        "way": way,
        "steps": watch.step,
        "frechet": distance(watch.loop, pictures, args.work / f"{case.data}.pt"),
        "digest": digest(watch.loop),
        "verdicts": [[e.step, e.name, round(e.confidence, 2)] for e in history if isinstance(e, Verdict)],
        "treatments": [[e.step, e.diagnosis, e.outcome, e.text] for e in history if isinstance(e, Treatment)],
        "left": watch.left,
        "advice": watch.coach.advice() if watch.coach else "",
        "seconds": round(seconds, 2),
        "coach_seconds": round(watch.seconds, 2),
        "machine": machine_line(),
    }


def table(rows: list[Row]) -> list[str]:
    """Return a line for each case: first alarm, the distances of the three ways, whether watching changed anything."""
    known = {(row["case"], row["way"]): row for row in rows}
    lines = [
        "| loop | pictures | change | first verdict that is not healthy, at step | alone | watched | repaired |"
        " treatments | watched is the same | the coach's share |",
        "| --- | --- | --- | --- | ---: | ---: | ---: | --- | --- | ---: |",
    ]
    for case in CASES:
        alone, watched, repaired = (known.get((case.name, way)) for way in WAYS)
        if watched is None:
            continue
        alarms = [f"{name}, {step}" for step, name, _ in watched["verdicts"] if name not in HEALTHY_VERDICTS]
        same = "" if alone is None else "yes" if alone["digest"] == watched["digest"] else "NO"
        distances = ["" if row is None else f"{row['frechet']:,.0f}" for row in (alone, watched, repaired)]
        treated = [
            text if not outcome else f"({outcome})" for *_, outcome, text in (repaired or {}).get("treatments", [])
        ]
        share = f"{watched['coach_seconds'] / watched['seconds']:.0%} of {watched['seconds']:.0f} s"
        cells = [case.loop, case.data, case.change, (alarms or ["–"])[0], *distances, " ".join(treated), same, share]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def main() -> None:
    """Run what is missing, or tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", default=["*"], help="globs of their names, in the order to run")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--examples", type=Path, help="checkout of pytorch/examples")
    parser.add_argument("--lightweight", type=Path, help="checkout of lucidrains/lightweight-gan")
    parser.add_argument("--assets", type=Path, default=ASSETS)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--table", action="store_true", help="print what is recorded")
    args = parser.parse_args()
    if args.table:
        print("\n".join(table(read_rows(args.results))))
        return
    torch.set_num_threads(1)
    args.work.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("GANVAS_CACHE", str(args.work / "cache"))
    there = {"lesson": True, "examples": args.examples, "lightweight": args.lightweight}
    for pattern, case, way in product(args.cases, CASES, args.ways):
        done = any((row["case"], row["way"]) == (case.name, way) for row in read_rows(args.results))
        if there[case.loop] and not done and fnmatch(case.name, pattern):
            add_row(record(case, way, args), args.results)


if __name__ == "__main__":
    main()
