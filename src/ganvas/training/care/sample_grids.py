"""Sheets of the same latents through the whole training, and the averaged generator made fit for them."""

import math

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ...config import Config
from ...device import random_at
from ...image_io import grid, save_image, to_image, to_uint8
from ...latents.sample import GeneratorModel, draw_label, draw_latents
from ...models.multiscale import MultiscaleGenerator
from ...models.stylegan2 import StyleGAN2Generator
from ...runs import Run
from ..state import State
from ..steps.batch import generate

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


@torch.no_grad()
def save_sheet(run: Run, state: State, config: Config, device: torch.device) -> str:
    """Write the sheet of the run's fixed latents and return its path relative to the run."""
    network = settle(state, config, device)
    model = GeneratorModel(network, config, device, run.folder.name)
    path = run.samples / f"{state.step:09d}.png"
    origin = {"run": run.folder.name, "seed": config.seed, "step": state.step, "images": state.images}
    pictures = model.sample(COUNT, config.seed)
    if isinstance(network, MultiscaleGenerator):
        pictures = torch.cat([_scales(network, config, device), pictures])
    save_image(to_image(grid(pictures, columns=_columns(pictures))), path, origin)
    return str(path.relative_to(run.folder))


def _scales(network: MultiscaleGenerator, config: Config, device: torch.device) -> torch.Tensor:
    """Return the sheet's first pictures at every scale that they are drawn at, a row for each, coarsest first."""
    columns = _columns(torch.empty(COUNT, *config.shape))
    latents = draw_latents(config.seed, range(columns), config.latent).to(device)
    labels = None
    if config.classes:
        labels = torch.tensor([draw_label(config.seed, index, config) for index in range(columns)])
        labels = labels.to(device)
    scales = network.pyramid(latents, labels)  # (columns, levels * C, H, W)
    rows = scales.reshape(columns, network.levels, *config.shape).transpose(0, 1)
    return to_uint8(rows.flatten(0, 1)).cpu()


def _columns(pictures: torch.Tensor) -> int:
    """Return the columns of a sheet of 64, about square."""
    height, width = (int(side) for side in pictures.shape[2:])
    return min(COUNT, max(1, round(math.sqrt(COUNT * height / width))))


def _labels(config: Config, count: int, random: torch.Generator, device: torch.device) -> torch.Tensor | None:
    if not config.classes:
        return None
    return torch.randint(len(config.classes), (count,), generator=random, device=device)
