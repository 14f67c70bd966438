"""Real pictures of three kinds, at the size of a first training."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from ganvas.config import DataConfig
from ganvas.data import prepare
from ganvas.events import run_to_end


@pytest.fixture(scope="session")
def shared_pictures(shared_assets: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tensor]:
    """Return up to 2,000 people (997 emoji), digits and photographs (1,000), uint8 (N, C, H, W)."""
    files = {
        "people": DataConfig(str(shared_assets / "emoji-people-64.zip"), 32, 32, 3),
        "digits": DataConfig(str(shared_assets / "mnist" / "t10k-images-idx3-ubyte.gz"), 32, 32, 1),
        "photographs": DataConfig(str(shared_assets / "photos-256.zip"), 64, 64, 3),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE", str(tmp_path_factory.mktemp("cache")))
        prepared = {name: run_to_end(prepare(config, workers=1)).images for name, config in files.items()}
        return {name: torch.tensor(pictures[:2000]) for name, pictures in prepared.items()}
