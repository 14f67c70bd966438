"""Each pixel measure grows with the fault that it measures, and does not react to other faults."""

from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas.metrics import pixels
from ganvas.metrics.pixels import measure_pixels

NAMES = {"clipped", "brightness", "colour", "detail", "checkerboard"}


def scenes(count: int = 20, channels: int = 3, height: int = 32, width: int = 32) -> Tensor:
    """Return float images in 0..255 with soft shapes and a little noise; nothing is clipped."""
    random = torch.Generator().manual_seed(0)
    drawn = 127 + 2 * torch.randn(count, channels, height, width, generator=random)
    for side, strength in ((3, 25), (6, 15)):
        shapes = torch.randn(count, channels, side, side, generator=random).clamp(-2, 2)
        drawn += strength * F.interpolate(shapes, (height, width), mode="bicubic")
    return drawn


def measured(pictures: Tensor) -> dict[str, float]:
    return {name: float(each.mean()) for name, each in measure_pixels(to_bytes(pictures)).items()}


def to_bytes(pictures: Tensor) -> Tensor:
    return pictures.round().clamp(0, 255).to(torch.uint8)


def pattern(kind: str, height: int, width: int) -> Tensor:
    rows, columns = torch.arange(height)[:, None], torch.arange(width)
    phase = {"both": rows + columns, "rows": rows + 0 * columns, "columns": columns + 0 * rows}[kind]
    return (-1.0) ** phase


def blurred(pictures: Tensor, sigma: float) -> Tensor:
    if not sigma:
        return pictures
    offsets = torch.arange(-9.0, 10)
    kernel = torch.exp(-(offsets**2) / (2 * sigma**2))
    kernel /= kernel.sum()
    flat = F.pad(pictures, (9, 9, 9, 9), mode="reflect").flatten(0, 1)[:, None]
    return F.conv2d(F.conv2d(flat, kernel.view(1, 1, 1, -1)), kernel.view(1, 1, -1, 1)).view(pictures.shape)


def noisy(pictures: Tensor, strength: float) -> Tensor:
    return pictures + strength * torch.randn(pictures.shape, generator=torch.Generator().manual_seed(1))


def tinted(pictures: Tensor, strength: float) -> Tensor:
    return pictures + strength * torch.tensor([1.0, -0.5, -0.5]).view(1, 3, 1, 1)


def contrasted(pictures: Tensor, strength: float) -> Tensor:
    return 127 + (1 + strength) * (pictures - 127)


def lightened(pictures: Tensor, strength: float) -> Tensor:
    return pictures + strength


@pytest.mark.parametrize(
    ("change", "strengths", "name", "direction"),
    [
        (blurred, (0, 0.5, 0.8, 1.2), "detail", -1),
        (noisy, (0, 3, 8, 20), "detail", 1),
        (tinted, (0, 10, 20, 40), "colour", 1),
        (contrasted, (0, 2, 4, 8), "clipped", 1),
        (lightened, (0, 3, 10, 20), "brightness", 1),
        (lightened, (0, -3, -10, -20), "brightness", -1),
    ],
)
def test_a_measure_follows_what_it_measures(
    change: Callable[[Tensor, float], Tensor], strengths: tuple[float, ...], name: str, direction: int
) -> None:
    values = [measured(change(scenes(), strength))[name] for strength in strengths]
    steps = [direction * (after - before) for before, after in pairwise(values)]
    assert min(steps) > 0, f"{name} does not follow {change.__name__}: {values}"


@pytest.mark.parametrize(
    ("change", "strength", "untouched"),
    [
        (blurred, 1, {"brightness"}),
        (noisy, 10, {"brightness"}),
        (tinted, 20, {"brightness", "detail", "checkerboard"}),
        (lightened, 20, {"colour", "detail", "checkerboard"}),
    ],
)
def test_a_measure_ignores_other_faults(
    change: Callable[[Tensor, float], Tensor], strength: float, untouched: set[str]
) -> None:
    before, after = measured(scenes()), measured(change(scenes(), strength))
    for name in untouched:
        assert after[name] == pytest.approx(before[name], rel=0.3), f"{change.__name__} changes {name}"


@pytest.mark.slow
@pytest.mark.parametrize("size", [(32, 32), (31, 31), (25, 33), (48, 20), (64, 64), (16, 16)])
@pytest.mark.parametrize("kind", ["both", "rows", "columns"])
def test_a_planted_checkerboard_is_found(kind: str, size: tuple[int, int]) -> None:
    pictures = scenes(height=size[0], width=size[1])
    values = [measured(pictures + strength * pattern(kind, *size))["checkerboard"] for strength in (0, 2, 4, 8, 16)]
    assert 0.4 < values[0] < 1.4, "images without a pattern should be at about 1"
    assert values == sorted(values), f"the measure does not grow with the pattern: {values}"
    assert values[1] > 1.5 * values[0], "a pattern of two levels is missed"
    assert values[-1] > 50, "a strong pattern leaks into its surroundings"


@pytest.mark.slow
@pytest.mark.parametrize("change", [noisy, blurred])
def test_neither_noise_nor_blur_is_a_checkerboard(change: Callable[[Tensor, float], Tensor]) -> None:
    for strength in (1, 2, 4):
        assert measured(change(scenes(), strength))["checkerboard"] < 1.1, f"{change.__name__} counts as a pattern"


def test_a_pattern_of_four_pixels_is_no_checkerboard() -> None:
    rows = (torch.arange(32) // 2 % 2 * 2.0 - 1)[:, None]
    assert measured(scenes() + 8 * rows)["checkerboard"] < 2


@pytest.mark.slow
@pytest.mark.parametrize("value", [0, 7, 255])
@pytest.mark.parametrize("size", [8, 15, 32])
def test_constant_pictures(value: int, size: int) -> None:
    values = measure_pixels(torch.full((2, 3, size, size), value, dtype=torch.uint8))
    expected = {"brightness": value, "colour": 0, "detail": 0, "checkerboard": 0, "clipped": float(value in (0, 255))}
    assert {name: each.tolist() for name, each in values.items()} == {
        name: pytest.approx([each, each]) for name, each in expected.items()
    }


def test_known_values() -> None:
    picture = torch.zeros(1, 3, 8, 8, dtype=torch.uint8)
    picture[0, 0, :4] = 255
    picture[0, 1, :, :2] = 100
    values = {name: each.item() for name, each in measure_pixels(picture).items()}
    assert values["clipped"] == pytest.approx(1 - 16 / 192)
    assert values["brightness"] == pytest.approx((255 * 32 + 100 * 16) / 192)
    assert values["colour"] == pytest.approx((255 * 32 + 100 * 8) / 64)


def test_grey_has_no_colour() -> None:
    grey = scenes(channels=1)
    values = measured(grey)
    assert values["colour"] == 0
    assert values == pytest.approx(measured(grey.repeat(1, 3, 1, 1))), "grey is not measured like grey RGB"


def test_transparency_is_composited_on_white() -> None:
    clear = torch.zeros(2, 4, 8, 8)
    assert measured(clear)["brightness"] == 255
    opaque = torch.cat([scenes(), torch.full((20, 1, 32, 32), 255.0)], 1)
    assert measured(opaque) == measured(scenes())


def test_images_are_measured_independently(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = to_bytes(scenes(7))
    whole = measure_pixels(pictures)
    assert set(whole) == NAMES
    assert all(each.shape == (7,) and each.dtype == torch.float64 for each in whole.values())
    monkeypatch.setattr(pixels, "BATCH_IMAGES", 3)
    for pieces in (measure_pixels(pictures), measure_pixels(pictures.numpy())):
        for name in NAMES:
            torch.testing.assert_close(pieces[name], whole[name], msg=f"{name} depends on the batch")


def test_a_read_only_array_can_be_read() -> None:
    array = to_bytes(scenes(3)).numpy()
    array.setflags(write=False)
    assert torch.equal(measure_pixels(array)["detail"], measure_pixels(to_bytes(scenes(3)))["detail"])
