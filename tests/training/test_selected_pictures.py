"""A run on some of the pictures: it goes on with the same ones, begins others, and is evaluated with them."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

import ganvas
import tiny
from ganvas.cli import main
from ganvas.config import TrainOptions
from ganvas.config.train_options import repeating_flags
from ganvas.data.prepare import is_trained_on, prepare
from ganvas.device import choose_device
from ganvas.errors import GanvasError
from ganvas.events import Done, run_to_end
from ganvas.planning.inputs import overview_of, plan_inputs
from ganvas.runs import Run

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow_recipes")]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Return a folder of 40 squares and 8 that are wide."""
    folder = tiny.write_pictures(tmp_path / "pictures", 40)
    for index in range(8):
        with Image.open(folder / f"{index:03d}.png") as image:
            image.resize((48, 16)).save(folder / f"wide{index}.png")
    return folder


CHOICE = {"aspect": "0.8-1.25", "limit": 20, "fit": "top", "seed": 3}


def test_a_run_keeps_to_the_pictures_that_it_began_with(
    pictures: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    tiny.train(pictures, out, "fc", **CHOICE, stop=tiny.stop_after(2))
    config = Run(out).read_config()
    assert (config.data.aspect, config.data.limit, config.data.limit_seed, config.data.fit) == (
        (0.8, 1.25),
        20,
        3,
        "top",
    )
    words = " ".join(repeating_flags(config))
    assert all(flag in words for flag in ("--aspect 0.8-1.25", "--limit 20", "--fit top", "--seed 3"))
    for other, was in (
        ({"limit": 21}, "--limit 20"),
        ({"aspect": "0.5-2"}, "--aspect 0.8-1.25"),
        ({"fit": "pad"}, "--fit top"),
    ):
        with pytest.raises(GanvasError, match=f"was begun with {was}"):
            tiny.train(pictures, out, "fc", **(CHOICE | other))
    shutil.move(pictures, tmp_path / "moved")
    events = tiny.train(tmp_path / "moved", out, "fc", **CHOICE)
    assert isinstance(events[-1], Done)
    assert events[-1].reason == "finished"
    config = Run(out).read_config()
    data = run_to_end(prepare(config.data, 1))
    assert data.count == 20
    assert is_trained_on(config, data, config.data.path)
    evaluation = ganvas.evaluate(out, count=32, device="cpu", at="16")
    assert evaluation.real_count == 20
    assert main(["train", str(tmp_path / "moved"), "--out", str(tmp_path / "b"), "--limit", "5"]) == 1
    assert "--limit must be 16 or more, not 5" in capfd.readouterr().err


def test_the_plan_is_for_those_that_are_left(pictures: Path) -> None:
    options = TrainOptions(aspect="2-4")
    assert overview_of(pictures, options).count == 8
    inputs = plan_inputs(overview_of(pictures, TrainOptions(limit=20)), TrainOptions(limit=20), choose_device("cpu"))
    assert inputs.count == 20
    with pytest.raises(GanvasError, match="has 8 pictures; 16 are needed"):
        ganvas.plan(pictures, aspect="2-4")
