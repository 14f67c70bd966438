# %% [markdown]
# # 4. How GANs fall ill
#
# Two networks that learn from each other can go wrong together. In this notebook you make a GAN ill on purpose, in five
# ways. Each time you **predict** what will be seen, **provoke** it, read the **signs**, and **repair** it: first by hand,
# then by the coach of Ganvas.
#
# `ganvas.Coach` watches any training loop, also one that you wrote yourself. It measures now and then, and says in words
# what is wrong. If it is asked to, it repairs. This takes about five minutes on two CPU cores.

# %%
# In a hosted notebook this installs Ganvas. On a machine that has it, nothing happens.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("ganvas") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "ganvas[notebooks]"], check=True)

# %% tags=["parameters"]
STEPS = 1200  # of each training
FEW = 64  # pictures, where there are too few

# %%
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

import ganvas

digits = torch.tensor(load_digits().images, dtype=torch.float32)[:, None] / 8 - 1
digits = F.interpolate(digits, scale_factor=2, mode="bicubic").clamp(-1, 1)  # (1797, 1, 16, 16)
digits = digits[torch.randperm(len(digits), generator=torch.Generator().manual_seed(0))]
held_out, digits = digits[:200], digits[200:]  # 200 that no network is ever trained on


def sheet(*rows):
    """Return rows of pictures (16, 1, H, W) as one picture."""
    grid = to_pil_image(make_grid(torch.cat(rows) * 0.5 + 0.5, 16, padding=1).clamp(0, 1))
    return grid.resize((grid.width * 2, grid.height * 2), resample=0)


# %% [markdown]
# ## The patient
#
# The networks of notebook 1, in a function with a few knobs. Everything about the coach is in four lines: it is made, it
# observes each step, it prescribes if it is asked to, and its prescription is applied.

# %%
def train(pictures=digits, g_lr=0.0002, d_lr=0.0002, dropout=0.3, penalty=0.0, repair=False):
    """Train a GAN, print what the coach says, and return 16 samples."""
    torch.manual_seed(0)
    generator = nn.Sequential(
        nn.Linear(32, 128), nn.LeakyReLU(0.2),
        nn.Linear(128, 256), nn.LeakyReLU(0.2),
        nn.Linear(256, 256), nn.Tanh(), nn.Unflatten(1, (1, 16, 16)),
    )  # fmt: skip
    discriminator = nn.Sequential(
        nn.Flatten(), nn.Linear(256, 256), nn.LeakyReLU(0.2), nn.Dropout(dropout),
        nn.Linear(256, 128), nn.LeakyReLU(0.2), nn.Dropout(dropout), nn.Linear(128, 1),
    )  # fmt: skip
    optimizers = {
        "generator": torch.optim.Adam(generator.parameters(), g_lr, (0.5, 0.999)),
        "discriminator": torch.optim.Adam(discriminator.parameters(), d_lr, (0.5, 0.999)),
    }
    z = torch.randn(256, 32)
    coach = ganvas.Coach(
        pictures, held_out=held_out, generator=generator, latents=z, discriminator=discriminator,
        optimizers=optimizers, batch_size=64, check_every=max(1, STEPS // 12), total_steps=STEPS, repair=repair,
    )  # fmt: skip
    for step in range(STEPS):
        real = pictures[torch.randint(len(pictures), (64,))].requires_grad_(penalty > 0)
        drawn = generator(torch.randn(64, 32))
        real_logits = discriminator(real)
        d_loss = F.softplus(-real_logits).mean() + F.softplus(discriminator(drawn.detach())).mean()
        if penalty:  # R1: on real pictures, the discriminator shall not be too steep
            (slope,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
            d_loss = d_loss + penalty / 2 * slope.square().sum((1, 2, 3)).mean()
        optimizers["discriminator"].zero_grad()
        d_loss.backward()
        optimizers["discriminator"].step()
        g_loss = F.softplus(-discriminator(drawn)).mean()
        optimizers["generator"].zero_grad()
        g_loss.backward()
        optimizers["generator"].step()

        verdict = coach.observe({"generator": g_loss, "discriminator": d_loss})
        if verdict:
            print(f"step {step}: {verdict.name}. {verdict.what}")
        if repair and (treatment := coach.prescribe()):
            coach.apply(treatment)
            print(f"    the coach: {treatment.text}")
    print(f"in the end: losses {d_loss.item():.2f} (discriminator), {g_loss.item():.2f} (generator)")
    with torch.no_grad():
        return generator(z[:16])


# %% [markdown]
# First a healthy one, to compare with.

# %% alt="16 rough digits, each another one"
healthy = train()
sheet(healthy)
