"""Pictures for the coach's tests."""

import numpy as np
import pytest
import torch
from torch import Tensor

import tiny
from ganvas.image_io import to_float


@pytest.fixture(scope="session")
def discs(tmp_path_factory: pytest.TempPathFactory) -> Tensor:
    """Return 128 pictures (N, 3, 16, 16) in [-1, 1]."""
    folder = tiny.write_pictures(tmp_path_factory.mktemp("discs") / "pictures", 128)
    return to_float(torch.from_numpy(np.array(tiny.prepared(folder).images)))
