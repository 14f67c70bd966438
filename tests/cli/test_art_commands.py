"""ganvas mix, directions, and sample --direction, as they are typed."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import tiny
from ganvas.cli import main
from ganvas.coach.model_health import Health
from ganvas.image_io import read_metadata
from ganvas.latents.direction_files import read_direction
from ganvas.latents.latent_files import read_latents
from ganvas.latents.sample import load, save_network
from ganvas.models import build_generator
from ganvas.runs import Run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run, config = Run(tmp_path / "mine"), tiny.config("stylegan2")
    torch.manual_seed(0)
    run.write_config(config)
    save_network(run, build_generator(config), 3, 24)
    return run


def typed(*words: object) -> int:
    return main([*map(str, words), "--device", "cpu"])


def pixels(file: Path) -> torch.Tensor:
    with Image.open(file) as image:
        return torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1)


def test_from_a_run_to_a_moved_picture_that_is_found_again(
    run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert typed("directions", run.folder, "--method", "sefa", "--count", 2, "--json") == 0
    captured = capfd.readouterr()
    assert json.loads(captured.out)["reason"] == "finished"
    assert "--direction sefa-1=2" in captured.err
    moved = tmp_path / "moved.png"
    words = ["sample", run.folder, "--seeds", 7, "--direction", "sefa-1=2", "sefa-2=-1.5"]
    assert typed(*words, "--out", moved) == 0
    model = load(run.folder, "cpu")
    first, second = (read_direction(run, name, model).step for name in ("sefa-1", "sefa-2"))
    w = model.map(*model.latents([7])) + 2 * first - 1.5 * second
    assert torch.equal(pixels(moved), model.synthesize(w)[0]), "the direction is not applied in w"
    assert torch.equal(read_latents(moved, model), w), "a moved picture is not found again"
    assert read_metadata(moved)["direction"] == "sefa-1=2,sefa-2=-1.5"
    again = tmp_path / "again.png"
    assert typed("sample", run.folder, "--latent", moved, "--out", again) == 0
    assert torch.equal(pixels(again), pixels(moved))
    back = tmp_path / "back.png"
    assert typed("sample", run.folder, "--latent", moved, "--direction", "sefa-1=-2", "sefa-2=1.5", "--out", back) == 0
    assert (pixels(back).int() - model.sample(seeds=[7])[0].int()).abs().max() <= 1


def test_pictures_that_were_moved_otherwise_are_drawn_anew(run: Run, tmp_path: Path) -> None:
    assert typed("directions", run.folder, "--count", 1) == 0
    files = {}
    for words in ([], ["--direction", "pca-1=2"], ["--direction", "pca-1=2"], ["--direction", "pca-1=-2"]):
        assert typed("sample", run.folder, "--count", 3, "--out", tmp_path / "out", *words) == 0
        files[" ".join(words)] = (tmp_path / "out" / "000001.png").read_bytes()
    assert len(set(files.values())) == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--direction", "smile=2"], "has no direction 'smile'"),
        (["--direction", "../smile=2"], "cannot be called '../smile'"),
        (["--direction", "smile=much"], "does not say how far"),
    ],
)
def test_a_direction_that_is_none(
    words: list[str], message: str, run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert typed("sample", run.folder, "--out", tmp_path / "out", *words) == 1
    said = capfd.readouterr().err
    assert message in said
    assert "Traceback" not in said
    assert not (tmp_path / "out").exists()


def test_a_mix_is_typed(run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "mix.webp"
    assert typed("mix", run.folder, "--rows", "1,2", "--columns", 5, "--layers", "fine", "--out", out, "--json") == 0
    assert json.loads(capfd.readouterr().out) == {"path": str(out)}
    assert read_metadata(out)["layers"] == "4,5"
    assert typed("mix", run.folder, "--corners", "1", "2", "3", "--out", out) == 1
    assert "four corners, and these are 3" in capfd.readouterr().err
    save_network(run, load(run.folder, "cpu").network, 3, 24, Health("mode collapse", 0.9))
    assert typed("mix", run.folder, "--rows", "1,2", "--columns", 5, "--out", out, "--json") == 0
    captured = capfd.readouterr()
    assert json.loads(captured.out) == {"path": str(out)}
    assert "This model is not healthy: mode collapse." in captured.err


def test_a_name_needs_two_folders(run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert typed("directions", run.folder, "--name", "smile", "--from", tmp_path) == 1
    assert "--from serious/ --to smiling/" in capfd.readouterr().err
