"""The comparison with the classic compares the same thing."""

import pytest
import torch

import style
from ganvas.models.vgg import packaged_vgg16
from ganvas.style.objective import Objective, Region


def picture(height: int, width: int, seed: int) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_our_objective_with_the_classic_s_weights_is_the_classic_s():
    encoder = style.Plain(packaged_vgg16(), (style.CONTENT, *style.STYLE), "max")
    content, painting, start = picture(32, 40, 1), picture(24, 32, 2), picture(32, 40, 3).requires_grad_()
    tutorial = style.Tutorial(packaged_vgg16(), (style.CONTENT, *style.STYLE))
    theirs = style.classic_objective(tutorial, content, painting)(start)
    config = style.aims_like_classic(encoder, content, painting)
    losses, gradient = Objective(encoder, content, [Region([painting], [1.0])], config)(start.detach())
    assert losses.total == pytest.approx(theirs.item(), rel=1e-4)
    (expected,) = torch.autograd.grad(theirs, start)
    assert not tutorial.steps["conv1_1"].weight.requires_grad, "it learns"
    assert (gradient - expected).norm() < 1e-3 * expected.norm()


def test_the_time_to_a_value_is_the_first_that_is_low_enough():
    curve = [(1.0, 9.0), (2.0, 5.0), (3.0, 4.0)]
    assert style.when(curve, 5.0) == 2
    assert style.when(curve, 3.0) is None


def test_pairs_that_were_tuned_on_come_first():
    assert len(style.PAIRS) - 2 == style.TUNED_ON
    tuned = {name for pair in style.PAIRS[: style.TUNED_ON] for name in pair}
    assert not tuned & {name for pair in style.PAIRS[style.TUNED_ON :] for name in pair}
