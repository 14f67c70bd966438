"""What fewer bits cost: how far the pictures of a network are from those of the trained one."""

from typing import NamedTuple

import torch
from torch import Tensor

from ...metrics.distances import frechet_distance
from ...metrics.features import extract_features
from .graph import Graph, Runner

PICTURES = 256
BATCH = 16


class Cost(NamedTuple):
    """Frechet distances between sets of `PICTURES` pictures, on EfficientNet-lite0's features.

    `distance` is between those of fewer bits and of the trained network, from the same latents; `between_samplings`
    between two sets of the trained network, from different latents: no distance below that can be told from chance.
    """

    distance: float
    between_samplings: float


@torch.no_grad()
def cost_of(graph: Graph, run: Runner) -> Cost:
    """Return what it costs to draw by `run` rather than by the trained network of `graph`."""
    seeds = range(0, 2 * PICTURES, 2 * BATCH)  # even ones, that have no truncation
    reduced = [run(graph.example(BATCH, seed)) for seed in seeds]
    exact = [graph.expected(*graph.example(BATCH, seed)) for seed in seeds]
    others = [graph.expected(*graph.example(BATCH, seed + 2 * PICTURES)) for seed in seeds]
    features = [_features(images) for images in (reduced, exact, others)]
    return Cost(frechet_distance(features[0], features[1]), frechet_distance(features[1], features[2]))


def _features(images: list[Tensor]) -> Tensor:
    levels = (torch.cat(images) * 255).round().to(torch.uint8)
    return extract_features(levels).intermediate
