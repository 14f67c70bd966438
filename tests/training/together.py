"""Train each narrow recipe for some steps, alone or as one of several processes, and write the weights and losses.

python -m torch.distributed.run --standalone --nproc-per-node 2 together.py PICTURES OUT [CASE ...]
"""

import sys
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

import tiny
from ganvas.config import Config, DataConfig, PenaltyConfig
from ganvas.data import PreparedDataset, prepare
from ganvas.distributed import is_main, process_group
from ganvas.events import run_to_end
from ganvas.image_io import to_float
from ganvas.models.efficientnet import frozen_efficientnet_lite0
from ganvas.planning.budget import with_images
from ganvas.recipes import RECIPES
from ganvas.training.phases import add_to_averages, run_step
from ganvas.training.state import new_state
from ganvas.training.state_io import state_to_tensors
from ganvas.training.steps import autoencoder, batch
from ganvas.training.steps.batch import make_loader

BATCH, STEPS = 16, 8


def cases() -> dict[str, Config]:
    """Return configurations that between them have every phase, augmentation, loss over a batch, and penalty."""
    plain = {name: tiny.config(name) for name in RECIPES}
    found = plain | {
        "quick, enlarged": tiny.upsampled("quick", 32),
        "projected, enlarged": tiny.upsampled("projected", 32),
        "dcgan, all augmentations": replace(
            plain["dcgan"], augment=("color", "translation", "cutout"), loss="relativistic_hinge", flip=True
        ),
        "residual, wgan-gp": replace(plain["residual"], loss="wasserstein", penalty=PenaltyConfig("gradient", 10.0, 1)),
        "dcgan, r1 through batch norms": replace(plain["dcgan"], penalty=PenaltyConfig("r1_r2", 1.0, 1)),
    }
    return {name: _short(config) for name, config in found.items()}


def _short(config: Config) -> Config:
    phases = tuple(replace(phase, batch=min(phase.batch, BATCH) and BATCH) for phase in config.phases)
    return with_images(replace(config, phases=phases, held_out=0), STEPS * BATCH)


def train(config: Config, data: PreparedDataset) -> tuple[dict[str, Tensor], list[Tensor]]:
    """Return the state after all steps of a training, and the losses of each step."""
    device = torch.device("cpu")
    state, loader = new_state(config, device), make_loader(config, data)
    for network in state.networks.by_name().values():
        network.double()  # also what is frozen, whose weights come from a file
    losses = []
    for _ in range(config.steps):
        _, of_step = run_step(state, config, loader, data)
        losses.append(torch.tensor(list(add_to_averages(state, of_step).values())))
    return {name: tensor.clone() for name, tensor in state_to_tensors(state)[0].items()}, losses


def main() -> None:
    pictures, out = Path(sys.argv[1]), Path(sys.argv[2])
    torch.set_default_dtype(torch.float64)
    frozen_efficientnet_lite0().double()
    for module in (batch, autoencoder):
        module.to_float = lambda images: to_float(images).double()  # type: ignore[attr-defined]
    torch.set_num_threads(1)
    with process_group():
        data = {size: run_to_end(prepare(DataConfig(str(pictures), size, size), workers=1)) for size in (16, 32)}
        chosen = {name: config for name, config in cases().items() if name in sys.argv[3:] or len(sys.argv) == 3}
        found = {name: train(config, data[config.shape[1]]) for name, config in chosen.items()}
        if is_main():
            torch.save(found, out)


if __name__ == "__main__":
    main()
