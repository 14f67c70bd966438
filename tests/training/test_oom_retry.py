"""Running out of memory in a step: what the failed attempt held is free before the next one begins."""

import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from stepping import CPU, material
from torch import Tensor, nn

import tiny
from ganvas.config import Config
from ganvas.errors import GanvasError
from ganvas.training.state import State, new_state
from ganvas.training.steps import oom_retry
from ganvas.training.steps.adversarial import adversarial_step
from ganvas.training.steps.autoencoder import autoencode_step
from ganvas.training.steps.batch import Batch
from ganvas.training.steps.oom_retry import OOMAttempt
from ganvas.training.steps.optimize import Losses
from ganvas.training.steps.vae import vae_step


class Held:
    """Be something that a graph holds."""


class NoWayBack(torch.autograd.Function):
    """Pass a tensor on; on the way back, memory runs out."""

    @staticmethod
    def forward(ctx: Any, passed: Tensor, held: Held) -> Tensor:
        ctx.held = held
        return passed.view_as(passed)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, None]:
        raise MemoryError


@pytest.mark.parametrize(
    ("recipe", "step", "network", "turn"),
    [
        ("quick", autoencode_step, "encoder", True),
        ("vae", vae_step, "generator", True),
        ("dcgan", adversarial_step, "discriminator", True),
        ("dcgan", adversarial_step, "discriminator", False),  # frozen, in the generator's turn
    ],
)
def test_the_graph_of_a_failed_attempt_is_freed(
    recipe: str, step: Callable[[State, Config, Batch], Losses], network: str, turn: bool
) -> None:
    config = replace(tiny.config(recipe), augment=())
    state = new_state(config, CPU)
    failed: list[weakref.ref[Held]] = []

    def after(module: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> Tensor | None:
        if next(module.parameters()).requires_grad != turn:
            return None
        if failed:
            assert len(output) == 8 or failed[0]() is None, "the graph of the failed attempt is still there"
            return None
        held = Held()
        failed.append(weakref.ref(held))
        return NoWayBack.apply(output, held)

    state.networks.by_name()[network].register_forward_hook(after)
    losses = step(state, config, material(config))
    assert failed
    assert state.counters.n_microbatches == 2
    assert all(torch.isfinite(loss) for loss in losses.values())


@pytest.mark.parametrize(("share", "hint"), [(16, "--batch 32 --out"), (8, "--batch 16 --out"), (4, "--channel-mult")])
def test_one_of_several_processes_ends_with_the_batch_that_fits(
    share: int, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny.config("dcgan")
    state, batch = new_state(config, CPU), replace(material(config), real=torch.zeros(share, 3, 16, 16))
    monkeypatch.setattr(oom_retry, "world_size", lambda: 4)
    with pytest.raises(GanvasError, match="is full") as told, OOMAttempt(state, batch, "generator"):
        raise MemoryError
    assert hint in told.value.hint
    assert state.counters.n_microbatches == 1, "the others take theirs whole"
