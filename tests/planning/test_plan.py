"""The plan as users meet it: inspect tells it, a training says why, and looking at a few pictures is enough."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import ganvas
import tiny
from ganvas.cli import main
from ganvas.config import DataConfig
from ganvas.data import read_overview, open_source
from ganvas.data.prepare import MIN_IMAGES
from ganvas.device import choose_device
from ganvas.errors import GanvasError
from ganvas.events import Note
from ganvas.planning.planner import choose_recipe_name
from ganvas.planning.request import Options
from ganvas.recipes import RECIPES
from ganvas.runs import Run
from ganvas.training.planning import circumstances

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
    few = tiny.write_pictures(tmp_path / "few", MIN_IMAGES - 1)
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
    assert read_overview(open_source(grey)).gray
    wide = tmp_path / "wide"
    wide.mkdir()
    for index in range(6):
        Image.new("RGB", (200, 100), (index, 0, 0)).save(wide / f"{index}.png")
    (wide / "broken.png").write_bytes(b"no picture")
    seen = read_overview(open_source(wide))
    assert (seen.gray, seen.width, seen.height) == (False, 128, 64)
    assert seen.count == 7
    turned = tmp_path / "turned"
    turned.mkdir()
    for index in range(3):
        exif = Image.Exif()
        exif[0x0112] = 6  # a quarter turn
        Image.new("RGB", (200, 100), (index, 0, 9)).save(turned / f"{index}.jpg", exif=exif)
    assert (read_overview(open_source(turned)).width, read_overview(open_source(turned)).height) == (64, 128)


def test_a_glance_tells_drawings_from_photographs(tmp_path: Path) -> None:
    drawings, photographs = tmp_path / "drawings", tmp_path / "photographs"
    smooth = np.random.default_rng(0)
    for folder in (drawings, photographs):
        folder.mkdir()
    for index in range(6):
        figure = Image.new("RGB", (96, 96), "white")
        figure.paste((200, 40 * index, 0), (10 + index, 20, 60, 90))
        figure.save(drawings / f"{index}.png")
        coarse = Image.fromarray(smooth.integers(0, 256, (5, 5, 3), np.uint8))
        coarse.resize((96, 96), Image.Resampling.BICUBIC).save(photographs / f"{index}.jpg")
    assert read_overview(open_source(drawings)).drawn
    assert not read_overview(open_source(photographs)).drawn
    around = circumstances(photographs, Options(), choose_device("cpu"))
    assert choose_recipe_name(around, DataConfig(str(photographs), 64, 64, 3))[0] == "projected"


def test_a_plan_as_asked_says_so(pictures: Path) -> None:
    plan = ganvas.plan(pictures, minutes=0.5, size="48x32", recipe="fc", device="cpu")
    told = {each.what: each for each in plan.choices}
    assert (told["recipe"].value, told["recipe"].why) == ("fc", "as asked")
    assert (told["size"].value, told["size"].why) == ("48x32", "as asked")
    assert plan.config.shape == (3, 32, 48)
    assert plan.minutes == 0.5
    assert plan.to_dict() | {"choices": 0} == {
        "recipe": "fc", "width": 48, "height": 32, "batch": plan.config.phases[-1].batch, "minutes": 0.5,
        "pictures_per_second": plan.pictures_per_second, "pictures": plan.config.images, "twice": plan.twice,
        "choices": 0,
    }  # fmt: skip


def test_a_plan_heeds_width_batch_and_the_run_to_begin_with(pictures: Path, tmp_path: Path) -> None:
    tiny.train(pictures, tmp_path / "old", "residual", images=8, width=0.5)
    plan = ganvas.plan(pictures, minutes=0.2, size="16", origin=tmp_path / "old", batch=4, device="cpu")
    told = {each.what: each for each in plan.choices}
    assert (plan.config.recipe, told["recipe"].why) == ("residual", f"that of {tmp_path / 'old'}")
    assert plan.config.generator == Run(tmp_path / "old").read_config().generator
    assert (told["batch"].value, told["batch"].why, plan.config.phases[-1].batch) == ("4", "as asked", 4)
    wide = ganvas.plan(pictures, minutes=0.2, size="16", recipe="residual", width=2, device="cpu")
    assert {each.what: each.value for each in wide.choices}["width"] == "2 times the recipe's"
    assert max(wide.config.generator.widths) > max(plan.config.generator.widths)
    with pytest.raises(GanvasError, match="nowhere"):
        ganvas.plan(pictures, origin=tmp_path / "nowhere", device="cpu")


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_can_be_planned(recipe: str, pictures: Path) -> None:
    plan = ganvas.plan(pictures, minutes=0.2, size="16", recipe=recipe, device="cpu")
    assert plan.config.recipe == recipe
    assert all(phase.steps > 0 for phase in plan.config.phases)
    assert plan.twice


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"minutes": 0}, "--minutes"),
        ({"minutes": float("nan")}, "--minutes"),
        ({"size": "large"}, "--size"),
        ({"size": "512"}, "--size 256"),
        ({"recipe": "dgcan"}, "dcgan"),
        ({"recipe": "fc", "size": "128"}, "--size 64"),
        ({"device": "abacus"}, "ganvas env"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(options: dict[str, object], named: str, pictures: Path) -> None:
    with pytest.raises(GanvasError) as caught:
        ganvas.plan(pictures, **({"device": "cpu"} | options))  # type: ignore[arg-type]
    assert named in f"{caught.value.message} {caught.value.hint}"


def test_a_plan_leaves_the_random_numbers_of_others_alone(pictures: Path) -> None:
    before = torch.get_rng_state()
    ganvas.plan(pictures, minutes=0.2, recipe="fc", device="cpu")
    assert torch.equal(torch.get_rng_state(), before)


def test_grey_pictures_are_planned_in_grey(tmp_path: Path) -> None:
    grey = tiny.write_pictures(tmp_path / "grey", mode="L")
    assert ganvas.plan(grey, minutes=0.2, device="cpu").config.data.channels == 1


def test_what_is_planned_is_what_is_trained(pictures: Path, tmp_path: Path) -> None:
    plan = ganvas.plan(pictures, device="cpu")
    tiny.train(pictures, tmp_path / "run", "auto", size="auto", images=16)
    trained = Run(tmp_path / "run").read_config()
    for part in ("recipe", "shape", "generator", "discriminator", "optimisers", "loss", "penalty", "augment", "flip"):
        assert getattr(plan.config, part) == getattr(trained, part), part
    assert [phase.batch for phase in plan.config.phases] == [phase.batch for phase in trained.phases]


def test_only_what_was_left_open_is_told(pictures: Path, tmp_path: Path) -> None:
    def said(out: str, **options: object) -> list[str]:
        events = tiny.train(pictures, tmp_path / out, images=16, **options)  # type: ignore[arg-type]
        return [each.text.split(":")[0] for each in events if isinstance(each, Note) and "because" in each.text]

    assert said("size", recipe="fc", size="auto") == ["Size"]
    assert said("recipe", recipe="auto", size="16") == ["Recipe"]
    assert said("neither", recipe="fc", size="16", width=0.5, batch=4, augment=("translation",)) == []


def test_a_run_that_goes_on_gives_no_reasons(pictures: Path, tmp_path: Path) -> None:
    tiny.train(pictures, tmp_path / "run", "auto", size="auto", images=80, stop=tiny.stop_after(2))
    events = tiny.train(pictures, tmp_path / "run", "auto", size="auto", images=80)
    assert not [each for each in events if isinstance(each, Note) and "because" in each.text]


def test_a_plan_for_few_pictures_augments_and_says_so(pictures: Path, tmp_path: Path) -> None:
    tiny.train(pictures, tmp_path / "old", "residual", images=8)  # its recipe is taken, and the plan completes it
    events = tiny.train(pictures, tmp_path / "new", "auto", images=8, origin=tmp_path / "old")
    notes = [each.text for each in events if isinstance(each, Note)]
    assert any(each.startswith("Augmentation: ada, because") and "by heart" in each for each in notes)
    assert Run(tmp_path / "new").read_config().augment == ("ada",)


def test_inspect_is_for_people_without_json(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = tiny.write_pictures(pictures, 40)
    before = sorted(pictures.parent.rglob("*"))
    assert main(["inspect", str(many), "--minutes", "1", "--device", "cpu"]) == 0
    out, told = capsys.readouterr()
    assert out == "", "what is for people goes to stderr"
    for each in ("plan", "recipe", "size", "batch", "penalty", "augmentation", "schedule", "In twice the time"):
        assert each in told
    assert sorted(pictures.parent.rglob("*")) == before, "nothing is written"


def test_inspect_tells_what_plan_returns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = tiny.write_pictures(tmp_path / "many", 40)
    assert main(["inspect", str(many), "--device", "cpu", "--json"]) == 0
    out, told = capsys.readouterr()
    record = json.loads(out)
    plan = ganvas.plan(many, device="cpu").to_dict()
    measured = ("pictures", "pictures_per_second", "twice")
    assert record["plan"].keys() == plan.keys()
    for name in plan.keys() - set(measured):
        assert record["plan"][name] == json.loads(json.dumps(plan[name])), name
    assert record["count"] == 40
    assert "--minutes" not in told.split("Next:")[1], "the usual budget need not be typed"


def test_inspect_refuses_a_budget_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = tiny.write_pictures(tmp_path / "many", 40)
    assert main(["inspect", str(many), "--minutes", "0", "--device", "cpu", "--json"]) == 1
    out, told = capsys.readouterr()
    assert out == ""
    assert "--minutes 10" in told


def looks(folder: Path, *pictures: Image.Image) -> Path:
    folder.mkdir()
    for index, each in enumerate(pictures):
        each.save(folder / f"{index:03d}.png")
    return folder


def test_a_single_coloured_picture_is_enough(tmp_path: Path) -> None:
    folder = tiny.write_pictures(tmp_path / "grey", 5, mode="L")
    assert read_overview(open_source(folder)).gray
    Image.new("RGB", (16, 16), (200, 0, 0)).save(folder / "red.png")
    assert not read_overview(open_source(folder)).gray


def test_grey_stored_as_colour_is_grey_and_transparency_is_not(tmp_path: Path) -> None:
    assert read_overview(open_source(looks(tmp_path / "rgb", Image.new("RGB", (40, 40), (90, 90, 90))))).gray
    assert not read_overview(open_source(looks(tmp_path / "la", Image.new("LA", (40, 40), (90, 100))))).gray


@pytest.mark.parametrize(
    ("shape", "fitting"),
    [
        ((300, 300), (256, 256)),
        ((40, 40), (32, 32)),
        ((16, 16), (32, 32)),
        ((300, 200), (192, 128)),
        ((90, 130), (64, 96)),
        ((100, 110), (64, 64)),
    ],
)
def test_a_glance_at_shapes(shape: tuple[int, int], fitting: tuple[int, int], tmp_path: Path) -> None:
    seen = read_overview(
        open_source(looks(tmp_path / "some", *(Image.new("RGB", shape, (index, 0, 0)) for index in range(4))))
    )
    assert (seen.width, seen.height) == fitting


def test_pictures_of_all_shapes_are_taken_as_squares(tmp_path: Path) -> None:
    shapes = ((200, 70), (70, 200), (100, 100), (150, 75))
    seen = read_overview(open_source(looks(tmp_path / "all", *(Image.new("RGB", each) for each in shapes))))
    assert (seen.width, seen.height) == (64, 64)


def test_a_glance_agrees_with_an_inspection(tmp_path: Path) -> None:
    for name, shape, mode in (("wide", (200, 100), "RGB"), ("grey", (64, 64), "L")):
        folder = looks(tmp_path / name, *(Image.new(mode, shape, index) for index in range(8)))
        seen, found = read_overview(open_source(folder)), ganvas.inspect(folder)
        assert (seen.count, seen.width, seen.height) == (found.count, found.width, found.height)
        assert seen.gray == (found.channels == 1)


def test_a_glance_at_nothing_but_broken_pictures(tmp_path: Path) -> None:
    for index in range(3):
        (tmp_path / f"{index}.png").write_bytes(b"no picture")
    seen = read_overview(open_source(tmp_path))
    assert (seen.count, seen.gray, seen.width, seen.height) == (3, False, 32, 32)


def test_a_glance_at_many_is_the_same_each_time(tmp_path: Path) -> None:
    pictures = (Image.new("RGB", (40 + index % 90, 40), (index, index, index)) for index in range(150))
    source = open_source(looks(tmp_path / "many", *pictures))
    seen = read_overview(source)
    assert seen.count == 150
    assert seen == read_overview(source)


def test_a_glance_at_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    seen = read_overview(open_source(tmp_path / "empty"))
    assert (seen.count, seen.gray, seen.width) == (0, False, 32)


def test_a_plan_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GanvasError):
        ganvas.plan(tmp_path / "nothing")


def test_a_plan_for_nothing_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(GanvasError, match="are needed to train") as caught:
        ganvas.plan(tmp_path / "empty", device="cpu")
    assert "ganvas inspect" in caught.value.hint


def test_no_size_is_chosen_that_a_named_recipe_does_not_make(tmp_path: Path) -> None:
    large = tiny.write_pictures(tmp_path / "large", size=128)
    plan = ganvas.plan(large, recipe="fc", minutes=300, device="cpu")
    assert plan.config.shape == (3, 64, 64)
    assert "recipe fc makes no larger" in next(each.why for each in plan.choices if each.what == "size")
    assert "pictures seen" in plan.twice, "twice the time gives no larger ones"
