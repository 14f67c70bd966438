"""Distances of styles against their formulas in double precision, their gradients against differences, and sums."""

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ganvas.style.patches import StylePatches
from ganvas.style.statistics import (
    TINY,
    FeatureMoments,
    blend_moments,
    feature_moments,
    gram_distance,
    moments_distance,
)
from ganvas.style.style_targets import masks_on_layers, position_count

Array = npt.NDArray[np.float64]


def random(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape)


def tensor(array: Array) -> torch.Tensor:
    return torch.from_numpy(array)[None]


def numpy_gram(features: Array) -> Array:
    channels, height, width = features.shape
    result = np.zeros((channels, channels))
    for y in range(height):
        for x in range(width):
            result += np.outer(features[:, y, x], features[:, y, x])
    return result / (height * width)


def root(matrix: Array) -> Array:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values.clip(min=0))) @ vectors.T


def numpy_wasserstein(one: Array, two: Array) -> float:
    m, n = (each.reshape(len(each), -1).mean(1) for each in (one, two))
    c, d = (np.cov(each.reshape(len(each), -1), bias=True).reshape(len(each), -1) for each in (one, two))
    apart = ((m - n) ** 2).sum() + np.trace(c + d - 2 * root(root(d) @ c @ root(d)))
    return float(apart / ((n**2).sum() + np.trace(d)))


@given(st.integers(1, 5), st.integers(2, 6), st.integers(2, 6), st.integers(0, 1000))
def test_distances_are_their_formulas(channels: int, height: int, width: int, seed: int) -> None:
    one, two = random(channels, height, width, seed=seed), random(channels, height + 1, width, seed=seed + 1)
    found, target = feature_moments(tensor(one)), feature_moments(tensor(two))
    g, a = numpy_gram(one), numpy_gram(two)
    np.testing.assert_allclose(found.mean().second, g, atol=1e-12, err_msg="the Gram matrix is wrong")
    assert gram_distance(target)(found).item() == pytest.approx(((g - a) ** 2).sum() / ((a**2).sum() + TINY), rel=1e-9)
    assert moments_distance(target)(found).item() == pytest.approx(numpy_wasserstein(one, two), abs=2e-4)
    assert moments_distance(target)(target).item() == pytest.approx(0, abs=1e-4), "no distance from itself"


@pytest.mark.parametrize("distance", [gram_distance, moments_distance])
def test_gradients_agree_with_differences(distance) -> None:
    far = distance(feature_moments(tensor(random(3, 5, 5, seed=1))))
    features = tensor(random(3, 4, 5)).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: far(feature_moments(x)), features)
    weights = torch.rand(1, 1, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.autograd.gradcheck(lambda x: far(feature_moments(x, weights)), features)


def test_sums_add_up_whatever_the_parts() -> None:
    whole = tensor(random(3, 6, 5))
    both = feature_moments(whole[..., :2]).plus(feature_moments(whole[..., 2:]))
    for part, expected in zip(both, feature_moments(whole), strict=True):
        torch.testing.assert_close(part, expected)


def test_places_that_count_twice_are_there_twice() -> None:
    once = tensor(random(3, 2, 2))
    weights = torch.tensor([[[[2.0, 1.0], [0.0, 1.0]]]], dtype=torch.float64)
    flat = once.flatten(2)[0]
    doubled = torch.stack([flat[:, 0], flat[:, 0], flat[:, 1], flat[:, 3]], 1).view(1, 3, 1, 4)
    for part, expected in zip(feature_moments(once, weights), feature_moments(doubled), strict=True):
        torch.testing.assert_close(part, expected)


def test_a_palette_has_so_much_of_each_style_whatever_its_size() -> None:
    small, large = tensor(random(2, 2, 2)), tensor(random(2, 9, 9, seed=1))
    palette = blend_moments([feature_moments(small), feature_moments(large)], [0.25, 0.75])
    expected = 0.25 * feature_moments(small).mean().second + 0.75 * feature_moments(large).mean().second
    torch.testing.assert_close(palette.second, expected)
    assert palette.total_weight.item() == pytest.approx(1)


def test_statistics_know_no_places() -> None:
    features = tensor(random(3, 4, 5))
    shuffled = features.flatten(2)[..., torch.randperm(20)].reshape(1, 3, 5, 4)
    torch.testing.assert_close(feature_moments(features), FeatureMoments(*feature_moments(shuffled)))


@pytest.mark.parametrize("distance", [gram_distance, moments_distance])
def test_black_targets_do_not_divide_by_zero(distance) -> None:
    black = feature_moments(torch.zeros(1, 3, 4, 4))
    assert distance(black)(black).item() == pytest.approx(0, abs=1e-6)


def test_each_place_is_compared_with_the_style_s_feature_in_its_direction() -> None:
    style = torch.tensor([[4.0, 0.0], [0.0, 4.0], [-4.0, -4.0]], dtype=torch.float64)  # around (0, 0)
    patches = StylePatches(style)
    content = torch.tensor([[11.0, 10.2], [9.9, 13.0]], dtype=torch.float64).T.reshape(1, 2, 1, 2)
    matches = patches.match(content, torch.tensor([10.0, 10.0], dtype=torch.float64))
    assert matches.flatten().tolist() == [0, 1], "centred by the content's mean"
    energy = (16 + 16 + 32) / 3
    counted = torch.tensor([1.0, 0.5], dtype=torch.float64).view(1, 1, 1, 2)
    places = torch.tensor([[1.0, 0.2], [-0.1, 3.0]], dtype=torch.float64).T.reshape(1, 2, 1, 2)
    expected = ((3.0**2 + 0.2**2) * 1.0 + (0.1**2 + 1.0**2) * 0.5) / energy
    assert patches.distance(places, matches, counted).item() == pytest.approx(expected)
    assert torch.autograd.gradcheck(lambda x: patches.distance(x, matches, counted), places.requires_grad_())


@given(st.integers(1, 50), st.integers(1, 50), st.sampled_from(["relu1_1", "relu2_1", "conv4_2"]))
def test_masks_lie_on_the_grids_of_layers(height: int, width: int, layer: str) -> None:
    mask = masks_on_layers(torch.ones(1, 1, height, width), [layer])[layer]
    assert mask.numel() == position_count(layer, (height, width))
    assert mask.min() == mask.max() == 1


def test_features_that_are_nan_give_nan() -> None:
    far = moments_distance(feature_moments(tensor(random(3, 4, 4))))
    assert far(feature_moments(tensor(random(3, 4, 4) * np.nan))).isnan()
