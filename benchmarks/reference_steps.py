"""How long is a training step on the processor, ours against the authors' own code in plain PyTorch?

The same networks (grids, widths, blocks, length of z), the same batch, losses and penalties as often: of StyleGAN2 R1
at every 16th step and path lengths at every fourth, of R3GAN R1 and R2 at every step. In one run, on the same threads,
ours and theirs take turns; medians, and the ratio with its range over the pairs. No augmentation on either side.

The authors' code is not ours to copy. Get it yourself and name the folders (it
needs `pip install requests "setuptools<80"`, too):

    git clone https://github.com/NVlabs/stylegan2-ada-pytorch && git clone https://github.com/brownvc/R3GAN
    python benchmarks/reference_steps.py --stylegan2 stylegan2-ada-pytorch --r3gan R3GAN
"""

import argparse
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from ganvas.config import Config, DataConfig, PenaltyConfig
from ganvas.recipes import RECIPES
from ganvas.training.material import draw
from ganvas.training.state import fresh
from ganvas.training.steps import adversarial_step
from machine import machine_line

CYCLE = 16  # steps that are timed together: each lazy penalty has its turn
CPU = torch.device("cpu")
Turn = Callable[[], None]


def ours(name: str, size: int, batch: int) -> tuple[Turn, list[int], Config]:
    """Return what takes a cycle of our steps, the numbers of parameters, and the configuration."""
    config = RECIPES[name](DataConfig("none", size, size, 3), 100_000)
    config = replace(config, augment=(), adapt=None, anneal=None, flip=False)
    config = replace(config, phases=tuple(replace(phase, batch=batch) for phase in config.phases))
    if name == "r3gan":
        config = replace(config, penalty=PenaltyConfig("r1_r2", 1.0))
    state = fresh(config, CPU)
    pictures = torch.randint(0, 256, (batch, 3, size, size), dtype=torch.uint8)

    def cycle() -> None:
        for _ in range(CYCLE):
            random = torch.Generator().manual_seed(state.step)
            adversarial_step(state, config, draw(config, pictures, None, random, CPU))
            state.step += 1

    return cycle, [parameters(each) for each in (state.generator, state.discriminator)], config


def stylegan2(folder: Path, config: Config, batch: int) -> tuple[Turn, list[int]]:
    """Return the same of NVIDIA's StyleGAN2-ADA, by its own loss class."""
    sys.path.insert(0, str(folder))
    from torch_utils import training_stats  # type: ignore[import-not-found]
    from training.loss import StyleGAN2Loss  # type: ignore[import-not-found]
    from training.networks import Discriminator, Generator  # type: ignore[import-not-found]

    training_stats.report = lambda *_: None  # it keeps statistics that we do not
    size, widths = config.data.height, config.generator.widths
    shared = {"channel_base": widths[-1] * size, "channel_max": max(widths), "num_fp16_res": 0}
    generator = Generator(
        config.latent, 0, config.latent, size, 3, mapping_kwargs={"num_layers": 2}, synthesis_kwargs=shared
    )
    discriminator = Discriminator(0, size, 3, **shared)
    loss = StyleGAN2Loss(CPU, generator.mapping, generator.synthesis, discriminator, r1_gamma=config.penalty.gamma)
    optimisers = [torch.optim.Adam(each.parameters(), 2e-3, (0.0, 0.99)) for each in (generator, discriminator)]
    real, none = torch.rand(batch, 3, size, size) * 2 - 1, torch.zeros(batch, 0)
    step = 0

    def phase(name: str, gain: int) -> None:
        network, optimiser = (generator, optimisers[0]) if name[0] == "G" else (discriminator, optimisers[1])
        optimiser.zero_grad(set_to_none=True)
        network.requires_grad_(True)
        loss.accumulate_gradients(name, real, none, torch.randn(batch, config.latent), none, True, gain)
        network.requires_grad_(False)
        optimiser.step()

    def cycle() -> None:
        nonlocal step
        generator.requires_grad_(False)
        discriminator.requires_grad_(False)
        for _ in range(CYCLE):
            phase("Gmain", 1)
            if step % 4 == 0:
                phase("Greg", 4)
            phase("Dmain", 1)
            if step % 16 == 0:
                phase("Dreg", 16)
            step += 1

    return cycle, [parameters(generator), parameters(discriminator)]


def r3gan(folder: Path, config: Config, batch: int) -> tuple[Turn, list[int]]:
    """Return the same of R3GAN's authors, by their own trainer."""
    sys.path.insert(0, str(folder))
    from R3GAN.Networks import Discriminator, Generator  # type: ignore[import-not-found]
    from R3GAN.Trainer import AdversarialTraining  # type: ignore[import-not-found]

    size, widths = config.data.height, list(config.generator.widths)
    groups = [2 * width // 16 for width in widths]
    generator = Generator(config.latent, widths, groups, [2] * len(widths), 2)
    discriminator = Discriminator(widths[::-1], groups[::-1], [2] * len(widths), 2)
    trainer = AdversarialTraining(generator, discriminator)
    optimisers = [torch.optim.Adam(each.parameters(), 2e-4, (0.0, 0.9)) for each in (generator, discriminator)]
    real = torch.rand(batch, 3, size, size) * 2 - 1

    def cycle() -> None:
        for _ in range(CYCLE):
            discriminator.requires_grad_(True)
            generator.requires_grad_(False)
            trainer.AccumulateDiscriminatorGradients(torch.randn(batch, config.latent), real, None, 1.0)
            optimisers[1].step()
            optimisers[1].zero_grad(set_to_none=True)
            discriminator.requires_grad_(False)
            generator.requires_grad_(True)
            trainer.AccumulateGeneratorGradients(torch.randn(batch, config.latent), real, None)
            optimisers[0].step()
            optimisers[0].zero_grad(set_to_none=True)

    return cycle, [parameters(generator), parameters(discriminator)]


def parameters(network: nn.Module) -> int:
    """Count what is learned."""
    return sum(each.numel() for each in network.parameters())


def seconds(cycle: Turn) -> float:
    """Return the seconds of a step, as the mean over a cycle."""
    began = time.perf_counter()
    cycle()
    return (time.perf_counter() - began) / CYCLE


def compare(name: str, folder: Path, size: int, batch: int, pairs: int) -> None:
    """Time one recipe against its authors' code and print what came."""
    warnings.simplefilter("ignore")
    mine, own, config = ours(name, size, batch)
    theirs, other = {"stylegan2": stylegan2, "r3gan": r3gan}[name](folder, config, batch)
    print(f"{name}, {size} px, batch {batch}, widths {config.generator.widths}", flush=True)
    print(f"  parameters of G and D: ours {own}, theirs {other}", flush=True)
    for cycle in (mine, theirs):
        seconds(cycle)
    times = [(seconds(mine), seconds(theirs)) for _ in range(pairs)]
    ratios = sorted(their / my for my, their in times)
    middle = [statistics.median(each) for each in zip(*times, strict=True)]
    print(f"  a step: ours {1000 * middle[0]:.0f} ms, theirs {1000 * middle[1]:.0f} ms", flush=True)
    print(
        f"  ours is {statistics.median(ratios):.2f} times as fast ({ratios[0]:.2f} to {ratios[-1]:.2f}, {pairs} pairs)",
        flush=True,
    )


def main() -> None:
    """Compare what is asked for; each in a process of its own, since both authors name a module `torch_utils`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stylegan2", type=Path, help="folder of stylegan2-ada-pytorch")
    parser.add_argument("--r3gan", type=Path, help="folder of R3GAN")
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--pairs", type=int, default=7)
    args = parser.parse_args()
    wanted = {name: getattr(args, name) for name in ("stylegan2", "r3gan") if getattr(args, name)}
    if len(wanted) == 1:
        print(f"{machine_line()}, {torch.get_num_threads()} threads")
        for name, folder in wanted.items():
            compare(name, folder, args.size, args.batch, args.pairs)
        return
    numbers = [f"--{name}={getattr(args, name)}" for name in ("size", "batch", "pairs")]
    for name, folder in wanted.items():
        subprocess.run([sys.executable, __file__, f"--{name}={folder}", *numbers], check=True)


if __name__ == "__main__":
    main()
