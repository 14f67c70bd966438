"""Letters have a left and a right, textures have neither these nor an up; with few pictures nothing is claimed."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

import ganvas
from ganvas.data.symmetry import MIN_COUNT, Symmetry, measure_symmetry

SIDE = 32


def letter(number: int, mirrored: bool = False) -> Image.Image:
    """Draw a letter F at a place and in greys of its own."""
    rng = np.random.default_rng(number)
    image = Image.new("L", (SIDE, SIDE), int(rng.integers(150, 256)))
    draw, ink = ImageDraw.Draw(image), int(rng.integers(0, 100))
    left, top, width, height = (int(rng.integers(*ends)) for ends in ((2, 14), (2, 10), (8, 14), (14, 20)))
    thick = int(rng.integers(2, 5))
    draw.rectangle((left, top, left + thick, top + height), ink)
    draw.rectangle((left, top, left + width, top + thick), ink)
    draw.rectangle((left, top + height // 2, left + width * 2 // 3, top + height // 2 + thick), ink)
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else image


def letters(count: int) -> np.ndarray:
    images = [np.asarray(letter(number), np.float32) for number in range(count)]
    return np.stack(images) if images else np.zeros((0, SIDE, SIDE), np.float32)


@pytest.mark.parametrize("count", [16, 64, 128])
def test_letters_have_a_left_and_a_right(count: int) -> None:
    found = measure_symmetry(letters(count))
    assert found.is_handed
    assert found.mirrored > 0.85


@pytest.mark.parametrize("seed", range(5))
def test_noise_and_mixtures_of_both_have_none(seed: int) -> None:
    rng = np.random.default_rng(seed)
    grain = rng.random((128, SIDE, SIDE)).astype(np.float32)
    assert not measure_symmetry(np.cumsum(grain - 0.5, axis=1)).is_handed
    mirrored = rng.permuted(np.arange(128) % 2)
    both = np.stack([np.asarray(letter(i, bool(flip)), np.float32) for i, flip in enumerate(mirrored)])
    assert not measure_symmetry(both).is_handed


def test_what_has_an_up_and_a_down_is_not_turned() -> None:
    assert not measure_symmetry(letters(128)).may_be_turned
    symmetric = letters(128) + letters(128)[:, :, ::-1]
    assert not measure_symmetry(symmetric).may_be_turned, "no left and right, but an up"
    assert measure_symmetry(symmetric).upside_down > 0.9
    assert not Symmetry(128, 0.5, 0.58, 0.58).may_be_turned
    assert not Symmetry(99, 0.5, 0.5, 0.5).may_be_turned, "too few to know"
    assert Symmetry(128, 0.5, 0.53, 0.52).may_be_turned


def test_brightness_and_contrast_do_not_matter() -> None:
    images = letters(64)
    assert measure_symmetry(images / 255 * 3 - 7).mirrored == pytest.approx(measure_symmetry(images).mirrored, abs=0.02)


@pytest.mark.parametrize("count", [0, 1, 3, MIN_COUNT - 1])
def test_few_pictures_prove_nothing(count: int) -> None:
    assert not measure_symmetry(letters(count)).is_handed


def test_blank_and_symmetric_pictures_are_guesses() -> None:
    assert measure_symmetry(np.full((32, SIDE, SIDE), 9, np.float32)).mirrored == 0.5
    round_ones = letters(32) + letters(32)[:, :, ::-1]
    assert measure_symmetry(round_ones).mirrored == pytest.approx(0.5, abs=0.25)


def test_nearly_all_have_to_be_told_and_enough_of_them() -> None:
    assert Symmetry(128, 0.86).is_handed
    assert not Symmetry(128, 0.8).is_handed
    assert not Symmetry(16, 0.86).is_handed
    assert "--flip no" in Symmetry(128, 0.8).mirror_evidence, "a person has to say"
    assert "--flip no" not in Symmetry(128, 0.55).mirror_evidence
    assert Symmetry(128, 0.9).mirror_evidence == "90% of 128 pictures are told from their mirror images; chance is 50%"


@pytest.mark.slow
def test_letters_are_not_mirrored_and_that_is_said(tmp_path: Path) -> None:
    for number in range(40):
        letter(number).save(tmp_path / f"{number:02d}.png")
    plan = ganvas.plan(tmp_path, device="cpu")
    assert not plan.config.flip
    mirroring = next(each for each in plan.decisions if each.what == "mirroring")
    assert mirroring.value == "no"
    assert "are told from their mirror images; chance is 50%" in mirroring.why
    asked = ganvas.plan(tmp_path, flip="yes", device="cpu")
    assert asked.config.flip
    assert next(each.why for each in asked.decisions if each.what == "mirroring") == "as asked"


@pytest.mark.slow
def test_textures_are_mirrored_and_turned(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for number in range(140):
        Image.fromarray(rng.integers(0, 256, (SIDE, SIDE), np.uint8)).save(tmp_path / f"{number:02d}.png")
    plan = ganvas.plan(tmp_path, device="cpu")
    assert plan.config.flip
    assert plan.config.turn
    assert plan.config.turns == (0, 1, 2, 3)
    told = {each.what: (each.value, each.why) for each in plan.decisions}
    assert told["mirroring"][0] == told["turning"][0] == "yes"
    assert "are told from themselves turned; chance is 50%" in told["turning"][1]
    assert ganvas.plan(tmp_path, size="32x16", device="cpu").config.turns == (0, 2), "oblong pictures, by halves"
    assert not ganvas.plan(tmp_path, turn="no", device="cpu").config.turn
    assert not ganvas.plan(tmp_path, flip="no", device="cpu").config.turn, "the user knows that sides matter"
