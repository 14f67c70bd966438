"""Projected discriminators: what is frozen stays so, what is mixed is mixed as said, and every head has its say."""

import copy
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from ganvas.models.efficientnet import frozen_lite
from ganvas.models.projected import CHANNELS, MIXED, SIDE, SQUARE, Eye, Head, Mixing, ProjectedDiscriminator, opaque

WIDTHS = (8, 8, 8, 8)


def build(shape: tuple[int, int, int] = (3, 32, 32), classes: int = 0, seed: int = 0) -> ProjectedDiscriminator:
    torch.manual_seed(seed)
    return ProjectedDiscriminator(WIDTHS, shape, classes)


def pictures(shape: tuple[int, int, int] = (3, 32, 32), count: int = 4, seed: int = 1) -> Tensor:
    return torch.rand((count, *shape), generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.fixture
def forgotten() -> Iterator[None]:
    """Let a test be the first to look through the frozen network, and leave what it loaded to nobody."""
    frozen_lite.cache_clear()
    Eye._networks.clear()
    yield
    frozen_lite.cache_clear()
    Eye._networks.clear()


@pytest.mark.parametrize("shape", [(3, 32, 32), (4, 64, 96), (1, 28, 28), (3, 33, 17)])
@pytest.mark.parametrize("classes", [0, 3])
def test_each_of_four_heads_has_as_many_logits(shape: tuple[int, int, int], classes: int) -> None:
    network = build(shape, classes)
    labels = torch.arange(4) % 3 if classes else None
    logits = network(pictures(shape), labels)
    assert logits.shape == (4, 4 * SIDE**2)
    if labels is not None:
        assert not torch.allclose(logits, network(pictures(shape), (labels + 1) % 3))


def test_the_network_sees_what_it_was_trained_on() -> None:
    """Pictures in [-1, 1] come to it as (RGB - 127) / 128, and the four features are those of timm's own walk."""
    given = pictures(count=2)
    seen: list[Tensor] = []
    handle = frozen_lite().conv_stem.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    try:
        found = Eye()(given)
    finally:
        handle.remove()
    torch.testing.assert_close(seen[0], ((given + 1) * 127.5 - 127) / 128)
    assert tuple(each.shape[1] for each in found) == CHANNELS
    last = frozen_lite().blocks(frozen_lite().bn1(frozen_lite().conv_stem(seen[0])))
    torch.testing.assert_close(found[-1], last)


def test_mixing_against_loops() -> None:
    torch.manual_seed(0)
    mixing = Mixing().double()
    sides = (8, 4, 2, 1)
    features = [
        torch.randn(1, each, side, side, dtype=torch.float64) for each, side in zip(CHANNELS, sides, strict=True)
    ]
    found = mixing(features)
    below: Tensor | None = None
    for scale in (3, 2, 1, 0):
        weight = mixing.get_buffer(f"channels{scale}")[:, :, 0, 0]
        wanted = torch.einsum("oi,bihw->bohw", weight, features[scale])
        if below is not None:
            kernel = mixing.get_buffer(f"scales{scale}")
            side = sides[scale]
            larger = nn.functional.interpolate(below, (side, side), mode="bilinear")
            around = nn.functional.pad(larger, (1, 1, 1, 1))
            for row in range(side):
                for column in range(side):
                    patch = around[0, :, row : row + 3, column : column + 3]
                    wanted[0, :, row, column] += (kernel * patch).sum((1, 2, 3))
        torch.testing.assert_close(found[scale], wanted)
        below = wanted
    assert [each.shape[1] for each in found] == list(MIXED)


def test_what_is_frozen_is_neither_saved_nor_trained() -> None:
    network = build().train()
    frozen = copy.deepcopy(frozen_lite().state_dict())
    names = [*network.state_dict(), *(name for name, _ in network.named_parameters())]
    assert not any("conv_stem" in name or "blocks" in name for name in names)
    assert all(name.startswith("heads.") for name, _ in network.named_parameters()), "mixing is not trained either"
    network.requires_grad_(True)
    optimiser = torch.optim.Adam(network.parameters(), 0.1)
    mixing = copy.deepcopy(network.mixing.state_dict())
    for _ in range(2):
        network(pictures()).square().mean().backward()
        optimiser.step()
    for name, tensor in frozen_lite().state_dict().items():
        assert torch.equal(tensor, frozen[name]), f"{name} has changed"
    assert all(torch.equal(tensor, mixing[name]) for name, tensor in network.mixing.state_dict().items())
    assert all(each.grad is None for each in frozen_lite().parameters())


def test_a_copy_judges_alike_and_shares_the_network() -> None:
    network = build().eval()
    other = copy.deepcopy(network)
    assert torch.equal(network(pictures()), other(pictures()))
    count = sum(each.numel() for each in other.parameters()) + sum(each.numel() for each in other.buffers())
    assert count < 400_000, "the frozen weights would be millions"


def test_a_file_of_weights_makes_another_judge_alike() -> None:
    network, other = build().eval(), build(seed=5).eval()
    assert not torch.allclose(network(pictures()), other(pictures()))
    other.load_state_dict(network.state_dict())
    assert torch.equal(network(pictures()), other(pictures()))


def test_gradients_reach_every_part_of_a_picture() -> None:
    given = pictures().requires_grad_()
    (gradient,) = torch.autograd.grad(build()(given).sum(), given)
    parts = nn.functional.avg_pool2d(gradient.abs().sum(1, keepdim=True), 8)
    assert (parts > 0).all()


def test_alpha_tells() -> None:
    given = pictures((4, 32, 32))
    changed = given.clone()
    changed[:, 3] = given[:, 3].flip(2)
    network = build((4, 32, 32)).eval()
    assert not torch.allclose(network(given), network(changed))
    clear = torch.full((1, 4, 16, 16), -1.0)
    shown = opaque(clear)
    assert shown[0, 0, 0, 0] == -1
    assert shown[0, 0, 0, SQUARE] == 1
    solid = torch.cat([clear[:, :3], -clear[:, 3:]], 1)
    assert torch.equal(opaque(solid), clear[:, :3]), "what is opaque hides the squares"
    grey = pictures((1, 16, 16))
    assert torch.equal(opaque(grey), grey.repeat(1, 3, 1, 1))


def test_two_halves_add_up_to_the_gradient_of_the_whole() -> None:
    """With several batches to a step each counts by its share; the authors' loss forgets that."""
    network, given = build().eval().double(), pictures(count=8).double()
    with torch.no_grad():
        features = [each.double() for each in network.mixing([part.double() for part in Eye()(given.float())])]

    def gradients(batches: int) -> Tensor:
        network.zero_grad()
        for index in range(batches):
            some = [each.tensor_split(batches)[index] for each in features]
            logits = torch.cat([head(each, None) for head, each in zip(network.heads, some, strict=True)], 1)
            (torch.relu(1 - logits).mean() / batches).backward()
        return torch.cat([each.grad.flatten() for each in network.parameters() if each.grad is not None])

    torch.testing.assert_close(gradients(1), gradients(4))


def test_judging_twice_before_going_back_is_no_fault() -> None:
    """Spectral norms move their vectors whenever they judge; reals and fakes are judged before either goes back."""
    network = build().train()
    (network(pictures(seed=1)).mean() - network(pictures(seed=2)).mean()).backward()
    assert all(torch.isfinite(each.grad).all() for each in network.parameters() if each.grad is not None)


@pytest.mark.parametrize("grid", [(4, 4), (2, 2), (6, 4), (7, 5), (3, 2)])
def test_every_place_of_a_head_counts_alike(grid: tuple[int, int]) -> None:
    """Each logit is the mean over its sixteenth of the map, by area; so a head's mean is its map's, at any size."""
    torch.manual_seed(0)
    head = Head(2, 3, 0, 0).eval().double()
    features = torch.randn(1, 2, *grid, dtype=torch.float64)
    places = head.verdict(head.layers(features))[0, 0]
    wanted = torch.zeros(SIDE, SIDE, dtype=torch.float64)

    def shared(place: int, part: int, side: int) -> float:
        """Return how much of a part, 1 / SIDE of the side, lies on a place."""
        return max(0.0, min((place + 1) / side, (part + 1) / SIDE) - max(place / side, part / SIDE)) * SIDE

    for row in range(SIDE):
        for column in range(SIDE):
            for high in range(grid[0]):
                for wide in range(grid[1]):
                    share = shared(high, row, grid[0]) * shared(wide, column, grid[1])
                    wanted[row, column] += share * places[high, wide]
    found = head(features, None)
    torch.testing.assert_close(found, wanted.flatten()[None])
    torch.testing.assert_close(found.mean(), places.mean())


def test_a_plain_mean_is_the_mean_of_the_heads() -> None:
    network = build((3, 96, 64))
    for index, head in enumerate(network.heads):
        head.verdict = nn.Conv2d(8, 1, 3, padding=1)
        nn.init.zeros_(head.verdict.weight)
        nn.init.constant_(head.verdict.bias, 10.0**index)
    torch.testing.assert_close(network(pictures((3, 96, 64))).mean(), torch.tensor(1111 / 4))


@pytest.mark.usefixtures("forgotten")
def test_the_first_look_draws_nothing() -> None:
    """Else the first run of a program would differ from its second, and a run taken up again from one run through."""
    network = build()
    before = torch.get_rng_state()
    network(pictures())
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.usefixtures("forgotten")
def test_a_first_look_without_gradients_does_not_forbid_them() -> None:
    network, given = build(), pictures().requires_grad_()
    with torch.inference_mode():
        network(pictures())
    network(given).sum().backward()
    assert given.grad is not None
