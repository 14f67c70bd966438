"""Adversarial losses and penalties: one function each, with its equation and source.

Logits are unbounded scores (B,), high for "real". Every loss is a mean over the batch, to be minimized. E is
the expectation, D the discriminator, x real, y = G(z) fake.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from .distributed import mean_over_processes, own_rows

DiscriminatorFn = Callable[[Tensor], Tensor]


def bce_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """E[-log s(D(x))] + E[-log(1 - s(D(y)))], s the sigmoid: binary cross-entropy (Goodfellow et al. 2014, eq. 1)."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()  # softplus(-logits) = -log(sigmoid(logits))


def bce_generator(real: Tensor, fake: Tensor) -> Tensor:
    """E[-log s(D(y))]: the non-saturating form (Goodfellow et al. 2014, section 3)."""
    return F.softplus(-fake).mean()


def saturating_generator(real: Tensor, fake: Tensor) -> Tensor:
    """E[log(1 - s(D(y)))]: the original minimax loss (Goodfellow et al. 2014, eq. 1), for comparison.

    The surer the discriminator is that its fakes are fake, the smaller is the gradient, and it vanishes when the
    discriminator wins: just where the generator has most to learn. `bce_generator` avoids that.
    """
    return -F.softplus(fake).mean()


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """E[max(0, 1 - D(x))] + E[max(0, 1 + D(y))] (Lim & Ye 2017, Geometric GAN)."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def hinge_generator(real: Tensor, fake: Tensor) -> Tensor:
    """-E[D(y)] (Lim & Ye 2017)."""
    return -fake.mean()


def least_squares_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """1/2 E[(D(x) - 1)^2] + 1/2 E[D(y)^2] (Mao et al. 2017, LSGAN, eq. 9)."""
    return 0.5 * (real - 1).square().mean() + 0.5 * fake.square().mean()


def least_squares_generator(real: Tensor, fake: Tensor) -> Tensor:
    """1/2 E[(D(y) - 1)^2] (Mao et al. 2017, eq. 9)."""
    return 0.5 * (fake - 1).square().mean()


def wasserstein_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """E[D(y)] - E[D(x)] + 0.001 E[D(x)^2]: Wasserstein with the drift term (Karras et al. 2018, ProGAN, A.1).

    Meant to be used with `wgan_gradient_penalty`.
    """
    return fake.mean() - real.mean() + 0.001 * real.square().mean()


def wasserstein_generator(real: Tensor, fake: Tensor) -> Tensor:
    """-E[D(y)] (Arjovsky et al. 2017)."""
    return -fake.mean()


def relativistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """E[softplus(-(D(x) - D(y)))], paired by index: RpGAN (Jolicoeur-Martineau 2019; Huang et al. 2024, eq. 2)."""
    return F.softplus(fake - real).mean()


def relativistic_generator(real: Tensor, fake: Tensor) -> Tensor:
    """E[softplus(-(D(y) - D(x)))]: needs the logits of real images (Huang et al. 2024)."""
    return F.softplus(real - fake).mean()


def relativistic_hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """E[max(0, 1 - (D(x) - E D(y)))] + E[max(0, 1 + (D(y) - E D(x)))] (Jolicoeur-Martineau 2019, RaHinge)."""
    return F.relu(1 - (real - _mean(fake))).mean() + F.relu(1 + (fake - _mean(real))).mean()


def relativistic_hinge_generator(real: Tensor, fake: Tensor) -> Tensor:
    """E[max(0, 1 + (D(x) - E D(y)))] + E[max(0, 1 - (D(y) - E D(x)))] (Jolicoeur-Martineau 2019)."""
    return F.relu(1 + (real - _mean(fake))).mean() + F.relu(1 - (fake - _mean(real))).mean()


def _mean(logits: Tensor) -> Tensor:
    """Return the mean over the whole batch, also where several processes share it."""
    return mean_over_processes(logits.mean())


Loss = Callable[[Tensor, Tensor], Tensor]

# name: (discriminator's loss, generator's loss), both of (real logits, fake logits)
LOSSES: dict[str, tuple[Loss, Loss]] = {
    "bce": (bce_discriminator, bce_generator),
    "saturating": (bce_discriminator, saturating_generator),
    "hinge": (hinge_discriminator, hinge_generator),
    "least_squares": (least_squares_discriminator, least_squares_generator),
    "wasserstein": (wasserstein_discriminator, wasserstein_generator),
    "relativistic": (relativistic_discriminator, relativistic_generator),
    "relativistic_hinge": (relativistic_hinge_discriminator, relativistic_hinge_generator),
}

NEEDS_REAL = frozenset({"relativistic", "relativistic_hinge"})  # losses whose generator side needs real logits
SHIFT_INVARIANT = NEEDS_REAL | {"wasserstein"}  # losses of logit differences only, so that D(x) = 0 has no meaning


def zero_centered_gradient_penalty(discriminator: DiscriminatorFn, images: Tensor) -> Tensor:
    """1/2 E[|grad_x D(x)|^2]: R1 on reals, R2 on fakes (Mescheder et al. 2018, eq. 9). Squares summed over CHW.

    Where `discriminator` augments, `images` are those before augmentation: the gradient is with respect to them.
    """
    images = images.detach().requires_grad_(True)
    with torch.enable_grad():
        return zero_centered_gradient_penalty_from_logits(discriminator(images), images)


def zero_centered_gradient_penalty_from_logits(logits: Tensor, images: Tensor) -> Tensor:
    """Return `zero_centered_gradient_penalty` from logits that are already computed for `images`: this saves a pass.

    Args:
        logits: (B,) or (B, N).
        images: that the logits were computed from; they must require a gradient.
    """
    (gradient,) = torch.autograd.grad(mean_logit_per_image(logits).sum(), images, create_graph=True)
    return 0.5 * gradient.square().sum() / len(logits)


def mean_logit_per_image(logits: Tensor) -> Tensor:
    """Return one logit per image (B,): the mean, if a discriminator gives several (B, N)."""
    return logits.reshape(len(logits), -1).mean(1)


def approximate_gradient_penalty(
    discriminator: DiscriminatorFn, images: Tensor, rng: torch.Generator, sigma: float = 0.01
) -> Tensor:
    """1/2 E[(D(x) - D(x + sigma e))^2] / sigma^2 with e ~ N(0, I): R1 or R2 without double backward.

    To first order the difference is sigma e.grad D, whose square has the mean sigma^2 |grad D|^2 (Lin et al. 2025,
    Seaweed APT, eq. 3, there with a fixed weight instead of 1 / sigma^2).
    """
    noise = own_rows(torch.randn, images.shape, generator=rng, device=images.device, dtype=images.dtype)
    logits, noisy_logits = discriminator(images), discriminator(images + sigma * noise)
    difference = mean_logit_per_image(logits) - mean_logit_per_image(noisy_logits)
    return 0.5 * (difference / sigma).square().mean()


def wgan_gradient_penalty(discriminator: DiscriminatorFn, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    """E[(|grad D(u x + (1 - u) y)| - 1)^2] with u ~ U(0, 1) per pair (Gulrajani et al. 2017, WGAN-GP, eq. 3)."""
    u = own_rows(torch.rand, (len(real), 1, 1, 1), generator=rng, device=real.device, dtype=real.dtype)
    between = torch.lerp(fake.detach().to(real.dtype), real, u).requires_grad_(True)
    with torch.enable_grad():
        logits = mean_logit_per_image(discriminator(between))
        (gradient,) = torch.autograd.grad(logits.sum(), between, create_graph=True)
    # The norm's own gradient at 0 is 0; a plain square root's is NaN.
    norm: Tensor = torch.linalg.vector_norm(gradient.flatten(1), dim=1)
    penalty: Tensor = (norm - 1).square().mean()
    return penalty


# name: whether on reals and on fakes, of penalties that need no pass of their own: see
# `zero_centered_gradient_penalty_from_logits`
PENALTIES_FROM_LOGITS: dict[str, tuple[bool, bool]] = {"r1": (True, False), "r2": (False, True), "r1_r2": (True, True)}

Penalty = Callable[[DiscriminatorFn, Tensor, Tensor, torch.Generator], Tensor]

# name: penalty of (discriminator, real images, fake images, random generator), to be scaled by gamma
PENALTIES: dict[str, Penalty] = {
    "r1": lambda d, real, fake, rng: zero_centered_gradient_penalty(d, real),
    "r2": lambda d, real, fake, rng: zero_centered_gradient_penalty(d, fake),
    "r1_r2": lambda d, real, fake, rng: (
        zero_centered_gradient_penalty(d, real) + zero_centered_gradient_penalty(d, fake)
    ),
    "approximate_r1": lambda d, real, fake, rng: approximate_gradient_penalty(d, real, rng),
    "approximate_r1_r2": lambda d, real, fake, rng: (
        approximate_gradient_penalty(d, real, rng) + approximate_gradient_penalty(d, fake.detach(), rng)
    ),
    "gradient": wgan_gradient_penalty,
}
