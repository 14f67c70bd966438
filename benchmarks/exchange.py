"""What do processes that train one run together exchange in a step, for each recipe and phase?

    python benchmarks/exchange.py --size 64

Nothing is sent: this process takes itself for one of two, and counts the bytes of each tensor that would be summed over
all. Of n processes in a ring each sends 2 (n - 1) / n times as much (all-reduce).
"""

import argparse
from dataclasses import replace

import torch
from torch import Tensor, distributed

import ganvas.distributed as together
from ganvas.config import Config, DataConfig
from ganvas.data import PreparedDataset
from ganvas.planning.budget import with_images
from ganvas.recipes import RECIPES
from ganvas.training import phases
from ganvas.training.state import new_state
from ganvas.training.steps.batch import make_loader

STEPS = 16  # of each phase: some of what is exchanged comes every so many steps only


def exchanged(config: Config) -> dict[str, tuple[float, float]]:
    """Return the megabytes, and the number of exchanges, of a step of each phase: means over its steps."""
    pictures = torch.randint(0, 256, (64, *config.shape), dtype=torch.uint8).numpy()
    data = PreparedDataset(pictures, None, (), (), (), "")
    state, loader = new_state(config, torch.device("cpu")), make_loader(config, data)
    found: dict[str, list[int]] = {}
    sizes: list[int] = []

    def count(tensor: Tensor, *_: object, **__: object) -> None:
        sizes.append(tensor.numel() * tensor.element_size())

    distributed.all_reduce, before = count, distributed.all_reduce
    try:
        for _ in range(config.steps):
            sizes.clear()
            position, losses = phases.run_step(state, config, loader, data)
            phases.add_to_averages(state, losses)
            found.setdefault(position.phase.name, []).extend([sum(sizes), len(sizes), 1])
    finally:
        distributed.all_reduce = before
    sums = {name: [sum(values[place::3]) for place in range(3)] for name, values in found.items()}
    return {name: (total / steps / 1e6, calls / steps) for name, (total, calls, steps) in sums.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=64)
    size = parser.parse_args().size
    for module in (together, phases):
        module.world_size = lambda: 2  # type: ignore[attr-defined]
        module.rank = lambda: 0  # type: ignore[attr-defined]
    from ganvas.models import batch_norm

    batch_norm.world_size = lambda: 2
    print("| recipe | phase | MB a step | exchanges a step |\n| --- | --- | ---: | ---: |")
    for name, recipe in RECIPES.items():
        config = recipe(DataConfig("pictures", size, size), 64)
        parts = tuple(replace(phase, batch=phase.batch and 8) for phase in config.phases)
        config = with_images(replace(config, phases=parts, held_out=0), 8 * STEPS)
        for phase, (megabytes, calls) in exchanged(config).items():
            print(f"| `{name}` | {phase} | {megabytes:.1f} | {calls:.0f} |", flush=True)


if __name__ == "__main__":
    main()
