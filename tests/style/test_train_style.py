"""A painting's own network: it is trained, goes on where it stopped, and paints."""

from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file

from ganvas import builtin
from ganvas.config import StyleConfig
from ganvas.errors import GanvasError
from ganvas.events import Done, Event, Iteration, Note
from ganvas.style import style_crops, style_training
from ganvas.style.paint import stylize
from ganvas.style.train_style import StyleTrainOptions, train_style
from ganvas.style.trained_style import CARD_NAME, NETWORK_NAME, PAINTING_NAME, UNFINISHED_NAME, painting_of

Draw = Callable[..., Path]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let crops be few and small, and each step take the same time."""
    clock = SimpleNamespace(monotonic=partial(next, count(0, 0.1)))  # a step takes a tenth of a second
    monkeypatch.setattr(style_training, "time", clock)
    monkeypatch.setattr(style_training, "SIZES", ((1.0, 32, 2),))
    monkeypatch.setattr(style_training, "SCALES_ONLY", 0.3)
    monkeypatch.setattr(style_training, "STYLE_SIDE", 48)
    monkeypatch.setattr(style_crops, "PHOTO_SIDE", 48)
    monkeypatch.setattr(style_crops, "CROP_PIXELS", 4 * 32**2)


def trained(painting: Path, out: Path, options: StyleTrainOptions) -> list[Event]:
    """Train, and return the events."""
    return list(train_style(painting, out, options))


def test_a_style_paints_otherwise_than_the_packaged_network(draw: Draw, tmp_path: Path) -> None:
    painting, content, style = draw("b.png", seed=1), draw("a.png"), tmp_path / "style"
    events = trained(painting, style, StyleTrainOptions(minutes=0.02))
    steps = [event for event in events if isinstance(event, Iteration)]
    assert len(steps) == 12
    assert steps[-1].progress == pytest.approx(1)
    assert isinstance(events[-1], Done)
    assert events[-1].reason == "finished"
    assert {NETWORK_NAME, PAINTING_NAME, CARD_NAME, "preview-1.webp"} <= {path.name for path in style.iterdir()}
    assert not (style / UNFINISHED_NAME).exists()
    assert "b.png" in (style / CARD_NAME).read_text()
    network, packaged = load_file(style / NETWORK_NAME), load_file(builtin.fast_style())
    assert network.keys() == packaged.keys()
    assert any((network[name] != packaged[name]).any() for name in network if name.startswith("blocks"))
    fast = StyleConfig(fast=True, size=48)
    for name, which in (("own", style), ("packaged", painting)):
        assert isinstance(list(stylize(content, [which], tmp_path / f"{name}.png", fast))[-1], Done)
    with Image.open(tmp_path / "own.png") as own, Image.open(tmp_path / "packaged.png") as others:
        assert (np.asarray(own) != np.asarray(others)).any()


def test_a_style_is_a_painting_for_the_optimizer(draw: Draw, tmp_path: Path, tiny_packaged: None) -> None:
    style = tmp_path / "style"
    style.mkdir()
    draw("b.png", seed=1).rename(style / PAINTING_NAME)
    (style / NETWORK_NAME).write_bytes(builtin.fast_style().read_bytes())
    assert painting_of(style) == style / PAINTING_NAME
    assert painting_of(tmp_path) == tmp_path
    list(stylize(draw("a.png"), [style], tmp_path / "out.png", StyleConfig(size=32, iterations=1)))
    with Image.open(tmp_path / "out.png") as painted:
        assert painted.size == (32, 27)


def test_it_goes_on_where_it_was_interrupted(draw: Draw, tmp_path: Path) -> None:
    painting, style, options = draw("b.png", seed=1), tmp_path / "style", StyleTrainOptions(minutes=0.025)
    events = train_style(painting, style, options)
    taken = [event for event in (next(events) for _ in range(8)) if isinstance(event, Iteration)][-1].iteration
    events.close()
    assert (style / UNFINISHED_NAME).exists()
    assert not (style / NETWORK_NAME).exists(), "half a style is no style"
    again = trained(painting, style, options)
    assert any(isinstance(event, Note) and f"step {taken + 1}" in event.text for event in again)
    assert [event.iteration for event in again if isinstance(event, Iteration)][:2] == [taken + 1, taken + 2]
    assert (style / NETWORK_NAME).exists()
    assert not (style / UNFINISHED_NAME).exists()


def test_another_painting_is_begun_anew(draw: Draw, tmp_path: Path) -> None:
    style, options = tmp_path / "style", StyleTrainOptions(minutes=0.02)
    events = train_style(draw("b.png", seed=1), style, options)
    for _ in range(4):
        next(events)
    events.close()
    other = trained(draw("c.png", seed=2), style, options)
    assert next(event for event in other if isinstance(event, Iteration)).iteration == 1


def test_photographs_that_cannot_be_read_are_left_out(draw: Draw, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    draw("a.png").rename(photos / "a.png")
    (photos / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    events = trained(draw("c.png", seed=1), tmp_path / "style", StyleTrainOptions(photos=photos, minutes=0.01))
    assert any(isinstance(event, Note) and "b.png is left out" in event.text for event in events)
    assert isinstance(events[-1], Done)


def test_what_cannot_be_is_told(draw: Draw, tmp_path: Path) -> None:
    painting = draw("b.png", seed=1)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("dear diary")
    with pytest.raises(GanvasError, match="something else"):
        trained(painting, tmp_path / "mine", StyleTrainOptions())
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(GanvasError, match="no pictures"):
        trained(painting, tmp_path / "style", StyleTrainOptions(photos=empty))
    with pytest.raises(GanvasError, match="minutes"):
        StyleTrainOptions(minutes=0)
