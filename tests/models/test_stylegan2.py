"""StyleGAN2's layers against their definitions, written out in loops and in float64."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas.models.equalized import EqualConv2d
from ganvas.models.stylegan2 import StyleGAN2Block, StyleGAN2Discriminator, StyleGAN2Generator
from ganvas.models.stylegan2_layers import NOISE_LR_MULTIPLIER, Blur, ModulatedConv2d, SynthesisLayer

LINE = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=torch.float64) / 8


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def zero_stuffed(image: Tensor) -> Tensor:
    """Return (C, 2H, 2W) with a zero after every pixel of (C, H, W)."""
    channels, height, width = image.shape
    out = torch.zeros(channels, 2 * height, 2 * width, dtype=image.dtype)
    for row in range(height):
        for column in range(width):
            out[:, 2 * row, 2 * column] = image[:, row, column]
    return out


def filtered(image: Tensor, pad: int, gain: float) -> Tensor:
    """Return (C, H, W) convolved with [1, 3, 3, 1] in both directions, with `pad` zeros in front."""
    _, height, width = image.shape
    out = torch.zeros_like(image)
    for row in range(height):
        for column in range(width):
            for a in range(4):
                for b in range(4):
                    y, x = row + a - pad, column + b - pad
                    if 0 <= y < height and 0 <= x < width:
                        out[:, row, column] += gain * LINE[a] * LINE[b] * image[:, y, x]
    return out


@pytest.mark.slow
@pytest.mark.parametrize("upsample", [False, True], ids=["same size", "upsampled"])
@pytest.mark.parametrize("demodulate", [True, False])
def test_modulated_convolution_is_a_convolution_per_image(upsample: bool, demodulate: bool) -> None:
    layer = ModulatedConv2d(3, 4, 3, 5, upsample, demodulate).double()
    features, w = randn(2, 3, 4, 6), randn(2, 5, seed=1)
    actual = layer(features, w)
    for index in range(2):
        style = layer.affine.weight @ w[index] / 5**0.5 + layer.affine.bias
        weight = layer.weight / 27**0.5 * style[None, :, None, None]
        if demodulate:
            for row in range(4):
                weight = weight.clone()
                weight[row] = weight[row] / (weight[row].square().sum() + 1e-8).sqrt()
        if upsample:
            # Zeros between the pixels, the transposed convolution as one that slides over them, then the filter: this
            # is the order of the paper's code. Borders are left out.
            stuffed = F.pad(zero_stuffed(features[index]), (2, 2, 2, 2))
            grown = F.conv2d(stuffed[None], weight.flip(2, 3))[0]  # (2H + 2): index i is pixel i - 2 + 1
            expected = filtered(grown[:, :-1, :-1], 1, 4.0)[:, :8, :12]
            torch.testing.assert_close(actual[index][:, :-1, :-1], expected[:, :-1, :-1])
        else:
            torch.testing.assert_close(actual[index], F.conv2d(features[index : index + 1], weight, padding=1)[0])


def test_demodulated_features_keep_their_size() -> None:
    torch.manual_seed(0)
    layer = ModulatedConv2d(64, 64, 3, 8)
    features, w = torch.randn(16, 64, 8, 8), 3 * torch.randn(16, 8)
    inner = layer(features, w)[:, :, 1:-1, 1:-1]
    assert 0.9 < float(inner.detach().std()) < 1.1, (
        "whatever the style, white noise should come out with standard deviation 1"
    )


def test_blur_halves_as_a_loop_does() -> None:
    features = randn(1, 2, 6, 8)
    actual = Blur(stride=2).double()(features)
    torch.testing.assert_close(actual[0], filtered(features[0], 1, 1.0)[:, ::2, ::2])


def test_upsampling_a_constant_gives_the_constant() -> None:
    layer = ModulatedConv2d(1, 1, 3, 2, upsample=True, demodulate=False).double()
    with torch.no_grad():
        layer.weight.zero_()
        layer.weight[0, 0, 1, 1] = 3.0  # times the scale of 1/3
    actual = layer(torch.ones(1, 1, 5, 5, dtype=torch.float64), torch.zeros(1, 2, dtype=torch.float64))
    assert actual.shape[2:] == (10, 10)
    torch.testing.assert_close(actual[:, :, 1:-1, 1:-1], torch.ones(1, 1, 8, 8, dtype=torch.float64))


@pytest.mark.slow
@pytest.mark.parametrize("upsample", [False, True])
def test_gradients_of_a_modulated_convolution(upsample: bool) -> None:
    layer = ModulatedConv2d(2, 2, 3, 2, upsample).double()
    inputs = randn(2, 2, 3, 3).requires_grad_(), randn(2, 2, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(layer, inputs)
    assert torch.autograd.gradgradcheck(layer, inputs), "path lengths and R1 need the second derivative"


def test_noise_is_scaled_by_one_learned_number_and_fixed_without_a_generator() -> None:
    layer = SynthesisLayer(2, 3, (4, 4), 2, False).double()
    features, w = randn(2, 2, 4, 4), randn(2, 2, seed=1)
    silent = layer(features, w, None)
    torch.testing.assert_close(silent, layer(features, w, torch.Generator().manual_seed(0)))  # strength 0 at first
    with torch.no_grad():
        layer.noise_strength.fill_(0.5 / NOISE_LR_MULTIPLIER)
    torch.testing.assert_close(layer(features, w, None), layer(features, w, None))
    expected = layer.conv(features, w) + 0.5 * layer.noise_const
    torch.testing.assert_close(layer(features, w, None), F.leaky_relu(expected, 0.2) * 2**0.5)
    one, other = (layer(features, w, torch.Generator().manual_seed(seed)) for seed in (1, 2))
    assert not torch.equal(one, other)


def test_a_discriminators_block_adds_a_shortcut_and_keeps_size() -> None:
    block = StyleGAN2Block(3, 4).double()
    features = randn(1, 3, 8, 8)

    def convolved(layer: EqualConv2d, of: Tensor) -> Tensor:
        return F.conv2d(of, layer.weight * layer.scale, layer.bias, layer.stride, layer.padding)

    branch = F.leaky_relu(convolved(block.conv0[0], features), 0.2) * 2**0.5
    padded = torch.zeros(1, 3, 12, 12, dtype=torch.float64)
    padded[:, :, 2:-2, 2:-2] = branch
    blurred = filtered(padded[0], 1, 1.0)[None, :, 1:-2, 1:-2]  # 9 x 9
    branch = F.leaky_relu(convolved(block.conv1, blurred), 0.2) * 2**0.5
    halved = filtered(features[0], 1, 1.0)[None, :, ::2, ::2]
    expected = (branch + convolved(block.skip, halved)) / 2**0.5
    torch.testing.assert_close(block(features), expected)


def test_rgb_images_are_added_from_resolution_to_resolution() -> None:
    torch.manual_seed(0)
    network = StyleGAN2Generator(4, (6, 5), (3, 8, 8)).double()
    with torch.no_grad():
        for layer in network.layers:
            layer.noise_strength.fill_(0.3)
        network.rgb_bias.copy_(randn(3, 1, 1))
    ws = randn(2, network.num_ws, 4)
    assert network.num_ws == 4
    first = network.layers[0](network.const.expand(2, -1, -1, -1), ws[:, 0], None)
    rgb = network.rgb_bias + network.to_rgb[0](first, ws[:, 1])
    second = network.layers[2](network.layers[1](first, ws[:, 1], None), ws[:, 2], None)
    upsampled = F.interpolate(rgb, (8, 8), mode="bilinear")
    torch.testing.assert_close(network.synthesis(ws), upsampled + network.to_rgb[1](second, ws[:, 3]))


def test_truncation_moves_styles_towards_their_mean() -> None:
    torch.manual_seed(0)
    network = StyleGAN2Generator(4, (6, 5), (3, 8, 8))
    z = torch.randn(8, 4)
    network.w_avg.copy_(network.mapping(torch.randn(64, 4)).mean(0).detach())
    middle = network(z, None, 0.0)
    torch.testing.assert_close(middle, middle[:1].expand_as(middle))  # all images have the same style
    spread = [float(network(z, None, each).std(0).mean().detach()) for each in (0.5, 1.0)]
    assert 0 < spread[0] < spread[1]


@pytest.mark.parametrize("shape", [(3, 32, 32), (4, 64, 96), (1, 28, 28)])
def test_shapes(shape: tuple[int, int, int]) -> None:
    widths = (8, 6, 4)
    images = StyleGAN2Generator(4, widths, shape)(torch.randn(5, 4))
    assert images.shape == (5, *shape)
    assert StyleGAN2Discriminator(widths[::-1], shape)(images).shape == (5,)


def test_a_fresh_generator_draws_images_of_about_the_right_contrast() -> None:
    torch.manual_seed(0)
    images = StyleGAN2Generator(32, (32, 32, 32), (3, 16, 16))(torch.randn(64, 32))
    assert 0.5 < float(images.detach().std()) < 4
