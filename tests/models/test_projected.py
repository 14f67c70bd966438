"""Projected discriminators: frozen features, random projection, and a discriminator on each scale."""

import copy
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from ganvas.models.efficientnet import frozen_efficientnet_lite0
from ganvas.models.projected import (
    CHECKER_SIZE,
    LOGITS_SIDE,
    PROJECTED_CHANNELS,
    STAGE_CHANNELS,
    FrozenFeatures,
    ProjectedDiscriminator,
    RandomProjection,
    ScaleDiscriminator,
    to_rgb_on_checkerboard,
)

WIDTHS = (8, 8, 8, 8)


def build(shape: tuple[int, int, int] = (3, 32, 32), classes: int = 0, seed: int = 0) -> ProjectedDiscriminator:
    torch.manual_seed(seed)
    return ProjectedDiscriminator(WIDTHS, shape, classes)


def images(shape: tuple[int, int, int] = (3, 32, 32), count: int = 4, seed: int = 1) -> Tensor:
    return torch.rand((count, *shape), generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.fixture
def forgotten() -> Iterator[None]:
    """Let a test be the first to load the frozen network, and the next one load it again."""
    frozen_efficientnet_lite0.cache_clear()
    FrozenFeatures._networks.clear()
    yield
    frozen_efficientnet_lite0.cache_clear()
    FrozenFeatures._networks.clear()


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(3, 32, 32), (4, 64, 96), (1, 28, 28), (3, 33, 17)])
@pytest.mark.parametrize("classes", [0, 3])
def test_each_of_four_scales_has_as_many_logits(shape: tuple[int, int, int], classes: int) -> None:
    network = build(shape, classes)
    labels = torch.arange(4) % 3 if classes else None
    logits = network(images(shape), labels)
    assert logits.shape == (4, 4 * LOGITS_SIDE**2)
    if labels is not None:
        assert not torch.allclose(logits, network(images(shape), (labels + 1) % 3))


def test_the_network_gets_the_preprocessing_it_was_trained_with() -> None:
    """Images in [-1, 1] become (RGB - 127) / 128, and the features are those of the network's own forward pass."""
    given = images(count=2)
    network = frozen_efficientnet_lite0()
    inputs: list[Tensor] = []
    handle = network.conv_stem.register_forward_pre_hook(lambda module, arguments: inputs.append(arguments[0]))
    try:
        actual = FrozenFeatures()(given)
    finally:
        handle.remove()
    torch.testing.assert_close(inputs[0], ((given + 1) * 127.5 - 127) / 128)
    assert tuple(each.shape[1] for each in actual) == STAGE_CHANNELS
    last = network.blocks(network.bn1(network.conv_stem(inputs[0])))
    torch.testing.assert_close(actual[-1], last)


def test_the_random_projection_against_loops() -> None:
    torch.manual_seed(0)
    projection = RandomProjection().double()
    sides = (8, 4, 2, 1)
    features = [
        torch.randn(1, each, side, side, dtype=torch.float64) for each, side in zip(STAGE_CHANNELS, sides, strict=True)
    ]
    actual = projection(features)
    below: Tensor | None = None
    for scale in (3, 2, 1, 0):
        weight = projection.get_buffer(f"ccm{scale}")[:, :, 0, 0]
        expected = torch.einsum("oi,bihw->bohw", weight, features[scale])
        if below is not None:
            kernel = projection.get_buffer(f"csm{scale}")
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


def test_frozen_weights_are_neither_saved_nor_trained() -> None:
    network = build().train()
    frozen = copy.deepcopy(frozen_efficientnet_lite0().state_dict())
    names = [*network.state_dict(), *(name for name, _ in network.named_parameters())]
    assert not any("conv_stem" in name or "blocks" in name for name in names)
    assert all(name.startswith("heads.") for name, _ in network.named_parameters()), (
        "the projection is not trained either"
    )
    network.requires_grad_(True)
    optimizer = torch.optim.Adam(network.parameters(), 0.1)
    projection = copy.deepcopy(network.projection.state_dict())
    for _ in range(2):
        network(images()).square().mean().backward()
        optimizer.step()
    for name, tensor in frozen_efficientnet_lite0().state_dict().items():
        assert torch.equal(tensor, frozen[name]), f"{name} has changed"
    assert all(torch.equal(tensor, projection[name]) for name, tensor in network.projection.state_dict().items())
    assert all(each.grad is None for each in frozen_efficientnet_lite0().parameters())


def test_a_copy_gives_the_same_logits_and_shares_the_network() -> None:
    network = build().eval()
    other = copy.deepcopy(network)
    assert torch.equal(network(images()), other(images()))
    count = sum(each.numel() for each in other.parameters()) + sum(each.numel() for each in other.buffers())
    assert count < 400_000, "the frozen weights would be millions"


def test_a_state_dict_holds_all_that_decides_the_logits() -> None:
    network, other = build().eval(), build(seed=5).eval()
    assert not torch.allclose(network(images()), other(images()))
    other.load_state_dict(network.state_dict())
    assert torch.equal(network(images()), other(images()))


def test_gradients_reach_every_part_of_an_image() -> None:
    given = images().requires_grad_()
    (gradient,) = torch.autograd.grad(build()(given).sum(), given)
    parts = nn.functional.avg_pool2d(gradient.abs().sum(1, keepdim=True), 8)
    assert (parts > 0).all()


def test_alpha_matters() -> None:
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
    assert torch.equal(to_rgb_on_checkerboard(solid), clear[:, :3]), "opaque pixels hide the checkerboard"
    gray = images((1, 16, 16))
    assert torch.equal(to_rgb_on_checkerboard(gray), gray.repeat(1, 3, 1, 1))


def test_two_halves_add_up_to_the_gradient_of_the_whole() -> None:
    """With gradient accumulation each minibatch counts by its share; the authors' loss forgets that."""
    network, given = build().eval().double(), images(count=8).double()
    with torch.no_grad():
        features = [
            each.double() for each in network.projection([scale.double() for scale in FrozenFeatures()(given.float())])
        ]

    def gradients(batches: int) -> Tensor:
        network.zero_grad()
        for index in range(batches):
            some = [each.tensor_split(batches)[index] for each in features]
            logits = torch.cat([head(each, None) for head, each in zip(network.heads, some, strict=True)], 1)
            (torch.relu(1 - logits).mean() / batches).backward()
        return torch.cat([each.grad.flatten() for each in network.parameters() if each.grad is not None])

    torch.testing.assert_close(gradients(1), gradients(4))


def test_two_forward_passes_before_a_backward_pass_are_fine() -> None:
    """Spectral norms update their vectors in each forward pass, and reals and fakes both go forward first."""
    network = build().train()
    (network(images(seed=1)).mean() - network(images(seed=2)).mean()).backward()
    assert all(torch.isfinite(each.grad).all() for each in network.parameters() if each.grad is not None)


@pytest.mark.parametrize("size", [(4, 4), (2, 2), (6, 4), (7, 5), (3, 2)])
def test_every_pixel_of_a_scale_counts_the_same(size: tuple[int, int]) -> None:
    """Each logit is the mean over its sixteenth of the map, by area; so their mean is the map's, at any size."""
    torch.manual_seed(0)
    head = ScaleDiscriminator(2, 3, 0, 0).eval().double()
    features = torch.randn(1, 2, *size, dtype=torch.float64)
    logits = head.logit(head.layers(features))[0, 0]
    expected = torch.zeros(LOGITS_SIDE, LOGITS_SIDE, dtype=torch.float64)

    def overlap(pixel: int, logit: int, side: int) -> float:
        """Return the share of a logit's extent, 1 / LOGITS_SIDE of the side, that a pixel covers."""
        end = min((pixel + 1) / side, (logit + 1) / LOGITS_SIDE)
        return max(0.0, end - max(pixel / side, logit / LOGITS_SIDE)) * LOGITS_SIDE

    for row in range(LOGITS_SIDE):
        for column in range(LOGITS_SIDE):
            for y in range(size[0]):
                for x in range(size[1]):
                    share = overlap(y, row, size[0]) * overlap(x, column, size[1])
                    expected[row, column] += share * logits[y, x]
    actual = head(features, None)
    torch.testing.assert_close(actual, expected.flatten()[None])
    torch.testing.assert_close(actual.mean(), logits.mean())


def test_a_plain_mean_is_the_mean_of_the_scales() -> None:
    network = build((3, 96, 64))
    for index, head in enumerate(network.heads):
        head.logit = nn.Conv2d(8, 1, 3, padding=1)
        nn.init.zeros_(head.logit.weight)
        nn.init.constant_(head.logit.bias, 10.0**index)
    torch.testing.assert_close(network(images((3, 96, 64))).mean(), torch.tensor(1111 / 4))


@pytest.mark.slow
@pytest.mark.usefixtures("forgotten")
def test_loading_the_frozen_network_draws_no_random_numbers() -> None:
    """Else a program's first run would differ from its second, and a resumed run from an uninterrupted one."""
    network = build()
    before = torch.get_rng_state()
    network(images())
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.slow
@pytest.mark.usefixtures("forgotten")
def test_a_first_use_without_gradients_does_not_forbid_them() -> None:
    network, given = build(), images().requires_grad_()
    with torch.inference_mode():
        network(images())
    network(given).sum().backward()
    assert given.grad is not None
