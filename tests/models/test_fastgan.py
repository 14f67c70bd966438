"""FastGAN's generator: the excitation against its formula, shapes, labels."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas.models.fastgan import SKIP_DISTANCE, FastGANGenerator, SkipLayerExcitation
from ganvas.models.fastgan_discriminator import FastGANDiscriminator, _half, _scaled


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_excitation_against_its_formula() -> None:
    layer = SkipLayerExcitation(3, 2).double()
    coarse, fine = randn(2, 3, 8, 8), randn(2, 2, 16, 16, seed=1)
    conv4x4, conv1x1 = layer.layers[1], layer.layers[3]
    actual = layer(coarse, fine)
    for index in range(2):
        pooled = coarse[index].reshape(3, 4, 2, 4, 2).mean((2, 4))  # 8 x 8 to 4 x 4
        hidden = (conv4x4.weight * pooled).sum((1, 2, 3)) + conv4x4.bias
        hidden = hidden * torch.sigmoid(hidden)
        gate = torch.sigmoid(conv1x1.weight[:, :, 0, 0] @ hidden + conv1x1.bias)
        torch.testing.assert_close(actual[index], fine[index] * gate[:, None, None])


def test_skip_layer_excitations_gate_fine_features() -> None:
    """With a closed gate, only the last layer's bias is left of the finest features."""
    torch.manual_seed(0)
    network = FastGANGenerator(8, (16, 16, 8, 8), (3, 32, 32)).eval()
    assert len(network.excitations) == len((16, 16, 8, 8)) - SKIP_DISTANCE
    z = torch.randn(2, 8)
    before = network(z)
    with torch.no_grad():
        network.excitations[0].layers[3].weight.zero_()
        network.excitations[0].layers[3].bias.fill_(-1e4)
    closed = network(z)
    assert not torch.allclose(before, closed)
    torch.testing.assert_close(
        closed[:, :, 1:-1, 1:-1], torch.tanh(network.to_rgb[0].bias)[None, :, None, None].expand(2, 3, 30, 30)
    )


def test_a_block_is_upsampling_a_convolution_a_norm_and_a_gate() -> None:
    network = FastGANGenerator(4, (3, 2), (1, 8, 8)).double().eval()
    block = network.blocks[0]
    features = randn(1, 3, 4, 4)
    upsampled = features.repeat_interleave(2, 2).repeat_interleave(2, 3)
    convolved = (
        F.conv2d(upsampled, block[1].weight, padding=1) / (1 + 1e-5) ** 0.5
    )  # fresh statistics: mean 0, variance 1
    torch.testing.assert_close(block(features), convolved[:, :2] * torch.sigmoid(convolved[:, 2:]))


@pytest.mark.parametrize("shape", [(3, 32, 32), (4, 64, 96), (1, 28, 28), (3, 33, 17)])
@pytest.mark.parametrize("classes", [0, 3])
def test_shapes(shape: tuple[int, int, int], classes: int) -> None:
    torch.manual_seed(0)
    network = FastGANGenerator(8, (16, 16, 8, 8), shape, classes)
    labels = torch.tensor([0, 1, 2]) if classes else None
    images = network(torch.randn(3, 8), labels)
    assert images.shape == (3, *shape)
    assert images.abs().max() <= 1
    if labels is not None:
        z = torch.randn(3, 8)
        network.eval()
        assert not torch.allclose(network(z, labels), network(z, labels.flip(0)))


@pytest.mark.slow
@pytest.mark.parametrize(("height", "width"), [(16, 16), (28, 28), (17, 33), (48, 32), (40, 40)])
def test_the_discriminator_reconstructs_what_it_is_shown(height: int, width: int) -> None:
    """The part decoder is asked for the very part of the image that its features are of, also where sides are odd."""
    discriminator = FastGANDiscriminator((8, 8, 8), (3, height, width))
    images = torch.randn(4, 3, height, width)
    logits, loss = discriminator.logits_and_auxiliary_loss(images, None, torch.Generator().manual_seed(0))
    assert logits.shape == (4,)
    loss.backward()
    assert all(each.grad is not None for each in discriminator.part_decoder.parameters())
    for side, coarse in ((28, 7), (40, 5), (32, 8)):
        for second in (0, 1):
            part = _half(coarse, second)
            scaled = _scaled(part, coarse, side)
            assert (scaled.start / side, scaled.stop / side) == (part.start / coarse, part.stop / coarse)


def test_decoders_are_not_counted_among_what_can_be_frozen() -> None:
    discriminator = FastGANDiscriminator((8, 8, 8), (3, 16, 16))
    names = {id(each): name for name, each in discriminator.named_parameters()}
    freezable = [names[id(each)] for each in discriminator.freezable_parameters()]
    assert freezable[0].startswith("from_rgb")
    assert freezable[-1].startswith("head")
    assert not any("decoder" in name for name in freezable)
