"""What a training may ask of any generator and discriminator, and what the exceptions answer."""

import pytest
import torch
from torch import Tensor, nn

from ganvas.models import DISCRIMINATORS, GENERATORS
from ganvas.models.base import Discriminator, Generator, NoDiscriminator
from ganvas.models.conditional import ConditionalDiscriminator, ConditionalGenerator
from ganvas.models.multiscale import MultiscaleGenerator, pyramid
from ganvas.models.progressive import at_level
from ganvas.models.quick import AutoencoderGenerator
from ganvas.models.stylegan2 import StyleGAN2Generator

LATENT, SHAPE = 8, (3, 16, 16)
CLASSES = [0, 2]


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def generator(name: str, classes: int = 0) -> Generator:
    """Return a narrow generator of 16 px images in evaluation mode, so that batch norms take no batch's statistics."""
    torch.manual_seed(0)
    network = GENERATORS[name](LATENT, (8, 8, 8), SHAPE, classes).eval()
    for parameter in network.parameters():  # what begins at zero would hide noise and labels
        parameter.data += 0.1 * torch.randn(parameter.shape)
    return network


def latents(classes: int = 0, count: int = 6) -> tuple[Tensor, Tensor | None]:
    return torch.randn(count, LATENT, generator=random(1)), torch.arange(count) % 2 if classes else None


def drawn(network: nn.Module, z: Tensor, labels: Tensor | None) -> Tensor:
    """Return the network's images by its forward alone."""
    images: Tensor = network(z) if labels is None else network(z, labels)
    return images


MAPPED = {"stylegan2", "stylegan2-original", "stylegan2-plain", "stylegan3"}  # these map z to w
PLAIN = [name for name in GENERATORS if name not in {*MAPPED, "multiscale"}]


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("name", PLAIN)
@torch.no_grad()
def test_fakes_and_samples_are_what_forward_makes_and_draw_nothing_random(name: str, classes: int) -> None:
    network, rng = generator(name, classes), random()
    z, labels = latents(classes)
    assert torch.equal(network.fakes(z, labels, rng, 0.9), drawn(network, z, labels))
    assert torch.equal(network.sample(z, labels, 0.5), drawn(network, 0.5 * z, labels))
    assert torch.equal(network.sample(z, labels), drawn(network, z, labels))
    assert torch.equal(rng.get_state(), random().get_state())


@pytest.mark.parametrize("name", GENERATORS)
def test_every_generator_takes_the_same_questions(name: str) -> None:
    network = generator(name)
    z, labels = latents()
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    network.update_statistics(z, labels)
    changed = {key for key, tensor in network.state_dict().items() if not torch.equal(tensor, before[key])}
    images = torch.rand(2, *SHAPE, generator=random()) * 2 - 1
    assert changed == ({"w_avg"} if name in MAPPED else set())
    assert (network.scales(z, labels) is None) == (name != "multiscale")
    assert torch.equal(network.match_reals(images), images) == (name != "multiscale")
    network.set_level(1.0)
    assert ("level" in before) == (name == "progressive")


@pytest.mark.parametrize("name", GENERATORS)
def test_parameters_belong_to_one_optimizer_unless_the_generator_has_a_prior(name: str) -> None:
    network = generator(name)
    if isinstance(network, AutoencoderGenerator):
        assert network.parameters_of("generator") == list(network.decoder.parameters())
        assert network.parameters_of("autoencoder") == list(network.decoder.parameters())
        assert network.parameters_of("prior") == list(network.prior.parameters())
    else:
        assert network.parameters_of("generator") == list(network.parameters())
        assert network.parameters_of("vae") == list(network.parameters())


@pytest.mark.parametrize("name", GENERATORS)
def test_torch_may_compile_all_but_what_is_differentiated_twice(name: str) -> None:
    network = generator(name)
    parts = network.compile_parts()
    if isinstance(network, StyleGAN2Generator):
        assert parts == []
    elif isinstance(network, AutoencoderGenerator):
        assert parts == [network.decoder]
    elif isinstance(network, MultiscaleGenerator):
        assert parts == [network.input_block, *network.blocks]
    else:
        assert parts == [network]


@pytest.mark.parametrize("classes", CLASSES)
@torch.no_grad()
def test_stylegan2_mixes_styles_and_draws_noise_in_this_order(classes: int) -> None:
    """Other latents, then the layers where styles change, then who is mixed, then noise: the order of 0.1."""
    network = generator("stylegan2", classes)
    assert isinstance(network, StyleGAN2Generator)
    z, labels = latents(classes)
    rng = random(5)
    others = torch.randn(z.shape, generator=rng)
    crossover = torch.randint(1, network.num_ws, (len(z), 1), generator=rng)
    mixes = torch.rand((len(z), 1), generator=rng) < 0.9
    other = network.mapping(others, labels)[:, None]
    styles = network.mapping(z, labels)[:, None].expand(-1, network.num_ws, -1)
    styles = torch.where((mixes & (torch.arange(network.num_ws) >= crossover))[:, :, None], other, styles)
    expected = network.synthesis(styles, rng)
    assert torch.equal(network.fakes(z, labels, random(5), 0.9), expected)
    assert not torch.equal(network.fakes(z, labels, random(6), 0.9), expected)


@torch.no_grad()
def test_stylegan2_draws_noise_alone_where_nothing_is_mixed() -> None:
    network = generator("stylegan2")
    assert isinstance(network, StyleGAN2Generator)
    z, labels = latents()
    styles = network.mapping(z)[:, None].expand(-1, network.num_ws, -1)
    assert torch.equal(network.fakes(z, labels, random(5)), network.synthesis(styles, random(5)))
    assert not torch.equal(network.fakes(z, labels, random(5)), network(z))


@torch.no_grad()
def test_stylegan2_truncates_towards_the_mean_of_w() -> None:
    network = generator("stylegan2", 2)
    assert isinstance(network, StyleGAN2Generator)
    z, labels = latents(2)
    network.update_statistics(z, labels)
    assert torch.equal(network.w_avg, network.mapping(z, labels).mean(0))
    assert torch.equal(network.sample(z, labels, 0.3), network(z, labels, 0.3))
    everybodys = network.sample(z, labels, 0.0)
    torch.testing.assert_close(everybodys, everybodys[:1].expand_as(everybodys))


@pytest.mark.parametrize("classes", CLASSES)
@torch.no_grad()
def test_multiscale_shows_its_pyramid_and_samples_the_finest_images(classes: int) -> None:
    network = generator("multiscale", classes)
    assert isinstance(network, MultiscaleGenerator)
    z, labels = latents(classes)
    expected = network.pyramid(z, labels)
    assert torch.equal(network.fakes(z, labels, random()), expected)
    assert torch.equal(network.sample(z, labels, 0.5), network(0.5 * z, labels))
    scales = network.scales(z, labels)
    assert scales.shape == (len(z), 3, *SHAPE)
    assert torch.equal(scales.flatten(1, 2), expected)
    assert torch.equal(scales[:, -1], network(z, labels))
    images = torch.rand(2, *SHAPE, generator=random())
    assert torch.equal(network.match_reals(images), pyramid(images, 3))


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0, 1.75, 2.0])
def test_progressive_reals_have_the_detail_of_the_present_level(level: float) -> None:
    network = generator("progressive")
    network.set_level(level)
    images = torch.rand(2, *SHAPE, generator=random())
    present = network.get_buffer("level")
    assert torch.equal(network.match_reals(images), at_level(images, float(present), 3))
    assert float(present) == pytest.approx(level)


@pytest.mark.parametrize("name", ["progressive", "multiscale"])
@torch.no_grad()
def test_the_memory_format_changes_nothing(name: str) -> None:
    networks = generator(name).double(), DISCRIMINATORS[name]((8, 8, 8), SHAPE, 0).double()
    z = latents()[0].double()

    def fakes_and_logits() -> tuple[Tensor, Tensor]:
        fakes = networks[0].fakes(z, None, random())  # of multiscale, pyramids
        return fakes, networks[1](fakes)

    before = fakes_and_logits()
    for network in networks:
        network.to(memory_format=torch.channels_last)
    after = fakes_and_logits()
    assert after[0].is_contiguous(memory_format=torch.channels_last), "a layer lost the fast memory format"
    torch.testing.assert_close(after, before)


@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_what_a_discriminator_can_do_is_known_before_it_is_built(name: str) -> None:
    network = DISCRIMINATORS[name].network
    assert network.can_pack == (name not in {"multiscale", "projected", "fastgan"})
    assert network.can_freeze == (name not in {"projected", "none"})
    assert network.augments_color == (name != "multiscale")
    assert network.penalty_interval == (16 if name == "projected" else 4)
    assert network.is_opponent == (name != "none")


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_factories_build_discriminators_of_their_class_with_labels_within_or_around(name: str, classes: int) -> None:
    factory = DISCRIMINATORS[name]
    built = factory((8, 8, 8, 8), SHAPE, classes)
    wrapped = bool(classes) and factory.embeds_labels
    assert isinstance(built, Discriminator)
    assert type(built) is (ConditionalDiscriminator if wrapped else factory.network)
    assert type(built.network if isinstance(built, ConditionalDiscriminator) else built) is factory.network
    built.set_level(1.0)


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("name", GENERATORS)
def test_factories_build_generators_of_their_class_with_labels_within_or_around(name: str, classes: int) -> None:
    factory = GENERATORS[name]
    built = factory(LATENT, (8, 8, 8), SHAPE, classes)
    wrapped = bool(classes) and factory.embeds_labels
    assert type(built) is (ConditionalGenerator if wrapped else factory.network)
    assert type(built.network if isinstance(built, ConditionalGenerator) else built) is factory.network


def test_no_discriminator_is_the_identity_without_parameters() -> None:
    network = DISCRIMINATORS["none"]((), SHAPE, 2)
    images = torch.rand(2, *SHAPE)
    assert isinstance(network, NoDiscriminator)
    assert network(images, torch.tensor([0, 1])) is images
    assert not list(network.parameters())
    assert not network.state_dict()
