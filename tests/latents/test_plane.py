"""The plane between two kinds of latents."""

import pytest
import torch

from ganvas.latents.plane import Whitening, separate


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_a_step_is_one_standard_deviation_of_the_latents() -> None:
    axes = torch.diag(torch.tensor([5.0, 1.0, 0.3], dtype=torch.float64)) @ torch.linalg.qr(normal(3, 3))[0]
    latents = normal(20_000, 3, seed=1) @ axes + 4
    whitening = Whitening.of(latents)
    measured = whitening.measure(latents)
    assert torch.allclose(measured.T.cov(), torch.eye(3, dtype=torch.float64), atol=0.1)
    for axis in torch.eye(3, dtype=torch.float64):
        step = whitening.step(7 * axis)
        assert torch.allclose(whitening.measure(latents + step) - measured, axis.expand_as(measured), atol=1e-6)


def test_what_never_varies_is_not_blown_up() -> None:
    latents = torch.cat([normal(500, 2), torch.zeros(500, 2, dtype=torch.float64)], 1)
    measured = Whitening.of(latents).measure(latents + 0.1)
    assert measured.isfinite().all()
    assert measured.abs().max() < 10
    assert Whitening.of(torch.zeros(9, 2)).measure(torch.zeros(3, 2)).isfinite().all()


@pytest.mark.parametrize("count", [12, 200])
def test_the_direction_between_two_kinds_is_found(count: int) -> None:
    points = normal(2 * count, 16, seed=count)
    is_second = points[:, 3] + points[:, 5] > 0
    plane = separate(points[~is_second], points[is_second])
    true = torch.zeros(16, dtype=torch.float64)
    true[[3, 5]] = 0.5**0.5
    assert float(plane.weights @ true / plane.weights.norm()) > (0.5 if count == 12 else 0.9), (
        "not toward the second kind"
    )
    if count == 200:
        assert plane.told > 0.9
        right = (points @ plane.weights + plane.offset > 0) == is_second
        assert right.double().mean() > 0.95


def test_kinds_that_do_not_differ_are_not_told_apart() -> None:
    points = normal(200, 16)
    assert separate(points[:100], points[100:]).told < 0.65, "judged by latents that were fitted"


def test_a_rare_kind_weighs_as_much_as_a_usual_one() -> None:
    points = normal(420, 4)
    first, second = points[:400], points[400:] + torch.tensor([3.0, 0, 0, 0])
    assert separate(first, second).told > 0.85, "the rare kind was given up"
    few = separate(second, first)
    assert float(few.weights[0] / few.weights.norm()) < -0.9, "the kinds changed places"
