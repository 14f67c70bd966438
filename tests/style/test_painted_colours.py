"""Colours are changed as they are said to be, and light or shapes are left alone."""

import pytest
import torch
from torch import Tensor

from ganvas.style import color
from ganvas.style.color import (
    COLOR_MODES,
    from_oklab,
    gaussian_transport,
    keep_luma,
    match_covariance,
    match_oklab,
    to_oklab,
)


def picture(seed: int, spread: float = 0.6, shift: float = 0.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return ((torch.rand(1, 3, 24, 31, generator=generator) * 2 - 1) * spread + shift).clamp(-1, 1)


def test_oklab_is_what_its_author_says_and_comes_back() -> None:
    white, red, blue = (1.0, 1.0, 1.0), (1.0, -1.0, -1.0), (-1.0, -1.0, 1.0)
    known = {white: (1.0, 0.0, 0.0), red: (0.628, 0.225, 0.126), blue: (0.452, -0.032, -0.312)}
    for of, expected in known.items():
        found = to_oklab(torch.tensor(of).view(1, 3, 1, 1)).flatten().tolist()
        assert found == pytest.approx(expected, abs=2e-3)
    torch.testing.assert_close(from_oklab(to_oklab(picture(0))), picture(0), atol=1e-4, rtol=0)


def test_kept_colours_are_the_content_s_and_light_the_painting_s() -> None:
    painting, content = picture(1, 0.3), picture(2, 0.3)
    kept = to_oklab(keep_luma(painting, content))
    torch.testing.assert_close(kept[:, 1:], to_oklab(content)[:, 1:], atol=2e-2, rtol=0)
    torch.testing.assert_close(kept[:, :1], to_oklab(painting)[:, :1], atol=2e-2, rtol=0)


def test_matched_colours_have_the_mean_and_covariance_of_the_content() -> None:
    painting, content = picture(1, 0.4, 0.2).double(), picture(2, 0.2, -0.3).double()
    content[:, 1] = content[:, 0] * 0.5 + content[:, 1] * 0.5

    def matched(one: Tensor, other: Tensor) -> Tensor:
        return gaussian_transport(one, other, None, Tensor.double)(one)

    flat, aim = (each.flatten(2)[0] for each in (matched(painting, content), content))
    torch.testing.assert_close(flat.mean(1), aim.mean(1))
    torch.testing.assert_close(torch.cov(flat), torch.cov(aim), atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(matched(content, content), content, atol=1e-4, rtol=0)


@pytest.mark.parametrize("change", [match_covariance, match_oklab])
def test_grey_is_matched_without_dividing_by_zero(change) -> None:
    grey = torch.full((1, 3, 24, 31), 0.2)
    assert change(grey, picture(3), None).isfinite().all()
    torch.testing.assert_close(change(picture(3), grey, None), grey, atol=2e-2, rtol=0)


@pytest.mark.parametrize("name", ["luma", "covariance", "oklab"])
def test_strips_are_no_other_than_the_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = COLOR_MODES[name](picture(4), picture(5), None)
    monkeypatch.setattr(color, "STRIP_ROWS", 7)
    torch.testing.assert_close(COLOR_MODES[name](picture(4), picture(5), None), whole, atol=1e-6, rtol=0)


@pytest.mark.parametrize("change", [match_covariance, match_oklab])
def test_what_is_not_seen_has_no_say_in_the_colours(change) -> None:
    """A sticker on white: the white that lies under its transparency would decide."""
    painting, content = picture(6), picture(7, 0.3, -0.4)
    seen = torch.zeros(1, 1, 24, 31)
    seen[..., 8:16, 8:16] = 1
    covered = content.masked_fill(seen == 0, 1.0)
    found = change(painting, covered, seen)[..., 8:16, 8:16]
    alone = change(painting[..., 8:16, 8:16], content[..., 8:16, 8:16], None)
    torch.testing.assert_close(found, alone, atol=1e-5, rtol=0)
    assert change(painting, content, torch.zeros_like(seen)).isfinite().all(), "nothing is seen"


@pytest.mark.parametrize("name", COLOR_MODES)
def test_all_stay_within_range(name: str) -> None:
    found = COLOR_MODES[name](picture(4, 3.0), picture(5, 3.0), None)
    assert found.shape == picture(4).shape
    assert found.abs().max() <= 1
    assert found.dtype == torch.float32
