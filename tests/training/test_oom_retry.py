"""Running out of memory in a step: what the failed attempt held is free before the next one begins."""

import weakref
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor

import tiny
from ganvas.training.state import new_state
from ganvas.training.steps import adversarial, autoencoder, vae
from ganvas.training.steps.batch import Batch
from ganvas.training.steps.optimize import optimizer_step

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("recipe", "module", "step", "optimizer"),
    [
        ("quick", autoencoder, "autoencode_step", "autoencoder"),
        ("vae", vae, "vae_step", "autoencoder"),
        ("dcgan", adversarial, "adversarial_step", "discriminator"),
        ("dcgan", adversarial, "adversarial_step", "generator"),
    ],
)
def test_the_graph_of_a_failed_attempt_is_freed(
    recipe: str, module: ModuleType, step: str, optimizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(tiny.config(recipe), augment=())
    state = new_state(config, CPU)
    batch = Batch(torch.rand(8, 3, 16, 16), torch.randn(8, config.z_dim), None, torch.Generator().manual_seed(0))
    failed: list[weakref.ref[Tensor]] = []

    def failing(state: Any, config: Any, name: str, loss: Tensor, *parts: int) -> None:
        if name == optimizer and not failed:
            failed.append(weakref.ref(loss))
            raise MemoryError
        if name == optimizer:
            assert failed[0]() is None, "the graph of the failed attempt is still there"
        optimizer_step(state, config, name, loss, *parts)

    monkeypatch.setattr(module, "optimizer_step", failing)
    losses = getattr(module, step)(state, config, batch)
    assert state.counters.n_microbatches == 2
    assert all(torch.isfinite(loss) for loss in losses.values())
