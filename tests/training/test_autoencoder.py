"""What the prior of `quick` learns from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

import tiny
from ganvas.training.state import new_state
from ganvas.training.steps.autoencoder import encode_dataset

CPU = torch.device("cpu")


def test_the_prior_sees_a_small_class_as_often_as_it_is_shown(pictures: Path) -> None:
    data = tiny.prepared(pictures)
    labels = np.zeros(data.count, np.int64)
    labels[:1] = 1
    data = replace(data, labels=labels, classes=("usual", "rare"))
    config = tiny.config("quick", classes=("usual", "rare"), flip=False)
    codes, known = encode_dataset(new_state(config, CPU), config, data, 10_000)
    assert known is not None
    usual = data.count - 1
    assert torch.bincount(known).tolist() == [usual, round(usual**0.5)], "by the root of its size, not by its size"
    assert len(codes) == len(known)
    plain, none = encode_dataset(new_state(config, CPU), replace(config, classes=()), data, 10_000)
    assert (len(plain), none) == (data.count, None)
