"""Projected discriminators: what is frozen stays so, what is mixed is mixed as said, and every head has its say."""

import copy
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from ganvas.models.efficientnet import frozen_efficientnet_lite0
from ganvas.models.projected import STAGE_CHANNELS, PROJECTED_CHANNELS, LOGITS_SIDE, CHECKER_SIZE, FrozenFeatures, ScaleDiscriminator, RandomProjection, ProjectedDiscriminator, to_rgb_on_checkerboard

WIDTHS = (8, 8, 8, 8)


def build(shape: tuple[int, int, int] = (3, 32, 32), classes: int = 0, seed: int = 0) -> ProjectedDiscriminator:
    torch.manual_seed(seed)
    return ProjectedDiscriminator(WIDTHS, shape, classes)


def images(shape: tuple[int, int, int] = (3, 32, 32), count: int = 4, seed: int = 1) -> Tensor:
    return torch.rand((count, *shape), generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.fixture
def forgotten() -> Iterator[None]:
    """Let a test be the first to look through the frozen network, and leave what it loaded to nobody."""
    frozen_efficientnet_lite0.cache_clear()
    FrozenFeatures._networks.clear()
    yield
    frozen_efficientnet_lite0.cache_clear()
    FrozenFeatures._networks.clear()


@pytest.mark.parametrize("shape", [(3, 32, 32), (4, 64, 96), (1, 28, 28), (3, 33, 17)])
@pytest.mark.parametrize("classes", [0, 3])
def test_each_of_four_heads_has_as_many_logits(shape: tuple[int, int, int], classes: int) -> None:
    network = build(shape, classes)
    labels = torch.arange(4) % 3 if classes else None
    logits = network(images(shape), labels)
    assert logits.shape == (4, 4 * LOGITS_SIDE**2)
    if labels is not None:
        assert not torch.allclose(logits, network(images(shape), (labels + 1) % 3))


def test_the_network_sees_what_it_was_trained_on() -> None:
    """Pictures in [-1, 1] come to it as (RGB - 127) / 128, and the four features are those of timm's own walk."""
    given = images(count=2)
    seen: list[Tensor] = []
    handle = frozen_efficientnet_lite0().conv_stem.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    try:
        actual = FrozenFeatures()(given)
    finally:
        handle.remove()
    torch.testing.assert_close(seen[0], ((given + 1) * 127.5 - 127) / 128)
    assert tuple(each.shape[1] for each in actual) == STAGE_CHANNELS
    last = frozen_efficientnet_lite0().blocks(frozen_efficientnet_lite0().bn1(frozen_efficientnet_lite0().conv_stem(seen[0])))
    torch.testing.assert_close(actual[-1], last)


def test_mixing_against_loops() -> None:
    torch.manual_seed(0)
    mixing = RandomProjection().double()
    sides = (8, 4, 2, 1)
    features = [
        torch.randn(1, each, side, side, dtype=torch.float64) for each, side in zip(STAGE_CHANNELS, sides, strict=True)
    ]
    actual = mixing(features)
    below: Tensor | None = None
    for scale in (3, 2, 1, 0):
        weight = mixing.get_buffer(f"channels{scale}")[:, :, 0, 0]
        expected = torch.einsum("oi,bihw->bohw", weight, features[scale])
        if below is not None:
            kernel = mixing.get_buffer(f"scales{scale}")
            side = sides[scale]
            larger = nn.functional.interpolate(below, (side, side), mode="bilinear")
            around = nn.functional.pad(larger, (1, 1, 1, 1))
            for row in range(side):
                for column in range(side):
                    patch = around[0, :, row : row + 3, column : column + 3]
                    expected[0, :, row, column] += (kernel * patch).sum((1, 2, 3))
        torch.testing.assert_close(actual[scale], expected)
        below = expected
    assert [each.shape[1] for each in actual] == list(PROJECTED_CHANNELS)


def test_what_is_frozen_is_neither_saved_nor_trained() -> None:
    network = build().train()
    frozen = copy.deepcopy(frozen_efficientnet_lite0().state_dict())
    names = [*network.state_dict(), *(name for name, _ in network.named_parameters())]
    assert not any("conv_stem" in name or "blocks" in name for name in names)
    assert all(name.startswith("heads.") for name, _ in network.named_parameters()), "mixing is not trained either"
    network.requires_grad_(True)
    optimizer = torch.optim.Adam(network.parameters(), 0.1)
    mixing = copy.deepcopy(network.projection.state_dict())
    for _ in range(2):
        network(images()).square().mean().backward()
        optimizer.step()
    for name, tensor in frozen_efficientnet_lite0().state_dict().items():
        assert torch.equal(tensor, frozen[name]), f"{name} has changed"
    assert all(torch.equal(tensor, mixing[name]) for name, tensor in network.projection.state_dict().items())
    assert all(each.grad is None for each in frozen_efficientnet_lite0().parameters())


def test_a_copy_judges_alike_and_shares_the_network() -> None:
    network = build().eval()
    other = copy.deepcopy(network)
    assert torch.equal(network(images()), other(images()))
    count = sum(each.numel() for each in other.parameters()) + sum(each.numel() for each in other.buffers())
    assert count < 400_000, "the frozen weights would be millions"


def test_a_file_of_weights_makes_another_judge_alike() -> None:
    network, other = build().eval(), build(seed=5).eval()
    assert not torch.allclose(network(images()), other(images()))
    other.load_state_dict(network.state_dict())
    assert torch.equal(network(images()), other(images()))


def test_gradients_reach_every_part_of_a_picture() -> None:
    given = images().requires_grad_()
    (gradient,) = torch.autograd.grad(build()(given).sum(), given)
    parts = nn.functional.avg_pool2d(gradient.abs().sum(1, keepdim=True), 8)
    assert (parts > 0).all()


def test_alpha_tells() -> None:
    given = images((4, 32, 32))
    changed = given.clone()
    changed[:, 3] = given[:, 3].flip(2)
    network = build((4, 32, 32)).eval()
    assert not torch.allclose(network(given), network(changed))
    clear = torch.full((1, 4, 16, 16), -1.0)
    shown = to_rgb_on_checkerboard(clear)
    assert shown[0, 0, 0, 0] == -1
    assert shown[0, 0, 0, CHECKER_SIZE] == 1
    solid = torch.cat([clear[:, :3], -clear[:, 3:]], 1)
    assert torch.equal(to_rgb_on_checkerboard(solid), clear[:, :3]), "what is opaque hides the squares"
    grey = images((1, 16, 16))
    assert torch.equal(to_rgb_on_checkerboard(grey), grey.repeat(1, 3, 1, 1))


def test_two_halves_add_up_to_the_gradient_of_the_whole() -> None:
    """With several batches to a step each counts by its share; the authors' loss forgets that."""
    network, given = build().eval().double(), images(count=8).double()
    with torch.no_grad():
        features = [each.double() for each in network.projection([part.double() for part in FrozenFeatures()(given.float())])]

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
    (network(images(seed=1)).mean() - network(images(seed=2)).mean()).backward()
    assert all(torch.isfinite(each.grad).all() for each in network.parameters() if each.grad is not None)


@pytest.mark.parametrize("grid", [(4, 4), (2, 2), (6, 4), (7, 5), (3, 2)])
def test_every_place_of_a_head_counts_alike(grid: tuple[int, int]) -> None:
    """Each logit is the mean over its sixteenth of the map, by area; so a head's mean is its map's, at any size."""
    torch.manual_seed(0)
    head = ScaleDiscriminator(2, 3, 0, 0).eval().double()
    features = torch.randn(1, 2, *grid, dtype=torch.float64)
    places = head.logit(head.layers(features))[0, 0]
    expected = torch.zeros(LOGITS_SIDE, LOGITS_SIDE, dtype=torch.float64)

    def shared(place: int, part: int, side: int) -> float:
        """Return how much of a part, 1 / SIDE of the side, lies on a place."""
        return max(0.0, min((place + 1) / side, (part + 1) / LOGITS_SIDE) - max(place / side, part / LOGITS_SIDE)) * LOGITS_SIDE

    for row in range(LOGITS_SIDE):
        for column in range(LOGITS_SIDE):
            for high in range(grid[0]):
                for wide in range(grid[1]):
                    share = shared(high, row, grid[0]) * shared(wide, column, grid[1])
                    expected[row, column] += share * places[high, wide]
    actual = head(features, None)
    torch.testing.assert_close(actual, expected.flatten()[None])
    torch.testing.assert_close(actual.mean(), places.mean())


def test_a_plain_mean_is_the_mean_of_the_heads() -> None:
    network = build((3, 96, 64))
    for index, head in enumerate(network.heads):
        head.verdict = nn.Conv2d(8, 1, 3, padding=1)
        nn.init.zeros_(head.verdict.weight)
        nn.init.constant_(head.verdict.bias, 10.0**index)
    torch.testing.assert_close(network(images((3, 96, 64))).mean(), torch.tensor(1111 / 4))


@pytest.mark.usefixtures("forgotten")
def test_the_first_look_draws_nothing() -> None:
    """Else the first run of a program would differ from its second, and a run taken up again from one run through."""
    network = build()
    before = torch.get_rng_state()
    network(images())
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.usefixtures("forgotten")
def test_a_first_look_without_gradients_does_not_forbid_them() -> None:
    network, given = build(), images().requires_grad_()
    with torch.inference_mode():
        network(images())
    network(given).sum().backward()
    assert given.grad is not None
