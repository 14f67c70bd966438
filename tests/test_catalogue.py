"""The list of recipes says what is so."""

import json
import re
from dataclasses import asdict

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
    for width, height in ((least - 1, least - 1), (most + 1, most + 1), (least - 1, most), (least, most + 1)):
        with pytest.raises(GanvasError) as caught:
            RECIPES[name](DataConfig("pictures", height, width), 1000)
        nearest = re.search(r"--size (\d+)(?:x(\d+))?$", caught.value.hint)
        assert nearest, caught.value.hint
        RECIPES[name](DataConfig("pictures", int(nearest[2] or nearest[1]), int(nearest[1])), 1000)


@pytest.mark.parametrize("name", CATALOGUE)
def test_nothing_is_left_out(name: str) -> None:
    about = CATALOGUE[name]
    assert all((about.data, about.hardware, about.time, about.source))
    year = re.search(r"\b(?:19|20)\d\d\b", about.source)
    told = RECIPES[name].__doc__ or ""
    assert year is None or year[0] in told or name == "fc", "the recipe's own words name another paper"


def test_the_command_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes", "--json"]) == 0
    out, told = capsys.readouterr()
    record = json.loads(out.splitlines()[-1])
    assert list(record) == list(RECIPES)
    assert all(name in told for name in RECIPES)
    assert record["quick"]["hardware"] == "a processor"


def test_people_read_it_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes"]) == 0
    out, told = capsys.readouterr()
    assert out == ""
    assert all(name in told for name in RECIPES)
    assert "ganvas inspect PICTURES" in told.replace("\n", " ")


def test_all_that_is_written_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    main(["recipes", "--json"])
    record = json.loads(capsys.readouterr().out)
    for name, about in CATALOGUE.items():
        measured = {case: scores.get(name) for case, scores in MEASURED.items()}
        assert record[name] == asdict(about) | {"measured": measured}


def test_scores_are_told_where_there_are_some(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MEASURED, "a case", {"quick": 1234.5})
    monkeypatch.setenv("COLUMNS", "200")
    main(["recipes", "--json"])
    out, told = capsys.readouterr()
    record = json.loads(out)
    assert record["quick"]["measured"]["a case"] == 1234.5
    assert record["vae"]["measured"]["a case"] is None
    assert "1,234" in told
