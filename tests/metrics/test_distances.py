"""The distances agree with their definitions, and refuse what has none."""

import math

import pytest
import torch
from torch import Tensor

from ganvas.errors import GanvasError
from ganvas.metrics import scores
from ganvas.metrics.features import Features
from ganvas.metrics.scores import frechet_distance, kernel_distance, score


def normal(count: int, width: int, seed: int = 0) -> Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_frechet_of_a_set_with_itself_is_zero() -> None:
    few = normal(10, 40) * 100  # fewer rows than columns: the covariance has no full rank
    assert frechet_distance(few, few) < 1e-6 * few.var(0).sum(), "the root of a singular covariance went wrong"


def test_frechet_of_a_shift_is_its_square() -> None:
    a = normal(500, 8)
    shift = torch.arange(8.0, dtype=torch.float64)
    assert frechet_distance(a, a + shift) == pytest.approx(float(shift.square().sum()), rel=1e-9), "the means are wrong"


def test_frechet_of_axis_aligned_gaussians_is_the_closed_form() -> None:
    a = normal(4, 2)
    a = torch.linalg.qr(a - a.mean(0))[0] * math.sqrt(3)  # mean 0, covariance exactly 1
    b = a * torch.tensor([2.0, 5.0], dtype=torch.float64)
    assert frechet_distance(a, b) == pytest.approx((2 - 1) ** 2 + (5 - 1) ** 2), "tr(A + B - 2 (AB)^1/2) is wrong"


def test_frechet_of_correlated_sets_agrees_with_the_general_root() -> None:
    a, b = normal(300, 6, 1) @ normal(6, 6, 2), normal(300, 6, 3) @ normal(6, 6, 4)
    cov_a, cov_b = torch.cov(a.T), torch.cov(b.T)
    cross = torch.linalg.eigvals(cov_a @ cov_b).real.sqrt().sum()  # tr (AB)^1/2, by another way
    expected = (a.mean(0) - b.mean(0)).square().sum() + cov_a.trace() + cov_b.trace() - 2 * cross
    assert frechet_distance(a, b) == pytest.approx(float(expected), rel=1e-9), "rotated covariances are mixed up"
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9), "a distance must be symmetric"


def test_kernel_distance_is_its_definition_whatever_the_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = normal(7, 5, 1), normal(9, 5, 2) + 1

    def k(x: Tensor, y: Tensor) -> float:
        return float((x @ y / 5 + 1) ** 3)

    within_a = sum(k(x, y) for i, x in enumerate(a) for j, y in enumerate(a) if i != j) / (7 * 6)
    within_b = sum(k(x, y) for i, x in enumerate(b) for j, y in enumerate(b) if i != j) / (9 * 8)
    expected = within_a + within_b - 2 * sum(k(x, y) for x in a for y in b) / (7 * 9)
    for chunk in (1000, 4):
        monkeypatch.setattr(scores, "CHUNK", chunk)
        assert kernel_distance(a, b) == pytest.approx(expected, rel=1e-9), f"wrong in chunks of {chunk}"


def test_kernel_distance_is_unbiased() -> None:
    draws = [kernel_distance(normal(20, 3, seed), normal(30, 3, 1000 + seed)) for seed in range(300)]
    mean = sum(draws) / len(draws)
    error = (sum((d - mean) ** 2 for d in draws) / len(draws) ** 2) ** 0.5
    assert abs(mean) < 4 * error, "sets of one distribution must be at distance 0 on average, whatever their size"
    assert min(draws) < 0, "an unbiased estimate of 0 must fall below it now and then"


def test_kernel_distance_agrees_with_torch_fidelity() -> None:
    from torch_fidelity.metric_kid import kernel_mmd

    a, b = normal(40, 6, 1), normal(40, 6, 2) * 2
    theirs = kernel_mmd(a.numpy(), b.numpy(), kid_kernel="poly", kid_kernel_poly_degree=3, kid_kernel_poly_coef0=1)
    assert kernel_distance(a, b) == pytest.approx(float(theirs), rel=1e-9), "another kernel than KID's"


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance])
@pytest.mark.parametrize(
    ("a", "b", "complaint"),
    [
        (normal(5, 3), normal(5, 4), "equal width"),
        (normal(1, 3), normal(5, 3), "at least 2 rows"),
        (normal(5, 3) * math.nan, normal(5, 3), "NaN"),
    ],
)
def test_what_has_no_distance_is_refused(distance: object, a: Tensor, b: Tensor, complaint: str) -> None:
    assert callable(distance)
    with pytest.raises(GanvasError, match=complaint):
        distance(a, b)


def test_a_score_names_its_parts_and_keeps_networks_apart() -> None:
    real, fake = Features("one", normal(20, 4), normal(20, 6)), Features("one", normal(9, 4, 1), normal(9, 6, 1))
    expected = {"frechet": frechet_distance(real.stage, fake.stage), "kid": kernel_distance(real.head, fake.head)}
    assert score(fake, real) == pytest.approx(expected), "Frechet belongs to the stage and KID to the head"
    with pytest.raises(GanvasError, match="cannot be compared"):
        score(fake, Features("another", real.stage, real.head))
