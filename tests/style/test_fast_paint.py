"""`ganvas style --fast` has what the optimizer's paintings have around them."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.config import StyleConfig
from ganvas.data.sixteen_bit import read_16bit_image
from ganvas.errors import GanvasError
from ganvas.events import Done, Event, Note, run_to_end
from ganvas.image_io import read_metadata, save_16bit_image
from ganvas.style.batch import paint_many
from ganvas.style.output import original_colors_path
from ganvas.style.paint import stylize
from ganvas.style.reuse import read_settings, recolor

Draw = Callable[..., Path]
FAST = StyleConfig(fast=True, size=48)


def painted(
    content: Path, styles: list[Path], out: Path, config: StyleConfig = FAST, masks: tuple[Path, ...] = ()
) -> list[Event]:
    """Paint, and return the events."""
    events = list(stylize(content, styles, out, config, masks))
    assert isinstance(events[-1], Done)
    assert events[-1].reason == "finished"
    return events


def pixels(path: Path) -> np.ndarray:
    """Return the pixels of a picture in [0, 255]."""
    with Image.open(path) as image:
        return np.asarray(image, np.float32)


def test_a_painting_tells_how_it_was_made(draw: Draw, tmp_path: Path) -> None:
    content, style, out = draw("a.png"), draw("b.png", seed=1), tmp_path / "out.png"
    painted(content, [style], out, StyleConfig(fast=True, size=48, strength=0.6))
    known = read_settings(out)
    assert (known.config.fast, known.config.strength, known.styles) == (True, 0.6, (style,))
    assert read_metadata(out)["network"].startswith("fast ")
    with Image.open(out) as image:
        assert "icc_profile" in image.info


def test_settings_of_the_optimizer_are_told_to_change_nothing(draw: Draw, tmp_path: Path) -> None:
    config = StyleConfig(fast=True, size=48, iterations=3, style_layers=("relu1_1",))
    events = painted(draw("a.png"), [draw("b.png", seed=1)], tmp_path / "out.png", config)
    told = [event.text for event in events if isinstance(event, Note) and "--iterations" in event.text]
    assert len(told) == 1
    assert "--style-layers" in told[0]
    assert "--size" not in told[0]


def test_masks_give_each_style_its_place(draw: Draw, tmp_path: Path) -> None:
    content, styles = draw("a.png"), [draw("b.png", seed=1), draw("c.png", seed=2)]
    mask = tmp_path / "mask.png"
    Image.fromarray(np.where(np.arange(48) < 24, 255, 0).astype(np.uint8)[None].repeat(40, 0)).save(mask)
    for name, which in (("one", styles[:1]), ("two", styles[1:])):
        painted(content, which, tmp_path / f"{name}.png")
    painted(content, styles, tmp_path / "both.png", masks=(mask,))
    both = pixels(tmp_path / "both.png")
    assert np.abs(both[:, :20] - pixels(tmp_path / "one.png")[:, :20]).max() <= 1
    assert np.abs(both[:, 28:] - pixels(tmp_path / "two.png")[:, 28:]).max() <= 1


def test_a_blend_with_all_of_one_is_that_one(draw: Draw, tmp_path: Path) -> None:
    content, styles = draw("a.png"), [draw("b.png", seed=1), draw("c.png", seed=2)]
    painted(content, styles[:1], tmp_path / "one.png")
    painted(content, styles, tmp_path / "blend.png", StyleConfig(fast=True, size=48, blend=(1, 0)))
    painted(content, styles, tmp_path / "equal.png")
    assert np.abs(pixels(tmp_path / "one.png") - pixels(tmp_path / "blend.png")).max() <= 1
    assert np.abs(pixels(tmp_path / "one.png") - pixels(tmp_path / "equal.png")).mean() > 1


def test_transparency_stays(draw: Draw, tmp_path: Path) -> None:
    content = draw("a.png", mode="RGBA")
    painted(content, [draw("b.png", seed=1)], tmp_path / "out.png")
    assert np.abs(pixels(tmp_path / "out.png")[..., 3] - pixels(content)[..., 3]).max() <= 1


def test_16_bits_stay(draw: Draw, tmp_path: Path) -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (40, 48, 3), np.uint16)
    save_16bit_image(deep, tmp_path / "deep.png", {}, b"")
    painted(tmp_path / "deep.png", [draw("b.png", seed=1)], tmp_path / "out.png")
    assert read_16bit_image(tmp_path / "out.png") is not None


def test_other_colors_are_put_on_later(draw: Draw, tmp_path: Path) -> None:
    content, out = draw("a.png"), tmp_path / "out.png"
    painted(content, [draw("b.png", seed=1)], out, StyleConfig(fast=True, size=48, colors="luma"))
    assert original_colors_path(out).exists()
    run_to_end(recolor(out, "free", out))
    assert json.loads(read_metadata(out)["settings"])["colors"] == "free"
    assert (pixels(out) == pixels(original_colors_path(out))).all()


def test_a_folder_is_painted_once(draw: Draw, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in (3, 4):
        draw(f"{seed}.png", seed=seed).rename(folder / f"{seed}.png")
    styles = [draw("b.png", seed=1)]
    first = list(paint_many(folder, styles, tmp_path / "out", FAST))
    assert isinstance(first[-1], Done)
    assert first[-1].step == 2
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*--*.png")}
    again = list(paint_many(folder, styles, tmp_path / "out", FAST))
    assert sum(isinstance(event, Note) and event.text == "Already painted." for event in again) == 2
    assert times == {path: path.stat().st_mtime_ns for path in times}
    list(paint_many(folder, styles, tmp_path / "out", StyleConfig(size=48, iterations=1)))
    assert all(path.stat().st_mtime_ns != before for path, before in times.items()), "the optimizer's are others"


def test_what_is_wrong_is_told_before(draw: Draw, tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match="16 bits"):
        list(stylize(draw("a.png"), [draw("b.png")], tmp_path / "out.jpg", StyleConfig(fast=True, size=48, depth=16)))
