"""Pivotal tuning."""

import copy
from pathlib import Path

import torch
from search_tiny import saved_run

from ganvas.image_io import to_float
from ganvas.latents.projection.tune import Tuning, correlation
from ganvas.latents.sample import load


def test_the_copy_learns_the_picture_and_the_generator_stands_still(tmp_path: Path) -> None:
    model = load(saved_run(tmp_path / "run", "stylegan2").folder, "cpu")
    before = {key: tensor.clone() for key, tensor in model.network.state_dict().items()}
    w = model.map(*model.latents([1, 2]))
    network = copy.deepcopy(model.network)
    tuning = Tuning(model, network, w, to_float(model.sample(seeds=[3, 4])), 15)
    far = tuning.distances()
    assert list(tuning.run()) == list(range(1, 16))
    assert all(now < then for now, then in zip(tuning.distances(), far, strict=True))
    assert all(torch.equal(each, before[key]) for key, each in model.network.state_dict().items())
    assert not any(each.requires_grad for each in (*network.parameters(), *network.buffers()))


def test_noise_that_shows_something_is_told_from_noise() -> None:
    rng = torch.Generator().manual_seed(0)
    noise = torch.randn(32, 32, generator=rng)
    picture = torch.linspace(-1.7, 1.7, 32).expand(32, 32)
    assert correlation(noise) < 0.2
    assert correlation(picture) > 1
