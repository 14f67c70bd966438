"""Where a search begins."""

import errno
import hashlib
from pathlib import Path

import pytest
import torch
from search_tiny import saved_run

import tiny
from ganvas.errors import GanvasError
from ganvas.events import run_to_end
from ganvas.image_io import to_float
from ganvas.latents.projection.embedding import Embedding, distances
from ganvas.latents.projection.starts import POOL_SEED, encoded, load_encoder, near_samples
from ganvas.latents.sample import load
from ganvas.models import build_encoder


def test_the_nearest_of_all_samples_are_found(tmp_path: Path) -> None:
    model = load(saved_run(tmp_path / "run", classes=("cat", "dog")).folder, "cpu")
    embedding = Embedding(model.config.shape)
    vectors = embedding(to_float(model.sample(40, POOL_SEED)))
    targets = embedding(to_float(model.sample(seeds=[1, 2])))
    starts, spread = run_to_end(near_samples(model, embedding, targets, 40, 3, None))
    z, labels = model.latents_at([(POOL_SEED, index) for index in range(40)])
    assert labels is not None
    for target, found in zip(targets, starts, strict=True):
        expected = distances(vectors, target).argsort()[:3]
        assert torch.equal(found.w, model.map(z, labels)[expected])
        assert found.labels == tuple(labels[expected].tolist())
        assert found.nearest == pytest.approx(float(distances(vectors, target).min()), rel=1e-3)
    torch.testing.assert_close(spread.mean, z.mean(0))
    dogs, _ = run_to_end(near_samples(model, embedding, targets, 20, 3, "dog"))
    assert {label for each in dogs for label in each.labels} == {1}


@pytest.mark.parametrize("recipe", ["quick", "keen", "vae"])
def test_the_encoder_of_the_newest_checkpoint_says_a_code(recipe: str, tmp_path: Path) -> None:
    run = saved_run(tmp_path / "run", recipe)
    model = load(run.folder, "cpu")
    encoder = load_encoder(run, model.config)
    assert encoder is not None
    assert encoded(encoder, model.config, to_float(model.sample(3))).shape == (3, 1, model.config.z_dim)
    (run.checkpoints / "000000003" / "state.safetensors").write_bytes(b"rubbish")
    assert load_encoder(run, model.config) is None, "a damaged checkpoint is no reason not to search"


def test_a_checkpoint_that_cannot_be_read_now_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search would begin elsewhere, end elsewhere, and be kept as finished."""
    run = saved_run(tmp_path / "run", "quick")

    def failing(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(hashlib, "file_digest", failing)
    with pytest.raises(GanvasError, match="cannot be read now"):
        load_encoder(run, run.read_config())


def test_other_recipes_have_none(tmp_path: Path) -> None:
    run = saved_run(tmp_path / "run", "dcgan")
    assert load_encoder(run, run.read_config()) is None


def test_a_run_that_enlarges_encodes_small_pictures() -> None:
    config = tiny.upsampled("quick")
    encoder = build_encoder(config)
    assert encoder is not None
    assert encoded(encoder.eval(), config, torch.zeros(2, 3, 32, 32)).shape == (2, 1, config.z_dim)
