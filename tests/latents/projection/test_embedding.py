"""How far apart two pictures look."""

import pytest
import torch

from ganvas.latents.projection.embedding import Embedding, as_shown, distances


def images(channels: int, count: int = 2, height: int = 16, width: int = 24) -> torch.Tensor:
    return torch.rand(count, channels, height, width, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_same_picture_has_no_distance_and_a_change_has_some(channels: int) -> None:
    embedding, pair = Embedding((channels, 16, 24)), images(channels)
    near = pair[0] + 0.05 * (pair[1] - pair[0])
    vectors = embedding(torch.stack([pair[0], near, pair[1]]))
    found = distances(vectors, vectors[0])
    assert found[0] == 0
    assert 0 < found[1] < found[2], "a small change is farther than another picture"


def test_colours_that_are_not_seen_do_not_count() -> None:
    embedding, one = Embedding((4, 16, 24)), images(4, 1)
    one[:, 3, :8] = -1
    other = one.clone()
    other[:, :3, :8] *= -1
    vectors = embedding(torch.cat([one, other]))
    assert distances(vectors, vectors[0])[1] < 1e-6


def test_a_distance_leads_somewhere() -> None:
    embedding, pair = Embedding((3, 16, 24)), images(3)
    moved = pair[1:].clone().requires_grad_(True)
    target = embedding(pair[:1])[0]
    before = distances(embedding(moved), target)
    before.sum().backward()
    assert moved.grad is not None
    after = distances(embedding(moved.detach() - 20 * moved.grad), target)
    assert after < before


def test_what_is_too_bright_looks_white_and_can_come_back() -> None:
    images = torch.tensor([3.0, 0.5]).requires_grad_(True)
    shown = as_shown(images)
    assert shown.tolist() == [1.0, 0.5]
    shown.sum().backward()
    assert images.grad is not None
    assert images.grad.tolist() == [1.0, 1.0]
