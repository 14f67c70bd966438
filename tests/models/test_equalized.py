"""Equalized layers, pixel norm and minibatch standard deviation, against plain loops."""

import math

import pytest
import torch
from torch import Tensor, nn

from ganvas.models.equalized import SQRT2, EqualConv2d, EqualLinear, MinibatchStdDev, PixelNorm


@pytest.mark.parametrize(("gain", "lr_multiplier"), [(1.0, 1.0), (SQRT2, 1.0), (1.0, 0.01)])
def test_a_dense_layer_is_its_formula(gain: float, lr_multiplier: float) -> None:
    torch.manual_seed(0)
    layer = EqualLinear(5, 3, gain, bias=0.75, lr_multiplier=lr_multiplier).double()
    features = torch.randn(4, 5, dtype=torch.float64)
    actual, weight = layer(features).detach(), layer.weight.detach()
    for image in range(4):
        for unit in range(3):
            products = [float(weight[unit, i]) * float(features[image, i]) for i in range(5)]
            expected = sum(products) * gain * lr_multiplier / math.sqrt(5) + 0.75
            assert float(actual[image, unit]) == pytest.approx(expected, rel=1e-9)


def test_a_convolution_is_its_formula() -> None:
    torch.manual_seed(0)
    layer = EqualConv2d(2, 3, 3, SQRT2).double()
    nn.init.normal_(layer.bias)
    features = torch.randn(1, 2, 4, 5, dtype=torch.float64)
    layer.requires_grad_(False)
    actual = layer(features)
    assert actual.shape == (1, 3, 4, 5)
    for unit in range(3):
        for y in range(4):
            for x in range(5):
                total = 0.0
                for channel in range(2):
                    for i in range(3):
                        for j in range(3):
                            if 0 <= y + i - 1 < 4 and 0 <= x + j - 1 < 5:
                                weight = float(layer.weight[unit, channel, i, j])
                                total += weight * float(features[0, channel, y + i - 1, x + j - 1])
                expected = total * math.sqrt(2) / math.sqrt(2 * 9) + float(layer.bias[unit])
                assert float(actual[0, unit, y, x]) == pytest.approx(expected, rel=1e-9)


def test_pixel_norm_is_its_formula() -> None:
    torch.manual_seed(0)
    features = torch.randn(2, 3, 2, 2, dtype=torch.float64)
    features[0, :, 0, 0] = 0  # must not divide by zero
    actual = PixelNorm()(features)
    for image in range(2):
        for y in range(2):
            for x in range(2):
                square = sum(float(features[image, c, y, x]) ** 2 for c in range(3)) / 3
                for c in range(3):
                    expected = float(features[image, c, y, x]) / math.sqrt(square + 1e-8)
                    assert float(actual[image, c, y, x]) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("batch", "group"), [(8, 4), (4, 4), (6, 3), (9, 3), (2, 2), (5, 5), (7, 7), (1, 1)])
def test_minibatch_standard_deviation_is_its_formula(batch: int, group: int) -> None:
    """The group size is the largest divisor of the batch up to 4; a batch without one is one group."""
    torch.manual_seed(0)
    features = torch.randn(batch, 3, 2, 4, dtype=torch.float64)
    actual = MinibatchStdDev()(features)
    assert torch.equal(actual[:, :3], features)
    groups = batch // group
    for first in range(groups):
        members = list(range(first * group, (first + 1) * group))
        deviations = []
        for c in range(3):
            for y in range(2):
                for x in range(4):
                    values = [float(features[i, c, y, x]) for i in members]
                    mean = sum(values) / group
                    deviations.append(math.sqrt(sum((v - mean) ** 2 for v in values) / group + 1e-8))
        expected = sum(deviations) / len(deviations)
        for i in members:
            channel = torch.full((2, 4), expected, dtype=torch.float64)
            torch.testing.assert_close(actual[i, 3], channel, msg=f"image {i} of {batch} in groups of {group}")


def test_minibatch_standard_deviation_can_be_differentiated_twice() -> None:
    torch.manual_seed(0)
    features = torch.randn(4, 2, 2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(MinibatchStdDev(), (features,))
    assert torch.autograd.gradgradcheck(MinibatchStdDev(), (features,))


def test_equal_images_have_a_finite_gradient() -> None:
    features = torch.ones(4, 2, 2, 2, requires_grad=True)
    MinibatchStdDev()(features).sum().backward()
    assert features.grad is not None
    assert features.grad.isfinite().all()


def effective(layer: nn.Module) -> Tensor:
    """Return the weights that the layer's output is linear in."""
    assert isinstance(layer, EqualLinear | EqualConv2d)
    return layer.weight.detach() * layer.scale


@pytest.mark.parametrize("inputs", [4, 64, 400])
def test_adam_moves_every_layer_by_the_same_part_of_its_weights(inputs: int) -> None:
    torch.manual_seed(0)
    for layer, size in (
        (EqualLinear(inputs, 50), (8, inputs)),
        (EqualConv2d(inputs, 50, 3), (8, inputs, 3, 3)),
    ):
        before, fan = effective(layer), math.prod(size[1:]) if len(size) == 4 else inputs
        assert float(before.std()) == pytest.approx(1 / math.sqrt(fan), rel=0.3)
        optimizer = torch.optim.Adam(layer.parameters(), 0.01, betas=(0.0, 0.99), eps=1e-12)
        layer(torch.randn(size)).square().sum().backward()
        optimizer.step()
        moved = (effective(layer) - before).abs()
        torch.testing.assert_close(moved, torch.full_like(moved, 0.01 / math.sqrt(fan)), rtol=1e-2, atol=1e-7)


def test_a_slower_layer_starts_the_same_and_moves_less() -> None:
    torch.manual_seed(0)
    layer = EqualLinear(100, 100, lr_multiplier=0.01)
    before = effective(layer)
    assert float(before.std()) == pytest.approx(0.1, rel=0.05)
    optimizer = torch.optim.Adam(layer.parameters(), 0.01, betas=(0.0, 0.99), eps=1e-12)
    layer(torch.randn(8, 100)).square().sum().backward()
    optimizer.step()
    moved = (effective(layer) - before).abs()
    torch.testing.assert_close(moved, torch.full_like(moved, 0.01 * 0.01 * 0.1), rtol=1e-2, atol=1e-8)


def test_features_keep_their_size_through_relu_layers() -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(*(nn.Sequential(EqualLinear(500, 500, SQRT2), nn.ReLU()) for _ in range(8)))
    size = float(layers(torch.randn(50, 500)).detach().square().mean())
    assert 0.5 < size < 2
