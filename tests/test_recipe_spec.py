"""What recipes say of themselves is true, and `ganvas recipes` shows all of it."""

import json
import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from ganvas import recipes
from ganvas.cli import main
from ganvas.config import DataConfig
from ganvas.errors import GanvasError
from ganvas.recipes import RECIPES, RecipeSpec

OTHER_MODULES = {"__init__", "spec", "resolutions", "overrides", "upsampling"}
MODULES = sorted({path.stem for path in Path(recipes.__file__).parent.glob("*.py")} - OTHER_MODULES)


def spec_of(module: str) -> RecipeSpec:
    spec = import_module(f"ganvas.recipes.{module}").SPEC
    assert isinstance(spec, RecipeSpec)
    return spec


def test_every_recipe_has_a_module_and_every_module_is_listed() -> None:
    assert sorted(RECIPES) == MODULES
    assert next(iter(RECIPES)) == "quick", "what a newcomer should try first comes first"


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_named_after_its_recipe(name: str) -> None:
    spec = spec_of(name)
    assert RECIPES[name] is spec
    assert spec.name == spec.config.__name__ == name
    assert spec.config.__module__ == f"ganvas.recipes.{name}"
    assert spec.config(DataConfig("pictures", 32, 32), 1000).recipe == name


@pytest.mark.parametrize("name", MODULES)
def test_a_recipe_is_documented(name: str) -> None:
    module = import_module(f"ganvas.recipes.{name}")
    text = spec_of(name).config.__doc__ or ""
    assert text.startswith("Return ")
    assert len(text.splitlines()) > 1, "it does not say for what and how"
    assert (module.__doc__ or "").rstrip().endswith(".")


@pytest.mark.parametrize("name", RECIPES)
def test_the_sizes_are_those_that_are_accepted(name: str) -> None:
    found = re.search(r"(\d+) to (\d+) px$", RECIPES[name].purpose)
    assert found
    shortest, longest = int(found[1]), int(found[2])
    assert (shortest, longest) == RECIPES[name].sides
    for side in (shortest, longest):
        RECIPES[name](DataConfig("pictures", side, side), 1000)
    for width, height in (
        (shortest - 1, shortest - 1), (longest + 1, longest + 1), (shortest - 1, longest), (shortest, longest + 1),
    ):  # fmt: skip
        with pytest.raises(GanvasError) as caught:
            RECIPES[name](DataConfig("pictures", height, width), 1000)
        nearest = re.search(r"--size (\d+)(?:x(\d+))?$", caught.value.hint)
        assert nearest, caught.value.hint
        RECIPES[name](DataConfig("pictures", int(nearest[2] or nearest[1]), int(nearest[1])), 1000)


@pytest.mark.parametrize("name", RECIPES)
def test_nothing_is_left_out(name: str) -> None:
    spec = RECIPES[name]
    assert all((spec.images, spec.hardware, spec.time, spec.source))
    assert spec.purpose.startswith(spec.images)
    year = re.search(r"\b(?:19|20)\d\d\b", spec.source)
    module = import_module(f"ganvas.recipes.{name}")
    assert year is None or year[0] in f"{module.__doc__} {spec.config.__doc__}", "its own words name another paper"
    assert all(score > 0 for score in spec.scores.values())


@pytest.mark.parametrize("name", RECIPES)
def test_a_bounded_recipe_limits_how_often_few_pictures_are_seen(name: str) -> None:
    last = RECIPES[name](DataConfig("pictures", 32, 32), 500).phases[-1]
    assert RECIPES[name].bounded == (last.max_steps > 0)


def test_the_command_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes", "--json"]) == 0
    out, err = capsys.readouterr()
    record = json.loads(out.splitlines()[-1])
    assert list(record) == list(RECIPES)
    assert all(name in err for name in RECIPES)
    assert record["quick"]["hardware"] == "a CPU"


def test_people_read_it_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert all(name in err for name in RECIPES)
    assert "ganvas inspect PICTURES" in err.replace("\n", " ")


def test_all_that_is_known_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    main(["recipes", "--json"])
    record = json.loads(capsys.readouterr().out)
    cases = {case for spec in RECIPES.values() for case in spec.scores}
    for name, spec in RECIPES.items():
        about = {"data": spec.purpose, "hardware": spec.hardware, "time": spec.time, "source": spec.source}
        assert record[name] == about | {"measured": {case: spec.scores.get(case) for case in cases}}


def test_scores_are_shown_where_there_are_some(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECIPES, "quick", replace(RECIPES["quick"], scores={"a case": 1234.5}))
    monkeypatch.setenv("COLUMNS", "200")
    main(["recipes", "--json"])
    out, err = capsys.readouterr()
    record = json.loads(out)
    assert record["quick"]["measured"]["a case"] == 1234.5
    assert record["vae"]["measured"]["a case"] is None
    assert "1,234" in err
