"""Runs with fresh, narrow networks: enough for what happens between latents and pictures."""

from dataclasses import replace
from pathlib import Path

import torch

import tiny
from ganvas.config import Config, DataConfig
from ganvas.latents.request import PictureRequest
from ganvas.latents.sample import GeneratorModel, save_network
from ganvas.latents.write import write_pictures
from ganvas.models import build_generator
from ganvas.runs import Run

OTHER = "with classes, transparent and oblong"
VARIANTS = ("plain", OTHER)


def varied(recipe: str, variant: str = "plain") -> Config:
    """Return a narrow configuration: 16 px in colour, or two classes of 32 x 48 px with transparency."""
    if variant == "plain":
        return tiny.config(recipe)
    config = tiny.NARROW[recipe](DataConfig("pictures", 48, 32, 4), tiny.COUNT)
    return replace(config, classes=("cat", "dog"), class_counts=(12, 12))


def saved(folder: Path, config: Config, seed: int = 0) -> Run:
    """Write a run with a fresh network. What begins at zero would draw always the same: it is drawn at random."""
    run = Run(folder)
    torch.manual_seed(seed)
    network = build_generator(config)
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, 0, 0.3)
    run.write_config(config)
    save_network(run, network, 3, 24)
    return run


def draw(model: GeneratorModel, folder: Path, count: int, seed: int) -> Path:
    """Write pictures of a seed to a folder, and return it."""
    list(write_pictures(model, folder, PictureRequest(count=count, seed=seed)))
    return folder
