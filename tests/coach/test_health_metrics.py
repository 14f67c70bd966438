"""The signs: each against a plain formula, or a case where everybody knows the answer."""

import math

import pytest
import torch
from torch import Tensor, nn

from ganvas.coach.measurement import health_metrics
from ganvas.coach.measurement.health_metrics import (
    RealStats,
    logit_metrics,
    measure_images,
    measure_reals,
    real_metrics,
    sample_metrics,
)
from ganvas.coach.measurement.metric_names import METRICS

COUNT = 64


def discs(count: int, channels: int = 3, size: int = 16, seed: int = 0) -> Tensor:
    """Return discs (count, channels, size, size) of random place and colour on white."""
    random = torch.Generator().manual_seed(seed)
    rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    places = torch.randint(size // 4, 3 * size // 4, (count, 2, 1, 1), generator=random)
    within = (rows - places[:, :1]) ** 2 + (columns - places[:, 1:]) ** 2 < (size // 4) ** 2
    colours = 1.6 * torch.rand((count, channels, 1, 1), generator=random) - 1
    return torch.where(within, colours, torch.ones(()))


@pytest.fixture(scope="module")
def known() -> RealStats:
    return measure_reals(discs(4 * COUNT))


def test_the_pictures_themselves_are_what_they_are() -> None:
    pictures = discs(COUNT)
    found = sample_metrics(pictures, measure_reals(pictures))
    assert found["diversity"] == pytest.approx(1)
    assert found["pixel_diversity"] == pytest.approx(1)
    assert found["feature_distance"] == pytest.approx(0, abs=1e-6)
    assert found["saturated"] == pytest.approx(0)
    assert found["modes_lost"] == 0


def test_pictures_of_the_same_kind_are_near_and_noise_is_far(known: RealStats) -> None:
    alike = sample_metrics(discs(COUNT, seed=1), known)
    noise = sample_metrics(2 * torch.rand(COUNT, 3, 16, 16) - 1, known)
    assert 0 < alike["feature_distance"] < 0.4 < noise["feature_distance"]
    assert alike["diversity"] == pytest.approx(1, abs=0.15)
    assert alike["modes_lost"] < 0.3 < noise["modes_lost"]


def test_one_picture_many_times_is_a_collapse(known: RealStats) -> None:
    found = sample_metrics(discs(1).repeat(COUNT, 1, 1, 1), known)
    assert found["diversity"] == pytest.approx(0, abs=1e-3)
    assert found["pixel_diversity"] == pytest.approx(0, abs=1e-3)
    assert found["near_copies"] == 1
    assert found["modes_lost"] > 0.5
    assert found["feature_distance"] > 0.5


def test_the_half_that_are_copies_are_counted(known: RealStats) -> None:
    different = discs(COUNT, seed=2)
    own = sample_metrics(different, known)["near_copies"]
    half = torch.cat([different[: COUNT // 2], different[:1].repeat(COUNT // 2, 1, 1, 1)])
    assert sample_metrics(half, known)["near_copies"] >= 0.5 > own


def test_black_and_white_are_counted_beyond_the_pictures_own(known: RealStats) -> None:
    share = float((discs(COUNT).abs() > 0.99).float().mean())
    assert sample_metrics(torch.full((COUNT, 3, 16, 16), -1.0), known)["saturated"] == pytest.approx(1 - share, abs=0.1)
    assert sample_metrics(torch.zeros(COUNT, 3, 16, 16), known)["saturated"] == pytest.approx(-share, abs=0.1)


def test_what_is_known_of_the_real_pictures() -> None:
    blank = torch.cat([discs(COUNT // 2), torch.full((COUNT // 2, 3, 16, 16), -1.0)])
    found = real_metrics(measure_reals(blank))
    assert found["real_blank"] == 0.5
    assert found["real_near_copies"] >= 0.5
    assert real_metrics(measure_reals(discs(COUNT)))["real_blank"] == 0


def test_details_are_what_half_the_size_does_not_show() -> None:
    rows, columns = torch.meshgrid(torch.arange(16), torch.arange(16), indexing="ij")
    chess = ((rows + columns) % 2 * 2.0 - 1).expand(4, 1, 16, 16)
    ramp = torch.linspace(-1, 1, 16).expand(4, 1, 16, 16)
    enlarged = nn.functional.interpolate(discs(4, 1, 4), (16, 16), mode="bilinear")
    assert measure_images(chess).detail > 0.8
    assert measure_images(ramp).detail < 0.02
    assert measure_images(enlarged).detail < 0.1
    assert measure_images(torch.zeros(4, 1, 16, 16)).detail == 0


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(("height", "width"), [(16, 16), (17, 9)])
def test_pictures_of_any_kind_and_shape_can_be_looked_at(channels: int, height: int, width: int) -> None:
    pictures = discs(24, channels)[..., :height, :width]
    pictures = nn.functional.interpolate(pictures, (height, width))
    found = sample_metrics(pictures[:8], measure_reals(pictures))
    assert all(math.isfinite(value) for value in found.values()), found
    assert found.keys() <= METRICS.keys()


@pytest.mark.parametrize("poison", [math.nan, math.inf, -math.inf, 1e30])
def test_samples_that_are_no_numbers_are_looked_at_too(poison: float, known: RealStats) -> None:
    samples = discs(COUNT, seed=4)
    samples[::2] = poison
    for pictures in (samples, torch.full_like(samples, poison)):
        found = sample_metrics(pictures, known)
        assert all(math.isfinite(value) for value in found.values()), found


def test_pictures_that_are_all_alike_have_no_unit_to_measure_in() -> None:
    found = sample_metrics(discs(COUNT), measure_reals(torch.ones(COUNT, 3, 16, 16)))
    assert math.isnan(found["feature_distance"])
    assert math.isnan(found["diversity"])


def test_pairs_told_apart_are_those_of_a_double_loop() -> None:
    real, fake = torch.randn(13).round(decimals=1), torch.randn(9).round(decimals=1)
    pairs = [1.0 if r > f else 0.5 if r == f else 0.0 for r in real.tolist() for f in fake.tolist()]
    found = logit_metrics(real, fake, held_out=fake)
    assert found["d_pair_accuracy"] == pytest.approx(sum(pairs) / len(pairs))
    assert found["d_train_vs_heldout"] == found["d_pair_accuracy"], "the same logits"
    assert found["real_accepted"] == pytest.approx(sum(r > 0 for r in real.tolist()) / 13)
    assert found["fake_accepted"] == pytest.approx(sum(f > 0 for f in fake.tolist()) / 9)
    assert found["logit_gap"] == pytest.approx(float(real.mean() - fake.mean()))
    assert found["logit_magnitude"] == pytest.approx(float(torch.cat([real, fake]).abs().mean()))


@pytest.mark.parametrize(("shift", "scale"), [(100.0, 1.0), (0.0, 1e-3), (-5.0, 40.0)])
def test_shares_of_pairs_do_not_depend_on_zero_and_scale(shift: float, scale: float) -> None:
    real, fake = torch.randn(30) + 1, torch.randn(30)
    moved = logit_metrics(scale * real + shift, scale * fake + shift)
    assert moved["d_pair_accuracy"] == pytest.approx(logit_metrics(real, fake)["d_pair_accuracy"], abs=0.005)


def test_a_judge_that_says_the_same_of_all_tells_nothing_apart() -> None:
    assert logit_metrics(torch.zeros(8), torch.zeros(8))["d_pair_accuracy"] == 0.5
    assert logit_metrics(torch.ones(8), torch.zeros(8))["d_pair_accuracy"] == 1
    assert "d_train_vs_heldout" not in logit_metrics(torch.zeros(8), torch.zeros(8), torch.zeros(0))


def test_logits_that_are_no_numbers_never_raise() -> None:
    found = logit_metrics(torch.full((4,), math.nan), torch.tensor([math.inf, -math.inf]), torch.full((2,), math.nan))
    assert found.keys() <= METRICS.keys()


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 2))


def flat(module: nn.Module) -> Tensor:
    return torch.cat([each.detach().flatten() for each in module.parameters()]).clone()


@pytest.mark.parametrize("betas", [(0.0, 0.99), (0.5, 0.999), (0.9, 0.999)])
@pytest.mark.parametrize("fused", [True, False])
def test_the_update_is_what_the_weights_moved(betas: tuple[float, float], fused: bool) -> None:
    module = network()
    optimiser = torch.optim.Adam(module.parameters(), 0.01, betas, fused=fused)
    assert math.isnan(health_metrics.update_ratio(optimiser)), "nothing has moved yet"
    for step in range(4):
        before = flat(module)
        optimiser.zero_grad()
        module(torch.randn(6, 5, generator=torch.Generator().manual_seed(step))).square().sum().backward()
        optimiser.step()
        after = flat(module)
        wanted = float((after - before).norm() / after.norm())
        assert health_metrics.update_ratio(optimiser) == pytest.approx(wanted, rel=1e-3)
        assert health_metrics.update_ratio(optimiser) <= 20 * health_metrics.lr_to_weight_ratio(optimiser)


def test_the_gradient_is_that_of_the_last_steps() -> None:
    module = network()
    optimiser = torch.optim.Adam(module.parameters(), 0.01, (0.0, 0.999))
    assert math.isnan(health_metrics.gradient_rms(optimiser))
    module(torch.ones(6, 5)).square().sum().backward()
    wanted = float(torch.cat([each.grad.flatten() for each in module.parameters()]).square().mean().sqrt())  # type: ignore[union-attr]
    assert health_metrics.gradient_rms(optimiser) == pytest.approx(wanted), (
        "before the first step the gradients are there"
    )
    optimiser.step()
    optimiser.zero_grad()
    assert health_metrics.gradient_rms(optimiser) == pytest.approx(wanted, rel=1e-4)


def test_another_optimiser_has_gradients_but_no_moments() -> None:
    module = network()
    optimiser = torch.optim.SGD(module.parameters(), 0.01)
    module(torch.ones(6, 5)).square().sum().backward()
    optimiser.step()
    assert health_metrics.gradient_rms(optimiser) > 0
    assert math.isnan(health_metrics.update_ratio(optimiser))
    assert health_metrics.lr_to_weight_ratio(optimiser) > 0


def test_the_reach_is_the_rate_over_the_size_of_a_weight() -> None:
    module = network()
    optimiser = torch.optim.Adam(module.parameters(), 0.02)
    assert health_metrics.lr_to_weight_ratio(optimiser) == pytest.approx(
        0.02 / float(flat(module).square().mean().sqrt())
    )


@pytest.mark.parametrize("poison", [math.nan, math.inf])
def test_the_share_that_is_finite(poison: float) -> None:
    good, bad = network(), network()
    with torch.no_grad():
        bad[2].bias[1] = poison
    losses = {"generator": 1.0, "discriminator": 2.0}
    assert health_metrics.finite_share([good, good], losses) == 1
    assert health_metrics.finite_share([good, bad], losses) == 0.75
    assert health_metrics.finite_share([good, bad], losses | {"generator": poison}) == 0.5
    assert health_metrics.finite_share([], {}) == 1


def test_every_sign_has_words() -> None:
    for name, sign in METRICS.items():
        assert name == name.lower().replace(" ", "_")
        assert len(sign.description) > 5, name
        assert not sign.description.endswith("."), name
    assert len({sign.description for sign in METRICS.values()}) == len(METRICS), "two signs of the same words"
