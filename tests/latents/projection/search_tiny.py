"""Untrained narrow runs, and searches of a few steps."""

from dataclasses import replace
from pathlib import Path

import torch

import tiny
from ganvas.checkpoint import save
from ganvas.config import DataConfig
from ganvas.events import Event
from ganvas.latents.projection.project import Options, project
from ganvas.latents.projection.search import Schedule
from ganvas.latents.sample import save_network
from ganvas.models import build_encoder, build_generator
from ganvas.models.stylegan2 import StyleGAN2Generator
from ganvas.runs import Run

SHORT = Schedule(rounds=((3, 2), (1, 4)), layer_steps=3, tune_steps=4)
KINDS: dict[str, dict[str, object]] = {
    "plain": {},
    "classes": {"classes": ("cat", "dog")},
    "alpha": {"channels": 4},
    "gray": {"channels": 1},
    "oblong": {"width": 48, "height": 32},
}


def saved_run(
    folder: Path,
    recipe: str = "dcgan",
    classes: tuple[str, ...] = (),
    channels: int = 3,
    width: int = 16,
    height: int = 16,
) -> Run:
    """Write an untrained run whose pictures differ from each other, with a checkpoint that has its encoder."""
    torch.manual_seed(0)
    config = tiny.NARROW[recipe](DataConfig("pictures", height, width, channels), tiny.COUNT)
    config = replace(config, classes=classes)
    run, network = Run(folder), build_generator(config)
    for parameter in network.parameters():
        parameter.data += 0.2 * torch.randn(parameter.shape)
    if isinstance(network, StyleGAN2Generator):
        for to_rgb in network.to_rgb:
            to_rgb.weight.data *= 0.2  # or it would draw in black and white alone, and there were no way to go
    run.write_config(config)
    save_network(run, network, 3, 24)
    encoder = build_encoder(config)
    if encoder is not None:
        save(run.checkpoints, 3, {f"encoder/{key}": each for key, each in encoder.state_dict().items()}, {})
    return run


def projected(run: Run, pictures: Path, out: Path, **options: object) -> list[Event]:
    """Project with few steps, and return all events."""
    chosen = Options(**({"samples": 16, "device": "cpu", "schedule": SHORT} | options))  # type: ignore[arg-type]
    return list(project(run.folder, pictures, out, chosen))
