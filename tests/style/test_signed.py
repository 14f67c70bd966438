"""Signed paintings: only the stamp differs, the kind of file stays, and what is recoloured is signed once."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.cli import main
from ganvas.config import SignConfig, StyleConfig
from ganvas.data.sixteen_bit import read_16bit_image
from ganvas.errors import GanvasError
from ganvas.events import Event, Iteration, Note
from ganvas.image_io import read_metadata
from ganvas.style import stylize
from ganvas.style.batch import paint_many
from ganvas.style.reuse import read_settings, recolor

PLAIN = StyleConfig(size=48, iterations=2, device="cpu")
pytestmark = pytest.mark.usefixtures("tiny_packaged")


@pytest.fixture
def seal(tmp_path: Path) -> Path:
    """Return a file with a red square on transparent ground."""
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    image.paste((250, 10, 10, 255), (10, 10, 30, 30))
    (tmp_path / "own").mkdir()
    image.save(tmp_path / "own" / "seal.png")
    return tmp_path / "own" / "seal.png"


def signed(seal: Path, **settings: object) -> StyleConfig:
    return replace(PLAIN, signature=SignConfig(str(seal), **settings))  # type: ignore[arg-type]


def pixels(path: Path) -> np.ndarray:
    deep = read_16bit_image(path)
    if deep is not None:
        return deep[..., :3].astype(int)
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), int)


def differing(one: Path, other: Path) -> np.ndarray:
    """Return the box (top, left, bottom, right) of pixels that differ."""
    rows, columns = np.nonzero((pixels(one) != pixels(other)).any(2))
    return np.array([rows.min(), columns.min(), rows.max() + 1, columns.max() + 1])


@pytest.mark.parametrize(("name", "depth"), [("out.png", 8), ("out.png", 16), ("out.tiff", 16), ("out.webp", 8)])
def test_only_the_stamp_differs_and_the_file_stays_of_its_kind(
    name: str, depth: int, seal: Path, tmp_path: Path, draw: Callable[..., Path]
) -> None:
    content, style = draw("content.png", mode="RGBA"), draw("style.png", seed=1)
    list(stylize(content, [style], tmp_path / f"plain-{name}", replace(PLAIN, depth=depth)))
    list(stylize(content, [style], tmp_path / name, replace(signed(seal), depth=depth)))
    if name != "out.webp":  # which is not exact
        assert differing(tmp_path / name, tmp_path / f"plain-{name}").tolist() == [30, 38, 38, 46]
        assert pixels(tmp_path / f"{name}.free.png").shape == pixels(tmp_path / name).shape
        if depth == 8:
            assert not (pixels(tmp_path / f"{name}.free.png") != pixels(tmp_path / f"plain-{name}")).any()
    assert (read_16bit_image(tmp_path / name) is not None) == (depth == 16)
    with Image.open(tmp_path / name) as image:
        assert image.info.get("icc_profile")
        assert image.mode == "RGBA"


def test_recoloured_it_is_signed_once(seal: Path, tmp_path: Path, draw: Callable[..., Path]) -> None:
    content, style, out = draw("content.png"), draw("style.png", seed=1), tmp_path / "out.png"
    list(stylize(content, [style], out, signed(seal, sign_size=0.5)))
    list(stylize(content, [style], tmp_path / "luma.png", replace(signed(seal, sign_size=0.5), colors="luma")))
    events = list(recolor(out, "luma", out))
    apart = np.abs(pixels(out) - pixels(tmp_path / "luma.png"))
    assert apart.max() <= 3, "the stamp is recoloured, or stamped over"  # the copy has 8 bits
    assert any(isinstance(event, Note) and str(seal) in event.text for event in events), "it is not said"
    list(recolor(out, "free", out, sign_config=SignConfig()))
    assert "signature" not in read_metadata(out)
    assert np.abs(pixels(out) - pixels(tmp_path / "luma.png.free.png")).max() <= 1
    assert main(["recolor", str(out), "--colors", "luma"]) == 0


def test_a_painting_like_it_is_signed_like_it(seal: Path, tmp_path: Path, draw: Callable[..., Path]) -> None:
    content, style = draw("content.png"), draw("style.png", seed=1)
    flags = ["--sign", str(seal), "--sign-position", "random", "--sign-vary", "1", "--sign-colour", "white"]
    more = ["--size", "48", "--iterations", "2", "--device", "cpu"]
    assert main(["style", str(content), str(style), "--out", str(tmp_path / "a.png"), *flags, *more]) == 0
    again = ["style", str(content), "--like", str(tmp_path / "a.png"), "--device", "cpu"]
    assert main([*again, "--out", str(tmp_path / "b.png")]) == 0
    first, second = read_metadata(tmp_path / "a.png"), read_metadata(tmp_path / "b.png")
    assert first == second
    assert not (pixels(tmp_path / "a.png") != pixels(tmp_path / "b.png")).any()
    assert main([*again, "--out", str(tmp_path / "c.png"), "--sign-color", "own"]) == 0
    found = read_settings(tmp_path / "c.png").config.signature
    assert found == SignConfig(str(seal), sign_position="random", sign_vary=1.0)


def test_another_signature_paints_nothing_anew(seal: Path, tmp_path: Path, draw: Callable[..., Path]) -> None:
    (tmp_path / "contents").mkdir()
    for name in ("a.png", "b.png"):
        shutil.copy(draw("content.png", seed=len(name)), tmp_path / "contents" / name)
    style, out = draw("style.png", seed=1), tmp_path / "out"

    def paint(config: StyleConfig) -> list[Event]:
        return list(paint_many(tmp_path / "contents", [style], out, config))

    def steps(events: list[Event]) -> int:
        return sum(isinstance(event, Iteration) for event in events)

    assert steps(paint(signed(seal))) > 0
    painting = next(path for path in out.iterdir() if path.name.startswith("a") and not path.name.endswith(".free.png"))
    first = pixels(painting)
    assert steps(paint(signed(seal))) == 0
    assert steps(paint(signed(seal, sign_position="top-left"))) == 0
    assert (pixels(painting) != first).any()
    Image.new("RGBA", (20, 20), "blue").save(seal)
    Image.open(seal).crop((0, 0, 30, 30)).save(seal)  # now with a transparent rim
    before = pixels(painting)
    assert steps(paint(signed(seal, sign_position="top-left"))) == 0
    assert (pixels(painting) != before).any(), "the file of the signature has changed"


def test_what_is_no_signature_is_told_before_anything_is_painted(tmp_path: Path, draw: Callable[..., Path]) -> None:
    (tmp_path / "name.txt").write_text("me")
    for config in (signed(tmp_path / "name.txt"), replace(PLAIN, signature=SignConfig(sign_size=0.3))):
        with pytest.raises(GanvasError):
            next(stylize(draw("content.png"), [draw("style.png")], tmp_path / "out.png", config))
        with pytest.raises(GanvasError):
            next(paint_many(draw("content.png"), [draw("style.png")], tmp_path / "out", config))
    assert not (tmp_path / "out.png").exists()
