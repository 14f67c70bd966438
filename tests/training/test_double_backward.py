"""Convolutions under `Twice` give torch's numbers, to the second derivative, and only where a penalty needs it."""

from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from stepping import CPU, prepared, weights
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

import tiny
from ganvas.config import PenaltyConfig
from ganvas.data.loader import Loader
from ganvas.losses import PENALTIES_FROM_LOGITS
from ganvas.training.phases import take_step
from ganvas.training.state import new_state
from ganvas.training.steps.double_backward import FastDoubleBackward

# how a convolution goes over its pictures: kernel, stride, padding, dilation, groups
WAYS: list[tuple[Any, ...]] = [
    (1, 1, 0, 1, 1), (3, (1,), (1,), (1,), 1), (3, 1, 1, 1, 1), (3, 1, 1, 1, 2), (4, 2, 1, 1, 1), (3, 2, 0, 2, 4),
    ((5, 3), (2, 1), (2, 0), (1, 2), 2),
]  # fmt: skip


def drawn(kernel: Any, groups: int, channels: int = 4) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    height, width = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    shapes = (2, channels, 9, 8), (8, channels // groups, height, width), (8,)
    pictures, weight, bias = (torch.randn(shape, dtype=torch.float64).requires_grad_() for shape in shapes)
    return pictures, weight, bias


def gradients(given: tuple[Tensor, ...], *way: Any) -> list[Tensor]:
    """Return the output, its gradients, and those of a penalty of the gradient by the pictures."""
    found = F.conv2d(*given, *way)
    last = found.sin().square()
    (by_pictures,) = torch.autograd.grad(last.sum(), given[0], create_graph=True)
    penalty = by_pictures.square().sum() + last.sum()
    return [found, by_pictures, *torch.autograd.grad(penalty, given)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("biased", [True, False])
def test_numbers_are_those_of_torch(way: tuple[Any, ...], biased: bool) -> None:
    given = drawn(way[0], way[-1])[: 2 + biased]
    rest = (None, *way[1:]) if not biased else way[1:]
    expected = gradients(given, *rest)
    with FastDoubleBackward():
        found = gradients(given, *rest)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.slow
def test_derivatives_are_right_to_the_second() -> None:
    def convolved(*given: Tensor) -> Tensor:
        with FastDoubleBackward():
            return F.conv2d(*given, 2, 1, 1, 2)

    def slope(*given: Tensor) -> Tensor:
        (by_pictures,) = torch.autograd.grad(convolved(*given).sin().sum(), given[0], create_graph=True)
        return by_pictures

    given = drawn(3, 2)
    assert torch.autograd.gradcheck(convolved, given)
    assert torch.autograd.gradcheck(slope, given)


def test_what_has_no_second_derivative_says_so() -> None:
    pictures, weight, bias = drawn(3, 1)
    with FastDoubleBackward():
        found = F.conv2d(pictures, weight, bias)
    (by_weight,) = torch.autograd.grad(found.sin().sum(), weight, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiate twice"):
        by_weight.square().sum().backward()  # type: ignore[no-untyped-call]


def test_a_layer_in_channels_last_and_a_rectifier_in_place() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.LeakyReLU(0.2, inplace=True), nn.Conv2d(8, 2, 4, 2, 1))
    network.to(memory_format=torch.channels_last)
    pictures = torch.randn(2, 3, 8, 8).contiguous(memory_format=torch.channels_last).requires_grad_()

    def penalised() -> list[Tensor]:
        network.zero_grad()
        (gradient,) = torch.autograd.grad(network(pictures).square().sum(), pictures, create_graph=True)
        gradient.square().sum().backward()  # type: ignore[no-untyped-call]
        return [gradient, *(each.grad for each in network.parameters() if each.grad is not None)]

    expected = penalised()
    with FastDoubleBackward():
        found = penalised()
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_weights_are_not_gone_back_to_where_nobody_asks() -> None:
    given = drawn(3, 1)
    with FastDoubleBackward():
        found = F.conv2d(*given)
    with profile(activities=[ProfilerActivity.CPU]) as work:
        torch.autograd.grad(found.sum(), given[0], create_graph=True)
    done = {event.key for event in work.key_averages()}
    assert "ConvInputBackward" in done
    assert "ConvWeightsBackward" not in done, "a penalty asks for the gradient by the pictures alone"


def is_fast(convolved: Tensor) -> bool:
    """Tell whether a convolution's output goes back by this module."""
    return convolved.grad_fn is not None and convolved.grad_fn.name() == "ConvInputBackward"


def test_what_is_not_learned_is_left_to_torch() -> None:
    pictures, weight, bias = drawn(3, 1)
    with FastDoubleBackward():
        assert is_fast(F.conv2d(pictures, weight, bias))
        assert not is_fast(F.conv2d(pictures, weight.detach(), bias))
        assert not is_fast(F.conv2d(pictures.detach(), weight, bias))
        with torch.no_grad():
            assert not is_fast(F.conv2d(pictures, weight, bias))
        with torch.autocast("cpu", torch.bfloat16):
            mixed = F.conv2d(pictures.float(), weight.float(), bias.float())
        same = F.conv2d(pictures, weight, bias, padding="same")
        single = F.conv2d(input=pictures[0], weight=weight)
    assert mixed.dtype == torch.bfloat16
    assert (same.shape, single.shape) == ((2, 8, 9, 8), (8, 7, 6))
    assert not any(is_fast(each) for each in (mixed, same, single))


@pytest.mark.parametrize("penalty", ["r1", "r2", "r1_r2", "none", "approximate_r1"])
def test_a_step_goes_back_twice_only_where_a_penalty_does(penalty: str) -> None:
    config = tiny.config("r3gan", penalty=PenaltyConfig(penalty, 1.0, interval=2))
    state, loader = new_state(config, CPU), Loader(prepared(config), 0)
    fast: list[int] = []  # the step of each pass of the discriminator that may be gone back through twice

    def after(module: nn.Module, given: tuple[Tensor, ...], convolved: Tensor) -> None:
        if is_fast(convolved):
            fast.append(state.counters.step)

    *_, last = (each for each in state.networks.discriminator.modules() if isinstance(each, nn.Conv2d))
    last.register_forward_hook(after)
    for _ in range(4):
        take_step(config.phases[-1], state, config, loader)
    passes = {"r1": 1, "r2": 1, "r1_r2": 2}.get(penalty, 0)
    assert fast == [0] * passes + [2] * passes


@pytest.mark.parametrize("recipe", ["r3gan", "stylegan2", "multiscale", "residual", "dcgan"])
def test_a_training_learns_the_same(recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tiny.config(recipe, augment=(), ada=None, anneal=None)
    config = replace(config, penalty=PenaltyConfig("r1_r2", 1.0))

    def learned() -> Tensor:
        state, loader = new_state(config, CPU), Loader(prepared(config), 0)
        for _ in range(2):
            take_step(config.phases[-1], state, config, loader)
        return torch.cat([each.reshape(-1) for each in weights(state.networks.discriminator)])

    found = learned()
    monkeypatch.delitem(PENALTIES_FROM_LOGITS, "r1_r2")  # torch alone takes it then, in a pass of its own
    torch.testing.assert_close(found, learned(), rtol=1e-3, atol=2e-4)
