"""A user's own training loop, as `ganvas.Coach` watches it, and its pictures."""

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

import ganvas
from ganvas.events import HealthCheck, Verdict

LATENT, BATCH = 8, 16


class Loop:
    """A small GAN and its training step, which know nothing of Ganvas."""

    def __init__(self, real: Tensor, generator_lr: float = 2e-3) -> None:
        torch.manual_seed(0)
        self.real = real
        self.generator = nn.Sequential(
            nn.Unflatten(1, (LATENT, 1, 1)), nn.ConvTranspose2d(LATENT, 16, 4), nn.BatchNorm2d(16), nn.ReLU(),
            nn.ConvTranspose2d(16, 8, 4, 2, 1), nn.BatchNorm2d(8), nn.ReLU(),
            nn.ConvTranspose2d(8, 3, 4, 2, 1), nn.Tanh(),
        )  # fmt: skip
        self.discriminator = nn.Sequential(
            nn.Conv2d(3, 8, 4, 2, 1), nn.LeakyReLU(0.2), nn.Dropout(0.1), nn.Conv2d(8, 16, 4, 2, 1),
            nn.BatchNorm2d(16), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(256, 1),
        )  # fmt: skip
        self.optimizers = {
            "generator": torch.optim.Adam(self.generator.parameters(), generator_lr, (0.5, 0.99)),
            "discriminator": torch.optim.Adam(self.discriminator.parameters(), 1e-3, (0.5, 0.99)),
        }

    def step(self, engine: object = None, real: Tensor | None = None) -> dict[str, object]:
        """Take a training step, and return the arguments of `observe`."""
        real = self.real[torch.randint(len(self.real), (BATCH,))] if real is None else real
        fake = self.generator(torch.randn(BATCH, LATENT))
        real_logits, fake_logits = self.discriminator(real), self.discriminator(fake.detach())
        d_loss = softplus(-real_logits).mean() + softplus(fake_logits).mean()
        g_loss = softplus(-self.discriminator(fake)).mean()
        for name, loss in {"discriminator": d_loss, "generator": g_loss}.items():
            self.optimizers[name].zero_grad()
            loss.backward(inputs=list((getattr(self, name)).parameters()), retain_graph=name == "discriminator")
        for optimizer in self.optimizers.values():
            optimizer.step()
        losses = {"generator": g_loss, "discriminator": d_loss}
        return {"losses": losses, "samples": fake, "real_logits": real_logits, "fake_logits": fake_logits}

    def coach(self, **options: object) -> ganvas.Coach:
        return ganvas.Coach(self.real, optimizers=self.optimizers, **options)  # type: ignore[arg-type]


def names(coach: ganvas.Coach) -> list[str]:
    return [event.name for event in coach.history if isinstance(event, Verdict)]


def checks(coach: ganvas.Coach) -> list[HealthCheck]:
    return [event for event in coach.history if isinstance(event, HealthCheck)]
