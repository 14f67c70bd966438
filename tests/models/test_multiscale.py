"""MSG-GAN's pair: pyramids of images, generated and judged at every level."""

import pytest
import torch
from torch import Tensor

from ganvas.losses import wgan_gradient_penalty
from ganvas.models.layers import Shape
from ganvas.models.multiscale import MultiscaleDiscriminator, MultiscaleGenerator, pyramid

SHAPES = [((3, 32, 32), 4), ((4, 96, 64), 4), ((1, 28, 28), 3), ((3, 8, 8), 1)]
WIDTHS = (6, 5, 4)


def pair(classes: int = 0) -> tuple[MultiscaleGenerator, MultiscaleDiscriminator]:
    """Return small networks of three levels, 4 to 16 px, in float64."""
    torch.manual_seed(0)
    generator = MultiscaleGenerator(7, WIDTHS, (3, 16, 16), classes).double()
    return generator, MultiscaleDiscriminator(WIDTHS[::-1], (3, 16, 16), classes).double()


def noise(*size: int) -> Tensor:
    return torch.randn(*size, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("shape", "levels"), SHAPES)
def test_shapes(shape: Shape, levels: int) -> None:
    widths, (channels, height, width) = (8, 7, 6, 5)[:levels], shape
    generator = MultiscaleGenerator(6, widths, shape)
    discriminator = MultiscaleDiscriminator(widths[::-1], shape)
    z = torch.randn(5, 6)
    assert generator(z).shape == (5, *shape)
    assert generator.pyramid(z).shape == (5, levels * channels, height, width)
    assert discriminator(generator(z)).shape == (5,)
    assert discriminator(generator.pyramid(z)).shape == (5,)


def test_what_does_not_fit_is_refused() -> None:
    for build in (
        lambda: MultiscaleGenerator(6, (8, 8, 8), (3, 30, 32)),
        lambda: MultiscaleDiscriminator((8, 8, 8), (3, 32, 30)),
        lambda: pyramid(torch.zeros(1, 3, 30, 32), 3),
    ):
        with pytest.raises(ValueError, match="must divide"):
            build()
    _, discriminator = pair()
    with pytest.raises(ValueError, match="6 channels are neither"):
        discriminator(noise(2, 6, 16, 16))


def test_a_pyramid_of_real_images_holds_averages() -> None:
    images = noise(2, 3, 8, 12)
    actual = pyramid(images, 3)
    assert actual.shape == (2, 9, 8, 12)
    for level, factor in enumerate((4, 2, 1)):
        for y in range(8):
            for x in range(12):
                top, left = y // factor * factor, x // factor * factor
                expected = images[:, :, top : top + factor, left : left + factor].mean((2, 3))
                torch.testing.assert_close(actual[:, 3 * level : 3 * level + 3, y, x], expected)


def test_one_level_is_the_image() -> None:
    images = noise(2, 3, 8, 8)
    assert torch.equal(pyramid(images, 1), images)


def test_a_generated_pyramid_holds_each_levels_own_image() -> None:
    generator, _ = pair()
    z = noise(3, 7)
    actual = generator.pyramid(z)
    features = generator.input_block(z)
    for level, factor in enumerate((4, 2, 1)):
        if level:
            features = generator.blocks[level - 1](features)
        expected = generator.to_rgb[level](features).repeat_interleave(factor, 2).repeat_interleave(factor, 3)
        torch.testing.assert_close(actual[:, 3 * level : 3 * level + 3], expected)
    torch.testing.assert_close(actual[:, 6:], generator(z))


def test_plain_images_are_judged_by_their_averages() -> None:
    _, discriminator = pair()
    images = noise(4, 3, 16, 16)
    torch.testing.assert_close(discriminator(images), discriminator(pyramid(images, 3)))


@pytest.mark.parametrize("level", [0, 1, 2])
def test_each_level_matters(level: int) -> None:
    _, discriminator = pair()
    images = pyramid(noise(4, 3, 16, 16), 3)
    other = images.clone()
    other[:, 3 * level : 3 * level + 3] += 0.5
    assert not torch.allclose(discriminator(other), discriminator(images))


def test_every_weight_of_both_networks_gets_gradient() -> None:
    generator, discriminator = pair()
    discriminator(generator.pyramid(noise(4, 7))).sum().backward()
    for network in (generator, discriminator):
        for name, weights in network.named_parameters():
            assert weights.grad is not None, name
            assert weights.grad.abs().max() > 0, name


def test_plain_images_need_no_coarser_ones() -> None:
    generator, _ = pair()
    generator(noise(4, 7)).sum().backward()
    assert [each.weight.grad is not None for each in generator.to_rgb] == [False, False, True]


def test_labels_matter() -> None:
    generator, discriminator = pair(classes=3)
    zeros, ones = torch.zeros(4, dtype=torch.long), torch.ones(4, dtype=torch.long)
    images = generator.pyramid(noise(4, 7), zeros)
    torch.testing.assert_close(generator(noise(4, 7), zeros), images[:, 6:])
    assert not torch.allclose(images, generator.pyramid(noise(4, 7), ones)), "the generator ignores the label"
    assert not torch.allclose(discriminator(images, zeros), discriminator(images, ones)), "the discriminator ignores it"


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 2])
def test_the_discriminator_can_be_differentiated_twice(channels: int) -> None:
    """For plain images (1 channel) and for a pyramid (2)."""
    torch.manual_seed(0)
    network = MultiscaleDiscriminator((2, 2), (1, 4, 4)).double()
    images = noise(2, channels, 4, 4).requires_grad_(True)
    assert torch.autograd.gradcheck(network, (images,))
    assert torch.autograd.gradgradcheck(network, (images,))


def test_a_gradient_penalty_takes_pyramids() -> None:
    generator, discriminator = pair()
    real, fake = pyramid(noise(4, 3, 16, 16), 3), generator.pyramid(noise(4, 7))
    wgan_gradient_penalty(discriminator, real, fake, torch.Generator().manual_seed(0)).backward()
    for name, weights in discriminator.named_parameters():
        if not name.endswith("bias"):
            assert weights.grad is not None, name
            assert weights.grad.abs().max() > 0, name
