"""A VGG small enough to paint with in a test, and two pictures to paint from."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ganvas.models import vgg
from ganvas.models.vgg import VGGWeights

WIDTHS = {"1_1": 4, "1_2": 4, "2_1": 5, "2_2": 5, "3_1": 6, "3_2": 6, "3_3": 6, "4_1": 7, "4_2": 7}


@pytest.fixture(scope="session")
def tiny() -> VGGWeights:
    """Return a VGG down to conv4_2 with a handful of random channels a layer."""
    generator = torch.Generator().manual_seed(0)
    tensors, before = {}, 3
    for name, width in WIDTHS.items():
        tensors[f"conv{name}.weight"] = torch.randn(width, before, 3, 3, generator=generator) * (2 / 9 / before) ** 0.5
        tensors[f"conv{name}.bias"] = torch.rand(width, generator=generator) / 10
        before = width
    return VGGWeights("tiny VGG", tensors, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


@pytest.fixture
def tiny_packaged(tiny: VGGWeights, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tiny network stand in for the packaged one."""
    monkeypatch.setattr(vgg, "packaged_vgg16", lambda: tiny)


@pytest.fixture(scope="session")
def draw(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that writes a picture of random blocks and returns its path."""
    folder = tmp_path_factory.mktemp("pictures")

    def written(name: str, width: int = 48, height: int = 40, mode: str = "RGB", seed: int = 0) -> Path:
        blocks = np.random.default_rng(seed).integers(0, 256, (4, 4, len(mode)), np.uint8)
        image = Image.fromarray(blocks.squeeze(), mode).resize((width, height), Image.Resampling.NEAREST)
        image.save(folder / name)
        return folder / name

    return written
