"""The DCGAN pair, layer by layer as in the lesson and the paper."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ganvas.models.dcgan import DCGANDiscriminator, DCGANGenerator
from ganvas.models.layers import ResizeConv, TransposedConv, resolutions

SHAPES = [(1, 28, 28), (3, 32, 32), (4, 64, 64), (3, 64, 96), (3, 33, 17), (1, 31, 50)]


def test_the_lesson() -> None:
    generator = DCGANGenerator(100, (256, 128, 64), (1, 28, 28))
    convs = [m for m in generator.modules() if isinstance(m, nn.ConvTranspose2d)]
    assert [(m.in_channels, m.out_channels) for m in convs] == [(100, 256), (256, 128), (128, 64), (64, 1)]
    assert all(m.stride == (2, 2) for m in convs[1:])
    assert sum(isinstance(m, nn.BatchNorm2d) for m in generator.modules()) == 3
    assert sum(isinstance(m, nn.ReLU) for m in generator.modules()) == 3
    assert isinstance(generator.layers[-1], nn.Tanh)
    discriminator = DCGANDiscriminator((64, 128, 256), (1, 28, 28))
    convs = [m for m in discriminator.modules() if isinstance(m, nn.Conv2d)]
    assert [(m.in_channels, m.out_channels) for m in convs] == [(1, 64), (64, 128), (128, 256), (256, 1)]
    assert all((m.kernel_size, m.stride) == ((4, 4), (2, 2)) for m in convs[:-1])
    assert {m.negative_slope for m in discriminator.modules() if isinstance(m, nn.LeakyReLU)} == {0.2}
    assert sum(isinstance(m, nn.BatchNorm2d) for m in discriminator.modules()) == 2


def test_weights_are_drawn_as_in_the_paper() -> None:
    torch.manual_seed(0)
    for network in (DCGANGenerator(100, (512, 256), (3, 32, 32)), DCGANDiscriminator((256, 512), (3, 32, 32))):
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                tolerance = 4 * 0.02 / math.sqrt(module.weight.numel())
                assert abs(float(module.weight.detach().mean())) < tolerance
                assert float(module.weight.detach().std()) == pytest.approx(0.02, rel=0.05)
                assert module.bias is None
            elif isinstance(module, nn.BatchNorm2d):
                assert float(module.weight.detach().mean()) == pytest.approx(1, abs=0.01)
                assert float(module.weight.detach().std()) == pytest.approx(0.02, rel=0.3)
                assert (module.bias == 0).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(shape: tuple[int, int, int]) -> None:
    images = DCGANGenerator(10, (8, 8, 8), shape)(torch.randn(5, 10))
    assert images.shape == (5, *shape)
    assert images.abs().max() <= 1
    assert DCGANDiscriminator((8, 8, 8), shape)(images).shape == (5,)


@pytest.mark.parametrize("side", range(8, 40))
def test_up_convolutions_lead_from_each_resolution_to_the_next(side: int) -> None:
    path = resolutions(side, 2 * side + 1, 3)
    assert path[-1] == (side, 2 * side + 1)
    features = torch.zeros(1, 2, *path[0])
    for size in path[1:]:
        features = TransposedConv(2, 2, size)(features)
        assert features.shape[2:] == size


@pytest.mark.parametrize("size", [(8, 8), (7, 8), (5, 3)])
def test_a_resize_convolution_is_nearest_neighbour_and_a_convolution(size: tuple[int, int]) -> None:
    height, width = size
    layer, features = ResizeConv(3, 5, size), torch.randn(2, 3, -(-height // 2), -(-width // 2))
    plain = F.conv2d(F.interpolate(features, scale_factor=2), layer.weight.transpose(0, 1).flip(2, 3), padding=1)
    assert torch.allclose(layer(features), plain[:, :, :height, :width], atol=1e-5)


def test_only_a_resize_convolution_leaves_flat_features_flat() -> None:
    flat = torch.ones(1, 4, 8, 8)
    for kind, is_flat in ((ResizeConv, True), (TransposedConv, False)):
        inner = kind(4, 3, (16, 16))(flat)[:, :, 2:-2, 2:-2].detach()
        assert (float(inner.std((2, 3)).max()) < 1e-6) == is_flat
