"""What do processes that train one run together exchange in a step, for each recipe and phase?

    python benchmarks/exchange.py --size 64

Nothing is sent: this process takes itself for one of two, and counts the bytes of each tensor that would be summed over
all. Of n processes in a ring each sends 2 (n - 1) / n times as much (all-reduce), and what gloo and TCP add to it.
`network.py` measures that on a network.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple
from unittest import mock

import torch
from torch import Tensor, distributed

from ganvas.config import Config, DataConfig
from ganvas.data import PreparedDataset
from ganvas.planning.budget import with_images
from ganvas.recipes import RECIPES
from ganvas.training import phases
from ganvas.training.state import new_state
from ganvas.training.steps.batch import make_loader

STEPS = 16  # of each phase: some of what is exchanged comes every so many steps only
BATCH = 8  # what is exchanged does not depend on it
# gloo's ring (gloo/allreduce.cc, gloo/transport/tcp/pair.h of April 2026)
SEGMENT = 1 << 20  # bytes that are sent at a time, at most
PREAMBLE = 48  # bytes before each message
NOTICES = 2  # messages beside each segment: that it can be sent, and that it can be received
# A frame of Ethernet, without the 24 bytes of preamble, checksum and gap that no counter counts
HEADERS = 14 + 20 + 32  # Ethernet, IPv4, TCP with its timestamps
PAYLOAD = 1500 - 20 - 32


class Exchange(NamedTuple):
    """One tensor that is summed over all processes: its numbers, and the bytes of each."""

    numbers: int
    width: int

    @property
    def bytes(self) -> int:
        """The tensor's own."""
        return self.numbers * self.width


def bytes_on_wire(exchange: Exchange, processes: int) -> float:
    """Return the bytes that each of so many processes sends by gloo over Ethernet: a mean over the ring."""
    share = 2 * (processes - 1) / processes
    segments = _up_to(max(-(-exchange.bytes // SEGMENT), 2 * processes), processes)
    segment = _up_to(-(-exchange.bytes // segments), exchange.width)
    filled = -(-exchange.bytes // segment)  # of a few numbers, some segments have none
    frames = exchange.bytes / PAYLOAD if segment > PAYLOAD else filled
    acknowledged = (
        frames / 2 if segment > PAYLOAD else 0
    )  # every second frame, by one without data; the rest on the way
    notices = NOTICES * filled
    headers = (frames + acknowledged + notices) * HEADERS
    return share * (exchange.bytes + (filled + notices) * PREAMBLE + headers)


def _up_to(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple


@contextmanager
def as_one_of(processes: int, found: list[Exchange]) -> Iterator[None]:
    """Let this process take itself for the first of several, and note what it would exchange, for the body."""

    def note(tensor: Tensor, *_: object, **__: object) -> None:
        found.append(Exchange(tensor.numel(), tensor.element_size()))

    with mock.patch.multiple(
        distributed,
        is_initialized=lambda: True,
        get_world_size=lambda: processes,
        get_rank=lambda: 0,
        all_reduce=note,
    ):
        yield


def exchanges(config: Config, processes: int = 2) -> Iterator[tuple[str, list[Exchange]]]:
    """Yield the phase of each step of a training, and what is exchanged in it."""
    pictures = torch.randint(0, 256, (64, *config.shape), dtype=torch.uint8).numpy()
    data = PreparedDataset(pictures, None, (), (), (), "")
    state, loader = new_state(config, torch.device("cpu")), make_loader(config, data)
    for _ in range(config.steps):
        found: list[Exchange] = []
        with as_one_of(processes, found):
            position, losses = phases.run_step(state, config, loader, data)
            phases.add_to_averages(state, losses)
        yield position.phase.name, found


def of_recipe(name: str, size: int) -> Config:
    """Return a short training of a recipe as it is, for pictures of `size` px."""
    config = RECIPES[name](DataConfig("pictures", size, size), 64)
    parts = tuple(replace(phase, batch=phase.batch and BATCH) for phase in config.phases)
    return with_images(replace(config, phases=parts, held_out=0), BATCH * STEPS)


class StepMeans(NamedTuple):
    """Means over the steps of a phase: the bytes and the number of exchanges."""

    bytes: float
    exchanges: float


def step_means(config: Config) -> dict[str, StepMeans]:
    """Return what a step of each phase exchanges."""
    found: dict[str, list[list[Exchange]]] = {}
    for phase, step in exchanges(config):
        found.setdefault(phase, []).append(step)
    return {
        phase: StepMeans(
            sum(each.bytes for step in steps for each in step) / len(steps), sum(map(len, steps)) / len(steps)
        )
        for phase, steps in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=64)
    size = parser.parse_args().size
    print("| recipe | phase | MB a step | exchanges a step |\n| --- | --- | ---: | ---: |")
    for name in RECIPES:
        for phase, step in step_means(of_recipe(name, size)).items():
            print(f"| `{name}` | {phase} | {step.bytes / 1e6:.1f} | {step.exchanges:.0f} |", flush=True)


if __name__ == "__main__":
    main()
