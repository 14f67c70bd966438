"""Axes of a latent space: principal components, their regression back to z, and SeFa's."""

import pytest
import torch

from ganvas.errors import GanvasError
from ganvas.latents.axes import coordinates, principal_axes, regressed, style_axes


def turned(*deviations: float, dim: int, seed: int = 0) -> torch.Tensor:
    """Return axes (K, dim), orthogonal, as long as `deviations`."""
    rng = torch.Generator().manual_seed(seed)
    basis = torch.linalg.qr(torch.randn(dim, dim, generator=rng, dtype=torch.float64))[0].T
    return basis[: len(deviations)] * torch.tensor(deviations, dtype=torch.float64)[:, None]


def cosine(a: torch.Tensor, b: torch.Tensor) -> float:
    return abs(float(torch.nn.functional.cosine_similarity(a.double(), b.double(), dim=0)))


@pytest.mark.parametrize("dim", [6, 900], ids=["more samples than numbers", "more numbers than samples"])
def test_the_axes_of_a_cloud_are_found_with_their_lengths(dim: int) -> None:
    axes = turned(5.0, 2.0, 0.5, dim=dim)
    rng = torch.Generator().manual_seed(1)
    cloud = torch.randn(600, 3, generator=rng, dtype=torch.float64) @ axes + 7
    found, shares = principal_axes(cloud.float(), 10)
    assert len(found) == 3, "no axes where nothing varies"
    for axis, true in zip(found, axes, strict=True):
        assert cosine(axis, true) > 0.99
        assert float(axis.norm()) == pytest.approx(float(true.norm()), rel=0.15), "1 is not a standard deviation"
    assert float(shares.sum()) == pytest.approx(1)
    along = coordinates(cloud, found)
    assert torch.allclose(along.std(0), torch.ones(3, dtype=torch.float64), atol=1e-4)


def test_an_axis_always_points_the_same_way() -> None:
    cloud = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    first, _ = principal_axes(cloud, 4)
    second, _ = principal_axes(-cloud, 4)
    assert torch.allclose(first, second)


def test_samples_that_are_all_alike_are_told() -> None:
    for samples in (torch.ones(20, 5), torch.zeros(20, 50)):
        with pytest.raises(GanvasError, match="are alike") as caught:
            principal_axes(samples, 3)
        assert caught.value.hint


def test_features_are_mapped_back_to_the_latents_that_make_them() -> None:
    rng = torch.Generator().manual_seed(0)
    z = torch.randn(4000, 8, generator=rng)
    mixing = turned(4.0, 1.0, dim=8)
    features = torch.cat([z @ mixing.T.float(), torch.randn(4000, 30, generator=rng) * 0.1], 1)
    axes, _ = principal_axes(features, 2)
    back = regressed(z, coordinates(features, axes))
    assert cosine(back[0], mixing[0]) > 0.99
    assert cosine(back[1], mixing[1]) > 0.99


def test_the_axes_of_styles_are_eigenvectors_of_all_layers_together() -> None:
    rng = torch.Generator().manual_seed(0)
    weights = [torch.randn(12, 6, generator=rng), torch.randn(20, 6, generator=rng) * 3]
    axes, shares = style_axes(weights, 4)
    stacked = torch.cat(weights).double()
    gains = [float((stacked @ axis).square().sum()) for axis in axes]
    assert gains == sorted(gains, reverse=True), "not the largest first"
    for axis, gain, share in zip(axes, gains, shares, strict=True):
        assert torch.allclose(stacked.T @ stacked @ axis, gain * axis, atol=1e-6), "no eigenvector"
        assert float(axis.norm()) == pytest.approx(1)
        assert gain / float(stacked.square().sum()) == pytest.approx(float(share))
    random = torch.nn.functional.normalize(torch.randn(200, 6, generator=rng, dtype=torch.float64), dim=1)
    assert (stacked @ random.T).square().sum(0).max() <= gains[0], "there is a direction that changes more"
