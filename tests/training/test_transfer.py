"""Beginning with an earlier run: what is kept, also across sizes, and what is refused."""

from pathlib import Path

import pytest
import torch

import tiny
from ganvas import checkpoint
from ganvas.checkpoint import Tensors
from ganvas.errors import GanvasError
from ganvas.events import Note
from ganvas.models import build_discriminator
from ganvas.recipes import RECIPES
from ganvas.runs import Run
from ganvas.training.state import under
from ganvas.training.transfer import matching

pytestmark = pytest.mark.usefixtures("narrow_recipes")


def rows(**of: tuple[int, ...]) -> Tensors:
    """Return tensors named "row.0.weight" ... of these lengths, each filled with a number of its own."""
    return {
        f"{row}.{place}.weight": torch.full((length,), float(place))
        for row, lengths in of.items()
        for place, length in enumerate(lengths)
    }


def test_rows_are_laid_side_by_side_from_either_end() -> None:
    old, new = rows(stages=(4, 4, 4)), rows(stages=(4, 4, 4, 4))
    first = matching(old, new, from_end=False)
    assert {name: float(each[0]) for name, each in first.items()} == {
        "stages.0.weight": 0, "stages.1.weight": 1, "stages.2.weight": 2
    }  # fmt: skip
    last = matching(old, new, from_end=True)
    assert {name: float(each[0]) for name, each in last.items()} == {
        "stages.1.weight": 0, "stages.2.weight": 1, "stages.3.weight": 2
    }  # fmt: skip


def test_what_does_not_fit_from_one_end_is_tried_from_the_other() -> None:
    found = matching(rows(layers=(5, 5, 3)), rows(layers=(5, 5, 5, 3)), from_end=False)
    assert {name: float(each[0]) for name, each in found.items()} == {
        "layers.0.weight": 0, "layers.1.weight": 1, "layers.3.weight": 2
    }  # fmt: skip


def test_other_shapes_and_other_names_are_left() -> None:
    old = {"a": torch.zeros(2), "b": torch.zeros(3)}
    assert matching(old, {"a": torch.ones(3), "c": torch.ones(3)}, from_end=False) == {}


def trained(pictures: Path, out: Path, recipe: str, **options: object) -> Tensors:
    tiny.train(pictures, out, recipe, **options)
    found = checkpoint.newest(Run(out).checkpoints)
    assert found is not None
    return found[0]


def begun(pictures: Path, out: Path, recipe: str, origin: Path, **options: object) -> tuple[Tensors, str]:
    """Return the weights after a single step that began with `origin`, and what was said."""
    events = tiny.train(pictures, out, recipe, images=1, origin=origin, **options)
    found = checkpoint.newest(Run(out).checkpoints)
    assert found is not None
    return found[0], next(each.text for each in events if isinstance(each, Note) and "of its weights" in each.text)


@pytest.mark.parametrize("recipe", RECIPES)
def test_all_is_kept_where_sizes_agree(recipe: str, pictures: Path, tmp_path: Path) -> None:
    trained(pictures, tmp_path / "old", recipe)
    _, told = begun(pictures, tmp_path / "new", recipe, tmp_path / "old")
    assert told.startswith("Begins with 100% of its weights"), told


@pytest.mark.parametrize("recipe", ["quick", "r3gan", "stylegan2", "multiscale", "progressive", "projected", "dcgan"])
def test_shared_layers_are_kept_across_sizes(recipe: str, pictures: Path, tmp_path: Path) -> None:
    trained(pictures, tmp_path / "old", recipe)
    _, told = begun(pictures, tmp_path / "new", recipe, tmp_path / "old", size="32")
    share = int(told.split("%")[0].split()[-1])
    assert 40 < share < 100, told


def test_coarse_layers_of_the_generator_and_last_ones_of_the_discriminator(pictures: Path, tmp_path: Path) -> None:
    old = trained(pictures, tmp_path / "old", "r3gan")
    new, _ = begun(pictures, tmp_path / "new", "r3gan", tmp_path / "old", size="32")

    def near(one: torch.Tensor, other: torch.Tensor) -> bool:
        return float((one - other).abs().max()) < 0.02  # a single step of Adam lies between

    for stage in range(3):
        name = f"stages.{stage}.blocks.0.widen.weight"
        assert near(old[f"generator/{name}"], new[f"generator/{name}"])
        above = f"stages.{stage + 1}.blocks.0.widen.weight"
        assert near(old[f"discriminator/{name}"], new[f"discriminator/{above}"])
    assert near(old["discriminator/verdict.score.weight"], new["discriminator/verdict.score.weight"])


def test_the_recipe_is_that_of_the_run(pictures: Path, tmp_path: Path) -> None:
    trained(pictures, tmp_path / "old", "residual")
    tiny.train(pictures, tmp_path / "new", "auto", images=8, origin=tmp_path / "old")
    config = Run(tmp_path / "new").read_config()
    assert config.recipe == "residual"
    assert config.origin == str((tmp_path / "old").resolve())


def test_a_transfer_is_repeatable_and_goes_on_alike(pictures: Path, tmp_path: Path) -> None:
    trained(pictures, tmp_path / "old", "residual")
    one = trained(pictures, tmp_path / "one", "residual", origin=tmp_path / "old", freeze=0.5)
    tiny.train(pictures, tmp_path / "two", "residual", origin=tmp_path / "old", freeze=0.5, stop=tiny.stop_after(7))
    two = trained(pictures, tmp_path / "two", "residual", origin=tmp_path / "old", freeze=0.5)
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_what_is_frozen_stays(pictures: Path, tmp_path: Path) -> None:
    old = under(trained(pictures, tmp_path / "old", "r3gan"), "discriminator/")
    new = under(trained(pictures, tmp_path / "new", "r3gan", origin=tmp_path / "old", freeze=0.5), "discriminator/")
    names = [name for name, _ in build_discriminator(Run(tmp_path / "new").read_config()).named_parameters()]
    stays = [torch.equal(old[name], new[name]) for name in names]
    half = round(0.5 * len(stays))
    assert all(stays[:half])
    assert not any(stays[half:])


def test_from_grey_to_colour(pictures: Path, tmp_path: Path) -> None:
    trained(pictures, tmp_path / "old", "r3gan", channels="grey")
    _, told = begun(pictures, tmp_path / "new", "r3gan", tmp_path / "old", channels="rgb")
    assert int(told.split("%")[0].split()[-1]) > 90, told  # all but what touches colours


def test_what_cannot_be_begun_with(pictures: Path, tmp_path: Path) -> None:
    trained(pictures, tmp_path / "old", "fc")
    with pytest.raises(GanvasError, match="no layer in common"):
        tiny.train(pictures, tmp_path / "other", "r3gan", origin=tmp_path / "old")
    with pytest.raises(GanvasError) as caught:
        tiny.train(pictures, tmp_path / "none", "fc", origin=tmp_path)
    assert caught.value.hint
    with pytest.raises(GanvasError, match="nothing to freeze") as caught:
        tiny.train(pictures, tmp_path / "cold", "fc", freeze=0.5)
    assert "--from" in caught.value.hint
    assert not (tmp_path / "none").exists(), "nothing was written"
    tiny.train(pictures, tmp_path / "new", "fc", origin=tmp_path / "old")
    with pytest.raises(GanvasError, match="--from"):
        tiny.train(pictures, tmp_path / "new", "fc", origin=tmp_path / "new")


def test_a_run_without_a_checkpoint(pictures: Path, tmp_path: Path) -> None:
    trained(pictures, tmp_path / "old", "fc")
    for each in checkpoint.listing(Run(tmp_path / "old").checkpoints):
        each.rename(tmp_path / each.name)
    with pytest.raises(GanvasError, match="no checkpoint") as caught:
        tiny.train(pictures, tmp_path / "new", "fc", origin=tmp_path / "old")
    assert "ganvas train --out" in caught.value.hint
