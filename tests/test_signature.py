"""A signature is read with or without transparency, placed, colored, and blended in; all else stays to the bit."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from torch import Tensor

from ganvas.config import SignConfig
from ganvas.errors import GanvasError
from ganvas.image_io import to_float, to_uint8
from ganvas.signature import PLACES, Signature, blend, check_sign, from_paper, load_signature, standing_out

INK = (30, 30, 160)


def scan(
    paper: int = 236, grain: float = 2.0, ink: tuple[int, int, int] = INK, size: tuple[int, int] = (400, 160)
) -> Image.Image:
    """Return a scan of a wave of ink on paper with some grain."""
    image = Image.new("RGB", size, (paper,) * 3)
    xs = np.linspace(0.15, 0.85, 60) * size[0]
    line = [(x, size[1] * (0.5 + 0.25 * np.sin(x / size[0] * 25))) for x in xs]
    ImageDraw.Draw(image).line(line, ink, width=max(2, size[1] // 20), joint="curve")
    noise = np.random.default_rng(0).normal(0, grain, (size[1], size[0], 1))
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file with a signature: a red square with a hole, transparent around."""
    image = Image.new("RGBA", (60, 60), (0, 0, 0, 0))
    image.paste((200, 20, 30, 255), (10, 20, 50, 40))
    image.paste((0, 0, 0, 0), (25, 25, 35, 35))
    image.save(tmp_path / "seal.png")
    return tmp_path / "seal.png"


def signature(file: Path, **settings: object) -> Signature:
    return Signature(SignConfig(str(file), **settings))  # type: ignore[arg-type]


def touched(before: Tensor, after: Tensor) -> tuple[int, int, int, int]:
    """Return the box (left, top, right, bottom) of what differs."""
    rows, columns = torch.where((before != after).any(0))
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


WHITE = torch.full((3, 100, 150), 255, dtype=torch.uint8)


@pytest.mark.parametrize("position", PLACES)
def test_places(position: str, file: Path) -> None:
    left, top, right, bottom = touched(WHITE, signature(file, sign_position=position, sign_margin=0.05).stamp(WHITE, 0))
    assert (right - left, bottom - top) == (20, 10), "a fifth of the shorter side, what is invisible not counted"
    across, down = PLACES[position]
    assert left == pytest.approx(5 + across * (150 - 10 - 20), abs=1)
    assert top == pytest.approx(5 + down * (100 - 10 - 10), abs=1)


def test_the_hole_and_all_around_stay_as_they_are(file: Path) -> None:
    noise = torch.randint(0, 256, (3, 90, 120), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    signed = signature(file, sign_position="center", sign_size=0.5).stamp(noise, 0)
    left, top, right, bottom = touched(noise, signed)
    outside = torch.ones(90, 120, dtype=torch.bool)
    outside[top:bottom, left:right] = False
    assert torch.equal(noise[:, outside], signed[:, outside])
    assert torch.equal(noise[:, 45, 60], signed[:, 45, 60]), "the hole"
    assert signed[:, 45, left + 3].tolist() == [200, 20, 30]
    assert not torch.equal(noise, signed)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_bytes_and_floats_are_signed_alike(channels: int, file: Path) -> None:
    image = torch.randint(0, 256, (channels, 48, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    stamp = signature(file, sign_opacity=0.6, sign_rotation=20, sign_size=0.6)
    signed, floats = stamp.stamp(image, 0), stamp.stamp(to_float(image), 0)
    assert (signed.dtype, floats.dtype) == (torch.uint8, torch.float32)
    assert torch.equal(to_uint8(floats), signed)
    assert floats.abs().max() <= 1


def test_floats_keep_more_than_eight_bits(file: Path) -> None:
    ramp = torch.linspace(-1, 1, 300 * 200).view(1, 200, 300).expand(3, -1, -1).contiguous()
    signed = signature(file, sign_opacity=0.5).stamp(ramp, 0)
    same = (signed == ramp).all(0)
    assert same.float().mean() > 0.9
    assert len(signed.unique()) > 50_000


def test_a_transparent_ground_becomes_as_opaque_as_the_signature(file: Path) -> None:
    clear = torch.zeros(4, 100, 100, dtype=torch.uint8)
    signed = signature(file, sign_position="center", sign_opacity=0.5).stamp(clear, 0)
    assert signed[:, 50, 42].tolist() == [200, 20, 30, 128], "its color is not mixed with what is hidden"
    assert signed[3, 0, 0] == 0


def test_over() -> None:
    ground, red = np.full((1, 1, 4), 0.5, np.float32), np.array([[[1, 0, 0]]], np.float32)
    assert blend(ground, red, np.full((1, 1, 1), 0.5, np.float32)).ravel().tolist() == pytest.approx(
        [(0.5 + 0.125) / 0.75, 0.125 / 0.75, 0.125 / 0.75, 0.75]
    )
    gray = blend(ground[..., :1], red, np.ones((1, 1, 1), np.float32))
    assert gray.ravel().tolist() == pytest.approx([0.299])


def test_it_turns_and_is_never_larger_than_the_picture(file: Path) -> None:
    upright = touched(WHITE, signature(file).stamp(WHITE, 0))
    turned = touched(WHITE, signature(file, sign_rotation=90).stamp(WHITE, 0))
    assert (upright[2] - upright[0], upright[3] - upright[1]) == (20, 10)
    assert (turned[2] - turned[0], turned[3] - turned[1]) == (10, 20)
    whole = touched(WHITE, signature(file, sign_rotation=45, sign_size=1, sign_margin=0.1).stamp(WHITE, 0))
    assert whole[1] >= 9
    assert whole[3] <= 91


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (16, 16), (300, 2)])
def test_tiny_pictures(size: tuple[int, int], file: Path) -> None:
    image = torch.zeros(3, *size, dtype=torch.uint8)
    assert signature(file, sign_vary=1, sign_position="random").stamp(image, 3).shape == image.shape


def test_a_scan_is_ink_without_its_paper() -> None:
    for paper, ink in ((236, INK), (30, (230, 220, 120))):
        signed = from_paper(scan(paper, ink=ink))
        alpha = np.asarray(signed)[..., 3]
        assert (alpha[:20] == 0).mean() > 0.99, "grain of the paper is no ink"
        core = np.asarray(signed)[..., :3][alpha == 255]
        assert len(core) > 500
        assert np.abs(np.median(core, axis=0) - ink).max() <= 6
        again = Image.alpha_composite(Image.new("RGBA", signed.size, (paper,) * 3), signed).convert("RGB")
        assert np.abs(np.asarray(again, int) - np.asarray(scan(paper, ink=ink), int)).mean() < 4


def test_a_scan_is_stamped_without_a_box(tmp_path: Path) -> None:
    scan().save(tmp_path / "scan.jpg", quality=80)
    night = torch.full((3, 200, 300), 60, dtype=torch.uint8)
    signed = signature(tmp_path / "scan.jpg", sign_size=0.5, sign_color="white").stamp(night, 0)
    changed = (signed.int() - night.int()).abs().amax(0)
    left, top, right, bottom = touched(night, signed)
    assert (changed[top:bottom, left:right] > 100).float().mean() < 0.5, "the paper is stamped too"
    assert signed.max() > 240


def test_colors(file: Path) -> None:
    def at_the_middle(image: Tensor, color: str) -> list[int]:
        signed = signature(file, sign_position="center", sign_color=color).stamp(image, 0)
        return signed[:, 50, 67].tolist()

    assert at_the_middle(WHITE, "own") == [200, 20, 30]
    assert at_the_middle(WHITE, "#0a141e") == [10, 20, 30]
    sea = WHITE.clone()
    sea[:, :40] = torch.tensor([10, 60, 120], dtype=torch.uint8)[:, None, None]
    assert at_the_middle(sea, "picture") == pytest.approx([10, 60, 120], abs=3), "the other color of the picture"
    night = torch.zeros_like(sea)
    night[:, :10, :10] = torch.tensor([250, 220, 90], dtype=torch.uint8)[:, None, None]
    assert at_the_middle(night, "picture") == pytest.approx([250, 220, 90], abs=12)


@pytest.mark.parametrize("value", [0, 60, 127, 128, 200, 255])
def test_a_color_of_the_picture_can_be_read_on_every_ground(value: int) -> None:
    ground = np.full((4, 4, 3), value / 255, np.float32)
    color = standing_out(torch.full((3, 20, 20), value / 255), ground, np.ones((4, 4, 1), np.float32))
    assert abs(float(color.mean()) - value / 255) == pytest.approx(0.35, abs=0.02)


def test_what_is_random_is_repeated_by_its_key(file: Path) -> None:
    stamp = signature(file, sign_position="random", sign_vary=1)
    boxes = {key: touched(WHITE, stamp.stamp(WHITE, key, "a")) for key in range(20)}
    assert boxes == {key: touched(WHITE, stamp.stamp(WHITE, key, "a")) for key in range(20)}
    assert len({(left > 60, top > 40) for left, top, _, _ in boxes.values()}) == 4, "all corners"
    assert len(set(boxes.values())) > 15
    assert touched(WHITE, stamp.stamp(WHITE, 0, "b")) != boxes[0]
    still = signature(file)
    assert torch.equal(still.stamp(WHITE, 1), still.stamp(WHITE, 2)), "nothing is random unless asked for"


def test_the_metadata_tell_how_it_was_signed(file: Path) -> None:
    one = json.loads(signature(file, sign_size=0.3).metadata)
    assert (one["sign"], one["sign_size"]) == ("seal.png", 0.3)
    before = one["digest"]
    scan().save(file)
    assert json.loads(signature(file).metadata)["digest"] != before


def test_nothing_to_sign_with() -> None:
    assert load_signature(SignConfig()) is None
    with pytest.raises(GanvasError, match="not with what") as caught:
        load_signature(SignConfig(sign_size=0.5))
    assert "--sign FILE" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.png", "no such file"),
        ("folder", "is a directory"),
        ("text.png", "not a picture"),
        ("empty.png", "empty"),
        ("blank.png", "There is nothing on the signature"),
        ("clear.png", "There is nothing on the signature"),
        ("grain.png", "There is nothing on the signature"),
    ],
)
def test_what_is_no_signature_is_refused(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.png").write_text("my name")
    (tmp_path / "empty.png").touch()
    Image.new("RGB", (50, 20), "white").save(tmp_path / "blank.png")
    Image.new("RGBA", (50, 20), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    grain = np.random.default_rng(0).normal(230, 4, (40, 90, 3)).clip(0, 255).astype(np.uint8)
    Image.fromarray(grain).save(tmp_path / "grain.png")
    with pytest.raises(GanvasError, match=message) as caught:
        signature(tmp_path / name)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sign_size": 0.0}, "--sign-size cannot be 0"),
        ({"sign_size": 2.0}, "--sign-size cannot be 2"),
        ({"sign_opacity": float("nan")}, "--sign-opacity cannot be nan"),
        ({"sign_margin": 0.5}, "--sign-margin"),
        ({"sign_rotation": 1000.0}, "--sign-rotation"),
        ({"sign_vary": -0.1}, "--sign-vary"),
        ({"sign_color": "bleu"}, "Unknown color of a signature 'bleu'. Did you mean 'blue'"),
        ({"sign_position": "botom"}, "There is no --sign-position value 'botom'"),
    ],
)
def test_what_makes_no_sense_is_refused(settings: dict[str, object], message: str, file: Path) -> None:
    with pytest.raises(GanvasError) as caught:
        check_sign(replace(SignConfig(str(file)), **settings))  # type: ignore[arg-type]
    assert message in caught.value.message
    assert caught.value.hint


@settings(max_examples=40)
@given(
    width=st.integers(1, 80), height=st.integers(1, 80), channels=st.sampled_from([1, 3, 4]),
    size=st.floats(0.01, 1), margin=st.floats(0, 0.4), rotation=st.floats(-360, 360), vary=st.floats(0, 1),
    position=st.sampled_from([*PLACES, "random"]), color=st.sampled_from(["own", "picture", "#00ff7f"]),
)  # fmt: skip
def test_any_signature_fits_any_picture(
    width: int, height: int, channels: int, size: float, margin: float, rotation: float, vary: float, position: str,
    color: str, tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    path = tmp_path_factory.getbasetemp() / "signature.png"
    if not path.exists():
        scan(size=(120, 40)).save(path)
    stamp = signature(
        path, sign_size=size, sign_margin=margin, sign_rotation=rotation, sign_vary=vary, sign_position=position,
        sign_color=color,
    )  # fmt: skip
    image = torch.full((channels, height, width), 120, dtype=torch.uint8)
    assert stamp.stamp(image, 1).shape == image.shape
