"""The demo, with a training of one second and a fake painting."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageSequence

import tiny
from ganvas import demo as module
from ganvas.config import StyleConfig
from ganvas.demo import demo
from ganvas.errors import GanvasError
from ganvas.events import Done, Event, Iteration, Note
from ganvas.image_io import save_image
from ganvas.recipes import RECIPES
from ganvas.runs import Run

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch, pictures: Path) -> None:
    real = module.train

    def train(pictures: Path, out: Path, *, minutes: float, **options: object) -> Iterator[Event]:
        return real(pictures, out, images=100, **options)  # type: ignore[arg-type]

    def stylize(content: Path, style: Path, out: Path, config: StyleConfig) -> Iterator[Event]:
        assert content.is_file()
        assert style.is_file()
        yield Iteration(1, 1, config.size, 1.0, 1.0, 1.0, 1.0)
        save_image(Image.new("RGB", (8, 8)), out, {})
        yield Done(str(out), 1, 0, 1.0, "finished")

    monkeypatch.setattr(module.builtin, "people", lambda: pictures)
    monkeypatch.setattr(module, "train", train)
    monkeypatch.setattr(module, "stylize", stylize)
    monkeypatch.setattr(module, "EVALUATED_SAMPLES", 30)
    monkeypatch.setitem(RECIPES, "quick", tiny.NARROW["quick"])


def test_everything_is_written_and_the_next_commands_are_shown(tmp_path: Path) -> None:
    events = list(demo(tmp_path / "out", 2.0, lambda: False))
    assert events[-1].reason == "finished"
    assert [type(event) for event in events].count(Done) == 1, "the demo should end once, not once per part"
    for name in ("people.png", "growth.webp", "painting.jpg", "run/report.html"):
        assert (tmp_path / "out" / name).is_file()
    with Image.open(tmp_path / "out" / "growth.webp") as image:
        frames = sum(1 for _ in ImageSequence.Iterator(image))
    grids = len(list(Run(tmp_path / "out" / "run").samples.iterdir()))
    assert 1 < frames <= grids, "one frame per sample grid, of which WebP merges equal ones"
    notes = "\n".join(event.text for event in events if isinstance(event, Note))
    for command in ("ganvas inspect", "ganvas train", "ganvas style"):
        assert command in notes


def test_an_interrupted_demo_continues(tmp_path: Path) -> None:
    events = list(demo(tmp_path / "out", 2.0, lambda: True))
    assert events[-1].reason == "interrupted"
    assert events[-1].command == f"ganvas demo --out {tmp_path / 'out'} --minutes 2"
    assert not (tmp_path / "out" / "painting.jpg").exists()
    assert list(demo(tmp_path / "out", 2.0, lambda: False))[-1].reason == "finished"


def test_nobodys_picture_is_overwritten_and_that_is_known_before_the_training(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "painting.jpg")
    with pytest.raises(GanvasError, match=r"painting\.jpg was not written by ganvas"):
        next(demo(tmp_path, 2.0, lambda: False))
