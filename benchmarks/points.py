"""Modes on a page: the `fc` recipe, its networks narrowed, learns a ring of 8 and a grid of 25 Gaussians in the plane.

The sets are those of VEEGAN (2017) and PacGAN (2018): deviation 0.01 on a ring of radius 1, 0.05 on a grid with a
spacing of 2, and 2,500 samples. A sample is good within three deviations of a mode, and a mode with a good sample is
found. Points are shrunk into [-0.8, 0.8], since the generator ends in tanh. Binary cross-entropy as it is taught, and
another loss with a penalty beside. The papers trained a hundred times as long: compare the losses here with each other.

    python benchmarks/points.py                                  # the table, and a picture of each case: two minutes
    python benchmarks/points.py --loss wasserstein --penalty gradient --gamma 10
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.optim.lr_scheduler import LinearLR

from ganvas.config import Config, DataConfig, NetworkConfig, OptimizerConfig, TrainOptions
from ganvas.device import seeded_rng
from ganvas.image_io import save_image
from ganvas.recipes.fc import fc
from ganvas.recipes.overrides import apply_options
from ganvas.training.state import new_state
from ganvas.training.steps.adversarial import adversarial_step
from ganvas.training.steps.batch import Batch
from ganvas.training.steps.ema import prepare_for_sampling
from modes import Coverage, coverage, nearest_modes, ring, square

CPU = torch.device("cpu")
SAMPLES = 2500
BATCH = 128
RATE = OptimizerConfig(2e-3)  # ten times that of the recipe, which has far more weights to move; it falls to nothing
EDGE = 0.8  # where the outermost centres come to lie
PIXELS = 256
Points = np.ndarray


@dataclass(frozen=True)
class Plane:
    """A mixture of equal Gaussians in the plane: centres (M, 2) and deviation."""

    centres: Points
    deviation: float

    def shrunk(self) -> "Plane":
        """Return the same with its outermost centres at EDGE."""
        scale = EDGE / np.abs(self.centres).max()
        return Plane(self.centres * scale, self.deviation * scale)

    def draw(self, count: int, random: torch.Generator) -> torch.Tensor:
        """Return points (count, 2)."""
        centres = torch.from_numpy(self.centres).float()
        chosen = centres[torch.randint(len(centres), (count,), generator=random)]
        return chosen + self.deviation * torch.randn((count, 2), generator=random)

    def judge(self, points: Points) -> tuple[Coverage, float]:
        """Return the coverage of the modes by the good samples, and their share."""
        counts = nearest_modes(points, self.centres, 3 * self.deviation)
        even = np.ones(len(self.centres))
        found = coverage(counts, even) if counts.any() else Coverage(0, float("nan"))
        return found, float(counts.sum() / len(points))


PLANES = {"ring of 8": Plane(ring(), 0.01).shrunk(), "grid of 25": Plane(square(), 0.05).shrunk()}


def configure(options: TrainOptions, seed: int) -> Config:
    """Return the `fc` recipe on points, which are pictures of two channels and one pixel, with narrow networks."""
    return replace(
        apply_options(fc(DataConfig("points", 8, 8, 1), BATCH), options),
        data=DataConfig("points", 1, 1, 2),
        generator=NetworkConfig("fc", (128, 128)),
        discriminator=NetworkConfig("fc", (256, 128)),
        optimizers={"generator": RATE, "discriminator": RATE},
        z_dim=16,
        seed=seed,
    )


def train(config: Config, plane: Plane, steps: int) -> Points:
    """Return samples (2500, 2) of a generator that was trained for `steps`."""
    state = new_state(config, CPU)
    falling = [LinearLR(optimiser, 1.0, 0.0, steps) for optimiser in state.optimizers.values()]
    for state.counters.step in range(steps):
        random = seeded_rng(config.seed, state.counters.step, "points", device=CPU)
        real = plane.draw(BATCH, random).reshape(BATCH, 2, 1, 1)
        latents = torch.randn((BATCH, config.z_dim), generator=random)
        adversarial_step(state, config, Batch(real, latents, None, random))
        for rate in falling:
            rate.step()
    latents = torch.randn((SAMPLES, config.z_dim), generator=seeded_rng(config.seed, "samples"))
    with torch.inference_mode():
        return prepare_for_sampling(state, config, CPU)(latents).flatten(1).numpy()


def scatter(points: Points, plane: Plane) -> Image.Image:
    """Return points in blue over true ones in light grey, [-1, 1] to a square picture."""
    true = plane.draw(SAMPLES, seeded_rng(0, "true")).numpy()
    picture = np.full((PIXELS, PIXELS, 3), 255, np.uint8)
    for cloud, colour in ((true, (190, 190, 190)), (points, (30, 70, 200))):
        columns, rows = ((cloud * (1, -1) + 1) / 2 * (PIXELS - 1)).round().astype(int).T
        picture[rows, columns] = colour
    return Image.fromarray(picture)


def rows(args: argparse.Namespace) -> Iterator[str]:
    """Train each case and yield its line of the table."""
    yield "| set | loss | penalty | seed | modes found | good samples | KL | s |"
    yield "| --- | --- | --- |" + " ---: |" * 5
    for name, plane in PLANES.items():
        chosen = TrainOptions(loss=args.loss, penalty=args.penalty, gamma=args.gamma)
        for options in (TrainOptions(), chosen):
            for seed in args.seeds:
                began = time.process_time()
                config = configure(options, seed)
                points = train(config, plane, args.steps)
                found, good = plane.judge(points)
                file = f"{name.replace(' ', '-')}-{config.loss}-{config.penalty.name}-seed{seed}.png"
                save_image(scatter(points, plane), args.out / file, {"steps": args.steps, "seed": seed})
                penalty = f"{config.penalty.name} {config.penalty.gamma:g}" if config.penalty.gamma else "none"
                scores = f"{found.modes} of {len(plane.centres)} | {good:.1%} | {found.kl:.3f}"
                spent = time.process_time() - began
                yield f"| {name} | {config.loss} | {penalty} | {seed} | {scores} | {spent:.0f} |"
        found, good = plane.judge(plane.draw(SAMPLES, seeded_rng(0, "floor")).numpy())
        yield f"| {name} | true points | | | {found.modes} of {len(plane.centres)} | {good:.1%} | {found.kl:.3f} | |"


def main() -> None:
    """Train, print the table line by line, and leave a picture of each case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loss", default="relativistic", help="beside bce; of ganvas.losses.LOSSES")
    parser.add_argument("--penalty", default="r1_r2", help="of ganvas.losses.PENALTIES, or none")
    parser.add_argument("--gamma", type=float, default=0.001, help="the penalty's weight")
    parser.add_argument("--steps", type=int, default=5000, help="of training, 128 points each")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "ganvas-points", help="for pictures")
    args = parser.parse_args()
    for line in rows(args):
        print(line, flush=True)
    print(f"\nPictures in {args.out}: blue samples over grey true points.")


if __name__ == "__main__":
    main()
