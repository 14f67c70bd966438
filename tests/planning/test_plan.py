"""The plan as users meet it: `ganvas inspect` shows it, and a training says why."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import ganvas
import tiny
from ganvas.cli import main
from ganvas.config import DataConfig, TrainOptions
from ganvas.data import open_source, read_overview
from ganvas.data.finalize import MIN_IMAGES
from ganvas.device import choose_device
from ganvas.errors import GanvasError
from ganvas.events import Note
from ganvas.planning.choose import choose_recipe
from ganvas.planning.inputs import plan_inputs, train_count
from ganvas.recipes import RECIPES
from ganvas.runs import Run

pytestmark = [pytest.mark.usefixtures("narrow_recipes"), pytest.mark.slow]


def test_a_plan_has_a_reason_for_each_choice_and_a_rate(pictures: Path) -> None:
    before = sorted(pictures.parent.rglob("*"))
    plan = ganvas.plan(pictures, minutes=1, device="cpu")
    decisions = {each.what: each for each in plan.decisions}
    assert list(decisions) == ["recipe", "size", "batch", "penalty", "mirroring", "augmentation", "schedule"]
    assert decisions["recipe"].value == plan.config.recipe == "quick"
    assert decisions["size"].value == "32x32"
    assert all(each.why for each in plan.decisions)
    assert plan.config.steps > 0
    assert plan.images_per_second == pytest.approx(plan.config.images / 60)
    assert "pictures seen instead of" in plan.double_time
    assert sorted(pictures.parent.rglob("*")) == before, "nothing is written"
    json.dumps(plan.to_dict())


def test_twice_the_time_may_give_larger_pictures(tmp_path: Path) -> None:
    large = tiny.write_pictures(tmp_path / "large", size=128)
    assert "128x128 px instead of 64x64" in ganvas.plan(large, minutes=3, device="cpu").double_time


def test_inspect_says_what_each_size_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    large = tiny.write_pictures(tmp_path / "large", 40, size=256)
    assert ganvas.plan(large, device="cpu").sizes == {0: (64, 64), 5: (128, 128), 20: (256, 256)}
    assert ganvas.plan(large, size="64", device="cpu").sizes == {0: (64, 64)}, "as asked"
    assert main(["inspect", str(large), "--device", "cpu", "--json"]) == 0
    out, err = capsys.readouterr()
    told = "Sizes for the time: 64x64 px, 128x128 px from 5 min, 256x256 px from 20 min"
    assert told in " ".join(err.split())
    assert {"minutes": 20, "width": 256, "height": 256} in json.loads(out)["plan"]["sizes"]


def test_inspect_plans_nothing_for_too_few(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = tiny.write_pictures(tmp_path / "few", MIN_IMAGES - 1)
    assert main(["inspect", str(few), "--device", "cpu", "--json"]) == 0
    out, err = capsys.readouterr()
    assert "plan" not in json.loads(out.splitlines()[-1])
    assert "are needed to train" in err.replace("\n", " ")


def test_inspect_shows_plan_and_next_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = tiny.write_pictures(tmp_path / "many", 40)
    assert main(["inspect", str(many), "--minutes", "2", "--device", "cpu", "--json"]) == 0
    out, err = capsys.readouterr()
    record = json.loads(out.splitlines()[-1])
    assert record["plan"]["recipe"] == "quick"
    assert record["plan"]["pictures_per_second"] > 0
    assert "reason" in err
    assert f"Next: ganvas train {many} --minutes 2" in err.replace("\n", " ").replace("  ", " ")


def test_a_training_says_why(pictures: Path, tmp_path: Path) -> None:
    def reasons(out: str, **options: object) -> list[str]:
        events = tiny.train(pictures, tmp_path / out, images=24, **options)  # type: ignore[arg-type]
        return [each.text for each in events if isinstance(each, Note) and "because" in each.text]

    chosen = reasons("auto", size="auto")
    assert chosen[0].startswith("Recipe: quick, because")
    assert chosen[-1].startswith("Size: 32x32, because")
    assert reasons("asked", recipe="fc") == [], "what was asked for needs no reason"
    assert Run(tmp_path / "auto").read_config().recipe == "quick"


def test_a_plan_as_asked_says_so(pictures: Path) -> None:
    plan = ganvas.plan(pictures, minutes=0.5, size="48x32", recipe="fc", device="cpu")
    decisions = {each.what: each for each in plan.decisions}
    assert (decisions["recipe"].value, decisions["recipe"].why) == ("fc", "as asked")
    assert (decisions["size"].value, decisions["size"].why) == ("48x32", "as asked")
    assert plan.config.shape == (3, 32, 48)
    assert plan.minutes == 0.5
    assert plan.to_dict() | {"choices": 0} == {
        "recipe": "fc", "width": 48, "height": 32, "batch": plan.config.phases[-1].batch, "minutes": 0.5,
        "pictures_per_second": plan.images_per_second, "pictures": plan.config.images, "twice": plan.double_time,
        "choices": 0, "sizes": [{"minutes": 0, "width": 48, "height": 32}],
    }  # fmt: skip


def test_a_plan_takes_width_batch_and_the_run_to_begin_with(pictures: Path, tmp_path: Path) -> None:
    tiny.train(pictures, tmp_path / "old", "residual", images=8, channel_mult=0.5)
    plan = ganvas.plan(pictures, minutes=0.2, size="16", init_from=tmp_path / "old", batch=4, device="cpu")
    decisions = {each.what: each for each in plan.decisions}
    assert (plan.config.recipe, decisions["recipe"].why) == ("residual", f"that of {tmp_path / 'old'}")
    assert plan.config.generator == Run(tmp_path / "old").read_config().generator
    assert (decisions["batch"].value, decisions["batch"].why, plan.config.phases[-1].batch) == ("4", "as asked", 4)
    wide = ganvas.plan(pictures, minutes=0.2, size="16", recipe="residual", channel_mult=2, device="cpu")
    assert {each.what: each.value for each in wide.decisions}["width"] == "2 times the recipe's"
    assert max(wide.config.generator.widths) > max(plan.config.generator.widths)
    with pytest.raises(GanvasError, match="nowhere"):
        ganvas.plan(pictures, init_from=tmp_path / "nowhere", device="cpu")


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_can_be_planned(recipe: str, pictures: Path) -> None:
    plan = ganvas.plan(pictures, minutes=0.2, size="16", recipe=recipe, device="cpu")
    assert plan.config.recipe == recipe
    assert all(phase.steps > 0 for phase in plan.config.phases)
    assert plan.double_time


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"minutes": 0}, "--minutes"),
        ({"minutes": float("nan")}, "--minutes"),
        ({"size": "large"}, "--size"),
        ({"size": "2048"}, "--size 256"),
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


def test_gray_pictures_are_planned_in_gray(tmp_path: Path) -> None:
    gray = tiny.write_pictures(tmp_path / "gray", mode="L")
    assert ganvas.plan(gray, minutes=0.2, device="cpu").config.data.channels == 1


def test_photographs_are_planned_with_projected(tmp_path: Path) -> None:
    (tmp_path / "photographs").mkdir()
    random = np.random.default_rng(0)
    for index in range(6):
        coarse = Image.fromarray(random.integers(0, 256, (5, 5, 3), np.uint8))
        coarse.resize((96, 96), Image.Resampling.BICUBIC).save(tmp_path / "photographs" / f"{index}.jpg")
    overview = read_overview(open_source(tmp_path / "photographs"))
    inputs = plan_inputs(overview, TrainOptions(), choose_device("cpu"))
    assert choose_recipe(inputs, DataConfig("photographs", 64, 64, 3))[0] == "projected"


def test_a_plan_depends_on_pictures_machine_and_budget(tmp_path: Path) -> None:
    overview = read_overview(open_source(tiny.write_pictures(tmp_path / "wide", 80, mode="L")))
    inputs = plan_inputs(overview, TrainOptions(), choose_device("cpu"))
    assert (inputs.count, inputs.width, inputs.height) == (80, 32, 32)
    many = plan_inputs(replace(overview, count=1000), TrainOptions(), choose_device("cpu"))
    assert many.count == train_count(1000) == 950, "some are held out"
    assert (inputs.gray, inputs.drawn, inputs.device, inputs.gpu) == (True, overview.drawn, "cpu", False)
    assert inputs.memory > 0
    assert inputs.minutes == 10
    assert plan_inputs(overview, TrainOptions(minutes=2.5), choose_device("cpu")).minutes == 2.5
    assert train_count(1) == 1


def test_what_is_planned_is_what_is_trained(pictures: Path, tmp_path: Path) -> None:
    plan = ganvas.plan(pictures, device="cpu")
    tiny.train(pictures, tmp_path / "run", "auto", size="auto", images=16)
    trained = Run(tmp_path / "run").read_config()
    for part in ("recipe", "shape", "generator", "discriminator", "optimizers", "loss", "penalty", "augment", "flip"):
        assert getattr(plan.config, part) == getattr(trained, part), part
    assert [phase.batch for phase in plan.config.phases] == [phase.batch for phase in trained.phases]


def test_reasons_are_given_for_what_was_left_open(pictures: Path, tmp_path: Path) -> None:
    def reasons(out: str, **options: object) -> list[str]:
        events = tiny.train(pictures, tmp_path / out, images=16, **options)  # type: ignore[arg-type]
        return [each.text.split(":")[0] for each in events if isinstance(each, Note) and "because" in each.text]

    assert reasons("size", recipe="fc", size="auto") == ["Size"]
    assert reasons("recipe", recipe="auto", size="16") == ["Recipe", "Mirroring"]
    assert reasons("neither", recipe="fc", size="16", channel_mult=0.5, batch=4, augment=("translation",)) == []


def test_a_run_that_goes_on_gives_no_reasons(pictures: Path, tmp_path: Path) -> None:
    tiny.train(pictures, tmp_path / "run", "auto", size="auto", images=80, stop=tiny.stop_after(2))
    events = tiny.train(pictures, tmp_path / "run", "auto", size="auto", images=80)
    assert not [each for each in events if isinstance(each, Note) and "because" in each.text]


def test_a_plan_for_few_pictures_augments_and_says_so(pictures: Path, tmp_path: Path) -> None:
    tiny.train(pictures, tmp_path / "old", "residual", images=8)  # its recipe is taken, and the plan completes it
    events = tiny.train(pictures, tmp_path / "new", "auto", images=8, init_from=tmp_path / "old")
    notes = [each.text for each in events if isinstance(each, Note)]
    assert any(each.startswith("Augmentation: ada, because") and "memorize" in each for each in notes)
    assert Run(tmp_path / "new").read_config().augment == ("ada",)


def test_inspect_is_for_people_without_json(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = tiny.write_pictures(pictures, 40)
    before = sorted(pictures.parent.rglob("*"))
    assert main(["inspect", str(many), "--minutes", "1", "--device", "cpu"]) == 0
    out, err = capsys.readouterr()
    assert out == "", "what is for people goes to stderr"
    for each in ("reason", "recipe", "size", "batch", "penalty", "augmentation", "schedule", "In twice the time"):
        assert each in err
    assert sorted(pictures.parent.rglob("*")) == before, "nothing is written"


def test_inspect_shows_what_plan_returns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = tiny.write_pictures(tmp_path / "many", 40)
    assert main(["inspect", str(many), "--device", "cpu", "--json"]) == 0
    out, err = capsys.readouterr()
    record = json.loads(out)
    plan = ganvas.plan(many, device="cpu").to_dict()
    measured = ("pictures", "pictures_per_second", "twice")
    assert record["plan"].keys() == plan.keys()
    for name in plan.keys() - set(measured):
        assert record["plan"][name] == json.loads(json.dumps(plan[name])), name
    assert record["count"] == 40
    assert "--minutes" not in err.split("Next:")[1], "the usual budget need not be typed"


def test_inspect_refuses_a_budget_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = tiny.write_pictures(tmp_path / "many", 40)
    assert main(["inspect", str(many), "--minutes", "0", "--device", "cpu", "--json"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "--minutes 10" in err


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
    assert "recipe fc makes no larger" in next(each.why for each in plan.decisions if each.what == "size")
    assert "pictures seen" in plan.double_time, "twice the time gives no larger ones"


def test_a_plan_for_a_number_of_pictures_is_for_that_number(pictures: Path) -> None:
    planned = ganvas.plan(pictures, images=2_000, recipe="fc", size="16", device="cpu")
    assert planned.config.images == pytest.approx(2_000, rel=0.1)
    assert planned.minutes > 0
    assert "4," in planned.double_time or "3,9" in planned.double_time


def test_another_recipe_than_that_of_the_run_to_begin_with_draws_as_it_does(tmp_path: Path) -> None:
    folder = tiny.write_pictures(tmp_path / "pictures", size=64)
    tiny.train(folder, tmp_path / "small", "quick", size="64", upsample=2, images=40)
    options = {"init_from": str(tmp_path / "small"), "size": "64", "device": "cpu", "images": 100}
    assert ganvas.plan(folder, recipe="r3gan", **options).config.upsampling is None
    own = ganvas.plan(folder, **options).config
    assert own.upsampling is not None
    assert own.upsampling.factor == 2


def test_a_run_of_0_1_is_gone_on_from_with_its_kind_of_decoder(tmp_path: Path) -> None:
    folder = tiny.write_pictures(tmp_path / "pictures")
    tiny.train(folder, tmp_path / "old", "quick", images=40)
    options = {"init_from": str(tmp_path / "old"), "size": "16", "device": "cpu", "images": 100}
    assert ganvas.plan(folder, **options).config.generator.name == "autoencoder"
    record = json.loads((tmp_path / "old" / "config.json").read_text())
    record["generator"]["name"] = "quick"
    (tmp_path / "old" / "config.json").write_text(json.dumps(record))
    assert ganvas.plan(folder, **options).config.generator.name == "quick", "no weight would fit"
