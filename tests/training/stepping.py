"""What a single step is tested with: something to step on, whether a network has moved, and a clock."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ganvas.config import Config
from ganvas.data import PreparedDataset
from ganvas.training.steps.batch import Batch, make_batch

CPU = torch.device("cpu")


def material(config: Config, batch: int = 8, seed: int = 1) -> Batch:
    """Return random pictures, latents, and labels if there are classes."""
    random = torch.Generator().manual_seed(seed)
    pictures = torch.randint(0, 256, (batch, *config.shape), dtype=torch.uint8, generator=random)
    labels = torch.arange(batch) % len(config.classes) if config.classes else None
    return make_batch(config, pictures, labels, random, CPU)


def prepared(config: Config, count: int = 24) -> PreparedDataset:
    """Return random pictures to load batches from."""
    random = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (count, *config.shape), dtype=torch.uint8, generator=random)
    return PreparedDataset(pictures.numpy(), None, (), (), (), "")


def weights(network: nn.Module) -> list[Tensor]:
    """Return copies of a network's parameters."""
    return [parameter.detach().clone() for parameter in network.parameters()]


def same(network: nn.Module, before: list[Tensor]) -> bool:
    """Tell whether a network's parameters are, to the last bit, what they were."""
    return all(torch.equal(now, then) for now, then in zip(network.parameters(), before, strict=True))


def failing(network: nn.Module, error: Exception, when: Callable[[list[int]], bool]) -> list[int]:
    """Let a network raise `error` when `when` says so of the sizes of the batches that it was given so far.

    Return these sizes, the present one last, in a list that grows.
    """
    sizes: list[int] = []

    def before(module: nn.Module, given: tuple[Tensor, ...]) -> None:
        sizes.append(len(given[0]))
        if when(sizes):
            raise error

    network.register_forward_pre_hook(before)
    return sizes


class Clock:
    """Be a clock that stands still but for `tick` seconds at each look, and for what is added to `now`."""

    def __init__(self, tick: float = 0.0) -> None:
        self.now, self.tick = 0.0, tick

    def perf_counter(self) -> float:
        self.now += self.tick
        return self.now
