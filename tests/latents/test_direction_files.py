"""Directions with names, kept in a run."""

import contextlib
import json
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from saved_runs import saved, varied

from ganvas.errors import GanvasError
from ganvas.latents.direction_files import (
    Direction,
    check_not_taken,
    direction_names,
    parse_strengths,
    read_direction,
    write_direction,
)
from ganvas.latents.sample import GeneratorModel, load
from ganvas.runs import Run

FOUND = {"method": "pictures", "from": "serious", "to": "smiling", "layers": "all"}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return saved(tmp_path / "mine", varied("dcgan"))


@pytest.fixture
def model(run: Run) -> GeneratorModel:
    return load(run.folder, "cpu")


def smile(model: GeneratorModel, name: str = "smile", **found: str) -> Direction:
    return Direction(name=name, step=torch.randn(model.w_shape), found=FOUND | found)


def test_a_direction_comes_back(run: Run, model: GeneratorModel) -> None:
    written = smile(model, "lächeln_2-b")
    file = write_direction(run, model, written)
    assert file == run.folder / "directions" / "lächeln_2-b.safetensors"
    read = read_direction(run, "lächeln_2-b", model)
    assert torch.equal(read.step, written.step)
    assert read.found == written.found
    first = file.read_bytes()
    write_direction(run, model, written)
    assert file.read_bytes() == first, "the same direction is another file"


def test_names_are_listed_in_order(run: Run, model: GeneratorModel) -> None:
    assert direction_names(run) == []
    for name in ("pca-10", "smile", "pca-9"):
        write_direction(run, model, smile(model, name))
    (run.directions / "notes.txt").write_text("mine")
    assert direction_names(run) == ["pca-9", "pca-10", "smile"]
    with pytest.raises(GanvasError, match=r"no direction 'smle'\. Did you mean 'smile'") as caught:
        read_direction(run, "smle", model)
    assert caught.value.hint == "Directions: pca-9, pca-10, smile"


def test_a_run_without_directions_says_how_to_find_some(run: Run, model: GeneratorModel) -> None:
    with pytest.raises(GanvasError, match="has no direction 'smile'") as caught:
        read_direction(run, "smile", model)
    assert caught.value.hint == f"Try: ganvas directions {run.folder}"


@pytest.mark.parametrize("name", ["", "a/b", "../smile", "..", ".", "a\\b", "a b", "a.b", "-a", "a=b", "x" * 65, "a\n"])
def test_a_name_is_no_path(name: str, run: Run, model: GeneratorModel) -> None:
    with pytest.raises(GanvasError, match="cannot be called"):
        read_direction(run, name, model)


def test_a_direction_of_another_run_is_refused(run: Run, model: GeneratorModel, tmp_path: Path) -> None:
    other = saved(tmp_path / "other", varied("dcgan"), seed=1)
    file = write_direction(other, load(other.folder, "cpu"), smile(model))
    run.directions.mkdir()
    (run.directions / file.name).write_bytes(file.read_bytes())
    with pytest.raises(GanvasError, match="was found for another network") as caught:
        read_direction(run, "smile", model)
    assert "ganvas directions" in caught.value.hint


BROKEN = {  # tensors for a good one, and metadata besides
    "not finite": (lambda good: {"direction": good * float("nan")}, None),
    "infinite": (lambda good: {"direction": good / 0}, None),
    "another shape": (lambda good: {"direction": good.expand(3, -1).contiguous()}, None),
    "whole numbers": (lambda good: {"direction": good.long()}, None),
    "another tensor": (lambda good: {"weight": good}, None),
    "huge": (lambda good: {"direction": torch.ones(1000, 1000)}, None),
    "no metadata": (lambda good: {"direction": good}, {}),
    "metadata that is no object": (lambda good: {"direction": good}, {"ganvas": "[]"}),
    "deep metadata": (lambda good: {"direction": good}, {"ganvas": "[" * 50_000}),
    "no way of finding": (lambda good: {"direction": good}, {"ganvas": '{"found": "none"}'}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused(name: str, run: Run, model: GeneratorModel) -> None:
    tensors, said = BROKEN[name]
    right = {"ganvas": json.dumps({"network": model.fingerprint, "found": FOUND})}
    run.directions.mkdir()
    good = torch.ones(model.w_shape)
    save_file(tensors(good), run.directions / "smile.safetensors", right if said is None else said)
    with pytest.raises(GanvasError, match=r"smile\.safetensors") as caught:
        read_direction(run, "smile", model)
    assert caught.value.hint


@pytest.mark.parametrize("content", [b"", b"rubbish" * 50, b"\x80\x04K\x01.", b"\xff" * 64])
def test_what_is_no_safetensors_is_refused(content: bytes, run: Run, model: GeneratorModel) -> None:
    run.directions.mkdir()
    (run.directions / "smile.safetensors").write_bytes(content)
    with pytest.raises(GanvasError, match="is damaged, or is no direction"):
        read_direction(run, "smile", model)
    with pytest.raises(GanvasError, match="another direction 'smile' already"):
        check_not_taken(run, "smile", FOUND)


def test_a_link_is_not_followed(run: Run, model: GeneratorModel, tmp_path: Path) -> None:
    file = write_direction(run, model, smile(model))
    file.rename(tmp_path / "elsewhere.safetensors")
    file.symlink_to(tmp_path / "elsewhere.safetensors")
    with pytest.raises(GanvasError, match="is a link"):
        read_direction(run, "smile", model)
    with pytest.raises(GanvasError, match="is a link"):
        write_direction(run, model, smile(model))


def test_a_name_is_taken_anew_only_by_the_same(run: Run, model: GeneratorModel) -> None:
    check_not_taken(run, "smile", FOUND)
    write_direction(run, model, smile(model))
    check_not_taken(run, "smile", FOUND | {"told": 0.5})
    for other in ({"method": "pca"}, {"from": "angry"}, {"to": "laughing"}, {"layers": "coarse"}):
        with pytest.raises(GanvasError, match="another direction 'smile' already") as caught:
            check_not_taken(run, "smile", FOUND | other)
        assert "--name smile-2" in caught.value.hint


def test_strengths_are_numbers_of_standard_deviations() -> None:
    assert parse_strengths(["smile=2", "pca-1=-0.5", "age"]) == {"smile": 2.0, "pca-1": -0.5, "age": 1.0}
    assert parse_strengths([]) == {}


@pytest.mark.parametrize(
    "word", ["smile=", "smile=x", "smile=nan", "smile=inf", "smile=-inf", "smile=1e9", "smile=1=2"]
)
def test_a_strength_that_is_no_number_is_told(word: str) -> None:
    with pytest.raises(GanvasError, match="does not say how far") as caught:
        parse_strengths([word])
    assert caught.value.hint == "Try: --direction smile=2"


def test_a_direction_is_given_once() -> None:
    with pytest.raises(GanvasError, match="'smile' is given twice"):
        parse_strengths(["smile=2", "smile"])


@given(st.lists(st.text(max_size=20), max_size=3))
def test_anything_else_is_an_error_and_never_a_crash(words: list[str]) -> None:
    with contextlib.suppress(GanvasError):
        assert all(abs(strength) <= 1e6 for strength in parse_strengths(words).values())
