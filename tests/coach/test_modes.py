"""Modes: found where they are plain to see, and lost where they are missing."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ganvas.coach.measurement.modes import CLUSTERS, find_modes


def clusters(kinds: int, each: int, seed: int = 0, width: float = 0.1) -> Tensor:
    """Return features (kinds * each, 8) around centers that are far apart, cluster after cluster."""
    random = torch.Generator().manual_seed(seed)
    centers = 10 * torch.randn((kinds, 8), generator=torch.Generator().manual_seed(1))
    return centers.repeat_interleave(each, 0) + width * torch.randn((kinds * each, 8), generator=random)


def test_a_cluster_is_one_mode() -> None:
    features = clusters(CLUSTERS, 20)
    modes = find_modes(features)
    torch.testing.assert_close(modes.shares, torch.full((CLUSTERS,), 1 / CLUSTERS))
    nearest = modes.nearest(features).view(CLUSTERS, 20)
    assert (nearest == nearest[:, :1]).all(), "a cluster was split, another swallowed"
    centers = torch.stack([modes.centers[kind] for kind in nearest[:, 0]])
    torch.testing.assert_close(centers, features.view(CLUSTERS, 20, 8).mean(1))


@pytest.mark.parametrize("gone", [0, 1, 4, 9])
def test_the_share_of_the_lost_modes(gone: int) -> None:
    modes = find_modes(clusters(CLUSTERS, 20))
    seen = clusters(CLUSTERS, 40, seed=5).view(CLUSTERS, 40, 8)[gone:].reshape(-1, 8)
    assert modes.share_lost(seen) == pytest.approx(gone / CLUSTERS)


def test_a_mode_with_hardly_any_samples_is_lost_and_one_with_some_is_not() -> None:
    modes = find_modes(clusters(2, 50), count=2)
    first, second = clusters(2, 50, seed=3).view(2, 50, 8)
    assert modes.share_lost(torch.cat([first, second[:5]])) == pytest.approx(0.5)
    assert modes.share_lost(torch.cat([first, second[:20]])) == 0


def test_a_rare_mode_is_not_counted() -> None:
    features = clusters(2, 200)[:204]
    modes = find_modes(features, count=2)
    assert sorted(round(float(share), 2) for share in modes.shares) == [0.02, 0.98]
    assert modes.share_lost(features[:64]) == 0, "of 64 samples one or two would be of this kind"


def test_modes_are_found_without_random_numbers() -> None:
    features = clusters(5, 30, width=5.0)
    drawn = torch.get_rng_state()
    one, two = find_modes(features), find_modes(features)
    assert torch.equal(torch.get_rng_state(), drawn)
    assert torch.equal(one.centers, two.centers)
    assert torch.equal(one.shares, two.shares)


@settings(max_examples=40)
@given(st.integers(1, 40), st.integers(1, 12), st.sampled_from(["spread", "equal", "pairs"]))
def test_any_set_has_modes_and_loses_none_of_its_own(count: int, most: int, shape: str) -> None:
    features = torch.randn((count, 4), generator=torch.Generator().manual_seed(count))
    if shape != "spread":
        features = features[: 1 if shape == "equal" else 2].repeat(count, 1)[:count]
    modes = find_modes(features, most)
    assert 1 <= len(modes.shares) <= min(most, count)
    assert float(modes.shares.sum()) == pytest.approx(1)
    assert (modes.shares > 0).all(), "an empty cluster"
    assert modes.centers.isfinite().all()
    assert modes.share_lost(features) == 0
    assert 0 <= modes.share_lost(torch.full((64, 4), 99.0)) <= 1
