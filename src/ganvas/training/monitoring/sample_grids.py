"""Sample grids of the same latents through the whole training."""

import math

import torch

from ...config import Config
from ...image_io import image_grid, save_image, to_image, to_uint8
from ...latents.sample import GeneratorModel, sample_label, sample_latents
from ...runs import Run
from ..state import State
from ..steps.ema import prepare_for_sampling

COUNT = 64


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
