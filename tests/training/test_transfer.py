"""Beginning with an earlier run: what is kept, also across sizes, what stays frozen, and what is refused."""

import dataclasses
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from stepping import CPU
from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

import ganvas
import tiny
from ganvas import checkpoint
from ganvas.checkpoint import Tensors
from ganvas.config import Config, DataConfig, TrainOptions
from ganvas.errors import GanvasError
from ganvas.events import Note
from ganvas.models import build_discriminator
from ganvas.planning.budget import with_images
from ganvas.planning.inputs import PlanInputs
from ganvas.planning.plan import ADA_SPEED_AFTER_TRANSFER, make_plan
from ganvas.planning.transfer import check_freeze
from ganvas.recipes import RECIPES
from ganvas.runs import Run
from ganvas.training import phases
from ganvas.training.monitoring.interventions import reinitialize
from ganvas.training.state import State, new_state
from ganvas.training.state_io import state_to_tensors, with_prefix
from ganvas.training.transfer import match_layers, transfer_weights

pytestmark = [pytest.mark.usefixtures("narrow_recipes"), pytest.mark.slow]

AS_THEY_ARE = dict(RECIPES)  # with the widths that users get: narrow networks fit where real ones do not


def rows(**of: tuple[int, ...]) -> Tensors:
    """Return tensors named "row.0.weight" ... of these lengths, each filled with a number of its own."""
    return {
        f"{row}.{place}.weight": torch.full((length,), float(place))
        for row, lengths in of.items()
        for place, length in enumerate(lengths)
    }


def places(found: Tensors) -> dict[str, float]:
    """Return for each name the number of the old tensor that it got."""
    return {name: float(each[0]) for name, each in found.items()}


def test_rows_are_laid_side_by_side_from_either_end() -> None:
    old, new = rows(stages=(4, 4, 4)), rows(stages=(4, 4, 4, 4))
    first = match_layers(old, new, from_end=False)
    assert places(first) == {"stages.0.weight": 0, "stages.1.weight": 1, "stages.2.weight": 2}
    last = match_layers(old, new, from_end=True)
    assert places(last) == {"stages.1.weight": 0, "stages.2.weight": 1, "stages.3.weight": 2}


def test_a_longer_row_is_cut_at_the_far_end() -> None:
    old, new = rows(stages=(4, 4, 4, 4)), rows(stages=(4, 4))
    assert places(match_layers(old, new, from_end=False)) == {"stages.0.weight": 0, "stages.1.weight": 1}
    assert places(match_layers(old, new, from_end=True)) == {"stages.0.weight": 2, "stages.1.weight": 3}


def test_each_row_has_a_length_of_its_own() -> None:
    old, new = rows(a=(4, 4), b=(4, 4, 4)), rows(a=(4, 4, 4), b=(4, 4, 4))
    assert places(match_layers(old, new, from_end=True)) == {
        "a.1.weight": 0, "a.2.weight": 1, "b.0.weight": 0, "b.1.weight": 1, "b.2.weight": 2
    }  # fmt: skip


def test_only_the_first_number_of_a_name_is_a_place() -> None:
    old = {"stages.0.blocks.1.bias": torch.zeros(2)}
    new = {f"stages.{stage}.blocks.{block}.bias": torch.ones(2) for stage in range(2) for block in range(2)}
    assert list(match_layers(old, new, from_end=True)) == ["stages.1.blocks.1.bias"]


def test_what_does_not_fit_from_one_end_is_tried_from_the_other() -> None:
    found = match_layers(rows(layers=(5, 5, 3)), rows(layers=(5, 5, 5, 3)), from_end=False)
    assert places(found) == {"layers.0.weight": 0, "layers.1.weight": 1, "layers.3.weight": 2}


def test_nothing_is_taken_twice() -> None:
    found = match_layers(rows(layers=(4,)), rows(layers=(4, 4)), from_end=False)
    assert list(found) == ["layers.0.weight"], "the last layer took what the first one has"


def test_other_shapes_and_other_names_are_left() -> None:
    old = {"a": torch.zeros(2), "b": torch.zeros(3), "only.0.old": torch.zeros(1)}
    new = {"a": torch.ones(3), "c": torch.ones(3), "only.0.new": torch.zeros(1)}
    assert match_layers(old, new, from_end=False) == {}
    assert match_layers({}, new, from_end=True) == {}


lengths = st.lists(st.integers(1, 3), max_size=6)


@given(lengths, lengths, st.booleans())
def test_what_is_found_fits_and_is_of_one_place_each(before: list[int], after: list[int], from_end: bool) -> None:
    old, new = rows(row=tuple(before)), rows(row=tuple(after))
    found = match_layers(old, new, from_end)
    assert all(each.shape == new[name].shape for name, each in found.items())
    taken = [id(each) for each in found.values()]
    assert len(taken) == len(set(taken)), "one tensor stands in two places"
    assert set(taken) <= {id(each) for each in old.values()}
    if before == after:
        assert places(found) == places(old), "equal rows are kept whole"


def configured(recipe: str, size: int, channels: int = 3) -> Config:
    return AS_THEY_ARE[recipe](DataConfig("pictures", size, size, channels), tiny.COUNT)


def begun_with(folder: Path, config: Config) -> tuple[Path, dict[str, Tensors]]:
    """Write a run whose newest checkpoint holds nothing but numbers of its own; return its folder and networks."""
    run = Run(folder)
    folder.mkdir()
    run.write_config(config)
    state = new_state(config, CPU)
    for network in state.networks.by_name().values():
        for tensor in network.state_dict().values():
            tensor.copy_(torch.randn(tensor.shape) if tensor.is_floating_point() else torch.tensor(7))
    checkpoint.save(run.checkpoints, 1, *state_to_tensors(state))
    return folder, {name: dict(network.state_dict()) for name, network in state.networks.by_name().items()}


@pytest.mark.parametrize("recipe", RECIPES)
def test_all_is_kept_where_sizes_agree(recipe: str, tmp_path: Path) -> None:
    config = configured(recipe, 16)
    origin, old = begun_with(tmp_path / "old", config)
    state = new_state(dataclasses.replace(config, seed=1), CPU)
    untouched = new_state(dataclasses.replace(config, seed=1), CPU).networks.by_name()
    anew = total = 0
    for network in untouched.values():
        for key, each in network.state_dict().items():
            total += each.numel()
            anew += each.numel() * key.startswith("prior.")
    assert transfer_weights(state, str(origin)) == (total - anew) / total
    assert bool(anew) == (recipe in ("quick", "keen")), "of all others, all is kept"
    for name, network in state.networks.by_name().items():
        before = old["generator" if name == "g_ema" else name]  # the average begins as the generator does
        for key, each in network.state_dict().items():
            wanted = untouched[name].state_dict() if key.startswith("prior.") else before
            assert torch.equal(each, wanted[key]), f"{name} {key}"
    assert all(not optimiser.state for optimiser in state.optimizers.values()), "moments begin anew"


# What is alike from 16 to 32 px: of the generator what stands under the same name, coarsest first; of the others what
# stands one further, beside the layers next to the logit. A `quick` network's layer is two or three modules.
COARSE = {
    "quick": ("decoder.layers.0.", *(f"decoder.layers.{place}." for place in (2, 4, 5, 7, 8))),
    "r3gan": ("basis", "mapping.", "stages.0.", "stages.1.", "stages.2."),
    "stylegan2": ("const", "mapping_layers.", *(f"layers.{place}." for place in range(5)), "to_rgb.0.", "to_rgb.2."),
    "projected": ("input_block.", "blocks.0.", "blocks.1."),
    "multiscale": ("input_block.", "blocks.0.", "blocks.1.", "to_rgb.0.", "to_rgb.1.", "to_rgb.2."),
    "progressive": ("input_block.", "blocks.0.", "blocks.1.", "to_rgb.0.", "to_rgb.1.", "to_rgb.2."),
    "vae": ("layers.0.", *(f"layers.{place}." for place in (2, 4, 5, 7, 8))),
}  # fmt: skip
LAST = {
    "quick": {"layers.2.": "layers.4.", "layers.5.": "layers.7."},
    "r3gan": {**{f"stages.{n}.blocks.": f"stages.{n + 1}.blocks." for n in range(3)},
              "global_depthwise.": "global_depthwise.", "head.": "head."},
    "stylegan2": {"blocks.0.": "blocks.1.", "blocks.1.": "blocks.2.", "epilogue.": "epilogue.", "head.": "head."},
    "projected": {"": ""},  # it looks at pictures of one size
    "multiscale": {"blocks.1.": "blocks.2.", "combine.1.": "combine.2.", "epilogue.": "epilogue.", "head.": "head."},
    "progressive": {"blocks.0.": "blocks.1.", "blocks.1.": "blocks.2.", "from_rgb.0.": "from_rgb.1.",
                    "epilogue.": "epilogue.", "head.": "head."},
    "vae": {},
}  # fmt: skip


@pytest.mark.parametrize("recipe", COARSE)
def test_coarse_layers_and_those_next_to_the_logit_are_kept_across_sizes(recipe: str, tmp_path: Path) -> None:
    origin, old = begun_with(tmp_path / "old", configured(recipe, 16))
    state = new_state(configured(recipe, 32), CPU)
    share = transfer_weights(state, str(origin))
    assert share > (0.75 if recipe != "quick" else 0.6), "real widths have most of their weights where it is coarse"
    new = {name: dict(network.state_dict()) for name, network in state.networks.by_name().items()}
    moves = [("generator", place, place) for place in COARSE[recipe]]
    moves += [("discriminator", *pair) for pair in LAST[recipe].items()]
    if "encoder" in new:  # its dense layer is the last of a row that is one halving longer
        last = {"quick": ("layers.6.", "layers.9."), "vae": ("layers.6.", "layers.9.")}[recipe]
        moves += [("encoder", "layers.2.", "layers.5."), ("encoder", *last)]
    for network, before, after in moves:
        moved = {name: each for name, each in old[network].items() if name.startswith(before)}
        assert moved, f"{network} has no {before}"
        for name, each in moved.items():
            assert torch.equal(new[network][after + name.removeprefix(before)], each), f"{network} {name}"
    assert all(torch.equal(each, new["g_ema"][name]) for name, each in new["generator"].items())


@pytest.mark.parametrize("recipe", [*COARSE, "dcgan", "residual", "fc"])
def test_the_share_is_counted_in_weights(recipe: str, tmp_path: Path) -> None:
    origin, old = begun_with(tmp_path / "old", configured(recipe, 32))
    state = new_state(configured(recipe, 64 if recipe != "projected" else 16), CPU)
    share = transfer_weights(state, str(origin))
    kept = total = 0
    for name, network in state.networks.by_name().items():
        before = old["generator" if name == "g_ema" else name].values()
        for each in network.state_dict().values():
            total += each.numel()
            kept += each.numel() * any(each.shape == one.shape and torch.equal(each, one) for one in before)
    assert share == kept / total
    assert 0 < share < 1


@pytest.mark.parametrize("recipe", ["quick", "r3gan", "stylegan2", "multiscale", "progressive", "dcgan"])
def test_from_grey_to_colour_and_back_all_but_what_touches_colours(recipe: str, tmp_path: Path) -> None:
    for before, after in ((1, 3), (3, 1)):
        origin, _ = begun_with(tmp_path / f"old{before}", configured(recipe, 32, before))
        share = transfer_weights(new_state(configured(recipe, 32, after), CPU), str(origin))
        assert (0.98 if recipe != "quick" else 0.7) < share < 1, "a prior begins anew"


def test_smaller_pictures_take_the_coarse_part(tmp_path: Path) -> None:
    origin, _ = begun_with(tmp_path / "old", configured("r3gan", 32))
    state = new_state(configured("r3gan", 16), CPU)
    # all of the generator, whose 16 px are those of the larger one, but the colours: 16 channels became them there
    assert 0.95 < transfer_weights(state, str(origin)) < 1


def planned(recipe: str, **options: Any) -> Config:
    """Return the configuration that is planned for a few pictures of 16 px."""
    inputs = PlanInputs(
        count=tiny.COUNT, width=16, height=16, gray=False, drawn=True, device="cpu", memory=2**33, minutes=10.0
    )
    return make_plan("pictures", TrainOptions(recipe=recipe, size="16", **options), inputs).config


def test_an_adaptive_augmentation_rises_faster_after_a_transfer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    old, _ = begun_with(tmp_path / "old", tiny.config("stylegan2"))
    plain = planned("stylegan2")
    assert plain.ada is not None
    assert plain.init_from == ""
    config = planned("stylegan2", init_from="old")
    assert (config.ada and config.ada.speed_images) == ADA_SPEED_AFTER_TRANSFER < plain.ada.speed_images
    assert config.init_from == str(old.resolve()), "it would not be found from another folder"
    assert replace(config, ada=plain.ada, init_from="", requested=plain.requested) == plain, "nothing else is changed"
    begun_with(tmp_path / "other", tiny.config("dcgan"))
    assert planned("dcgan", init_from="other").ada is None


def trained(pictures: Path | None, out: Path, recipe: str, **options: object) -> Tensors:
    tiny.train(pictures, out, recipe, **options)  # type: ignore[arg-type]
    return newest(out)


def newest(out: Path) -> Tensors:
    found = checkpoint.load_newest(Run(out).checkpoints)
    assert found is not None
    return found[0]


def told(pictures: Path, out: Path, recipe: str, **options: object) -> str:
    """Return what was said of weights."""
    events = tiny.train(pictures, out, recipe, images=1, **options)  # type: ignore[arg-type]
    notes = [each.text for each in events if isinstance(each, Note) and "of its weights" in each.text]
    assert len(notes) <= 1
    return "".join(notes)


def test_a_training_tells_the_share(pictures: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    assert told(pictures, old, "r3gan") == "", "nothing to tell where nothing was taken"
    where = old.resolve()
    assert told(pictures, tmp_path / "new", "r3gan", init_from=old) == f"Begins with 100% of its weights from {where}."
    larger = told(pictures, tmp_path / "larger", "r3gan", init_from=old, size="32")
    share = transfer_weights(new_state(Run(tmp_path / "larger").read_config(), CPU), str(old))
    assert larger == f"Begins with {share:.0%} of its weights from {where}."
    assert 0.4 < share < 1


def test_the_origin_stays_as_it_is(pictures: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    trained(pictures, old, "dcgan", images=24)
    before = {path: path.read_bytes() for path in sorted(old.rglob("*")) if path.is_file()}
    trained(pictures, tmp_path / "new", "dcgan", images=24, init_from=old)
    assert {path: path.read_bytes() for path in sorted(old.rglob("*")) if path.is_file()} == before


def test_a_damaged_newest_checkpoint_of_the_origin_is_passed_over(tmp_path: Path) -> None:
    config = configured("dcgan", 16)
    origin, old = begun_with(tmp_path / "old", config)
    later = checkpoint.save(Run(origin).checkpoints, 2, *state_to_tensors(new_state(config, CPU)))
    (later / checkpoint.STATE).write_bytes(b"torn")
    state = new_state(config, CPU)
    transfer_weights(state, str(origin))
    assert all(
        torch.equal(each, old["generator"][name]) for name, each in state.networks.generator.state_dict().items()
    )


def test_the_recipe_is_that_of_the_run(pictures: Path, tmp_path: Path) -> None:
    trained(pictures, tmp_path / "old", "residual", images=8)
    events = tiny.train(pictures, tmp_path / "new", "auto", images=8, init_from=tmp_path / "old")
    config = Run(tmp_path / "new").read_config()
    assert config.recipe == "residual"
    assert config.init_from == str((tmp_path / "old").resolve())
    assert any(isinstance(each, Note) and each.text.startswith("Recipe: residual, because") for each in events)


def halves(config: Config) -> tuple[list[str], list[str]]:
    """Return the names of the discriminator's parameters that half a freeze leaves, and those that it lets move."""
    names = [name for name, _ in build_discriminator(config).named_parameters()]
    half = round(0.5 * len(names))
    return names[:half], names[half:]


@pytest.mark.parametrize("recipe", ["r3gan", "stylegan2", "quick"])
def test_what_is_frozen_stays_and_the_rest_moves(recipe: str, pictures: Path, tmp_path: Path) -> None:
    old = with_prefix(trained(pictures, tmp_path / "old", recipe, images=24), "discriminator/")
    tensors = trained(pictures, tmp_path / "new", recipe, images=96, init_from=tmp_path / "old", freeze=0.5)
    new = with_prefix(tensors, "discriminator/")
    stay, move = halves(Run(tmp_path / "new").read_config())
    assert [name for name in stay if not torch.equal(old[name], new[name])] == []
    assert [name for name in move if torch.equal(old[name], new[name])] == []


def test_what_is_frozen_gathers_no_gradient(pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained(pictures, tmp_path / "old", "r3gan", images=8)
    real, states = phases.STEPS["adversarial"], list[State]()
    seen = list[tuple[set[str], set[str]]]()

    def watching(state, config, material):  # type: ignore[no-untyped-def]
        states[:] = [state]
        return real(state, config, material)

    def before_step(optimiser: torch.optim.Optimizer, *_: object) -> None:
        if states and optimiser is states[0].optimizers["discriminator"]:
            network: nn.Module = states[0].networks.discriminator
            wants = {name for name, each in network.named_parameters() if each.requires_grad}
            has = {name for name, each in network.named_parameters() if each.grad is not None}
            seen.append((wants, has))

    monkeypatch.setitem(phases.STEPS, "adversarial", watching)
    hook = register_optimizer_step_pre_hook(before_step)
    try:
        trained(pictures, tmp_path / "new", "r3gan", images=48, init_from=tmp_path / "old", freeze=0.5)
    finally:
        hook.remove()
    _, move = halves(Run(tmp_path / "new").read_config())
    assert len(seen) == 6, "each step of the discriminator was seen"
    assert all(wants == has == set(move) for wants, has in seen)


def test_a_transfer_is_repeatable_and_goes_on_alike(pictures: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    origin = with_prefix(trained(pictures, old, "residual", images=24), "discriminator/")
    whole, again = (
        trained(pictures, tmp_path / name, "residual", images=80, init_from=old, freeze=0.5)
        for name in ("whole", "again")
    )
    assert_same(whole, again)
    cut = tmp_path / "cut"
    tiny.train(pictures, cut, "residual", images=80, init_from=old, freeze=0.5, stop=tiny.stop_after(7))
    assert [path.name for path in checkpoint.list_checkpoints(Run(cut).checkpoints)][-1] == "000000007"
    assert_same(whole, trained(pictures, cut, "residual", images=80, init_from=old, freeze=0.5))
    stay, _ = halves(Run(cut).read_config())
    assert all(torch.equal(origin[name], newest(cut)[f"discriminator/{name}"]) for name in stay)


def assert_same(one: Tensors, other: Tensors) -> None:
    assert one.keys() == other.keys()
    assert [name for name, each in one.items() if not torch.equal(each, other[name])] == []


def test_once_begun_the_origin_is_needed_no_more(pictures: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    trained(pictures, old, "residual", images=24)
    whole = trained(pictures, tmp_path / "whole", "residual", images=80, init_from=old)
    tiny.train(pictures, tmp_path / "cut", "residual", images=80, init_from=old, stop=tiny.stop_after(3))
    old.rename(tmp_path / "elsewhere")
    assert_same(whole, trained(None, tmp_path / "cut", "auto", images=None, size="auto"))


def test_another_seed_makes_no_difference_to_what_is_taken(tmp_path: Path) -> None:
    origin, _ = begun_with(tmp_path / "old", configured("r3gan", 16))

    def begun(seed: int) -> dict[str, Tensor]:
        state = new_state(dataclasses.replace(configured("r3gan", 32), seed=seed), CPU)
        transfer_weights(state, str(origin))
        return dict(state.networks.generator.state_dict())

    one, other = begun(1), begun(2)
    assert torch.equal(one["stages.0.blocks.0.conv_in.weight"], other["stages.0.blocks.0.conv_in.weight"])
    assert not torch.equal(one["stages.3.blocks.0.conv_in.weight"], other["stages.3.blocks.0.conv_in.weight"])


def test_networks_with_nothing_in_common(pictures: Path, tmp_path: Path) -> None:
    trained(pictures, tmp_path / "old", "fc", images=8)
    with pytest.raises(GanvasError, match="no layer in common") as caught:
        tiny.train(pictures, tmp_path / "new", "r3gan", init_from=tmp_path / "old")
    assert "--recipe" in caught.value.hint
    assert checkpoint.list_checkpoints(Run(tmp_path / "new").checkpoints) == []


def test_a_folder_that_is_no_run(pictures: Path, tmp_path: Path) -> None:
    for origin in (tmp_path, tmp_path / "nothing", pictures):
        with pytest.raises(GanvasError) as caught:
            tiny.train(pictures, tmp_path / "new", "fc", init_from=origin)
        assert caught.value.hint
        assert not (tmp_path / "new").exists(), "something was written"


def test_a_run_without_a_checkpoint(pictures: Path, tmp_path: Path) -> None:
    Run(tmp_path / "old").folder.mkdir()
    Run(tmp_path / "old").write_config(configured("fc", 16))
    with pytest.raises(GanvasError, match="no checkpoint") as caught:
        tiny.train(pictures, tmp_path / "new", "fc", init_from=tmp_path / "old")
    assert "ganvas train --out" in caught.value.hint
    assert not (tmp_path / "new").exists(), "something was written"
    with pytest.raises(GanvasError, match="no checkpoint"):
        transfer_weights(new_state(configured("fc", 16), CPU), str(tmp_path / "old"))


def test_nothing_can_be_frozen_without_an_origin(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match="nothing to freeze") as caught:
        tiny.train(pictures, tmp_path / "new", "fc", freeze=0.5)
    assert "--from" in caught.value.hint
    assert not (tmp_path / "new").exists(), "something was written"


def test_what_would_be_new_cannot_be_frozen(pictures: Path, tmp_path: Path) -> None:
    origin, _ = begun_with(tmp_path / "old", tiny.config("r3gan"))
    for changed in ({"size": "32"}, {"channels": "gray"}):
        with pytest.raises(GanvasError, match="nearest to the image") as caught:
            tiny.train(pictures, tmp_path / "new", "r3gan", init_from=origin, freeze=0.5, **changed)
        assert "--size 16x16" in caught.value.hint
        assert not (tmp_path / "new").exists(), "something was written"


@pytest.mark.parametrize(
    ("changed", "hint"), [({"recipe": "dcgan"}, "--recipe r3gan"), ({"channel_mult": 2.0}, "--channel-mult 1")]
)
def test_layers_that_the_earlier_run_has_not_cannot_be_frozen(
    changed: dict[str, Any], hint: str, pictures: Path, tmp_path: Path
) -> None:
    origin, _ = begun_with(tmp_path / "old", tiny.config("r3gan"))
    with pytest.raises(GanvasError, match="other layers") as caught:
        tiny.train(pictures, tmp_path / "new", **{"recipe": "r3gan", "init_from": origin, "freeze": 0.5} | changed)
    assert hint in caught.value.hint
    assert not (tmp_path / "new").exists(), "something was written"


def test_what_looks_at_labels_is_not_frozen_before_it_has_seen_any(pictures: Path, tmp_path: Path) -> None:
    config = replace(configured("dcgan", 16), freeze_d=0.5)
    check_freeze(config, config)
    labelled = replace(config, data=replace(config.data, conditional=True))
    check_freeze(labelled, replace(labelled, classes=("cats", "dogs")))  # which there are is not known yet
    check_freeze(replace(labelled, classes=("a", "b")), replace(labelled, classes=("cats", "dogs")))
    for asked, origin in (
        (labelled, config),
        (config, replace(labelled, classes=("cats", "dogs"))),
        (replace(labelled, classes=("a", "b", "c")), replace(labelled, classes=("cats", "dogs"))),
    ):
        with pytest.raises(GanvasError, match="layer for labels is new"):
            check_freeze(asked, origin)


@pytest.mark.parametrize("recipe", ["vae", "projected"])
def test_nothing_to_freeze_in_a_recipe_without_layers_in_order(recipe: str, pictures: Path, tmp_path: Path) -> None:
    origin, _ = begun_with(tmp_path / "old", tiny.config(recipe))
    with pytest.raises(GanvasError, match=f"Recipe {recipe} has no layers") as caught:
        tiny.train(pictures, tmp_path / "new", recipe, init_from=origin, freeze=0.5)
    assert "--freeze" in caught.value.hint


@pytest.mark.parametrize("recipe", ["dcgan", "fc", "residual", "quick", "r3gan"])
def test_labels_may_be_learned_after_a_run_without_and_the_other_way_round(recipe: str, tmp_path: Path) -> None:
    plain = configured(recipe, 16)
    labelled = dataclasses.replace(plain, classes=("a", "b"))
    for number, (before, after) in enumerate(((plain, labelled), (labelled, plain))):
        origin, _ = begun_with(tmp_path / f"old{number}", before)
        assert 0.25 < transfer_weights(new_state(after, CPU), str(origin)) < 1


def test_networks_are_as_wide_as_those_they_begin_with(pictures: Path, tmp_path: Path) -> None:
    tiny.train(pictures, tmp_path / "old", "dcgan", images=8, channel_mult=2.0)
    assert told(pictures, tmp_path / "new", "dcgan", init_from=tmp_path / "old").startswith("Begins with 100%")
    assert Run(tmp_path / "new").read_config().channel_mult == 2
    tiny.train(pictures, tmp_path / "asked", "dcgan", images=8, channel_mult=0.5, init_from=tmp_path / "old")
    assert Run(tmp_path / "asked").read_config().channel_mult == 0.5, "a wish wins"


def test_afresh_is_where_the_run_began(tmp_path: Path) -> None:
    config = tiny.config("r3gan")
    origin, old = begun_with(tmp_path / "old", config)
    config = with_images(dataclasses.replace(config, init_from=str(origin), freeze_d=0.5), 64)
    state = new_state(config, CPU)
    transfer_weights(state, str(origin))
    for name, network in state.networks.by_name().items():
        for parameter in network.parameters():
            if parameter.requires_grad or name == "g_ema":  # all that a training moves
                parameter.data.fill_(3)
    reinitialize(state, config, 1)
    for name, network in state.networks.by_name().items():
        before = old["generator" if name == "g_ema" else name]
        assert all(torch.equal(each, before[key]) for key, each in network.state_dict().items()), name


def test_a_share_that_is_none(pictures: Path, tmp_path: Path) -> None:
    origin, _ = begun_with(tmp_path / "old", configured("fc", 16))
    for freeze in (-0.5, 1.0, float("nan")):
        with pytest.raises(GanvasError, match=r"--freeze must be between 0 and 0\.99"):
            tiny.train(pictures, tmp_path / "new", "fc", init_from=origin, freeze=freeze)


def test_a_run_goes_on_with_no_other_origin(pictures: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    trained(pictures, old, "fc", images=8)
    trained(pictures, new, "fc", images=8, init_from=old, freeze=0.5)
    with pytest.raises(GanvasError, match="--from") as caught:
        tiny.train(pictures, new, "fc", images=8, init_from=new)
    assert "--out" in caught.value.hint
    with pytest.raises(GanvasError, match="--freeze"):
        tiny.train(pictures, new, "fc", images=8, init_from=old, freeze=0.25)
    with pytest.raises(GanvasError, match="--from"):
        tiny.train(pictures, old, "fc", images=8, init_from=new)
    assert tiny.train(pictures, new, "fc", images=8, init_from=old, freeze=0.5)


def test_something_is_left_to_learn_however_much_is_frozen(pictures: Path, tmp_path: Path) -> None:
    trained(pictures, tmp_path / "old", "r3gan")
    assert tiny.train(pictures, tmp_path / "new", "r3gan", images=8, init_from=tmp_path / "old", freeze=0.99)


def test_the_same_pictures_larger_train_the_enlarging_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganvas.recipes.upsampling.BLOCK_WIDTHS", (8, 8))
    folder = tiny.write_pictures(tmp_path / "pictures", size=64)
    tiny.train(folder, tmp_path / "small", "quick", size="32", upsample=2)
    events = tiny.train(folder, tmp_path / "large", size="64", images=60, init_from=str(tmp_path / "small"))
    assert any(isinstance(event, Note) and "the enlarging alone" in event.text for event in events)
    config = Run(tmp_path / "large").read_config()
    assert [phase.name for phase in config.phases] == ["upsample", "refine"]
    assert config.upsampling is not None
    assert config.upsampling.factor == 4
    small, large = (Run(tmp_path / name) for name in ("small", "large"))
    before, after = (ganvas.load(run.folder).network.base.state_dict() for run in (small, large))
    assert before.keys() == after.keys()
    parameters = [name for name in before if "running" not in name and "num_batches" not in name]
    for name in parameters:
        if name.startswith("prior."):
            assert torch.equal(before[name], after[name]), f"{name} has moved"
        else:  # refined with what enlarges, a few small steps on
            assert float((before[name] - after[name]).abs().max()) < 0.02, f"{name} was learned anew"
    assert ganvas.load(large.folder).sample(1).shape == (1, 3, 64, 64)


def test_other_pictures_or_another_recipe_are_learned_from_the_beginning(tmp_path: Path) -> None:
    for name in ("one", "other"):
        tiny.write_pictures(tmp_path / name, size=64)
    tiny.train(tmp_path / "one", tmp_path / "small", "quick", size="32", upsample=2)
    for pictures, options in ((tmp_path / "other", {"size": "64"}), (tmp_path / "one", {"size": "32"})):
        out = tmp_path / f"run-{pictures.name}"
        tiny.train(pictures, out, images=40, init_from=str(tmp_path / "small"), **options)
        assert Run(out).read_config().phases[0].name == "autoencode"
