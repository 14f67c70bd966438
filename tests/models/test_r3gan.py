"""R3GAN's layers against their formulas, and its initialization."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas.models.layers import resize_bilinear
from ganvas.models.r3gan import R3Block, R3Discriminator, R3Generator


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_a_block_is_its_shortcut_at_first() -> None:
    features = randn(2, 16, 5, 5)
    assert torch.equal(R3Block(16, 4).double()(features), features)


def test_a_block_is_three_convolutions_the_middle_one_grouped() -> None:
    block = R3Block(16, 4).double()
    with torch.no_grad():
        block.conv_out.weight.copy_(randn(*block.conv_out.weight.shape))
        block.conv_in.bias.copy_(randn(32, seed=1))
        block.conv_group.bias.copy_(randn(32, seed=3))
    features = randn(1, 16, 4, 4, seed=2)
    inner = torch.einsum("oi,bihw->bohw", block.conv_in.weight[:, :, 0, 0], features)
    inner = F.leaky_relu(inner + block.conv_in.bias[:, None, None], 0.2)
    parts = []
    for group in range(2):  # 32 channels, 16 a group
        channels = slice(16 * group, 16 * group + 16)
        parts.append(F.conv2d(inner[:, channels], block.conv_group.weight[channels], padding=1))
    inner = F.leaky_relu(torch.cat(parts, 1) + block.conv_group.bias[:, None, None], 0.2)
    added = torch.einsum("oi,bihw->bohw", block.conv_out.weight[:, :, 0, 0], inner)
    torch.testing.assert_close(block(features), features + added)


def test_more_blocks_start_with_smaller_weights() -> None:
    torch.manual_seed(0)
    few, many = R3Block(64, 1), R3Block(64, 16)
    for name in ("conv_in", "conv_group"):
        stds = [float(getattr(block, name).weight.detach().std()) for block in (few, many)]
        assert stds[0] / stds[1] == pytest.approx(16**0.25, rel=0.05)
    fan_in = 16 * 9
    assert float(few.conv_group.weight.detach().std()) == pytest.approx((2 / 1.04 / fan_in) ** 0.5, rel=0.05)


@pytest.mark.parametrize(("before", "after"), [(4, 8), (8, 4), (7, 14), (5, 3)])
def test_sizes_change_by_triangle_filters(before: int, after: int) -> None:
    line = randn(before)
    scale = before / after
    reach = max(1.0, scale)  # downwards the triangle is as wide as the coarser pixels
    expected = torch.zeros(after, dtype=torch.float64)
    for place in range(after):
        centre = (place + 0.5) * scale - 0.5
        if scale <= 1:  # upwards the border is repeated
            low = int(torch.tensor(centre).floor())
            part = centre - low
            ends = [min(max(each, 0), before - 1) for each in (low, low + 1)]
            expected[place] = (1 - part) * line[ends[0]] + part * line[ends[1]]
        else:
            weights = torch.tensor([max(0.0, 1 - abs(each - centre) / reach) for each in range(before)]).double()
            expected[place] = (weights * line).sum() / weights.sum()
    features = line.view(1, 1, 1, -1).expand(1, 1, before, before)
    actual = resize_bilinear(features, (after, after))
    torch.testing.assert_close(actual[0, 0], expected.expand(after, after), rtol=1e-6, atol=1e-6)


def test_the_learned_constant_is_scaled_channel_by_channel() -> None:
    network = R3Generator(4, (16, 16), (3, 8, 8)).double()
    z = randn(2, 4)
    scales = z @ network.mapping.weight.T
    first = torch.stack([network.basis * scale[:, None, None] for scale in scales])
    rgb = torch.einsum(
        "oi,bihw->bohw", network.to_rgb.weight[:, :, 0, 0], F.interpolate(first, (8, 8), mode="bilinear")
    )
    torch.testing.assert_close(network(z), rgb)  # fresh blocks add nothing


@pytest.mark.slow
def test_second_derivatives_are_right() -> None:
    network = R3Discriminator((16, 16), (2, 4, 4)).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    images = randn(2, 2, 4, 4).requires_grad_()
    assert torch.autograd.gradcheck(network, (images,))
    assert torch.autograd.gradgradcheck(network, (images,))


@pytest.mark.parametrize("shape", [(3, 32, 32), (4, 64, 96), (1, 28, 28), (3, 50, 37)])
def test_any_shape(shape: tuple[int, int, int]) -> None:
    images = R3Generator(4, (16, 16, 16), shape)(torch.randn(5, 4))
    assert images.shape == (5, *shape)
    assert R3Discriminator((16, 16, 16), shape)(images).shape == (5,)


@pytest.mark.slow
def test_features_keep_their_size_to_the_end() -> None:
    torch.manual_seed(0)
    images = R3Generator(64, (64, 64, 32, 32), (3, 32, 32))(torch.randn(64, 64))
    assert 0.3 < float(images.detach().std()) < 2
    logits = R3Discriminator((32, 32, 64, 64), (3, 32, 32))(torch.randn(64, 3, 32, 32))
    assert 0.05 < float(logits.detach().std()) < 3
