"""The files that an export writes, and what it refuses."""

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import exported
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

import ganvas
from ganvas.cli import main
from ganvas.config import Config, from_dict
from ganvas.errors import GanvasError
from ganvas.models import build_generator


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Return a run with styles by layer."""
    return exported.saved(tmp_path / "run", exported.config("stylegan2")).folder


def test_a_network_with_styles_is_written_whole_and_in_halves(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exported.needs_onnx()
    assert main(["export", str(run), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    names = ["generator.onnx", "generator-mapping.onnx", "generator-synthesis.onnx"]
    assert [Path(file).name for file in record["files"]] == names
    assert all(Path(file).parent == run / "exported" for file in record["files"])
    assert 0 <= record["difference"] < 1e-3
    assert record["distance"] is None


@pytest.mark.filterwarnings("ignore:.*torch.jit")  # PyTorch calls it deprecated
def test_torchscript_runs_without_ganvas(run: Path) -> None:
    written = ganvas.export(run, "torchscript")
    network = torch.jit.load(written.files[0])
    images = network(torch.randn(2, 8), torch.tensor(0.7))
    assert images.shape == (2, 3, 16, 16)
    assert 0 <= images.min() <= images.max() <= 1


def test_safetensors_are_loaded_as_their_card_says(run: Path, tmp_path: Path) -> None:
    file, card = ganvas.export(run, "safetensors", tmp_path / "weights.safetensors").files
    assert "load_file" in card.read_text()
    facts = json.loads(safe_open(file, "pt").metadata()["ganvas"])
    assert facts["config"]["data"]["path"] == "", "where somebody's pictures lie is nobody's business"
    generator = build_generator(from_dict(Config, facts["config"]))
    generator.load_state_dict(load_file(file))
    own = ganvas.load(run, "cpu")
    z, labels = own.latents([3])
    with torch.no_grad():
        torch.testing.assert_close(generator.eval().sample(z, labels), own.network.sample(z, labels))


def test_fewer_bits_are_told_with_what_they_cost(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exported.needs_onnx()
    assert main(["export", str(run), "--precision", "int8", "--json"]) == 0
    shown = capsys.readouterr()
    record = json.loads(shown.out)
    assert record["between_samplings"] > record["distance"] >= 0
    assert "lie at a distance of" in " ".join(shown.err.split())


def test_an_export_may_be_repeated_but_takes_nobodys_place(run: Path, tmp_path: Path) -> None:
    for to in ("torchscript", "safetensors"):
        ganvas.export(run, to)
        ganvas.export(run, to)
    foreign = tmp_path / "thesis.pt"
    foreign.write_bytes(b"ten years of work")
    with pytest.raises(GanvasError, match="was not written by ganvas"):
        ganvas.export(run, "torchscript", foreign)
    (tmp_path / "weights.md").write_text("my notes")
    with pytest.raises(GanvasError, match=r"weights\.md was not written by ganvas"):
        ganvas.export(run, "safetensors", tmp_path / "weights.safetensors")
    assert not (tmp_path / "weights.safetensors").exists(), "one file of two was written"
    assert foreign.read_bytes() == b"ten years of work"


@pytest.mark.parametrize(
    ("to", "out", "precision", "problem"),
    [
        ("onix", None, "float32", r"There is no format 'onix'. Did you mean 'onnx'\?"),
        ("onnx", None, "float8", "There is no precision 'float8'"),
        ("torchscript", None, "int8", "torchscript keeps all bits"),
        ("torchscript", "network.onnx", "float32", "does not end in .pt"),
        ("torchscript", "a-file/network.pt", "float32", "cannot be created"),
    ],
)
def test_what_makes_no_sense_is_refused(
    run: Path, tmp_path: Path, to: str, out: str | None, precision: str, problem: str
) -> None:
    (tmp_path / "a-file").write_text("")
    with pytest.raises(GanvasError, match=problem):
        ganvas.export(run, to, out and tmp_path / out, precision=precision)


def test_a_run_that_never_finished_is_named(tmp_path: Path) -> None:
    run = exported.saved(tmp_path / "run", exported.config("dcgan"))
    (run.model / "generator.safetensors").unlink()
    with pytest.raises(GanvasError, match="no trained generator yet") as error:
        ganvas.export(run.folder, "torchscript")
    assert "ganvas train" in error.value.hint


def test_without_the_extra_its_install_line_comes(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(GanvasError) as error:
        ganvas.export(run)
    assert error.value.hint == 'pip install "ganvas[onnx]"'


def test_a_full_disk_leaves_nothing_behind(
    run: Path, largest_file: Callable[[int], AbstractContextManager[None]]
) -> None:
    ganvas.export(run, "safetensors")
    before = (run / "exported" / "generator.safetensors").read_bytes()
    with largest_file(5_000), pytest.raises(GanvasError, match="Cannot write"):
        ganvas.export(run, "safetensors")
    assert (run / "exported" / "generator.safetensors").read_bytes() == before
    assert sorted(each.name for each in (run / "exported").iterdir()) == ["generator.md", "generator.safetensors"]
