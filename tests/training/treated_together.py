"""Train a run that falls ill as one of several processes; after each step, all have to have the same weights.

python -m torch.distributed.run --standalone --nproc-per-node 2 treated_together.py PICTURES RUN
"""

import sys
from pathlib import Path

import torch
from torch import distributed

import ganvas
import tiny
from ganvas.distributed import process_group
from ganvas.recipes import RECIPES
from ganvas.training import followers, session
from ganvas.training.phases import add_to_averages
from ganvas.training.state import State
from ganvas.training.steps.optimize import Losses


def compare(state: State, losses: Losses) -> dict[str, float]:
    """Do what is done after each step, and compare the weights of all processes."""
    weights = torch.cat([parameter.detach().flatten() for parameter in state.networks.generator.parameters()])
    of_all = [torch.empty_like(weights) for _ in range(distributed.get_world_size())]
    distributed.all_gather(of_all, weights)
    for others in of_all:
        torch.testing.assert_close(others, weights, rtol=0, atol=0, equal_nan=True)
    return add_to_averages(state, losses)


def main() -> None:
    pictures, run = Path(sys.argv[1]), Path(sys.argv[2])
    RECIPES.update(tiny.NARROW)
    session.add_to_averages = followers.add_to_averages = compare
    with process_group():
        for _ in ganvas.train(pictures, run, recipe="dcgan", size="16", images=6_400, batch=8, g_lr=0.9, device="cpu"):
            pass


if __name__ == "__main__":
    main()
