"""The networks of `quick`: decoder, encoder, discriminator, and the rectified flow before them."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ganvas.models.quick import AutoencoderGenerator, ConvDiscriminator, Decoder, Encoder, RectifiedFlow

SHAPES = [(1, 28, 28), (3, 32, 32), (4, 64, 64), (3, 64, 96), (3, 33, 17), (1, 31, 50)]


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(shape: tuple[int, int, int]) -> None:
    widths = (8, 8, 8)
    images = Decoder(6, widths, shape)(torch.randn(5, 6))
    assert images.shape == (5, *shape)
    assert images.abs().max() <= 1
    assert Encoder(6, widths, shape)(images).shape == (5, 6)
    assert ConvDiscriminator(widths, shape)(images).shape == (5,)
    assert AutoencoderGenerator(6, widths, shape)(torch.randn(5, 6)).shape == (5, *shape)
    labels = torch.tensor([0, 1, 2, 0, 1])
    assert AutoencoderGenerator(6, widths, shape, num_classes=3)(torch.randn(5, 6), labels).shape == (5, *shape)


def test_codes_have_mean_0_and_variance_1_over_a_batch() -> None:
    torch.manual_seed(0)
    codes = Encoder(6, (8, 8), (3, 16, 16))(torch.rand(64, 3, 16, 16))
    torch.testing.assert_close(codes.mean(0), torch.zeros(6), atol=1e-5, rtol=0)
    torch.testing.assert_close(codes.var(0, unbiased=False), torch.ones(6), atol=0.05, rtol=0)


def test_a_discriminator_judges_each_image_by_itself() -> None:
    network = ConvDiscriminator((8, 8), (3, 16, 16))
    images = torch.rand(4, 3, 16, 16)
    torch.testing.assert_close(network(images)[1:2], network(images[1:2]))


@pytest.mark.slow
def test_the_flow_follows_its_velocity() -> None:
    class Turning(RectifiedFlow):
        def velocity(self, x: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
            return torch.stack([-x[:, 1], x[:, 0]], dim=1) + t

    actual = Turning(2, 8, 0)(torch.tensor([[1.0, 0.0]]))
    x, steps = torch.tensor([1.0, 0.0], dtype=torch.float64), 20_000
    for step in range(steps):
        middle = (step + 0.5) / steps
        x = x + (torch.stack([-x[1], x[0]]) + middle) / steps
    torch.testing.assert_close(actual[0].double(), x, atol=5e-3, rtol=0)


@pytest.mark.slow
def test_the_flow_learns_to_carry_noise_to_codes() -> None:
    torch.manual_seed(0)
    flow = RectifiedFlow(2, 32, 0)
    optimizer = torch.optim.Adam(flow.parameters(), 3e-3)
    for _ in range(400):
        target = torch.tensor([3.0, -1.0]) + 0.1 * torch.randn(128, 2)
        z, t = torch.randn(128, 2), torch.rand(128, 1)
        loss = F.mse_loss(flow.velocity(torch.lerp(z, target, t), t, None), target - z)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        codes = flow(torch.randn(500, 2))
    torch.testing.assert_close(codes.mean(0), torch.tensor([3.0, -1.0]), atol=0.2, rtol=0)
    assert codes.std(0).max() < 0.5, "the codes are close together; the noise was not"


@pytest.mark.slow
def test_labels_change_the_flow() -> None:
    torch.manual_seed(0)
    flow = RectifiedFlow(4, 16, num_classes=2)
    z = torch.randn(3, 4)
    with torch.no_grad():
        zeros, ones = flow(z, torch.zeros(3, dtype=torch.long)), flow(z, torch.ones(3, dtype=torch.long))
    assert not torch.allclose(zeros, ones), "the flow ignores the label"


def test_the_prior_is_almost_free_beside_the_decoder() -> None:
    def parameter_count(network: nn.Module) -> int:
        return sum(p.numel() for p in network.parameters())

    generator = AutoencoderGenerator(64, (256, 128, 64, 32), (3, 32, 32))
    assert parameter_count(generator.prior) < parameter_count(generator.decoder)
