"""Masks say which style is painted where, and together they leave nothing out."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from ganvas.style.load import load_picture
from ganvas.style.masks import region_masks
from ganvas.style.style_targets import MAX_PATCHES, EncodedImage, _patch_counts


@pytest.fixture
def mask(tmp_path: Path) -> Callable[[str, int], Path]:
    """Return a function that writes a mask which is white left of a column."""

    def written(name: str, until: int) -> Path:
        image = Image.new("L", (40, 20), 0)
        image.paste(255, (0, 0, until, 20))
        image.save(tmp_path / name)
        return tmp_path / name

    return written


@pytest.mark.parametrize("softness", [0.0, 0.1])
@pytest.mark.parametrize(("untils", "styles"), [((10,), 2), ((10, 40), 2), ((30, 30), 3), ((10, 20), 2)])
def test_parts_add_up_to_1_everywhere(mask, untils: tuple[int, ...], styles: int, softness: float) -> None:
    found = region_masks(
        [load_picture(mask(f"{index}.png", until)) for index, until in enumerate(untils)], styles, (40, 20), softness
    )
    assert len(found) == styles
    torch.testing.assert_close(torch.stack(found).sum(0), torch.ones(1, 1, 20, 40))
    assert all(part.min() >= 0 for part in found)


def test_white_is_the_first_style_and_edges_are_as_soft_as_asked(mask) -> None:
    hard, soft = (
        region_masks([load_picture(mask("a.png", 20))], 2, (40, 20), softness)[0][0, 0, 10] for softness in (0.0, 0.2)
    )
    assert hard.tolist() == [1.0] * 20 + [0.0] * 20
    assert (soft[:15] == 1).all()
    assert (soft[25:] == 0).all()
    assert 0 < soft[18] < 1 or 0 < soft[21] < 1
    assert (soft.diff() <= 0).all()


def test_without_masks_there_are_no_parts() -> None:
    assert region_masks([], 3, (4, 4), 0.1) == []


def test_what_is_transparent_in_a_mask_claims_nothing(tmp_path: Path) -> None:
    image = Image.new("RGBA", (40, 20), (255, 255, 255, 0))
    image.paste((255, 255, 255, 255), (0, 0, 20, 20))
    image.save(tmp_path / "strokes.png")
    found = region_masks([load_picture(tmp_path / "strokes.png")], 2, (40, 20), 0.0)[0][0, 0, 10]
    assert found[:19].tolist() == [1.0] * 19
    assert found[21:].tolist() == [0.0] * 19


def test_any_picture_is_a_mask_from_some_brightness_on(tmp_path: Path) -> None:
    Image.linear_gradient("L").rotate(90).resize((40, 20)).save(tmp_path / "sky.png")
    grey = region_masks([load_picture(tmp_path / "sky.png")], 2, (40, 20), 0.0)[0]
    hard = region_masks([load_picture(tmp_path / "sky.png")], 2, (40, 20), 0.0, 0.3)[0]
    assert 0.2 < float(grey[0, 0, 10, 10]) < 0.8, "greys are parts of both"
    assert torch.equal(hard, (grey >= 0.3).float())
    soft = region_masks([load_picture(tmp_path / "sky.png")], 2, (40, 20), 0.2, 0.3)[0][0, 0, 10]
    assert ((soft > 0) & (soft < 1)).any(), "its edge is as soft as that of another"


def test_blended_patches_are_of_each_style_by_its_share_even_where_places_are_few() -> None:
    opaque = EncodedImage(lambda: (), (128, 128))
    for layer, places in (("relu4_1", 256), ("relu1_1", 128 * 128)):
        most = min(MAX_PATCHES, places)
        assert _patch_counts([opaque], [1.0], layer) == [most]
        few, many = _patch_counts([opaque, opaque], [0.1, 0.9], layer)
        assert few / many == pytest.approx(1 / 9, rel=0.05), layer
        assert many <= places
    assert _patch_counts([opaque, opaque], [1.0, 0.0], "relu4_1") == [256, 0]
    half = EncodedImage(lambda: (), (128, 128), {"relu4_1": torch.arange(256).view(1, 1, 16, 16).lt(128).float()})
    assert _patch_counts([half, opaque], [0.5, 0.5], "relu4_1") == [128, 128], "transparent positions do not count"
