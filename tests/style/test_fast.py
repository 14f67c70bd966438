"""A painting in one pass: what it is given counts, blocks have no seams, edges no border."""

import pytest
import torch
from torch import Tensor

from ganvas.events import run_to_end
from ganvas.models.fast_style import FastStyleNetwork
from ganvas.style import fast_blocks
from ganvas.style.fast import FastStyle, StyleStatistics, blend_statistics, color_statistics, move_colors


def colorful(height: int, width: int, seed: int = 0) -> Tensor:
    """Return a smooth random picture (1, 3, height, width) in [0, 1]."""
    coarse = torch.rand(1, 3, 6, 6, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1)


@pytest.fixture(scope="module")
def fast() -> FastStyle:
    """Return an untrained network whose last convolution paints enough to be seen."""
    torch.manual_seed(0)
    network = FastStyleNetwork()
    torch.nn.init.normal_(network.last.conv.weight, std=0.05)
    return FastStyle(network)


@pytest.fixture(scope="module")
def style(fast: FastStyle) -> StyleStatistics:
    """Return the statistics of a painting."""
    return fast.prepare(colorful(40, 48, seed=1))


@pytest.mark.parametrize("size", [(1, 1), (3, 50), (8, 8), (21, 34), (64, 48)])
def test_any_size_is_painted_at_its_size(fast: FastStyle, style: StyleStatistics, size: tuple[int, int]) -> None:
    painted = fast.paint(colorful(*size), style)
    assert painted.shape == (1, 3, *size)
    assert painted.isfinite().all()
    assert 0 <= float(painted.min()) <= float(painted.max()) <= 1


def test_strength_0_is_the_picture_itself(fast: FastStyle, style: StyleStatistics) -> None:
    picture = colorful(32, 36)
    torch.testing.assert_close(fast.paint(picture, style, 0.0), picture, atol=1e-4, rtol=0)
    changes = [float((fast.paint(picture, style, strength) - picture).abs().mean()) for strength in (0.1, 0.2, 0.4)]
    assert changes == sorted(changes), "a greater strength changes more"
    assert changes[0] > 1e-3


def test_the_painting_matters(fast: FastStyle, style: StyleStatistics) -> None:
    picture, other = colorful(32, 36), fast.prepare(colorful(40, 48, seed=2))
    assert float((fast.paint(picture, style) - fast.paint(picture, other)).abs().mean()) > 0.01


def test_pictures_of_a_batch_do_not_know_of_each_other(fast: FastStyle, style: StyleStatistics) -> None:
    pictures = torch.cat([colorful(32, 36), colorful(32, 36, seed=3)])
    alone = torch.cat([fast.paint(each, style) for each in pictures.split(1)])
    torch.testing.assert_close(fast.paint(pictures, style), alone, atol=1e-3, rtol=0)


def test_a_plain_picture_stays_plain_up_to_its_edges(fast: FastStyle, style: StyleStatistics) -> None:
    plain = torch.tensor([0.2, 0.5, 0.7]).view(1, 3, 1, 1).expand(1, 3, 40, 44)
    painted = fast.paint(plain, style, statistics=fast.measure(colorful(40, 44), style))
    assert float(painted.std((2, 3)).max()) < 1e-4, "a border is painted"


def test_blocks_are_the_whole_without_seams(
    fast: FastStyle, style: StyleStatistics, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = colorful(150, 202)
    monkeypatch.setattr(fast_blocks, "WHOLE_PIXELS", 0)
    monkeypatch.setattr(fast_blocks, "BLOCK_SIZE", 64)
    monkeypatch.setattr(fast_blocks, "SAMPLE_SIZE", 48)
    events: list[object] = []
    painted = run_to_end(fast_blocks.paint_in_blocks(fast, picture, style, 0.4), events.append)
    whole = fast.paint(picture, style, 0.4, fast.measure(fast_blocks.sample_of(picture), style, 0.4))
    torch.testing.assert_close(painted, whole, atol=1e-4, rtol=0)
    assert len(events) == 12, "progress is told block by block"


def test_samples_tell_what_the_whole_does(fast: FastStyle, style: StyleStatistics) -> None:
    picture = colorful(96, 96).repeat(1, 1, 6, 6)  # alike everywhere
    sampled = fast.measure(fast_blocks.sample_of(picture), style)
    torch.testing.assert_close(sampled.color_mean, fast.measure(picture, style).color_mean, atol=0.03, rtol=0)


def test_the_same_statistics_give_the_same_painting(fast: FastStyle, style: StyleStatistics) -> None:
    picture = colorful(32, 36)
    held = fast.measure(picture, style)
    torch.testing.assert_close(fast.paint(picture, style, statistics=held), fast.paint(picture, style))


def test_paintings_are_mixed_by_their_shares(fast: FastStyle, style: StyleStatistics) -> None:
    other = fast.prepare(colorful(40, 48, seed=2))
    for part in ("features", "color_mean", "color_covariance"):
        torch.testing.assert_close(getattr(blend_statistics([style, other], [1, 0]), part), getattr(style, part))
    mixed = blend_statistics([style, other], [0.5, 0.5])
    torch.testing.assert_close(mixed.color_mean, (style.color_mean + other.color_mean) / 2)


def test_what_is_transparent_does_not_count(fast: FastStyle) -> None:
    painting, opacity = colorful(64, 64), torch.zeros(1, 1, 64, 64)
    opacity[..., :32] = 1
    other = painting.clone()
    other[..., 48:] = 0  # far behind what is seen
    seen, unseen = fast.prepare(painting, opacity), fast.prepare(other, opacity)
    torch.testing.assert_close(seen.color_mean, unseen.color_mean)
    torch.testing.assert_close(seen.features, unseen.features)


def test_colors_become_the_paintings(style: StyleStatistics) -> None:
    picture = colorful(40, 40, seed=5)
    moved = move_colors(picture, *color_statistics(picture), style, torch.ones(1))
    torch.testing.assert_close(color_statistics(moved)[0], style.color_mean, atol=1e-4, rtol=0)
    own = StyleStatistics(style.features, *color_statistics(picture))
    same = move_colors(picture, *color_statistics(picture), own, torch.ones(1))
    torch.testing.assert_close(same, picture, atol=1e-4, rtol=0)


def test_gray_pictures_are_not_blown_up(style: StyleStatistics) -> None:
    gray = torch.full((1, 3, 16, 16), 0.5) + 0.002 * torch.randn(1, 3, 16, 16, generator=torch.Generator())
    moved = move_colors(gray, *color_statistics(gray), style, torch.ones(1))
    assert float(moved.std((2, 3)).max()) < 0.05, "noise becomes colours"
