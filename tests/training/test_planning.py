"""The plan as users meet it: inspect tells it, a training says why, and looking at a few pictures is enough."""

import json
from pathlib import Path

import pytest
from PIL import Image

import ganvas
import tiny
from ganvas.cli import main
from ganvas.data import glance, open_source
from ganvas.data.prepare import FEWEST
from ganvas.errors import GanvasError
from ganvas.events import Note
from ganvas.runs import Run

pytestmark = pytest.mark.usefixtures("narrow_recipes")


def test_a_plan_has_a_reason_for_each_choice_and_a_rate(pictures: Path) -> None:
    before = sorted(pictures.parent.rglob("*"))
    plan = ganvas.plan(pictures, minutes=1, device="cpu")
    told = {each.what: each for each in plan.choices}
    assert list(told) == ["recipe", "size", "batch", "penalty", "augmentation", "schedule"]
    assert told["recipe"].value == plan.config.recipe == "quick"
    assert told["size"].value == "32x32"
    assert all(each.why for each in plan.choices)
    assert plan.config.steps > 0
    assert plan.pictures_per_second == pytest.approx(plan.config.images / 60)
    assert "pictures seen in place of" in plan.twice
    assert sorted(pictures.parent.rglob("*")) == before, "nothing is written"
    json.dumps(plan.to_dict())


def test_twice_the_time_may_give_larger_pictures(tmp_path: Path) -> None:
    large = tiny.write_pictures(tmp_path / "large", size=64)
    assert "64x64 px in place of 32x32" in ganvas.plan(large, minutes=10, device="cpu").twice


def test_inspect_plans_nothing_for_too_few(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = tiny.write_pictures(tmp_path / "few", FEWEST - 1)
    assert main(["inspect", str(few), "--device", "cpu", "--json"]) == 0
    out, told = capsys.readouterr()
    assert "plan" not in json.loads(out.splitlines()[-1])
    assert "are needed to train" in told.replace("\n", " ")


def test_inspect_tells_plan_and_next_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = tiny.write_pictures(tmp_path / "many", 40)
    assert main(["inspect", str(many), "--minutes", "2", "--device", "cpu", "--json"]) == 0
    out, told = capsys.readouterr()
    record = json.loads(out.splitlines()[-1])
    assert record["plan"]["recipe"] == "quick"
    assert record["plan"]["pictures_per_second"] > 0
    assert "because" in told
    assert f"Next: ganvas train {many} --minutes 2" in told.replace("\n", " ").replace("  ", " ")


def test_a_training_says_why(pictures: Path, tmp_path: Path) -> None:
    def said(out: str, **options: object) -> list[str]:
        events = tiny.train(pictures, tmp_path / out, images=24, **options)  # type: ignore[arg-type]
        return [each.text for each in events if isinstance(each, Note) and "because" in each.text]

    chosen = said("auto", size="auto")
    assert chosen[0].startswith("Recipe: quick, because")
    assert chosen[-1].startswith("Size: 32x32, because")
    assert said("asked", recipe="fc") == [], "what was asked for needs no reason"
    assert Run(tmp_path / "auto").read_config().recipe == "quick"


def test_a_glance_sees_colour_and_shape(tmp_path: Path) -> None:
    grey = tiny.write_pictures(tmp_path / "grey", 5, mode="L")
    assert glance(open_source(grey)).grey
    wide = tmp_path / "wide"
    wide.mkdir()
    for index in range(6):
        Image.new("RGB", (200, 100), (index, 0, 0)).save(wide / f"{index}.png")
    (wide / "broken.png").write_bytes(b"no picture")
    seen = glance(open_source(wide))
    assert (seen.grey, seen.width, seen.height) == (False, 128, 64)
    assert seen.count == 7
    turned = tmp_path / "turned"
    turned.mkdir()
    for index in range(3):
        exif = Image.Exif()
        exif[0x0112] = 6  # a quarter turn
        Image.new("RGB", (200, 100), (index, 0, 9)).save(turned / f"{index}.jpg", exif=exif)
    assert (glance(open_source(turned)).width, glance(open_source(turned)).height) == (64, 128)


def test_a_glance_at_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    seen = glance(open_source(tmp_path / "empty"))
    assert (seen.count, seen.grey, seen.width) == (0, False, 32)


def test_a_plan_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GanvasError):
        ganvas.plan(tmp_path / "nothing")
