"""The fully connected pair, layer by layer as in the lesson."""

import pytest
import torch
from torch import nn

from ganvas.models.fc import FCDiscriminator, FCGenerator


def linear(network: nn.Module) -> list[tuple[int, int]]:
    return [(m.in_features, m.out_features) for m in network.modules() if isinstance(m, nn.Linear)]


def test_the_lesson() -> None:
    generator = FCGenerator(100, (256, 512, 1024), (1, 28, 28))
    assert linear(generator) == [(100, 256), (256, 512), (512, 1024), (1024, 784)]
    assert sum(isinstance(m, nn.BatchNorm1d) for m in generator.modules()) == 3
    assert isinstance(generator.layers[-1], nn.Tanh)
    discriminator = FCDiscriminator((512, 256), (1, 28, 28))
    assert linear(discriminator) == [(784, 512), (512, 256), (256, 1)]
    assert not any(isinstance(m, nn.BatchNorm1d) for m in discriminator.modules())
    slopes = {m.negative_slope for n in (generator, discriminator) for m in n.modules() if isinstance(m, nn.LeakyReLU)}
    assert slopes == {0.2}


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 17, 33), (4, 64, 96)])
def test_shapes(shape: tuple[int, int, int]) -> None:
    images = FCGenerator(10, (8, 8), shape)(torch.randn(5, 10))
    assert images.shape == (5, *shape)
    assert images.abs().max() <= 1
    assert FCDiscriminator((8, 8), shape)(images).shape == (5,)
