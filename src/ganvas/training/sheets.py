"""Sheets of the same latents through the whole training, and the averaged generator made fit for them."""

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..config import Config
from ..device import random_at
from ..latents.sample import GeneratorModel
from ..pictures import grid, save_image, to_image
from ..runs import Run
from .state import State
from .steps import generate

COUNT = 64
SETTLING = 16  # batches of 64 latents over which batch-norm statistics are measured


@torch.no_grad()
def settle_statistics(network: nn.Module, config: Config, device: torch.device) -> None:
    """Measure the batch-norm statistics of an averaged generator afresh.

    The running statistics of training belong to weights that are gone; with them an averaged generator paints grey
    grounds. The latents are the same each time, so that this changes nothing but the statistics.
    """
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    network.train()
    random = random_at(config.seed, "settle", device=device)
    for _ in range(SETTLING):
        latents = torch.randn((64, config.latent), generator=random, device=device)
        labels = torch.randint(len(config.classes), (64,), generator=random, device=device) if config.classes else None
        generate(network, latents, labels)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def save_sheet(run: Run, state: State, config: Config, device: torch.device) -> str:
    """Write the sheet of the run's fixed latents and return its path relative to the run."""
    model = GeneratorModel(state.averaged, config, device, run.folder.name)
    pictures = model.sample(COUNT, config.seed)
    path = run.samples / f"{state.images:012d}.png"
    save_image(to_image(grid(pictures)), path, {"run": run.folder.name, "seed": config.seed, "images": state.images})
    return str(path.relative_to(run.folder))
