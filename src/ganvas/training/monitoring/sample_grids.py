"""Sample grids of the same latents through the whole training, and the averaged generator made ready for them."""

import math

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from ...config import Config
from ...device import seeded_rng
from ...image_io import image_grid, save_image, to_image, to_uint8
from ...latents.sample import GeneratorModel, sample_label, sample_latents
from ...models.base import Generator
from ...runs import Run
from ..state import State
from ..steps.batch import generate

COUNT = 64
MEAN_W_COUNT = 512  # latents over which the mean of w is measured
BATCH_NORM_BATCHES = 8  # of 64 latents, over which batch-norm statistics are measured


@torch.no_grad()
def prepare_for_sampling(state: State, config: Config, device: torch.device) -> Generator:
    """Return the averaged generator with its batch-norm statistics measured afresh, ready to sample from.

    The running statistics of training belong to weights that are gone; with them an averaged generator paints gray
    backgrounds. The latents are the same each time. Without an average it is a copy of the present generator.
    """
    network = state.networks.g_ema
    if config.ema_half_life == 0:
        network.load_state_dict(state.networks.generator.state_dict())
    rng = seeded_rng(config.seed, "settle", device=device)
    z = torch.randn((MEAN_W_COUNT, config.z_dim), generator=rng, device=device)
    network.update_statistics(z, _labels(config, MEAN_W_COUNT, rng, device))
    _recalibrate_batch_norm(network, config, device)
    return network.eval()


def _recalibrate_batch_norm(network: Generator, config: Config, device: torch.device) -> None:
    """Measure the statistics of batch norms over some batches of latents; `network` is in training mode afterwards."""
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    network.train()
    rng = seeded_rng(config.seed, "settle", device=device)
    for _ in range(BATCH_NORM_BATCHES):
        z = torch.randn((COUNT, config.z_dim), generator=rng, device=device)
        generate(network, z, _labels(config, COUNT, rng, device))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


@torch.no_grad()
def save_sample_grid(run: Run, state: State, config: Config, device: torch.device) -> str:
    """Write a grid of the run's fixed latents and return its path relative to the run.

    Where a generator draws several scales, its first images are shown at each, a row a scale.
    """
    network = prepare_for_sampling(state, config, device)
    model = GeneratorModel(network, config, device, run.folder.name)
    path = run.samples / f"{state.counters.step:09d}.png"
    origin = {
        "run": run.folder.name,
        "seed": config.seed,
        "step": state.counters.step,
        "images": state.counters.images_seen,
    }
    images = model.sample(COUNT, config.seed)
    columns = _columns(images)
    z, labels = _first_latents(config, columns, device)
    scales = network.scales(z, labels)  # (columns, levels, C, H, W), or None
    if scales is not None:
        images = torch.cat([to_uint8(scales.transpose(0, 1).flatten(0, 1)).cpu(), images])
    save_image(to_image(image_grid(images, columns=columns)), path, origin)
    return str(path.relative_to(run.folder))


def _first_latents(config: Config, count: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return the latents and labels of the grid's first images."""
    z = sample_latents(config.seed, range(count), config.z_dim).to(device)
    if not config.classes:
        return z, None
    return z, torch.tensor([sample_label(config.seed, index, config) for index in range(count)]).to(device)


def _columns(images: torch.Tensor) -> int:
    """Return the columns of a grid of 64 images, about square."""
    height, width = (int(side) for side in images.shape[2:])
    return min(COUNT, max(1, round(math.sqrt(COUNT * height / width))))


def _labels(config: Config, count: int, rng: torch.Generator, device: torch.device) -> torch.Tensor | None:
    if not config.classes:
        return None
    return torch.randint(len(config.classes), (count,), generator=rng, device=device)
