import json
from pathlib import Path

import pytest
import torch
from foreign_modules import stylegan2, stylegan3

import ganvas
import tiny
from ganvas.cli import main
from ganvas.errors import GanvasError
from ganvas.events import Note
from ganvas.interop.importing import import_run
from ganvas.interop.resolve import resolve_run
from ganvas.runs import Run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "network-final.pkl").write_bytes(stylegan2()[0])
    return tmp_path / "network-final.pkl"


def test_an_imported_run_is_a_run(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    assert main(["import", str(file), "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["network"], told["shape"]) == ("stylegan2-original", [3, 16, 16])
    assert "network-final.pkl" in Run(out).read_config().imported
    model = ganvas.load(out)
    assert model.sample(2, seed=1, truncation=0.7).shape == (2, 3, 16, 16)
    assert torch.equal(model.sample(3, seed=1)[:1], model.sample(1, seed=1))
    assert model.w_shape == (6, 7)


def test_an_imported_run_is_walked_mixed_and_given_directions(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    import_run(file, out)
    commands = (
        ["sample", out, "--count", "2", "--out", tmp_path / "sampled"],
        ["walk", out, "--seconds", "1", "--out", tmp_path / "walk.gif"],
        ["mix", out, "--out", tmp_path / "mixed.png"],
        ["directions", out],
    )
    for command in commands:
        assert main([*map(str, command)]) == 0, command


def test_a_stylegan3_is_drawn_with_and_not_trained(tmp_path: Path, pictures: Path) -> None:
    (tmp_path / "t.pkl").write_bytes(stylegan3(radial=False)[0])
    import_run(tmp_path / "t.pkl", tmp_path / "run")
    assert ganvas.load(tmp_path / "run").sample(1).shape == (1, 3, 16, 16)
    with pytest.raises(GanvasError, match="drawn with, and not trained: stylegan3"):
        tiny.train(pictures, tmp_path / "out", init_from=str(tmp_path / "run"))


@pytest.mark.parametrize("kind", ["file", "run"])
def test_a_training_begins_with_an_imported_network(kind: str, file: Path, tmp_path: Path, pictures: Path) -> None:
    source = file
    if kind == "run":
        source = import_run(file, tmp_path / "run").folder
    events = tiny.train(pictures, tmp_path / "out", size=None, init_from=str(source), images=48, batch=8)
    notes = [str(event) for event in events if isinstance(event, Note)]
    assert any("of its weights from" in note for note in notes), notes
    config = Run(tmp_path / "out").read_config()
    assert (config.generator.name, config.generator.widths, config.shape) == (
        "stylegan2-original",
        (12, 8, 6),
        (3, 16, 16),
    )
    assert config.discriminator.widths == (6, 8, 12)
    before = ganvas.load(resolve_run(source)).network.state_dict()
    after = ganvas.load(tmp_path / "out").network.state_dict()
    moved = {name: float((after[name] - each).abs().mean()) for name, each in before.items()}
    assert 0 < moved["const"] < 0.1, "it did not begin with the imported weights, or did not learn"
    again = tiny.train(pictures, tmp_path / "out", size=None, init_from=str(source), images=48, batch=8)
    assert again, "the same command goes on"


def test_an_imported_network_keeps_its_size(file: Path, tmp_path: Path, pictures: Path) -> None:
    with pytest.raises(GanvasError, match="own size, 16x16"):
        tiny.train(pictures, tmp_path / "out", size="32", init_from=str(file))


def test_an_imported_run_has_nothing_to_go_on_with(file: Path, tmp_path: Path, pictures: Path) -> None:
    import_run(file, tmp_path / "run")
    with pytest.raises(GanvasError, match="imported, not trained") as refused:
        tiny.train(pictures, tmp_path / "run")
    assert "--from" in refused.value.hint


def test_a_run_is_not_written_over(file: Path, tmp_path: Path) -> None:
    import_run(file, tmp_path / "run")
    with pytest.raises(GanvasError, match="is a run already"):
        import_run(file, tmp_path / "run")


def test_what_was_begun_is_finished(file: Path, tmp_path: Path) -> None:
    import_run(file, tmp_path / "run")
    (tmp_path / "run" / "model" / "generator.safetensors").unlink()  # as if it had been killed
    import_run(file, tmp_path / "run")
    assert ganvas.load(tmp_path / "run").sample(1).shape == (1, 3, 16, 16)


def test_a_file_that_is_no_network_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.pkl").write_bytes(b"cos\nsystem\n(S'echo hello'\ntR.")
    assert main(["import", str(tmp_path / "x.pkl"), "--out", str(tmp_path / "run")]) == 1
    assert "not a network of PyTorch's" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mapping_layers", -1),
        ("w_dim", 0),
        ("first_cutoff", 0),
        ("first_stopband", 1e9),
        ("filter_size", 9999),
        ("x", 1),
    ],
)
def test_a_damaged_setting_is_told(name: str, value: float, tmp_path: Path) -> None:
    (tmp_path / "t.pkl").write_bytes(stylegan3(radial=False)[0])
    run = Run(import_run(tmp_path / "t.pkl", tmp_path / "run").folder)
    record = json.loads(run.config_file.read_text())
    record["generator"]["settings"][name] = value
    run.config_file.write_text(json.dumps(record))
    with pytest.raises(GanvasError):
        ganvas.load(run.folder)
