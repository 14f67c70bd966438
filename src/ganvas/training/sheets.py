"""Sheets of the same latents through the whole training, and the averaged generator made fit for them."""

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..config import Config
from ..device import random_at
from ..latents.sample import GeneratorModel
from ..models.stylegan2 import StyleGAN2Generator
from ..pictures import grid, save_image, to_image
from ..runs import Run
from .material import generate
from .state import State

COUNT = 64
SETTLING = 8  # batches of 64 latents over which batch-norm statistics are measured


@torch.no_grad()
def settle(state: State, config: Config, device: torch.device) -> nn.Module:
    """Return the averaged generator with its batch-norm statistics measured afresh, ready to sample from.

    The running statistics of training belong to weights that are gone; with them an averaged generator paints grey
    grounds. The latents are the same each time. Without an average (ema 0) it is the present generator's copy.
    """
    network = state.averaged
    if config.ema == 0:
        network.load_state_dict(state.generator.state_dict())
    if isinstance(network, StyleGAN2Generator):
        random = random_at(config.seed, "settle", device=device)
        latents = torch.randn((512, config.latent), generator=random, device=device)
        network.mean_style.copy_(network.style(latents, _labels(config, 512, random, device)).mean(0))
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    if norms:
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a plain mean over all batches
        network.train()
        random = random_at(config.seed, "settle", device=device)
        for _ in range(SETTLING):
            latents = torch.randn((64, config.latent), generator=random, device=device)
            labels = _labels(config, 64, random, device)
            generate(network, latents, labels)
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
    return network.eval()


def save_sheet(run: Run, state: State, config: Config, device: torch.device) -> str:
    """Write the sheet of the run's fixed latents and return its path relative to the run."""
    model = GeneratorModel(settle(state, config, device), config, device, run.folder.name)
    path = run.samples / f"{state.step:09d}.png"
    origin = {"run": run.folder.name, "seed": config.seed, "step": state.step, "images": state.images}
    save_image(to_image(grid(model.sample(COUNT, config.seed))), path, origin)
    return str(path.relative_to(run.folder))


def _labels(config: Config, count: int, random: torch.Generator, device: torch.device) -> torch.Tensor | None:
    if not config.classes:
        return None
    return torch.randint(len(config.classes), (count,), generator=random, device=device)
