"""Runs from strangers, through the commands: an error with a hint, or a result; never a traceback."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

import tiny
from ganvas.checkpoint import FACTS, MANIFEST, STATE, list_checkpoints
from ganvas.cli import main
from ganvas.latents.model_file import MODEL_FILE
from ganvas.recipes import RECIPES
from ganvas.runs import Run

pytestmark = pytest.mark.slow
DEEP = "[" * 200_000


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run that was stopped on its way."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(RECIPES, "fc", tiny.NARROW["fc"])
        tiny.train(tiny.write_pictures(folder / "pictures"), folder / "run", "fc", stop=tiny.stop_after(12))
    for path in list_checkpoints(folder / "run" / "checkpoints")[:-1]:
        shutil.rmtree(path)
    return folder / "run"


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Run:
    return Run(shutil.copytree(whole, tmp_path / "run"))


def with_facts(run: Run, change: Callable[[dict[str, Any]], Any] | str) -> list[str]:
    """Change the facts of a run's checkpoint and its checksums, as a stranger would; return the names of all."""
    (path,) = list_checkpoints(run.checkpoints)
    if isinstance(change, str):
        (path / FACTS).write_text(change)
    else:
        facts = json.loads((path / FACTS).read_text())
        change(facts)
        (path / FACTS).write_text(json.dumps(facts))
    hashes = {name: hashlib.sha256((path / name).read_bytes()).hexdigest() for name in (STATE, FACTS)}
    (path / MANIFEST).write_text(json.dumps(hashes))
    return [path.name]


@pytest.mark.parametrize(
    "change",
    [
        DEEP,
        "[]",
        "null",
        "{}",
        lambda facts: facts["counters"].update(step=-10),
        lambda facts: facts["counters"].update(step=10**400),
        lambda facts: facts["counters"].update(images_seen=-1),
        lambda facts: facts["counters"].update(seconds=float("inf")),
        lambda facts: facts["counters"].update(n_microbatches=0),
        lambda facts: facts.update(events="x"),
        lambda facts: facts.update(events=-10),
        lambda facts: facts.update(training=[]),
        lambda facts: facts.update(scalers=5),
        lambda facts: facts["coach"].update(prescriptions=[{"kind": "extend", "value": float("inf")}]),
    ],
)
def test_facts_that_no_training_writes_end_in_an_error_and_nothing_is_trained(
    change: Callable[[dict[str, Any]], Any] | str, run: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    before, events = with_facts(run, change), run.events_file.read_bytes()
    for more in ([], ["--images", "400"]):
        assert main(["train", "--out", str(run.folder), *more]) == 1
        told = capfd.readouterr().err
        assert "Error: " in told
        assert len(told[told.index("Error: ") :].splitlines()) > 1, "there is no hint"
    assert [path.name for path in list_checkpoints(run.checkpoints)] == before
    assert run.events_file.read_bytes() == events


def test_events_that_are_not_there_are_not_asked_memory_for(run: Run) -> None:
    with_facts(run, lambda facts: facts.update(events=10**13))
    assert main(["train", "--out", str(run.folder)]) == 0


@pytest.mark.parametrize("text", [DEEP, "[]", "1" * 5000, "{}"], ids=["deep", "list", "digits", "empty"])
def test_scores_and_metadata_that_cannot_be_read_are_as_if_not_there(
    text: str, run: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    tensors = {name: tensor.clone() for name, tensor in load_file(run.model / MODEL_FILE).items()}  # not mapped to it
    save_file(tensors, run.model / MODEL_FILE, {"ganvas": text})
    run.evaluation.mkdir()
    (run.evaluation / "scores.json").write_text(text)
    for words in (["sample", "--count", "2"], ["evaluate", "--count", "20"], ["report", "--count", "20"]):
        (run.evaluation / "scores.json").write_text(text)
        assert main([words[0], str(run.folder), *words[1:]]) == 0, capfd.readouterr().err
