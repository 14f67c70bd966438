"""What the comparison of recipes counts and shows must be right by hand."""

import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

import cost
import family
import family_cases
import family_table
import machine
import tiny
from family_cases import Combo
from ganvas import builtin
from ganvas.config import DataConfig
from ganvas.data import prepare
from ganvas.events import CheckpointSaved, Done, Event, Step, Treatment, Verdict, run_to_end
from ganvas.image_io import image_grid, to_image
from ganvas.planning.budget import with_images
from ganvas.runs import Run
from rows import read_rows
from speedrun import Lane

pytestmark = pytest.mark.slow


def convolution(groups: int = 1, transposed: bool = False) -> tuple[Tensor, Tensor, dict[str, int]]:
    """Return pictures and weight that want gradients, of 8 to 8 channels and 3x3 taps, and the options."""
    pictures, weight = torch.randn(2, 8, 5, 7), torch.randn(8, 8 // groups, 3, 3)
    return pictures.requires_grad_(), weight.requires_grad_(), {"padding": 1, "groups": groups}


def flops_by_hand(groups: int) -> int:
    """Return multiplications and additions of `convolution`: each output takes 9 taps of the channels in its group."""
    return 2 * (2 * 8 * 5 * 7) * (9 * 8 // groups)


@pytest.mark.parametrize("groups", [1, 2, 8])
@pytest.mark.parametrize("apply", [F.conv2d, F.conv_transpose2d])
def test_a_convolution_costs_what_it_does_by_hand_and_its_backward_pass_twice_that(apply, groups):
    pictures, weight, options = convolution(groups)
    forward = cost.count(lambda: apply(pictures, weight, **options))
    assert forward.flops == flops_by_hand(groups)
    both = cost.count(lambda: apply(pictures, weight, **options).sum().backward())
    assert both.flops == 3 * flops_by_hand(groups), "the gradients of a grouped convolution are grouped, too"


def test_a_frozen_weight_has_no_gradient_to_pay_for():
    pictures, weight, options = convolution()
    weight.requires_grad_(False)
    assert cost.count(lambda: F.conv2d(pictures, weight, **options).sum().backward()).flops == 2 * flops_by_hand(1)


def test_a_matrix_product_counts_but_is_no_convolution():
    counted = cost.count(lambda: torch.randn(3, 4) @ torch.randn(4, 5))
    assert counted.flops == 2 * 3 * 4 * 5
    assert not counted.convolutions
    assert not counted.flops_of_convolutions


def test_convolutions_are_recorded_as_they_were_and_can_be_done_again():
    pictures, weight, options = convolution()
    pictures = pictures.detach().contiguous(memory_format=torch.channels_last)

    def twice() -> None:
        for _ in range(2):
            F.conv2d(pictures, weight, **options)

    counted = cost.count(twice)
    [((_, arguments), times)] = counted.convolutions.items()
    assert times == 2
    made = arguments[0].make()
    assert made.shape == pictures.shape
    assert made.stride() == pictures.stride(), "another layout has another speed"
    assert counted.own_rate() > 0


def test_an_expanded_tensor_is_made_again_as_one():
    made = cost.described(torch.randn(4, 1, 3, 3).expand(4, 2, 3, 3)).make()
    assert made.shape == (4, 2, 3, 3)
    assert torch.equal(made[:, 0], made[:, 1])


def test_networks_that_grow_are_counted_when_they_have_grown():
    config = with_images(tiny.config("progressive"), 2_000)
    *before, last = config.phases
    assert last.level > 0
    smaller = replace(config, phases=(*before, replace(last, level=last.level - 1)))
    assert cost.step_flops(config) > 2 * cost.step_flops(smaller)


def test_a_step_of_the_fully_connected_pair_costs_its_layers():
    config = with_images(tiny.config("fc", size=8, channels=1), 400)  # layers 8-8-8-8-64 and 64-8-8-1, batch 8
    hidden, generator, first, discriminator = 8 * 8, 3 * 8 * 8 + 8 * 64, 64 * 8, 64 * 8 + 8 * 8 + 8
    noted = cost.step_flops(config)
    forward = generator + 3 * discriminator  # reals, fakes, and fakes again for the generator
    weights = generator + 2 * discriminator  # the discriminator is frozen in the generator's step
    back = (generator - hidden) + 2 * (discriminator - first) + discriminator  # nothing goes back to data or latents
    assert noted == 2 * 8 * (forward + weights + back)


def test_a_lazy_penalty_is_paid_for_in_one_step_of_sixteen():
    config = with_images(tiny.config("residual"), 400)
    assert config.penalty.interval == 16
    plain = with_images(tiny.config("residual", penalty=type(config.penalty)()), 400)
    always = with_images(tiny.config("residual", penalty=type(config.penalty)("r1", 1.0, 1)), 400)
    base, all_steps, some = (cost.step_flops(each) for each in (plain, always, config))
    assert all_steps > base
    assert some - base == pytest.approx((all_steps - base) / 16)


def step(number: int, seconds: float) -> Step:
    """Return the report of a step."""
    return Step(number, 8 * number, 0, 0.0, seconds, "adversarial", {})


def test_seconds_a_step_are_those_of_the_second_half_and_skip_a_way_back():
    config = with_images(tiny.config("dcgan"), 8 * 100)
    assert config.steps == 100
    steps = [step(10, 50.0), step(50, 60.0), step(60, 70.0), step(50, 75.0), step(70, 115.0)]
    assert cost.seconds_per_step(config, steps) == pytest.approx((10 + 40) / (10 + 20))
    assert cost.seconds_per_step(config, steps[:2]) is None, "one report has no length"


def test_peak_memory_is_forgotten():
    machine.forget_peak()
    before = machine.peak_memory()
    held = np.ones(100_000_000, np.uint8)
    assert machine.peak_memory() - before > 80
    del held
    machine.forget_peak()
    assert machine.peak_memory() - before < 80


def row(recipe: str, frechet: float = 100.0, **changes: str | float) -> family.Row:
    """Return a row as a run would leave it."""
    scores = {"coverage": 0.5, "diversity": 0.25, "near_copies": 0.02, "near_copies_real": 0.1, "chosen": recipe}
    scores |= {"frechet_corrected": frechet, "frechet_corrected_low": frechet - 10}
    scores |= {"frechet_corrected_high": frechet + 10, "pictures_per_second": 300.4, "share": 0.664, "rate": 1.5e11}
    scores |= {"peak_mb": 812.3}
    known = {"case": "people", "recipe": recipe, "minutes": 10.0, "seed": 0, "threads": 1, "treatments": 2}
    return known | scores | {"verdict": "healthy"} | changes


def failed(recipe: str) -> family.Row:
    """Return the row of a recipe that was refused."""
    known: family.Row = {"case": "people", "recipe": recipe, "minutes": 10.0, "seed": 0, "threads": 1}
    return known | {"error": "Too small.\nTry: --size 64"}


def test_the_table_has_the_nearest_first_and_says_what_auto_is_worth():
    lines = family_table.table([row("dcgan", 200), failed("fc"), row("auto", 120, chosen="quick"), row("quick")])
    lines = lines.splitlines()
    assert lines[0] == "**people, 10 minutes, 1 thread**"
    cells = "| 0.50 | 0.25 | 2.0% (10.0%) | 300 | 150 | 66% | 812 MB | healthy, treatments: 2 |"
    assert lines[4] == f"| quick | 32 px | 100 (90 to 110) {cells}"
    assert lines[5] == f"| auto (quick) | 32 px | 120 (110 to 130) {cells}"
    assert lines[6].startswith("| dcgan |")
    assert lines[7] == "| fc | Too small. | | | | | | | | | |"
    assert len({line.count("|") for line in lines[2:8]}) == 1, "the columns do not line up"
    assert lines[9] == "`auto` chose `quick`: 1.20 times the distance of the best of the family, `quick`."


def test_auto_may_be_nearer_than_all_others_and_is_not_of_the_family():
    text = family_table.table([row("auto", 50, chosen="quick"), row("quick", 100)])
    assert "0.50 times the distance of the best of the family, `quick`" in text
    assert "times" not in family_table.table([row("auto", 50)])
    assert "times" not in family_table.table([row("quick", 50), failed("auto")])


def test_seeds_are_averaged_and_budgets_threads_and_cases_kept_apart():
    text = family_table.table([row("dcgan", 100), row("dcgan", 200, seed=1)])
    assert "| dcgan | 32 px | 150 (90 to 210) |" in text
    others = [row("dcgan"), row("dcgan", minutes=2.0), row("dcgan", threads=2), row("dcgan", case="digits")]
    assert family_table.table(others).count("| dcgan |") == 4
    assert family_table.table([]) == ""


def test_a_run_too_short_for_a_share_has_none_in_the_table():
    short = {key: value for key, value in row("dcgan").items() if key != "share"}
    assert "| 300 | 150 |  | 812 MB |" in family_table.table([short])


def test_what_is_recorded_is_not_run_again_errors_included():
    wanted = [Combo("people", recipe, minutes, 0) for recipe in ("dcgan", "fc", "quick") for minutes in (2.0, 10.0)]
    left = family.missing([row("dcgan"), failed("fc"), row("quick", threads=2)], wanted, threads=1)
    assert left == [each for each in wanted if each.minutes == 2 or each.recipe == "quick"]


@pytest.fixture
def lane(tmp_path: Path) -> Lane:
    """Return a lane that works in a folder of its own."""
    return Lane(tmp_path, tmp_path, [], 1, "a machine")


def test_forgetting_takes_the_rows_and_runs_that_were_named_and_no_others(lane):
    results = lane.work / "family.jsonl"
    rows = [row("auto"), row("quick"), row("auto", minutes=2.0), row("auto", threads=2)]
    results.write_text("".join(f"{json.dumps(each)}\n" for each in rows))
    gone, kept = Combo("people", "auto", 10.0, 0), Combo("people", "auto", 2.0, 0)
    for combo in (gone, kept):
        combo.path(lane).mkdir()
        combo.told(lane).touch()
    family.forget([gone], lane, results)
    assert read_rows(results) == rows[1:]
    assert not gone.path(lane).exists()
    assert not gone.told(lane).exists()
    assert kept.path(lane).exists()
    assert kept.told(lane).exists()


def test_auto_is_not_trained_again_where_it_comes_to_what_stands_there(lane):
    auto, keen = Combo("people", "auto", 10.0, 0), Combo("people", "keen", 10.0, 0)
    shutil.copy(builtin.people(), lane.assets / family_cases.CASES["people"][0])
    assert family_cases.twin(auto, lane) == keen
    assert family_cases.twin(auto._replace(recipe="dcgan"), lane) == auto._replace(recipe="dcgan")
    results = lane.work / "family.jsonl"
    results.write_text(json.dumps(row("dcgan")) + "\n" + json.dumps(row("keen", minutes=2.0)) + "\n")
    assert family.known_twin(auto, lane, results) is None, "another recipe's row, or another budget's"
    with results.open("a") as file:
        file.write(json.dumps(row("keen", 77)) + "\n")
    assert family.known_twin(auto, lane, results) == row("keen", 77)
    assert family.known_twin(keen, lane, results) is None, "a row is not the answer to itself"
    family.run_missing([auto], lane, results)
    last = read_rows(results)[-1]
    assert (last["recipe"], last["frechet_corrected"]) == ("auto", 77)
    assert not auto.path(lane).exists(), "nothing was trained"


def ended(reason: str = "finished") -> Done:
    """Return the end of a run of 800 pictures that were trained on in 4 seconds."""
    return Done("run", 100, 800, 4.0, reason)


@pytest.mark.parametrize(
    ("events", "finished"),
    [
        ([], False),
        ([step(10, 1.0)], False),
        ([ended("interrupted")], False),
        ([ended()], True),
        ([ended("stopped")], True),
    ],
)
def test_only_a_run_that_came_to_its_end_is_finished(tmp_path, events, finished):
    run = Run(tmp_path)
    assert not family.is_finished(run)
    for event in events:
        run.append_event(event)
    assert family.is_finished(run) == finished


def test_what_a_run_tells_is_read_from_its_events():
    def verdict(name: str) -> Verdict:
        return Verdict(50, 400, name, 1.0, (), "", "")

    def treated(outcome: str = "") -> Treatment:
        return Treatment(50, 400, "collapse", (), outcome, "")

    events: list[Event] = [verdict("collapse"), treated(), step(60, 2.0), treated("helped"), verdict("healthy")]
    events += [step(80, 3.0), CheckpointSaved(100, 800, "checkpoint"), ended()]
    config = with_images(tiny.config("dcgan"), 8 * 100)
    found = family.read_run(config, events)
    assert found == {
        "chosen": "dcgan", "pictures": 800, "pictures_per_second": 200.0, "seconds": 4.0, "ended": "finished",
        "verdict": "healthy", "treatments": 1, "seconds_per_step": pytest.approx(0.05),
    }  # fmt: skip
    assert family.read_run(config, [ended()])["verdict"] == "not examined"


def test_the_hundred_are_the_first_by_name_and_can_be_trained_on(lane):
    with zipfile.ZipFile(lane.assets / "emoji-people-64.zip", "w") as archive:
        for number in reversed(range(120)):
            with archive.open(f"{number:03d}.png", "w") as file:
                Image.new("RGBA", (64, 64), (number, 0, 0, 255)).save(file, "PNG")
    path = family_cases.pictures_of("hundred", lane.assets, lane.work)
    assert np.load(path)[:, 0, 0, 0].tolist() == list(range(100))
    assert run_to_end(prepare(DataConfig(str(path), 32, 32), workers=1)).images.shape == (100, 3, 32, 32)
    (lane.assets / "emoji-people-64.zip").unlink()
    assert family_cases.is_there("hundred", lane), "it was written once"


def test_pictures_that_are_absent_are_left_out_and_named(lane, capsys):
    assert not family_cases.is_there("people", lane)
    assert "people is left out: there is no" in capsys.readouterr().out


def sheet(grey: int, channels: int = 3) -> Image.Image:
    """Return a sheet of 64 pictures of 6 px; the first 4 of the first 4 rows are of this grey, the others black."""
    pictures = torch.zeros(8, 8, channels, 6, 6, dtype=torch.uint8)
    pictures[:4, :4] = grey
    return to_image(image_grid(pictures.flatten(0, 1), columns=8))


def test_sheets_are_joined_six_across_enlarged_and_under_their_names():
    names = ["a", "b", "c", "d", "e", "f", "g"]
    whole = family_table.join({name: sheet(40 + 10 * index) for index, name in enumerate(names)})
    side = 2 * (4 * 8 + 2)
    assert whole.size == (6 * side, 2 * (side + family_table.LABEL))
    pixels = np.asarray(whole)
    for index, (left, top) in enumerate([*((column * side, 0) for column in range(6)), (0, side + family_table.LABEL)]):
        label, corner = np.split(pixels[top:, left : left + side], [family_table.LABEL])
        assert label.min() < 100, "there is no name"
        found, expected = corner[:side], np.asarray(sheet(40 + 10 * index))[: side // 2, : side // 2]
        assert np.array_equal(found, expected.repeat(2, axis=0).repeat(2, axis=1))
    assert (pixels[side + family_table.LABEL :, side:] == 255).all(), "something stands where there is no sheet"


def test_grey_sheets_can_be_joined():
    assert family_table.join({"a": sheet(9, channels=1)}).mode == "RGB"


def test_sheets_stand_in_the_order_of_the_table_without_auto(lane):
    rows = [row("dcgan", 200), row("quick", 100), row("auto", 50), row("fc", 300)]
    for recipe, grey in (("dcgan", 60), ("quick", 120), ("auto", 240)):
        path = Combo("people", recipe, 10.0, 0).sheet(lane.work)
        path.parent.mkdir(exist_ok=True)
        sheet(grey).save(path, lossless=True)
    out = lane.work / "joined.webp"
    family.write_sheets(rows, "people", 10.0, lane.work, out)
    written = np.asarray(Image.open(out)).astype(int)
    middles = written[family_table.LABEL + 10, [10, 10 + written.shape[1] // 2], 0]
    assert np.abs(middles - [120, 60]).max() < 8
    with pytest.raises(SystemExit, match="no sheets of digits"):
        family.write_sheets(rows, "digits", 10.0, lane.work, out)
