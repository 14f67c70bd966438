"""Quality of paintings: controls are where they should be, and seams, frames and grain are found."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from ganvas import builtin
from ganvas.style.load import load_picture
from ganvas.style.plan import scale_to
from ganvas.style.quality import border, grain, measure_controls, measure_quality, seams


def picture(path: Path, long_side: int = 96) -> Tensor:
    found = load_picture(path)
    return found.tensor(scale_to(found.colors.size, long_side), torch.device("cpu"))


@pytest.fixture(scope="module")
def photograph() -> Tensor:
    return picture(builtin.photo())


@pytest.fixture(scope="module")
def style() -> Tensor:
    return picture(builtin.paintings()[0])


def test_a_copy_of_either_is_no_painting(photograph: Tensor, style: Tensor) -> None:
    found = measure_controls(photograph, [style])
    assert found["the photograph"].content == pytest.approx(0, abs=1e-6)
    assert found["the style"].style < 0.2 * found["the photograph"].style
    assert found["the style"].content > 0.3
    between = measure_quality(
        (photograph + torch.nn.functional.interpolate(style, photograph.shape[2:])) / 2, photograph, [style]
    )
    assert 0 < between.content < found["the style"].content


def test_together_is_the_product_and_all_goes_into_a_table(photograph: Tensor, style: Tensor) -> None:
    found = measure_quality(photograph * 0.8, photograph, [style])
    assert found.together == pytest.approx((1 + found.content) * (1 + found.style))
    assert set(found.to_dict()) == {"content", "style", "together", "grain", "border"}


def test_grain_is_what_is_fine(photograph: Tensor) -> None:
    noisy = photograph + 0.2 * torch.randn(photograph.shape, generator=torch.Generator().manual_seed(0))
    smooth = torch.nn.functional.avg_pool2d(photograph, 5, 1, 2)
    assert grain(smooth) < grain(photograph) < grain(noisy)
    assert grain(torch.zeros(1, 3, 9, 9)) == 0


def test_a_frame_is_seen(photograph: Tensor) -> None:
    framed = photograph.clone()
    framed[:, :, 0], framed[..., -1] = 1, -1
    assert border(framed) > border(photograph) + 0.5


@pytest.mark.parametrize("side", [16, 40])
def test_a_seam_is_seen_where_it_is(photograph: Tensor, side: int) -> None:
    assert seams(photograph, side) == pytest.approx(1, abs=0.3)
    seamed = photograph.clone()
    for left in range(0, seamed.shape[3], 2 * side):
        seamed[..., left : left + side] += 0.3
    assert seams(seamed, side) > 1.5
    assert seams(photograph, 1000) == 1
