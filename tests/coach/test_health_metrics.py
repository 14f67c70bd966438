"""Health metrics: each against a plain formula, or a case with an obvious answer."""

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
    """Return discs (count, channels, size, size) at random positions and in random colours on white."""
    random = torch.Generator().manual_seed(seed)
    rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    places = torch.randint(size // 4, 3 * size // 4, (count, 2, 1, 1), generator=random)
    within = (rows - places[:, :1]) ** 2 + (columns - places[:, 1:]) ** 2 < (size // 4) ** 2
    colours = 1.6 * torch.rand((count, channels, 1, 1), generator=random) - 1
    return torch.where(within, colours, torch.ones(()))


@pytest.fixture(scope="module")
def reals() -> RealStats:
    return measure_reals(discs(4 * COUNT))


@pytest.mark.slow
def test_the_real_pictures_have_no_distance_to_themselves() -> None:
    pictures = discs(COUNT)
    found = sample_metrics(pictures, measure_reals(pictures))
    assert found["diversity"] == pytest.approx(1)
    assert found["pixel_diversity"] == pytest.approx(1)
    assert found["feature_distance"] == pytest.approx(0, abs=1e-6)
    assert found["saturated"] == pytest.approx(0)
    assert found["modes_lost"] == 0


@pytest.mark.slow
def test_pictures_of_the_same_kind_are_close_and_noise_is_far(reals: RealStats) -> None:
    alike = sample_metrics(discs(COUNT, seed=1), reals)
    noise = sample_metrics(2 * torch.rand(COUNT, 3, 16, 16) - 1, reals)
    assert 0 < alike["feature_distance"] < 0.4 < noise["feature_distance"]
    assert alike["diversity"] == pytest.approx(1, abs=0.15)
    assert alike["modes_lost"] < 0.3 < noise["modes_lost"]


def test_one_picture_many_times_is_a_collapse(reals: RealStats) -> None:
    found = sample_metrics(discs(1).repeat(COUNT, 1, 1, 1), reals)
    assert found["diversity"] == pytest.approx(0, abs=1e-3)
    assert found["pixel_diversity"] == pytest.approx(0, abs=1e-3)
    assert found["near_copies"] == 1
    assert found["modes_lost"] > 0.5
    assert found["feature_distance"] > 0.5


def test_copies_are_counted(reals: RealStats) -> None:
    different = discs(COUNT, seed=2)
    own = sample_metrics(different, reals)["near_copies"]
    half = torch.cat([different[: COUNT // 2], different[:1].repeat(COUNT // 2, 1, 1, 1)])
    assert sample_metrics(half, reals)["near_copies"] >= 0.5 > own


def test_saturation_is_counted_beyond_that_of_real_pictures(reals: RealStats) -> None:
    share = float((discs(COUNT).abs() > 0.99).float().mean())
    assert sample_metrics(torch.full((COUNT, 3, 16, 16), -1.0), reals)["saturated"] == pytest.approx(1 - share, abs=0.1)
    assert sample_metrics(torch.zeros(COUNT, 3, 16, 16), reals)["saturated"] == pytest.approx(-share, abs=0.1)


def test_metrics_of_the_real_pictures() -> None:
    blank = torch.cat([discs(COUNT // 2), torch.full((COUNT // 2, 3, 16, 16), -1.0)])
    found = real_metrics(measure_reals(blank))
    assert found["real_blank"] == 0.5
    assert found["real_near_copies"] >= 0.5
    assert real_metrics(measure_reals(discs(COUNT)))["real_blank"] == 0


def test_detail_is_what_half_the_size_does_not_show() -> None:
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
def test_pictures_of_any_channels_and_shape_can_be_measured(channels: int, height: int, width: int) -> None:
    pictures = discs(24, channels)[..., :height, :width]
    pictures = nn.functional.interpolate(pictures, (height, width))
    found = sample_metrics(pictures[:8], measure_reals(pictures))
    assert all(math.isfinite(value) for value in found.values()), found
    assert found.keys() <= METRICS.keys()


@pytest.mark.parametrize("poison", [math.nan, math.inf, -math.inf, 1e30])
def test_samples_with_nan_and_infinity_can_be_measured(poison: float, reals: RealStats) -> None:
    samples = discs(COUNT, seed=4)
    samples[::2] = poison
    for pictures in (samples, torch.full_like(samples, poison)):
        found = sample_metrics(pictures, reals)
        assert all(math.isfinite(value) for value in found.values()), found


def test_identical_real_pictures_give_no_unit_to_measure_in() -> None:
    found = sample_metrics(discs(COUNT), measure_reals(torch.ones(COUNT, 3, 16, 16)))
    assert math.isnan(found["feature_distance"])
    assert math.isnan(found["diversity"])


def test_pair_accuracy_is_that_of_a_double_loop() -> None:
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
def test_pair_accuracy_does_not_depend_on_zero_and_scale(shift: float, scale: float) -> None:
    real, fake = torch.randn(30) + 1, torch.randn(30)
    moved = logit_metrics(scale * real + shift, scale * fake + shift)
    assert moved["d_pair_accuracy"] == pytest.approx(logit_metrics(real, fake)["d_pair_accuracy"], abs=0.005)


def test_equal_logits_tell_nothing_apart() -> None:
    assert logit_metrics(torch.zeros(8), torch.zeros(8))["d_pair_accuracy"] == 0.5
    assert logit_metrics(torch.ones(8), torch.zeros(8))["d_pair_accuracy"] == 1
    assert "d_train_vs_heldout" not in logit_metrics(torch.zeros(8), torch.zeros(8), torch.zeros(0))


def test_logits_that_are_not_finite_never_raise() -> None:
    found = logit_metrics(torch.full((4,), math.nan), torch.tensor([math.inf, -math.inf]), torch.full((2,), math.nan))
    assert found.keys() <= METRICS.keys()


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 2))


def flat(module: nn.Module) -> Tensor:
    return torch.cat([each.detach().flatten() for each in module.parameters()]).clone()


@pytest.mark.parametrize("betas", [(0.0, 0.99), (0.5, 0.999), (0.9, 0.999)])
@pytest.mark.parametrize("fused", [True, False])
def test_the_update_ratio_is_how_far_the_weights_moved(betas: tuple[float, float], fused: bool) -> None:
    module = network()
    optimizer = torch.optim.Adam(module.parameters(), 0.01, betas, fused=fused)
    assert math.isnan(health_metrics.update_ratio(optimizer)), "nothing has moved yet"
    for step in range(4):
        before = flat(module)
        optimizer.zero_grad()
        module(torch.randn(6, 5, generator=torch.Generator().manual_seed(step))).square().sum().backward()
        optimizer.step()
        after = flat(module)
        wanted = float((after - before).norm() / after.norm())
        assert health_metrics.update_ratio(optimizer) == pytest.approx(wanted, rel=1e-3)
        assert health_metrics.update_ratio(optimizer) <= 20 * health_metrics.lr_to_weight_ratio(optimizer)


def test_the_gradient_is_that_of_the_last_steps() -> None:
    module = network()
    optimizer = torch.optim.Adam(module.parameters(), 0.01, (0.0, 0.999))
    assert math.isnan(health_metrics.gradient_rms(optimizer))
    module(torch.ones(6, 5)).square().sum().backward()
    wanted = float(torch.cat([each.grad.flatten() for each in module.parameters()]).square().mean().sqrt())  # type: ignore[union-attr]
    assert health_metrics.gradient_rms(optimizer) == pytest.approx(wanted), (
        "before the first step the gradients are there"
    )
    optimizer.step()
    optimizer.zero_grad()
    assert health_metrics.gradient_rms(optimizer) == pytest.approx(wanted, rel=1e-4)


def test_other_optimizers_have_gradients_but_no_moments() -> None:
    module = network()
    optimizer = torch.optim.SGD(module.parameters(), 0.01)
    module(torch.ones(6, 5)).square().sum().backward()
    optimizer.step()
    assert health_metrics.gradient_rms(optimizer) > 0
    assert math.isnan(health_metrics.update_ratio(optimizer))
    assert health_metrics.lr_to_weight_ratio(optimizer) > 0


def test_the_lr_ratio_is_the_learning_rate_over_the_root_mean_square_weight() -> None:
    module = network()
    optimizer = torch.optim.Adam(module.parameters(), 0.02)
    assert health_metrics.lr_to_weight_ratio(optimizer) == pytest.approx(
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
    huge, empty = nn.Linear(2, 2), nn.ParameterList([torch.zeros(0, 3)])
    nn.init.constant_(huge.weight, 3e38)  # whose squares are infinite
    assert health_metrics.finite_share([huge, empty], {}) == 1


def test_known_features_are_not_measured_again() -> None:
    pictures = discs(4 * COUNT)
    features = health_metrics.image_features(pictures)
    whole, known = measure_reals(pictures), measure_reals(pictures[: health_metrics.SAMPLE_COUNT], features)
    assert torch.equal(whole.features, known.features)
    assert torch.equal(whole.modes.centers, known.modes.centers)
    assert (whole.stats.near_copies, whole.stats.detail) == (known.stats.near_copies, known.stats.detail)
    assert sample_metrics(pictures[:8], whole) == sample_metrics(pictures[:8], known)


def test_every_metric_has_a_description() -> None:
    for name, metric in METRICS.items():
        assert name == name.lower().replace(" ", "_")
        assert len(metric.description) > 5, name
        assert not metric.description.endswith("."), name
    assert len({metric.description for metric in METRICS.values()}) == len(METRICS), (
        "two metrics have the same description"
    )
