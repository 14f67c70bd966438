"""Narrow runs to export."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import tiny
from ganvas.config import Config, DataConfig
from ganvas.latents.sample import GeneratorModel, load, save_network
from ganvas.models import build_generator
from ganvas.recipes import RECIPES
from ganvas.runs import Run

RGBA_AND_CLASSES = "of two classes, transparent and oblong"
LARGE = "enlarged"
CASES = [(recipe, kind) for recipe in RECIPES for kind in ("plain", RGBA_AND_CLASSES)] + [
    ("quick", LARGE),
    ("projected", LARGE),
]


def config(recipe: str, kind: str = "plain") -> Config:
    """Return a narrow configuration: 16 px, or 32 x 48 px with classes, or 64 px enlarged from 16."""
    if kind == LARGE:
        return tiny.upsampled(recipe, 64, 4)
    if kind == "plain":
        return tiny.config(recipe)
    made = tiny.NARROW[recipe](DataConfig("pictures", 48, 32, 4), tiny.COUNT)
    return replace(made, classes=("cat", "dog"), class_counts=(12, 12))


def saved(folder: Path, made: Config) -> Run:
    """Write a run with a random network: what begins at zero would hide faults. Statistics are measured."""
    run, rng = Run(folder), torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    network = build_generator(made)
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, 0, 0.3, generator=rng)
    labels = torch.arange(64) % 2 if made.classes else None
    z = torch.randn(64, made.z_dim, generator=rng)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                module.momentum = None  # so that statistics are those of this one batch
        network.train().sample(z, labels)
        network.update_statistics(z, labels)
    run.write_config(made)
    save_network(run, network, 3, 24)
    return run


def model(folder: Path, recipe: str, kind: str = "plain") -> GeneratorModel:
    """Return a run's model on the processor."""
    return load(saved(folder, config(recipe, kind)).folder, "cpu")


def needs_onnx() -> None:
    """Skip where the extra is not installed."""
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
