"""The residual pair: no norms, small branches, any shape, and gradients for an R1 penalty."""

import pytest
import torch
from torch import nn

from ganvas.losses import zero_centered_gradient_penalty
from ganvas.models.residual import BRANCH_SCALE, ResidualBlock, ResidualDiscriminator, ResidualGenerator

SHAPES = [(1, 28, 28), (3, 32, 32), (4, 64, 64), (3, 64, 96), (3, 33, 17), (1, 31, 50)]


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(shape: tuple[int, int, int]) -> None:
    images = ResidualGenerator(10, (8, 8, 8), shape)(torch.randn(5, 10))
    assert images.shape == (5, *shape)
    assert images.abs().max() <= 1
    assert ResidualDiscriminator((8, 8, 8), shape)(images).shape == (5,)


def test_nothing_is_normalized() -> None:
    generator, discriminator = ResidualGenerator(10, (8, 4), (1, 16, 16)), ResidualDiscriminator((4, 8), (1, 16, 16))
    kinds = {type(module) for network in (generator, discriminator) for module in network.modules()}
    assert not kinds & {nn.BatchNorm2d, nn.GroupNorm, nn.InstanceNorm2d}, "there is a norm"
    images = torch.rand(6, 1, 16, 16)
    alone = torch.cat([discriminator(image[None]) for image in images])
    assert torch.allclose(discriminator(images), alone, atol=1e-5), "one image's logit depends on the others"


def test_a_block_adds_a_tenth_of_its_branch_to_its_input() -> None:
    torch.manual_seed(0)
    block, features = ResidualBlock(6, 6), torch.randn(2, 6, 5, 5)
    assert torch.allclose(block(features), features + BRANCH_SCALE * block.branch(features))
    assert isinstance(block.shortcut, nn.Identity)
    assert isinstance(ResidualBlock(6, 4).shortcut, nn.Conv2d), "a change of channels needs a learned shortcut"


def test_features_keep_their_size() -> None:
    torch.manual_seed(0)
    images = ResidualGenerator(64, (64, 32), (1, 16, 16))(torch.randn(64, 64))
    assert 0.3 < float(images.detach().std()) < 0.95, "gray images, or a saturated tanh"
    logits = ResidualDiscriminator((32, 64), (1, 16, 16))(torch.randn(64, 1, 16, 16))
    assert 0.1 < float(logits.detach().std()) < 5


def test_r1_reaches_the_weights_of_the_discriminator() -> None:
    discriminator = ResidualDiscriminator((4, 8), (1, 16, 16))
    zero_centered_gradient_penalty(discriminator, torch.rand(4, 1, 16, 16)).backward()
    moved = [name for name, each in discriminator.named_parameters() if each.grad is not None and each.grad.any()]
    assert {name for name, each in discriminator.named_parameters() if each.ndim > 1} <= set(moved)
