"""DiffAugment matches its authors' code, works on any shape, is reproducible and differentiable twice."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from ganvas.data.augment import color, cutout, diff_augment, random_flip, random_turn, translation
from ganvas.errors import GanvasError

POLICY = ("color", "translation", "cutout")


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random_images(*shape: int, seed: int = 1) -> Tensor:
    return torch.rand(shape, generator=generator(seed)) * 2 - 1


def shifted(image: Tensor, down: int, right: int) -> Tensor:
    """Return an image (C, H, W) shifted by whole pixels, filled with zeros."""
    _, height, width = image.shape
    padded = functional.pad(image, (width, width, height, height))
    return padded[:, height - down : 2 * height - down, width - right : 2 * width - right]


def test_random_flip_flips_about_half() -> None:
    images = random_images(400, 3, 4, 6)
    flipped = random_flip(images, generator())
    same = (flipped == images).flatten(1).all(1)
    flipped_exactly = (flipped == images.flip(3)).flatten(1).all(1)
    assert (same | flipped_exactly).all()
    assert 150 < flipped_exactly.sum() < 250


@pytest.mark.parametrize("turns", [(0, 1, 2, 3), (0, 2)])
def test_random_turn_turns_equally_often(turns: tuple[int, ...]) -> None:
    images = random_images(400, 3, 4, 4 if 1 in turns else 6)
    turned = random_turn(images, turns, generator())
    counts = [(turned == images.rot90(quarters, (2, 3))).flatten(1).all(1).sum().item() for quarters in turns]
    assert sum(counts) == 400, "each is turned by one of them"
    assert min(counts) > 0.7 * 400 / len(turns)


@given(st.integers(1, 5), st.sampled_from([1, 3, 4]), st.integers(1, 20), st.integers(1, 20), st.integers(0, 99))
def test_any_shape_keeps_its_shape_and_is_repeatable(
    batch: int, channels: int, height: int, width: int, seed: int
) -> None:
    images = random_images(batch, channels, height, width)
    once = diff_augment(random_flip(images, generator(seed)), POLICY, generator(seed))
    again = diff_augment(random_flip(images, generator(seed)), POLICY, generator(seed))
    assert once.shape == images.shape
    assert torch.equal(once, again)
    assert once.isfinite().all()


def test_no_policy_changes_nothing() -> None:
    images = random_images(2, 3, 4, 4)
    assert diff_augment(images, (), generator()) is images


def test_color_is_brightness_then_saturation_then_contrast() -> None:
    images = random_images(64, 3, 8, 8)
    draws = generator()
    brightness, saturation, contrast = (torch.rand(64, 1, 1, 1, generator=draws) for _ in range(3))
    expected = images + brightness - 0.5
    expected = (expected - expected.mean(1, keepdim=True)) * (2 * saturation) + expected.mean(1, keepdim=True)
    mean = expected.mean((1, 2, 3), keepdim=True)
    expected = (expected - mean) * (contrast + 0.5) + mean
    torch.testing.assert_close(color(images, generator()), expected)


def test_color_leaves_alpha_alone() -> None:
    images = random_images(8, 4, 5, 5)
    changed = color(images, generator())
    assert torch.equal(changed[:, 3], images[:, 3])
    torch.testing.assert_close(changed[:, :3], color(images[:, :3], generator()))


def test_grey_keeps_its_pattern() -> None:
    images = random_images(8, 1, 5, 5)
    changed = color(images, generator())
    pattern, before = (
        changed - changed.mean((2, 3), keepdim=True),
        images - images.mean((2, 3), keepdim=True),
    )
    ratio = (pattern / before).flatten(1)
    assert (ratio.std(1) < 1e-3).all()
    assert ((ratio.mean(1) > 0.499) & (ratio.mean(1) < 1.501)).all()


def test_translation_shifts_by_whole_pixels_up_to_an_eighth() -> None:
    images = random_images(300, 3, 16, 24)
    translated = translation(images, generator())
    shifts = set()
    for image, result in zip(images, translated, strict=True):
        fitting = [
            (down, right)
            for down in range(-2, 3)
            for right in range(-3, 4)
            if torch.equal(shifted(image, down, right), result)
        ]
        assert len(fitting) == 1, "not a shift by up to an eighth of the side"
        shifts.add(fitting[0])
    assert len(shifts) == 35, "some shifts never happen"


def authors_cutout(height: int, width: int, top: int, left: int) -> Tensor:
    """Return the mask (H, W) that the authors' code makes for the drawn offsets."""
    mask = torch.ones(height, width)
    size = int(height * 0.5 + 0.5), int(width * 0.5 + 0.5)
    rows = (torch.arange(size[0]) + top - size[0] // 2).clamp(0, height - 1)
    columns = (torch.arange(size[1]) + left - size[1] // 2).clamp(0, width - 1)
    mask[rows[:, None], columns[None]] = 0
    return mask


@pytest.mark.slow
@pytest.mark.parametrize(("height", "width"), [(16, 16), (16, 24), (7, 10), (5, 9), (3, 2)])
def test_cutout_is_one_of_the_authors_boxes(height: int, width: int) -> None:
    tops = range(height + 1 - int(height * 0.5 + 0.5) % 2)
    lefts = range(width + 1 - int(width * 0.5 + 0.5) % 2)
    expected = {tuple(authors_cutout(height, width, top, left).flatten().tolist()) for top in tops for left in lefts}
    masks = cutout(torch.ones(6000, 1, height, width), generator())
    assert {tuple(mask.flatten().tolist()) for mask in masks} == expected


def test_channels_are_cut_and_shifted_together() -> None:
    same = random_images(8, 1, 16, 16).expand(8, 4, 16, 16)
    for augment in (translation, cutout):
        result = augment(same, generator())
        assert (result == result[:, :1]).all()


@pytest.mark.slow
def test_gradients_flow_twice() -> None:
    images = random_images(2, 3, 4, 4).double().requires_grad_()

    def augmented(x: Tensor) -> Tensor:
        return diff_augment(x, POLICY, generator()) ** 2

    assert torch.autograd.gradcheck(augmented, images)
    assert torch.autograd.gradgradcheck(augmented, images)


def test_an_unknown_policy_is_named() -> None:
    with pytest.raises(GanvasError, match="Did you mean 'cutout'"):
        diff_augment(random_images(1, 3, 4, 4), ("cutuot",), generator())
