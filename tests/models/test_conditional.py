"""Labels for any pair of networks."""

from dataclasses import replace

import pytest
import torch

import tiny
from ganvas.models import build_discriminator, build_encoder, build_generator
from ganvas.models.conditional import ConditionalDiscriminator, ConditionalGenerator

LABELS = torch.tensor([0, 1, 2, 2])


@pytest.mark.parametrize("recipe", tiny.GANS)
def test_both_networks_heed_the_label(recipe: str) -> None:
    torch.manual_seed(0)
    config = replace(tiny.config(recipe), classes=("a", "b", "c"))
    generator, discriminator = build_generator(config).eval(), build_discriminator(config).eval()
    z = torch.randn(1, config.latent).repeat(4, 1)
    with torch.no_grad():
        pictures = generator(z, LABELS)
        assert pictures.shape == (4, *config.shape)
        assert torch.equal(pictures[2], pictures[3])
        assert not torch.equal(pictures[0], pictures[1]), "the generator is deaf to the label"
        logits = discriminator(pictures[:1].repeat(4, 1, 1, 1), LABELS)
        assert logits.shape[0] == 4
        assert not torch.equal(logits[0], logits[1]), "the discriminator is deaf to the label"
        torch.testing.assert_close(logits[2], logits[3])


def test_the_plain_networks_get_what_they_are_promised() -> None:
    asked: list[object] = []

    def build(of: object) -> torch.nn.Module:
        asked.append(of)
        return torch.nn.Identity()

    assert ConditionalGenerator(build, 10, 3)(torch.zeros(4, 10), LABELS).shape == (4, 10 + 16)
    seen = ConditionalDiscriminator(build, (3, 5, 7), 3)(torch.zeros(4, 3, 5, 7), LABELS)
    assert seen.shape == (4, 4, 5, 7)
    assert asked == [26, (4, 5, 7)]


def test_only_a_warm_start_has_an_encoder() -> None:
    assert build_encoder(tiny.config("dcgan")) is None
    assert build_encoder(tiny.config("quick")) is not None
