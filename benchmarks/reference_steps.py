"""How long is a training step on the processor, ours against the authors' own code in plain PyTorch?

The same networks (grids, widths, blocks, length of z), the same batch, losses and penalties as often: of StyleGAN2 path
lengths at every fourth step and R1 at every 16th, of R3GAN R1 and R2 at every step. Both in 32 bits, without
augmentation, with Adam and an averaged generator. In one run, on the same threads, ours and theirs take turns, and who
begins alternates; each kind of step is timed by itself and counts as often as it comes. Medians, and the ratio with its
range over the pairs, by the clock and by the processor's time, which other work disturbs less.

Ours is a step as a training takes it: loading, random numbers and losses are in it. Of theirs it is what their loss or
trainer does, the optimiser and the average; what their loops do around it is left out, to their advantage. Theirs draws
pictures once for each network and ours once for both: that is part of what is compared.

The authors' code is not ours to copy. Get it yourself and name the folders (it needs `pip install requests
"setuptools<80"`, too):

    git clone https://github.com/NVlabs/stylegan2-ada-pytorch && git clone https://github.com/brownvc/R3GAN
    python benchmarks/reference_steps.py --stylegan2 stylegan2-ada-pytorch --r3gan R3GAN
"""

import argparse
import math
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.optim import Adam

from ganvas.config import Config, DataConfig
from ganvas.data import PreparedDataset
from ganvas.data.loader import Loader
from ganvas.device import choose_device, torch_device
from ganvas.models.r3gan import BLOCKS_PER_STAGE, EXPANSION, GROUP_WIDTH
from ganvas.models.stylegan2 import MAPPING_LAYERS
from ganvas.recipes import RECIPES
from ganvas.training.phases import take_step
from ganvas.training.state import new_state
from machine import machine_line

PICTURES = 1_000  # random ones, to be loaded from
COUNT = 100_000  # that the recipes are told of: so many need no augmentation
WARM_UP = 2  # steps of each kind that are not counted
PENALISED = {"stylegan2": 16, "r3gan": 1}  # the authors take a penalty every so many steps
LENGTHS = 4  # and path lengths
FINEST, WIDEST = 16, 64  # channels, as our recipes have at 32 px
ALIKE = 0.03  # that the numbers of parameters may be apart: of biases that one has and the other has not
Times = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Contender:
    """Hold what takes one step, given its number, and the two networks."""

    step: Callable[[int], None]
    generator: nn.Module
    discriminator: nn.Module


class Descent:
    """Move the authors' networks as their loops do: one learns at a time, and the generator is averaged.

    Args:
        config: whose rates are taken.
        generator, discriminator: of the authors.
    """

    def __init__(self, config: Config, generator: nn.Module, discriminator: nn.Module) -> None:
        self.networks = {"generator": generator, "discriminator": discriminator}
        self.optimisers = {}
        for name, network in self.networks.items():
            network.requires_grad_(False)
            rates = config.optimizers[name]
            self.optimisers[name] = Adam(network.parameters(), rates.lr, (rates.beta1, rates.beta2))
        self.averaged = [each.detach().clone() for each in generator.parameters()]

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Let a network gather gradients, then descend."""
        self.optimisers[name].zero_grad(set_to_none=True)
        self.networks[name].requires_grad_(True)
        yield
        self.networks[name].requires_grad_(False)
        self.optimisers[name].step()

    @torch.no_grad()
    def average(self) -> None:
        """Move the averaged generator a little."""
        for averaged, present in zip(self.averaged, self.networks["generator"].parameters(), strict=True):
            averaged.lerp_(present, 0.01)


def settings(name: str, size: int, batch: int, width: int) -> Config:
    """Return a recipe's configuration with widths by the authors' rule, and penalties as often as theirs.

    Raises:
        SystemExit: the authors' networks cannot make such pictures.
    """
    if size < 8 or size & (size - 1):
        raise SystemExit(f"The authors' networks make pictures of 8, 16, 32, ... px, not {size}.")
    sides = [4 << level for level in range(size.bit_length() - 2)]
    widths = tuple(width * min(WIDEST, FINEST * size // side) for side in sides)
    config = RECIPES[name](DataConfig("random", size, size, 3), COUNT)
    return replace(
        config,
        generator=replace(config.generator, widths=widths),
        discriminator=replace(config.discriminator, widths=widths[::-1]),
        phases=tuple(replace(phase, batch=batch) for phase in config.phases),
        penalty=replace(config.penalty, interval=PENALISED[name]),
        stylegan=config.stylegan and replace(config.stylegan, pl_interval=LENGTHS),
    )


def kinds(config: Config) -> dict[int, int]:
    """Return numbers of steps, one for each kind of step, and how many steps of a whole cycle are of its kind."""
    lazy = {1, config.penalty.interval} | ({config.stylegan.pl_interval} if config.stylegan else set())
    cycle = range(1, 1 + math.lcm(*lazy))
    kind = [max(number for number in lazy if step % number == 0) for step in cycle]
    return {number: kind.count(number) for number in sorted(lazy)}


def described(config: Config, number: int) -> str:
    """Say what a step of this number has besides the two losses."""
    lengths = ["path lengths"] if config.stylegan and number % config.stylegan.pl_interval == 0 else []
    penalty = [config.penalty.name] if number % config.penalty.interval == 0 else []
    return " and ".join(lengths + penalty) or "nothing else"


def ours(config: Config) -> Contender:
    """Return our training, with all that goes with a step."""
    pictures = np.random.default_rng(0).integers(256, size=(PICTURES, *config.shape), dtype=np.uint8)
    loader = Loader(PreparedDataset(pictures, None, (), (), (), "random"), config.seed)
    state = new_state(config, torch.device("cpu"))

    def step(number: int) -> None:
        state.counters.step = number
        take_step(config.phases[-1], state, config, loader)

    return Contender(step, state.networks.generator, state.networks.discriminator)


@contextmanager
def found_in(folder: Path) -> Iterator[None]:
    """Import and build what is in `folder`; its modules are forgotten then, as both authors call one `torch_utils`."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name, module in list(sys.modules.items()):
            if Path(getattr(module, "__file__", None) or "/").is_relative_to(folder):
                del sys.modules[name]


def stylegan2(folder: Path, config: Config) -> Contender:
    """Return NVIDIA's StyleGAN2-ADA: its networks and its loss, each penalty a descent of its own as in its loop."""
    size, batch, widths = config.data.height, config.phases[-1].batch, config.generator.widths
    width = {"channel_base": widths[-1] * size, "channel_max": max(widths)}
    mapping = {"num_layers": MAPPING_LAYERS}
    with found_in(folder):
        networks, losses = import_module("training.networks"), import_module("training.loss")
        generator = networks.Generator(config.z_dim, 0, config.z_dim, size, 3, mapping, width)
        discriminator = networks.Discriminator(0, size, 3, **width)
    losses.training_stats.report = lambda *_: None  # it keeps statistics that we do not
    parts = (generator.mapping, generator.synthesis, discriminator)
    loss = losses.StyleGAN2Loss(torch.device("cpu"), *parts, r1_gamma=config.penalty.gamma)
    descent = Descent(config, generator, discriminator)
    real, unlabelled = torch.rand(batch, 3, size, size) * 2 - 1, torch.zeros(batch, 0)

    def step(number: int) -> None:
        for name, every in (("Gmain", 1), ("Greg", LENGTHS), ("Dmain", 1), ("Dreg", config.penalty.interval)):
            if number % every == 0:
                with descent.of("generator" if name.startswith("G") else "discriminator"):
                    z = torch.randn(batch, config.z_dim)
                    loss.accumulate_gradients(name, real, unlabelled, z, unlabelled, sync=True, gain=every)
        descent.average()

    return Contender(step, generator, discriminator)


def r3gan(folder: Path, config: Config) -> Contender:
    """Return R3GAN of its authors: their networks and their trainer."""
    size, batch, widths = config.data.height, config.phases[-1].batch, list(config.generator.widths)
    groups, blocks = [EXPANSION * width // GROUP_WIDTH for width in widths], [BLOCKS_PER_STAGE] * len(widths)
    with found_in(folder):
        networks, trainers = import_module("R3GAN.Networks"), import_module("R3GAN.Trainer")
        generator = networks.Generator(config.z_dim, widths, groups, blocks, EXPANSION)
        discriminator = networks.Discriminator(widths[::-1], groups[::-1], blocks, EXPANSION)
    trainer = trainers.AdversarialTraining(generator, discriminator)
    descent = Descent(config, generator, discriminator)
    real = torch.rand(batch, 3, size, size) * 2 - 1

    def step(number: int) -> None:
        with descent.of("discriminator"):
            z = torch.randn(batch, config.z_dim)
            trainer.AccumulateDiscriminatorGradients(z, real, None, config.penalty.gamma)
        with descent.of("generator"):
            trainer.AccumulateGeneratorGradients(torch.randn(batch, config.z_dim), real, None)
        descent.average()

    return Contender(step, generator, discriminator)


THEIRS = {"stylegan2": stylegan2, "r3gan": r3gan}


def parameters(network: nn.Module) -> int:
    """Count what is learned."""
    return sum(each.numel() for each in network.parameters())


def seconds(step: Callable[[int], None], number: int) -> Times:
    """Return the seconds of one step, by the clock and by the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    step(number)
    return np.array([time.perf_counter() - clock, time.process_time() - processor])


def pair(contenders: tuple[Contender, Contender], number: int, turned: bool) -> Times:
    """Return the seconds of a step of both, (2, 2): of whom, by what. The second begins if `turned`."""
    taken = [seconds(each.step, number) for each in (contenders[::-1] if turned else contenders)]
    return np.stack(taken[::-1] if turned else taken)


def compare(name: str, folder: Path, config: Config, repeats: int) -> None:
    """Time one recipe against its authors' code and print what came.

    Raises:
        SystemExit: the networks are not the same, so that there is nothing to compare.
    """
    both = ours(config), THEIRS[name](folder, config)
    size, batch = config.data.height, config.phases[-1].batch
    print(f"{name}, {size} px, batch {batch}, widths {config.generator.widths}, z of {config.z_dim}")
    for network in ("generator", "discriminator"):
        own, other = (parameters(getattr(each, network)) for each in both)
        print(f"  {network}: ours {own:,} parameters, theirs {other:,}, ratio {own / other:.3f}", flush=True)
        if abs(own / other - 1) > ALIKE:
            raise SystemExit(f"The two {network}s are not the same network.")
    shares = kinds(config)
    for number in list(shares) * WARM_UP:
        pair(both, number, False)
    taken = np.stack([[pair(both, number, n % 2 == 1) for number in shares] for n in range(repeats)])
    for place, (number, count) in enumerate(shares.items()):
        times, of = taken[:, place], sum(shares.values())
        print(f"  {count} of {of} steps, with {described(config, number)}: {told(times)}")
    print(f"  a step on average: {told(np.average(taken, axis=1, weights=list(shares.values())))}", flush=True)


def told(times: Times) -> str:
    """Write the medians of times (N, 2, 2) in ms, and how they compare, by the clock and by the processor's time."""
    parts = []
    for each, what in enumerate(("by the clock", "by the processor's time")):
        own, other = 1000 * np.median(times[:, :, each], axis=0)
        ratios = times[:, 1, each] / times[:, 0, each]
        span = f"{np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f})"
        parts.append(f"{what} ours {own:.0f} ms, theirs {other:.0f} ms, {span} times ours")
    return "; ".join(parts)


def main() -> None:
    """Compare what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stylegan2", type=Path, help="folder of stylegan2-ada-pytorch")
    parser.add_argument("--r3gan", type=Path, help="folder of R3GAN")
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--width", type=int, default=1, help="of the networks, as a multiple of the recipes'")
    parser.add_argument("--repeats", type=int, default=7, help="pairs of measurements of each kind of step")
    args = parser.parse_args()
    wanted = {name: getattr(args, name).resolve() for name in THEIRS if getattr(args, name)}
    if not wanted:
        parser.error("name the folder of one of the two at least")
    choice = choose_device("cpu")
    torch_device(choice)
    warnings.simplefilter("ignore")  # the authors' code is older than this torch
    print(f"{machine_line()}, threads: {choice.threads}, medians of {args.repeats} pairs (least to most)")
    for name, folder in wanted.items():
        compare(name, folder, settings(name, args.size, args.batch, args.width), args.repeats)


if __name__ == "__main__":
    main()
