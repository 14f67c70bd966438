"""Runs of release 0.1 open, go on and repeat. The files were written by that release (see tests/fixtures/README.md)."""

import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import ganvas
from ganvas.cli import main
from ganvas.events import Done, Started
from ganvas.report.summary import train_command
from ganvas.runs import Run

pytestmark = pytest.mark.slow

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "release_0_1"
PICTURES = FIXTURES / "pictures.zip"


@pytest.fixture(params=["dcgan", "stylegan2"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a copy of a run of 0.1."""
    return Path(shutil.copytree(FIXTURES / request.param, tmp_path / request.param))


def test_it_is_sampled(run: Path) -> None:
    samples = ganvas.load(run, "cpu").sample(4, seed=0, truncation=0.7)
    assert samples.shape == (4, 3, 16, 16)
    assert samples.float().std() > 5, "weights did not reach their layers"


def test_it_is_reported(run: Path) -> None:
    page = ganvas.write_report(run).read_text(encoding="utf-8")
    assert "Mean logits, real and fake" in page, "its events are not understood"


def test_an_interrupted_run_goes_on_to_the_weights_it_would_have_had(tmp_path: Path) -> None:
    run = Path(shutil.copytree(FIXTURES / "dcgan", tmp_path / "dcgan"))
    events = list(ganvas.train(PICTURES, run, device="cpu"))
    started, done = next(event for event in events if isinstance(event, Started)), events[-1]
    assert started.resumed
    assert started.step > 0
    assert isinstance(done, Done)
    assert (done.reason, done.step) == ("finished", Run(run).read_config().steps)
    expected = load_file(FIXTURES / "dcgan" / "whole.safetensors")
    weights = load_file(run / "model" / "generator.safetensors")
    assert len(expected) == len(weights)
    for before, after in zip(expected.values(), weights.values(), strict=True):
        torch.testing.assert_close(after, before, rtol=1e-3, atol=1e-4)


def test_a_finished_run_stays_finished(tmp_path: Path) -> None:
    run = Path(shutil.copytree(FIXTURES / "stylegan2", tmp_path / "stylegan2"))
    events = list(ganvas.train(PICTURES, run, device="cpu"))
    assert isinstance(events[-1], Done)
    assert events[-1].step == Run(run).read_config().steps


def test_its_repeating_command_trains_the_same_again(tmp_path: Path) -> None:
    """What 0.1 was asked for is not recorded, so everything is stated; the networks begin and end as the first did."""
    command = shlex.split(train_command(Run(FIXTURES / "dcgan").read_config(), tmp_path / "dcgan"))
    words = [str(PICTURES) if word.endswith("pictures.zip") else word for word in command[1:]]
    assert main([*words, "--device", "cpu"]) == 0
    expected = load_file(FIXTURES / "dcgan" / "whole.safetensors")
    weights = load_file(tmp_path / "dcgan-again" / "model" / "generator.safetensors")
    for before, after in zip(expected.values(), weights.values(), strict=True):
        np.testing.assert_allclose(after.numpy(), before.numpy(), rtol=1e-3, atol=1e-4)


def test_options_of_today_are_compared_with_those_of_then(tmp_path: Path) -> None:
    run = Path(shutil.copytree(FIXTURES / "dcgan", tmp_path / "dcgan"))
    with pytest.raises(ganvas.GanvasError, match="--seed 1, not 0"):
        list(ganvas.train(PICTURES, run, device="cpu", seed=0))
    with pytest.raises(ganvas.GanvasError, match="--penalty-interval 4, not 8"):
        list(ganvas.train(PICTURES, run, device="cpu", penalty_interval=8))
