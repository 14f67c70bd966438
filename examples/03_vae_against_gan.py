# %% [markdown]
# # 3. VAE against GAN: soft against sharp
#
# A *variational autoencoder* (VAE, Kingma and Welling 2014) draws pictures out of random numbers as well, and has no
# opponent. It never falls ill as GANs do. Then why does anybody train GANs?
#
# You will train both **with the same generator network, on the same pictures, for the same time**, and lay their
# pictures side by side. It takes about three minutes on two CPU cores.

# %%
# In a hosted notebook this installs Ganvas. On a machine that has it, nothing happens.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("ganvas") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "ganvas[notebooks]"], check=True)

# %% tags=["parameters"]
SECONDS = 50  # of the processor, for each of the two
IMAGES = 20_000  # that Ganvas sees at the end

# %%
import tempfile
import time
import zipfile

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

import ganvas
from ganvas import builtin

torch.manual_seed(0)
LATENT = 64


def sheet(pictures, columns=16, zoom=2):
    """Return pictures (N, C, H, W) with values from -1 to 1 side by side, enlarged."""
    grid = to_pil_image(make_grid(pictures * 0.5 + 0.5, columns, padding=1).clamp(0, 1))
    return grid.resize((grid.width * zoom, grid.height * zoom), resample=0)


people = []
with zipfile.ZipFile(builtin.people()) as file:
    for name in sorted(file.namelist()):
        if name.endswith(".png"):
            person = Image.open(file.open(name)).convert("RGBA")
            person = Image.alpha_composite(Image.new("RGBA", person.size, "white"), person)
            people.append(np.asarray(person.convert("RGB").resize((32, 32), Image.Resampling.LANCZOS)))
people = torch.tensor(np.stack(people)).permute(0, 3, 1, 2) / 127.5 - 1  # (997, 3, 32, 32)


def new_generator():
    """Return the generator of notebook 2: 64 numbers to a picture of 32 x 32."""
    return nn.Sequential(
        nn.Unflatten(1, (LATENT, 1, 1)),
        nn.ConvTranspose2d(LATENT, 128, 4), nn.BatchNorm2d(128), nn.ReLU(),
        nn.ConvTranspose2d(128, 64, 4, 2, 1), nn.BatchNorm2d(64), nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.BatchNorm2d(32), nn.ReLU(),
        nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Tanh(),
    )  # fmt: skip


def new_reader(numbers):
    """Return a network that reads a picture and says so many numbers: the generator, backwards."""
    return nn.Sequential(
        nn.Conv2d(3, 32, 4, 2, 1), nn.LeakyReLU(0.2),
        nn.Conv2d(32, 64, 4, 2, 1), nn.BatchNorm2d(64), nn.LeakyReLU(0.2),
        nn.Conv2d(64, 128, 4, 2, 1), nn.BatchNorm2d(128), nn.LeakyReLU(0.2),
        nn.Conv2d(128, numbers, 4), nn.Flatten(),
    )  # fmt: skip


def time_is_left(began):
    """Return whether fewer than SECONDS of the processor have gone since then."""
    return time.process_time() - began < SECONDS


# %% [markdown]
# ## The VAE
#
# It has two networks that work *together*. The **encoder** reads a real picture and says 64 numbers, its *code*. The
# **decoder** draws the picture again from the code. The loss is how far the two pictures differ, pixel by pixel.
#
# Later we want to draw from random numbers, without any real picture. So codes have to look like random numbers. Two
# tricks make them:
#
# - The encoder does not say *one* code. It says a mean and a width, and the code is drawn at random from there.
# - A second loss, the *KL divergence*, pulls all means towards 0 and all widths towards 1.

# %%
encoder, decoder = new_reader(2 * LATENT), new_generator()
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.001)
vae_steps, began = 0, time.process_time()

while time_is_left(began):
    real = people[torch.randint(len(people), (32,))]
    mean, log_variance = encoder(real).chunk(2, dim=1)
    code = mean + torch.randn_like(mean) * (log_variance / 2).exp()
    difference = (decoder(code) - real).square().sum((1, 2, 3)).mean()
    kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
    loss = 4 * difference + kl
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    vae_steps += 1

decoder.eval()
print(f"{vae_steps} steps")

# %% [markdown]
# ## The GAN
#
# The same generator, now with an opponent: notebook 2 again.

# %%
generator, discriminator = new_generator(), new_reader(1)
for network in (generator, discriminator):
    for layer in network:
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0, 0.02)
bce = F.binary_cross_entropy_with_logits
g_optimizer = torch.optim.Adam(generator.parameters(), lr=0.0005, betas=(0.5, 0.999))
d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))
gan_steps, began = 0, time.process_time()

while time_is_left(began):
    real = people[torch.randint(len(people), (32,))]
    drawn = generator(torch.randn(32, LATENT))
    d_loss = bce(discriminator(real), torch.ones(32, 1)) + bce(discriminator(drawn.detach()), torch.zeros(32, 1))
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    discriminator.requires_grad_(False)
    g_loss = bce(discriminator(drawn), torch.ones(32, 1))
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    discriminator.requires_grad_(True)
    gan_steps += 1

generator.eval()
print(f"{gan_steps} steps")

# %% [markdown]
# ## Side by side
#
# **Predict first.** Whose pictures will be softer? Whose will have the strangest faces? Whose will be more alike?

# %% alt="Two rows each: real people, soft people of the VAE, crisper and stranger people of the GAN"
with torch.no_grad():
    z = torch.randn(32, LATENT)
    soft, sharp = decoder(z), generator(z)
sheet(torch.cat([people[torch.randperm(len(people))[:32]], soft, sharp]))

# %% [markdown]
# Two rows of real people, two of the VAE, two of the GAN.
#
# How sharp a picture is can be measured. Where it is sharp, a pixel differs from the mean of its four neighbours.

# %%
kernel = torch.tensor([[0, -0.25, 0], [-0.25, 1, -0.25], [0, -0.25, 0]]).expand(3, 1, 3, 3)
for name, pictures in (("real people", people), ("VAE", soft), ("GAN", sharp)):
    print(f"fine detail, {name}: {F.conv2d(pictures, kernel, groups=3).abs().mean():.3f}")

# %% [markdown]
# The VAE has less fine detail than real people, and the GAN has more: its people are speckled. Sharp is not yet right.
#
# **Question 1.** Why is the VAE soft?
#
# <details>
# <summary>Answer</summary>
#
# It is asked for the *smallest difference, pixel by pixel*. Where the code leaves open whether an edge lies one pixel
# further left or right, the least wrong answer is the mean of both: gray. The mean of many sharp pictures is a soft
# one.
#
# The GAN is asked for something else: to be *believed*. A soft edge gives it away at once. A sharp edge in the wrong
# place is much harder to find fault with.
#
# </details>
#
# **Question 2.** The VAE's loss is a plain number that falls. What could you use it for that the GAN's loss is no good
# for?
#
# <details>
# <summary>Answer</summary>
#
# To see whether the training still gets anywhere, to compare two settings, and to know when to stop.
#
# </details>
#
# ## What only the VAE can do
#
# It has an encoder. So it can find the code of *your* picture, and go from one to another.
#
# **Predict first.** Halfway between two people, will there be one person or two transparent ones?

# %% alt="Above, two people as they are and as the VAE draws them; below, ten pictures from the first to the second"
two = people[[40, 700]]
with torch.no_grad():
    codes = encoder.eval()(two).chunk(2, dim=1)[0]
    way = torch.linspace(0, 1, 10)[:, None]
    between = decoder(codes[:1] * (1 - way) + codes[1:] * way)
    again = decoder(codes)
first_row = torch.cat([two[:1], again[:1], torch.ones(6, 3, 32, 32), again[1:], two[1:]])
sheet(torch.cat([first_row, between]), 10)

# %% [markdown]
# A GAN has no encoder. For a GAN one has to *search* for the numbers: `ganvas.project`.
#
# ## Both together
#
# Nothing forbids to have both: an autoencoder first, which cannot fall ill, then a discriminator that sharpens what it
# draws. The recipe `quick` of Ganvas does so. It is what Ganvas takes on a processor if you do not choose.

# %%
run = tempfile.mkdtemp(prefix="quick-", dir=".")
events = list(ganvas.train(builtin.people(), run, recipe="quick", size=32, images=IMAGES))  # notebook 4 looks at them

# %% alt="32 people by the recipe quick: clear outlines and colors, faces that can be told"
sheet(ganvas.load(run).sample(32) / 127.5 - 1)

# %% [markdown]
# **Question 3.** In which order would you take the two teachers, and why not the other way round?
#
# <details>
# <summary>Answer</summary>
#
# The autoencoder first. It soon finds the rough shapes and colors, steadily. Then there are only edges and details
# left, and for these an opponent is the better teacher. The other way round, the pixel loss would make soft again what
# the discriminator has sharpened.
#
# </details>
#
# ## Break it
#
# 1. Write `loss = difference` in the VAE, without the KL. Look at `decoder(torch.randn(...))` again. And at people that
#    it only gives back?
# 2. Write `loss = difference + 20 * kl`.
# 3. Add to the GAN's `g_loss` nothing but the wish to be near *any* real picture: `+ (drawn - real).square().mean()`.
# 4. Give both ten times as long. Does the VAE become sharp?
#
# <details>
# <summary>What to expect</summary>
#
# 1. What it gives back gets sharper. What it draws at random is mud, since nothing pulled the codes to where random
#    numbers lie.
# 2. The codes say next to nothing any more, and all pictures become alike: the mean person.
# 3. All pictures are pulled to the mean of all people. Compare question 1.
# 4. It becomes a little sharper, and stays softer than the real people.
#
# </details>
#
# **Have MNIST?** Read it into a tensor (N, 1, 32, 32) with values from -1 to 1 in place of `people`, and write 1 for
# the 3 channels.
#
# Next: `04_how_gans_fall_ill`.
