"""DiffAugment does what its authors' code does, on any shape, reproducibly, and lets gradients through, twice."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from ganvas.data.augment import color, cutout, diff_augment, random_flip, translation
from ganvas.errors import GanvasError

POLICY = ("color", "translation", "cutout")


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(*shape: int, seed: int = 1) -> Tensor:
    return torch.rand(shape, generator=generator(seed)) * 2 - 1


def moved(picture: Tensor, down: int, right: int) -> Tensor:
    """Return a picture (C, H, W) moved by whole pixels, zeros coming in."""
    _, height, width = picture.shape
    wide = functional.pad(picture, (width, width, height, height))
    return wide[:, height - down : 2 * height - down, width - right : 2 * width - right]


def test_flip_mirrors_about_half() -> None:
    given_pictures = pictures(400, 3, 4, 6)
    flipped = random_flip(given_pictures, generator())
    same = (flipped == given_pictures).flatten(1).all(1)
    mirrored = (flipped == given_pictures.flip(3)).flatten(1).all(1)
    assert (same | mirrored).all()
    assert 150 < mirrored.sum() < 250


@settings(deadline=None)
@given(st.integers(1, 5), st.sampled_from([1, 3, 4]), st.integers(1, 20), st.integers(1, 20), st.integers(0, 99))
def test_any_shape_keeps_its_shape_and_is_repeatable(
    batch: int, channels: int, height: int, width: int, seed: int
) -> None:
    given_pictures = pictures(batch, channels, height, width)
    once = diff_augment(random_flip(given_pictures, generator(seed)), POLICY, generator(seed))
    again = diff_augment(random_flip(given_pictures, generator(seed)), POLICY, generator(seed))
    assert once.shape == given_pictures.shape
    assert torch.equal(once, again)
    assert once.isfinite().all()


def test_no_policy_changes_nothing() -> None:
    given_pictures = pictures(2, 3, 4, 4)
    assert diff_augment(given_pictures, (), generator()) is given_pictures


def test_color_is_brightness_then_saturation_then_contrast() -> None:
    given_pictures = pictures(64, 3, 8, 8)
    draws = generator()
    brightness, saturation, contrast = (torch.rand(64, 1, 1, 1, generator=draws) for _ in range(3))
    wanted = given_pictures + brightness - 0.5
    wanted = (wanted - wanted.mean(1, keepdim=True)) * (2 * saturation) + wanted.mean(1, keepdim=True)
    mean = wanted.mean((1, 2, 3), keepdim=True)
    wanted = (wanted - mean) * (contrast + 0.5) + mean
    torch.testing.assert_close(color(given_pictures, generator()), wanted)


def test_color_leaves_alpha_alone() -> None:
    given_pictures = pictures(8, 4, 5, 5)
    changed = color(given_pictures, generator())
    assert torch.equal(changed[:, 3], given_pictures[:, 3])
    torch.testing.assert_close(changed[:, :3], color(given_pictures[:, :3], generator()))


def test_grey_keeps_its_pattern() -> None:
    given_pictures = pictures(8, 1, 5, 5)
    changed = color(given_pictures, generator())
    pattern, before = (
        changed - changed.mean((2, 3), keepdim=True),
        given_pictures - given_pictures.mean((2, 3), keepdim=True),
    )
    ratio = (pattern / before).flatten(1)
    assert (ratio.std(1) < 1e-3).all()
    assert ((ratio.mean(1) > 0.499) & (ratio.mean(1) < 1.501)).all()


def test_translation_moves_by_whole_pixels_up_to_an_eighth() -> None:
    given_pictures = pictures(300, 3, 16, 24)
    found = translation(given_pictures, generator())
    seen = set()
    for picture, result in zip(given_pictures, found, strict=True):
        fitting = [
            (down, right)
            for down in range(-2, 3)
            for right in range(-3, 4)
            if torch.equal(moved(picture, down, right), result)
        ]
        assert len(fitting) == 1, "not a move by up to an eighth of the side"
        seen.add(fitting[0])
    assert len(seen) == 35, "some moves never happen"


def authors_cutout(height: int, width: int, top: int, left: int) -> Tensor:
    """Return the mask (H, W) that the authors' code makes for the drawn offsets."""
    mask = torch.ones(height, width)
    size = int(height * 0.5 + 0.5), int(width * 0.5 + 0.5)
    rows = (torch.arange(size[0]) + top - size[0] // 2).clamp(0, height - 1)
    columns = (torch.arange(size[1]) + left - size[1] // 2).clamp(0, width - 1)
    mask[rows[:, None], columns[None]] = 0
    return mask


@pytest.mark.parametrize(("height", "width"), [(16, 16), (16, 24), (7, 10), (5, 9), (3, 2)])
def test_cutout_is_one_of_the_authors_boxes(height: int, width: int) -> None:
    tops = range(height + 1 - int(height * 0.5 + 0.5) % 2)
    lefts = range(width + 1 - int(width * 0.5 + 0.5) % 2)
    wanted = {tuple(authors_cutout(height, width, top, left).flatten().tolist()) for top in tops for left in lefts}
    found = cutout(torch.ones(6000, 1, height, width), generator())
    assert {tuple(each.flatten().tolist()) for each in found} == wanted


def test_channels_are_cut_and_moved_together() -> None:
    same = pictures(8, 1, 16, 16).expand(8, 4, 16, 16)
    for augment in (translation, cutout):
        found = augment(same, generator())
        assert (found == found[:, :1]).all()


def test_gradients_flow_twice() -> None:
    given_pictures = pictures(2, 3, 4, 4).double().requires_grad_()

    def augmented(x: Tensor) -> Tensor:
        return diff_augment(x, POLICY, generator()) ** 2

    assert torch.autograd.gradcheck(augmented, given_pictures)
    assert torch.autograd.gradgradcheck(augmented, given_pictures)


def test_an_unknown_policy_is_named() -> None:
    with pytest.raises(GanvasError, match="Did you mean 'cutout'"):
        diff_augment(pictures(1, 3, 4, 4), ("cutuot",), generator())
