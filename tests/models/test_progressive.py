"""ProGAN's pair: levels, the fade between two, and what images look like there."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.models.layers import Shape
from ganvas.models.progan_layers import DownConv2d, UpConv2d, coarsest_size
from ganvas.models.progressive import GrowingNetwork, ProgressiveDiscriminator, ProgressiveGenerator, at_level

SHAPES = [((3, 32, 32), 4, (4, 4)), ((4, 96, 64), 4, (12, 8)), ((1, 28, 28), 3, (7, 7)), ((3, 8, 8), 1, (8, 8))]
WIDTHS = (6, 5, 4)


def pair(classes: int = 0) -> tuple[ProgressiveGenerator, ProgressiveDiscriminator]:
    """Return small networks of three levels, 4 to 16 px, in float64."""
    torch.manual_seed(0)
    generator = ProgressiveGenerator(7, WIDTHS, (3, 16, 16), classes).double()
    return generator, ProgressiveDiscriminator(WIDTHS[::-1], (3, 16, 16), classes).double()


def at(network: GrowingNetwork, level: float) -> GrowingNetwork:
    """Return a copy at the level."""
    network = copy.deepcopy(network)
    network.set_level(level)
    return network


def noise(*size: int) -> Tensor:
    return torch.randn(*size, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def blocks(images: Tensor, factor: int) -> Tensor:
    """Return images whose blocks of factor x factor pixels are replaced by their means, by plain loops."""
    actual = torch.empty_like(images)
    for y in range(0, images.shape[2], factor):
        for x in range(0, images.shape[3], factor):
            block = images[:, :, y : y + factor, x : x + factor]
            actual[:, :, y : y + factor, x : x + factor] = (block.sum((2, 3)) / factor**2)[:, :, None, None]
    return actual


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "levels", "coarsest"), SHAPES)
def test_shapes(shape: Shape, levels: int, coarsest: tuple[int, int]) -> None:
    widths = (8, 7, 6, 5)[:levels]
    assert coarsest_size(shape[1], shape[2], levels) == coarsest
    generator = ProgressiveGenerator(6, widths, shape)
    discriminator = ProgressiveDiscriminator(widths[::-1], shape)
    for level in [float(each) for each in range(levels)] + [each + 0.3 for each in range(levels - 1)]:
        images = at(generator, level)(torch.randn(5, 6))
        assert images.shape == (5, *shape)
        assert at(discriminator, level)(images).shape == (5,)


def test_sides_that_cannot_be_halved_are_refused() -> None:
    for build in (
        lambda: ProgressiveGenerator(6, (8, 8, 8), (3, 30, 32)),
        lambda: ProgressiveDiscriminator((8, 8, 8), (3, 32, 30)),
        lambda: at_level(torch.zeros(1, 3, 30, 32), 0, 3),
    ):
        with pytest.raises(ValueError, match="must divide"):
            build()


@pytest.mark.parametrize("level", [-0.1, 2.1, float("nan")])
def test_levels_out_of_range_are_refused(level: float) -> None:
    for network in pair():
        with pytest.raises(ValueError, match="not between 0 and 2"):
            network.set_level(level)
        assert float(network.level) == 2
    with pytest.raises(ValueError, match="not between 0 and 2"):
        at_level(torch.zeros(1, 3, 16, 16), level, 3)


def test_an_up_convolution_is_nearest_neighbour_and_a_convolution() -> None:
    torch.manual_seed(0)
    layer = UpConv2d(3, 2).double()
    nn.init.normal_(layer.bias)
    features = noise(2, 3, 4, 5)
    doubled = features.repeat_interleave(2, 2).repeat_interleave(2, 3)
    expected = F.conv2d(doubled, layer.weight * (2 / 27) ** 0.5, layer.bias, padding=1)
    torch.testing.assert_close(layer(features), expected)


def test_a_down_convolution_is_a_convolution_and_averages() -> None:
    torch.manual_seed(0)
    layer = DownConv2d(3, 2).double()
    nn.init.normal_(layer.bias)
    features = noise(2, 3, 6, 4)
    fine = F.conv2d(features, layer.weight * (2 / 27) ** 0.5, layer.bias, padding=1)
    torch.testing.assert_close(layer(features), blocks(fine, 2)[:, :, ::2, ::2])


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("part", [0.25, 0.7])
def test_between_levels_the_generator_blends_their_images(level: int, part: float) -> None:
    generator, _ = pair()
    z = noise(3, 7)
    old, new = at(generator, level)(z), at(generator, level + 1)(z)
    expected = part * new + (1 - part) * old  # both at full size: upsampling commutes with blending
    torch.testing.assert_close(at(generator, level + part)(z), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("level", "part"), [(0, 0.25), (1, 0.7)])
def test_between_levels_the_discriminator_blends_features(level: int, part: float) -> None:
    _, discriminator = pair()
    images = noise(4, 3, 16, 16)
    start = 1 - level  # of the layers, which are finest first
    small = blocks(images, 2**start)[:, :, :: 2**start, :: 2**start]
    new = discriminator.blocks[start](discriminator.from_rgb[start](small))
    old = discriminator.from_rgb[start + 1](blocks(small, 2)[:, :, ::2, ::2])
    features = part * new + (1 - part) * old
    for block in discriminator.blocks[start + 1 :]:
        features = block(features)
    expected = discriminator.head(discriminator.epilogue(features), None)
    torch.testing.assert_close(at(discriminator, level + part)(images), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("level", [0, 1])
def test_a_fade_begins_and_ends_where_the_levels_are(level: int) -> None:
    for network, given in zip(pair(), (noise(4, 7), noise(4, 3, 16, 16)), strict=True):
        begin, end = at(network, level)(given), at(network, level + 1)(given)
        assert (begin - end).abs().max() > 1e-2, "the levels differ"
        for near, whole in ((level + 1e-6, begin), (level + 1 - 1e-6, end)):
            actual = at(network, near)(given)
            assert not torch.equal(actual, whole)
            torch.testing.assert_close(actual, whole, rtol=0, atol=1e-4)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_no_gradient_reaches_layers_above_the_level(level: int) -> None:
    generator, discriminator = (at(each, level) for each in pair())
    discriminator(generator(noise(4, 7))).sum().backward()
    for name, weights in generator.named_parameters():
        part, _, rest = name.partition(".")
        index = int(rest.partition(".")[0]) if part in ("blocks", "to_rgb") else -1
        used = index < 0 or (index < level if part == "blocks" else index == level)
        assert (weights.grad is not None) == used, name
    for name, weights in discriminator.named_parameters():
        part, _, rest = name.partition(".")
        index = 2 - int(rest.partition(".")[0]) if part in ("blocks", "from_rgb") else -1
        used = index < 0 or (index <= level if part == "blocks" else index == level)
        assert (weights.grad is not None) == used, name


def test_work_above_the_level_and_fades_at_whole_levels_are_not_computed() -> None:
    for network, given in zip(pair(), (noise(2, 7), noise(2, 3, 16, 16)), strict=True):
        rgb = network.to_rgb if isinstance(network, ProgressiveGenerator) else network.from_rgb
        called: list[nn.Module] = []

        def note(module: nn.Module, *_: object, called: list[nn.Module] = called) -> None:
            called.append(module)

        for module in (*network.blocks, *rgb):
            module.register_forward_hook(note)
        for level, blocks_used, rgb_used in ((0, 0, 1), (0.5, 1, 2), (1, 1, 1), (1.5, 2, 2), (2, 2, 1)):
            called.clear()
            network.set_level(level)
            network(given)
            assert sum(each in network.blocks for each in called) == blocks_used
            assert sum(each in rgb for each in called) == rgb_used


def test_the_level_is_saved_and_loaded_with_the_weights() -> None:
    for network, given in zip(pair(), (noise(2, 7), noise(2, 3, 16, 16)), strict=True):
        assert float(network.level) == 2, "a fresh network is complete"
        network.set_level(1.3)
        level = network.level
        weights = {key: each.clone() for key, each in network.state_dict().items()}
        expected = network(given)
        network.set_level(0)
        assert network.level is level, "set in place"
        assert not torch.allclose(network(given), expected)
        network.load_state_dict(weights)
        assert float(network.level) == pytest.approx(1.3)
        torch.testing.assert_close(network(given), expected)
        outer = nn.Sequential(at(network, 0))
        outer.load_state_dict({f"0.{key}": each for key, each in weights.items()})
        torch.testing.assert_close(outer(given), expected, msg="as a part of another module")


@pytest.mark.parametrize("level", [0, 0.25, 1, 1.6, 2])
def test_real_images_at_a_level_are_averages(level: float) -> None:
    images = noise(2, 3, 16, 24)
    whole, part = int(level), level % 1
    expected = blocks(images, 2 ** (2 - whole))
    if part:
        expected = part * blocks(images, 2 ** (1 - whole)) + (1 - part) * expected
    torch.testing.assert_close(at_level(images, level, 3), expected)


def test_at_the_highest_level_images_are_unchanged() -> None:
    images = noise(2, 3, 16, 16)
    assert at_level(images, 2, 3) is images


@pytest.mark.parametrize("level", [0, 0.5, 1, 1.5, 2])
def test_generated_images_have_no_detail_above_the_level(level: float) -> None:
    generator, _ = pair()
    images = at(generator, level)(noise(3, 7))
    top = int(level + 0.5)
    torch.testing.assert_close(at_level(images, top, 3), images)
    if top:
        assert not torch.allclose(at_level(images, top - 1, 3), images), "there is detail at the level"


@pytest.mark.parametrize("level", [0, 0.5, 1, 1.5])
def test_the_discriminator_is_blind_to_detail_above_its_level(level: float) -> None:
    _, discriminator = pair()
    images = noise(4, 3, 16, 16)
    top = int(level + 0.5)
    network = at(discriminator, level)
    torch.testing.assert_close(network(at_level(images, top, 3)), network(images))
    if top:
        assert not torch.allclose(network(at_level(images, top - 1, 3)), network(images))


def test_gradients_are_with_respect_to_full_size_images() -> None:
    """A step of length 1 among upsampled images is one of 1 / s among the small ones."""
    _, discriminator = pair()
    discriminator.set_level(0)
    small = noise(4, 3, 4, 4).requires_grad_(True)
    large = small.detach().repeat_interleave(4, 2).repeat_interleave(4, 3).requires_grad_(True)
    (fine,) = torch.autograd.grad(discriminator(large).sum(), large)
    upsampled = small.repeat_interleave(4, 2).repeat_interleave(4, 3)
    (coarse,) = torch.autograd.grad(discriminator(upsampled).sum(), small)
    torch.testing.assert_close(4 * fine.flatten(1).norm(dim=1), coarse.flatten(1).norm(dim=1))


def test_labels_matter() -> None:
    generator, discriminator = pair(classes=3)
    zeros, ones = torch.zeros(4, dtype=torch.long), torch.ones(4, dtype=torch.long)
    for level in (0.5, 2):
        low, high = at(generator, level), at(discriminator, level)
        images = low(noise(4, 7), zeros)
        assert not torch.allclose(images, low(noise(4, 7), ones)), "the generator ignores the label"
        assert not torch.allclose(high(images, zeros), high(images, ones)), "the discriminator ignores it"


@pytest.mark.parametrize("level", [0.4, 1])
def test_the_discriminator_can_be_differentiated_twice(level: float) -> None:
    torch.manual_seed(0)
    network = ProgressiveDiscriminator((2, 2), (1, 4, 4)).double()
    network.set_level(level)
    images = noise(2, 1, 4, 4).requires_grad_(True)
    assert torch.autograd.gradcheck(network, (images,))
    assert torch.autograd.gradgradcheck(network, (images,))


def test_the_generator_has_the_right_gradient() -> None:
    torch.manual_seed(0)
    network = ProgressiveGenerator(3, (2, 2), (1, 4, 4)).double()
    network.set_level(0.4)
    assert torch.autograd.gradcheck(network, (noise(2, 3).requires_grad_(True),))
