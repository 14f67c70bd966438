"""Labels for any pair of networks."""

from dataclasses import replace

import pytest
import torch

import tiny
from ganvas.models import build_discriminator, build_encoder, build_generator
from ganvas.models.conditional import ConditionalDiscriminator, ConditionalGenerator

LABELS = torch.tensor([0, 1, 2, 2])


@pytest.mark.parametrize("recipe", tiny.GANS)
def test_both_networks_use_the_label(recipe: str) -> None:
    torch.manual_seed(0)
    config = replace(tiny.config(recipe), classes=("a", "b", "c"))
    generator, discriminator = build_generator(config).eval(), build_discriminator(config).eval()
    z = torch.randn(1, config.z_dim).repeat(4, 1)
    with torch.no_grad():
        images = generator(z, LABELS)
        assert images.shape == (4, *config.shape)
        assert torch.equal(images[2], images[3])
        assert not torch.allclose(images[0], images[1]), "the generator ignores the label"
        logits = discriminator(images[:1].repeat(4, 1, 1, 1), LABELS)
        assert logits.shape[0] == 4
        assert not torch.allclose(logits[0], logits[1]), "the discriminator ignores the label"
        torch.testing.assert_close(logits[2], logits[3])


def test_the_plain_networks_get_the_shapes_they_were_built_for() -> None:
    built_for: list[object] = []

    def build(of: object) -> torch.nn.Module:
        built_for.append(of)
        return torch.nn.Identity()

    assert ConditionalGenerator(build, 10, 3)(torch.zeros(4, 10), LABELS).shape == (4, 10 + 16)
    judged = ConditionalDiscriminator(build, (3, 5, 7), 3)(torch.zeros(4, 3, 5, 7), LABELS)
    assert judged.shape == (4, 4, 5, 7)
    assert built_for == [26, (4, 5, 7)]


def test_only_an_autoencoder_has_an_encoder() -> None:
    assert build_encoder(tiny.config("dcgan")) is None
    assert build_encoder(tiny.config("quick")) is not None
