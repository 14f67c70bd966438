"""The list of recipes says what is so."""

import json
import re

import pytest

from ganvas.cli import main
from ganvas.config import DataConfig
from ganvas.errors import GanvasError
from ganvas.recipes import RECIPES
from ganvas.recipes.catalogue import CATALOGUE, MEASURED


def test_every_recipe_is_listed() -> None:
    assert list(CATALOGUE) == list(RECIPES)
    assert {name for each in MEASURED.values() for name in each} <= set(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_the_sizes_are_those_that_are_accepted(name: str) -> None:
    found = re.search(r"(\d+) to (\d+) px", CATALOGUE[name].data)
    assert found
    least, most = int(found[1]), int(found[2])
    for side in (least, most):
        RECIPES[name](DataConfig("pictures", side, side), 1000)
    for side in (least - 1, most + 1):
        with pytest.raises(GanvasError):
            RECIPES[name](DataConfig("pictures", side, side), 1000)


def test_the_command_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes", "--json"]) == 0
    out, told = capsys.readouterr()
    record = json.loads(out.splitlines()[-1])
    assert list(record) == list(RECIPES)
    assert all(name in told for name in RECIPES)
    assert record["quick"]["hardware"] == "a processor"
