"""The search for one latent."""

from pathlib import Path

import pytest
import torch
from search_tiny import saved_run

from ganvas.device import seeded_rng
from ganvas.events import run_to_end
from ganvas.image_io import to_float
from ganvas.latents.projection.embedding import Embedding, distances
from ganvas.latents.projection.search import Best, Schedule, Search
from ganvas.latents.projection.starts import near_samples
from ganvas.latents.sample import GeneratorModel, load


def search_of(model: GeneratorModel, schedule: Schedule, seed: int = 77) -> tuple[Search, torch.Tensor, float]:
    """Return a search for a picture that the model has drawn itself, its starts, and the distance of the nearest."""
    embedding = Embedding(model.config.shape)
    target = embedding(to_float(model.sample(seeds=[seed])))
    (starts,), spread = run_to_end(near_samples(model, embedding, target, 32, 3, None))
    search = Search(model, embedding, target, spread, [seeded_rng(0, "test")], schedule)
    return search, starts.w[None], starts.nearest


@pytest.mark.parametrize("recipe", ["dcgan", "quick", "stylegan2"])
def test_a_picture_of_its_own_comes_nearer_than_random_samples(recipe: str, tmp_path: Path) -> None:
    model = load(saved_run(tmp_path / "run", recipe).folder, "cpu")
    search, starts, nearest = search_of(model, Schedule(rounds=((3, 10), (1, 30))))
    (best,) = run_to_end(search.run(starts))
    assert best.distance < 0.8 * nearest
    shown = search.embedding(to_float(best.image[None]))
    assert float(distances(shown, search.targets[0])) == pytest.approx(best.distance, rel=0.05, abs=1e-3)
    assert (model.synthesize(best.w[None])[0].int() - best.image.int()).abs().max() <= 1


def test_it_never_ends_farther_than_it_began(tmp_path: Path) -> None:
    model = load(saved_run(tmp_path / "run").folder, "cpu")
    search, starts, nearest = search_of(model, Schedule(rounds=((3, 1),)))
    assert run_to_end(search.run(starts))[0].distance <= nearest * 1.01


def test_styles_of_each_layer_come_nearer_than_one_for_all(tmp_path: Path) -> None:
    model = load(saved_run(tmp_path / "run", "stylegan2").folder, "cpu")
    search, starts, _ = search_of(model, Schedule(rounds=((2, 10), (1, 10)), layer_steps=60))
    (best,) = run_to_end(search.run(starts))
    tied = best.distance
    assert torch.equal(best.w, best.w[:1].expand_as(best.w)), "in W all layers have one style"
    (best,) = run_to_end(search.run_layers([best]))
    assert best.distance < tied
    assert not torch.equal(best.w, best.w[:1].expand_as(best.w))


def test_what_a_label_adds_stands_still(tmp_path: Path) -> None:
    model = load(saved_run(tmp_path / "run", classes=("cat", "dog")).folder, "cpu")
    search, starts, _ = search_of(model, Schedule(rounds=((1, 4),)))
    (best,) = run_to_end(search.run(starts[:, :1]))
    z_dim = model.config.z_dim
    assert torch.equal(best.w[:, z_dim:], starts[0, 0, :, z_dim:])
    assert not torch.equal(best.w[:, :z_dim], starts[0, 0, :, :z_dim])


@pytest.mark.parametrize("recipe", ["dcgan", "quick", "stylegan2"])
def test_a_picture_is_found_alike_whatever_is_searched_with_it(recipe: str, tmp_path: Path) -> None:
    model = load(saved_run(tmp_path / "run", recipe).folder, "cpu")
    schedule = Schedule(rounds=((3, 6), (1, 10)), layer_steps=6)
    search, starts, _ = search_of(model, schedule)
    (alone,) = run_to_end(search.run(starts))
    (alone,) = run_to_end(search.run_layers([alone]))
    others = search.embedding(to_float(model.sample(seeds=range(100, 107))))
    rngs = [seeded_rng(0, "test") for _ in range(8)]
    targets = torch.cat([others[:5], search.targets, others[5:]])
    together = Search(model, search.embedding, targets, search.spread, rngs, schedule)
    best = run_to_end(together.run(starts.expand(8, -1, -1, -1)))
    found = run_to_end(together.run_layers(best))[5]
    assert found.distance == alone.distance
    assert torch.equal(found.w, alone.w)


def test_a_distance_that_is_no_number_is_never_the_best() -> None:
    best = Best(torch.zeros(1, 2), torch.zeros(3, 4, 4, dtype=torch.uint8))
    w, images = torch.ones(2, 1, 2), torch.zeros(2, 3, 4, 4)
    best.improve(w, images, torch.tensor([torch.nan, torch.nan]), [0, 1])
    assert best.distance == float("inf")
    best.improve(w, images, torch.tensor([torch.nan, 2.0]), [0, 1])
    assert (best.distance, best.start) == (2.0, 1)
