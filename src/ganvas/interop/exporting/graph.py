"""What is exported: a network, with the names and ranges of what goes in and of what comes out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class Port:
    """An input or the output of an exported network.

    Args:
        name: by which programs give or take it.
        about: its type, shape and range, as it is written into the file.
        is_batched: whether its first dimension is the batch, of any size.
    """

    name: str
    about: str
    is_batched: bool = True


@dataclass(frozen=True, eq=False, kw_only=True)
class Graph:
    """A network to export, of whatever kind: what writes files and compares them knows no more than this.

    Args:
        name: of the network, which becomes a part of the file's name.
        network: takes the inputs in order, and returns the output; on the CPU, in eval mode.
        expected: the same by the trained network as it is, to compare with.
        inputs, output: what goes in and comes out.
        example: returns inputs for so many images, as a function of a seed.
        facts: what is written into the file besides.
    """

    name: str
    network: nn.Module
    expected: Callable[..., Tensor]
    inputs: tuple[Port, ...]
    output: Port
    example: Callable[[int, int], tuple[Tensor, ...]]
    facts: Mapping[str, str]


Runner = Callable[[tuple[Tensor, ...]], Tensor]
"""Runs an exported network: inputs in order, to the output."""
