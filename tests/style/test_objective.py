"""The three losses against their formulas in float64, their gradients against differences, and their sum."""

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ganvas.config import StyleConfig
from ganvas.models.backbones import VGG, VGGWeights
from ganvas.style.objective import TINY, Objective, content_loss, gram, style_loss, total_variation

Array = npt.NDArray[np.float64]


def numpy_gram(features: Array) -> Array:
    channels, height, width = features.shape
    result = np.zeros((channels, channels))
    for y in range(height):
        for x in range(width):
            result += np.outer(features[:, y, x], features[:, y, x])
    return result / (height * width)


def random(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape)


@given(st.integers(1, 5), st.integers(1, 6), st.integers(1, 6), st.integers(0, 1000))
def test_losses_are_their_formulas(channels: int, height: int, width: int, seed: int) -> None:
    features, target = random(channels, height, width, seed=seed), random(channels, height, width, seed=seed + 1)
    mine, aim = torch.from_numpy(features)[None], torch.from_numpy(target)[None]
    g, a = numpy_gram(features), numpy_gram(target)
    np.testing.assert_allclose(gram(mine), g, atol=1e-12, err_msg="the Gram matrix is wrong")
    expected = ((features - target) ** 2).sum() / ((target**2).sum() + TINY)
    assert content_loss(mine, aim).item() == pytest.approx(expected, rel=1e-9), "content loss"
    strokes = ((g - a) ** 2).sum() / ((a**2).sum() + TINY)
    assert style_loss(mine, gram(aim)).item() == pytest.approx(strokes, rel=1e-9), "style"
    down = (np.diff(features, axis=1) ** 2).mean() if height > 1 else 0
    right = (np.diff(features, axis=2) ** 2).mean() if width > 1 else 0
    assert total_variation(mine).item() == pytest.approx(down + right, rel=1e-9), "total variation"


def test_gradients_agree_with_differences() -> None:
    features = torch.from_numpy(random(1, 3, 4, 5)).requires_grad_()
    target = torch.from_numpy(random(1, 3, 4, 5, seed=1))
    assert torch.autograd.gradcheck(lambda x: content_loss(x, target), features)
    assert torch.autograd.gradcheck(lambda x: style_loss(x, gram(target)), features)
    assert torch.autograd.gradcheck(total_variation, features)


def test_the_whole_objective_s_gradient_agrees_with_differences(tiny: VGGWeights) -> None:
    config = StyleConfig(style_layers=("conv1_1", "relu3_1"))
    encoder = VGG(tiny, (*config.content_layers, *config.style_layers)).double()
    content, style, picture = (torch.from_numpy(random(1, 3, 9, 7, seed=seed)) for seed in (1, 2, 3))
    objective = Objective(encoder, content, [style], [1.0], config)
    assert torch.autograd.gradcheck(lambda x: objective(x).total, picture.requires_grad_(), eps=1e-7, atol=1e-4)


def test_the_gram_matrix_knows_no_places() -> None:
    features = torch.from_numpy(random(1, 3, 4, 5))
    shuffled = features.flatten(2)[..., torch.randperm(20)].reshape(1, 3, 5, 4)
    torch.testing.assert_close(gram(features), gram(shuffled))


def test_black_targets_do_not_divide_by_zero() -> None:
    black = torch.zeros(1, 3, 4, 4)
    assert content_loss(black, black) == style_loss(black, gram(black)) == total_variation(black) == 0


def test_the_sum_is_weighted_and_each_part_ends_where_it_should(tiny: VGGWeights) -> None:
    config = StyleConfig(content_weight=2, style_weight=3, variation_weight=5)
    encoder = VGG(tiny, (*config.content_layers, *config.style_layers))
    content, style = torch.rand(1, 3, 20, 24), torch.rand(1, 3, 33, 17)
    objective = Objective(encoder, content, [style], [1.0], config)
    losses = objective(torch.rand(1, 3, 20, 24))
    expected = 2 * losses.content + 3 * losses.style + 5 * losses.variation
    torch.testing.assert_close(losses.total, expected)
    assert objective(content).content == 0, "the content itself must have no content loss"
    assert Objective(encoder, style, [style], [1.0], config)(style).style < 1e-9, "nor the style a style loss"


def test_styles_blend_as_their_gram_matrices_do(tiny: VGGWeights) -> None:
    config = StyleConfig()
    encoder = VGG(tiny, (*config.content_layers, *config.style_layers))
    picture, one, other = torch.rand(3, 1, 3, 16, 16).unbind()
    blended = Objective(encoder, picture, [one, other], [0.25, 0.75], config).style["relu3_1"]
    expected = 0.25 * gram(encoder(one)["relu3_1"]) + 0.75 * gram(encoder(other)["relu3_1"])
    torch.testing.assert_close(blended, expected)
