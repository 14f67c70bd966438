"""The training loops that a user would copy instead of using Ganvas, as their authors wrote them, at 32 px.

- `classic`: the PyTorch tutorial's DCGAN (ngf = ndf = 64, batch 128), with one stage fewer since its own size is 64 px.
- `lesson`: the beginners' lesson's DCGAN: the same widths, batch 256, two phases with the discriminator frozen in the
  second.

They are given what costs users time for nothing: the pictures lie in memory, decoded, resized and shuffled by index.

    python benchmarks/peers.py classic people.npy --seed 0 --marks 2 5 10 --out DIR
"""

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

LATENT = 100
SAMPLES = 2000
BATCH = {"classic": 128, "lesson": 256}
BCE = nn.BCELoss()


def generator(channels: int) -> nn.Sequential:
    """Build 100-256-128-64-C: transposed convolutions, batch norm, ReLU, tanh."""
    return nn.Sequential(
        nn.ConvTranspose2d(LATENT, 256, 4, 1, 0, bias=False), nn.BatchNorm2d(256), nn.ReLU(True),
        nn.ConvTranspose2d(256, 128, 4, 2, 1, bias=False), nn.BatchNorm2d(128), nn.ReLU(True),
        nn.ConvTranspose2d(128, 64, 4, 2, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(True),
        nn.ConvTranspose2d(64, channels, 4, 2, 1, bias=False), nn.Tanh(),
    )  # fmt: skip


def discriminator(channels: int) -> nn.Sequential:
    """Build C-64-128-256-1: strided convolutions, batch norm but in the first, LeakyReLU, sigmoid."""
    return nn.Sequential(
        nn.Conv2d(channels, 64, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True),
        nn.Conv2d(64, 128, 4, 2, 1, bias=False), nn.BatchNorm2d(128), nn.LeakyReLU(0.2, True),
        nn.Conv2d(128, 256, 4, 2, 1, bias=False), nn.BatchNorm2d(256), nn.LeakyReLU(0.2, True),
        nn.Conv2d(256, 1, 4, 1, 0, bias=False), nn.Sigmoid(), nn.Flatten(0),
    )  # fmt: skip


def weights_init(module: nn.Module) -> None:
    """Draw convolutions from N(0, 0.02) and batch-norm scales from N(1, 0.02)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


def batches(pictures: Tensor, size: int) -> Iterator[Tensor]:
    """Yield shuffled float batches in [-1, 1] for ever; the rest of an epoch that fills no batch is dropped."""
    size = min(size, len(pictures))
    while True:
        for rows in torch.randperm(len(pictures)).split(size):
            if len(rows) == size:
                yield pictures[rows].float() / 127.5 - 1


def classic_step(g: nn.Module, d: nn.Module, opt_g: torch.optim.Adam, opt_d: torch.optim.Adam, real: Tensor) -> None:
    """Do the tutorial's step: the same fakes serve the discriminator first and then the generator."""
    ones, zeros = torch.ones(len(real)), torch.zeros(len(real))
    d.zero_grad()
    BCE(d(real), ones).backward()
    fake = g(torch.randn(len(real), LATENT, 1, 1))
    BCE(d(fake.detach()), zeros).backward()
    opt_d.step()

    g.zero_grad()
    BCE(d(fake), ones).backward()
    opt_g.step()


def lesson_step(g: nn.Module, d: nn.Module, opt_g: torch.optim.Adam, opt_d: torch.optim.Adam, real: Tensor) -> None:
    """Do the lesson's two phases: train the discriminator, then freeze it and train the generator on fresh noise."""
    ones, zeros = torch.ones(len(real)), torch.zeros(len(real))
    d.requires_grad_(True)
    with torch.no_grad():
        fake = g(torch.randn(len(real), LATENT, 1, 1))
    opt_d.zero_grad()
    ((BCE(d(real), ones) + BCE(d(fake), zeros)) / 2).backward()
    opt_d.step()

    d.requires_grad_(False)
    opt_g.zero_grad()
    BCE(d(g(torch.randn(len(real), LATENT, 1, 1))), ones).backward()
    opt_g.step()


STEPS = {"classic": classic_step, "lesson": lesson_step}


@torch.no_grad()
def sample(g: nn.Module, batch: int, seed: int) -> np.ndarray:
    """Return 2,000 uint8 pictures (N, C, H, W), in training mode as the tutorial does, so by batch statistics."""
    noise = torch.randn(-(-SAMPLES // batch) * batch, LATENT, 1, 1, generator=torch.Generator().manual_seed(seed))
    pictures = torch.cat([g(z) for z in noise.split(batch)])[:SAMPLES]
    return ((pictures + 1) * 127.5).round().clamp(0, 255).byte().numpy()


def train(method: str, pictures: Tensor, seed: int, marks: list[float], out: Path, started: float) -> None:
    """Train until the last mark (minutes since `started`), saving samples at each; sampling stops the clock."""
    torch.manual_seed(seed)
    g, d = generator(pictures.shape[1]).apply(weights_init), discriminator(pictures.shape[1]).apply(weights_init)
    opt_g = torch.optim.Adam(g.parameters(), lr=2e-4, betas=(0.5, 0.999))
    opt_d = torch.optim.Adam(d.parameters(), lr=2e-4, betas=(0.5, 0.999))
    seen, stream, left = 0, batches(pictures, BATCH[method]), sorted(marks)
    while left:
        real = next(stream)
        STEPS[method](g, d, opt_g, opt_d, real)
        seen += len(real)
        minutes = (time.time() - started) / 60
        if minutes >= left[0]:
            paused = time.time()
            np.save(out / f"{left[0]:g}.npy", sample(g, BATCH[method], seed + 1000))
            (out / f"{left[0]:g}.json").write_text(json.dumps({"minutes": minutes, "pictures": seen}))
            left.pop(0)
            started += time.time() - paused


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("method", choices=sorted(STEPS))
    parser.add_argument("pictures", type=Path, help="uint8 .npy of shape (N, C, 32, 32)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--marks", type=float, nargs="+", default=[2.0, 5.0, 10.0], help="minutes at which to save samples"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--started", type=float, default=time.time(), help="when this process was started, for the clock"
    )
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    train(args.method, torch.from_numpy(np.load(args.pictures)), args.seed, args.marks, args.out, args.started)


if __name__ == "__main__":
    main()
