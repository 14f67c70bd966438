# %% [markdown]
# # 1. What a GAN is
#
# Two networks play a game. One, the **generator**, draws pictures out of random numbers. The other, the
# **discriminator**, is shown real pictures and drawn ones, and says which are which. The generator wants to be
# believed. The discriminator does not want to be fooled. Nobody ever tells the generator what a digit looks like. It
# learns that from its opponent alone.
#
# That is all of a *generative adversarial network* (Goodfellow et al. 2014). In this notebook you write one in forty
# lines, and watch digits appear. It takes about two minutes on two CPU cores. You need to know a little Python, and
# nothing about GANs.

# %%
# In a hosted notebook this installs Ganvas. On a machine that has it, nothing happens.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("ganvas") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "ganvas[notebooks]"], check=True)

# %% tags=["parameters"]
STEPS = 6000  # of our own training
IMAGES = 250_000  # that Ganvas sees in its own

# %%
import tempfile

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

import ganvas
from ganvas.events import Verdict

torch.manual_seed(0)


def sheet(pictures, columns=16, zoom=3):
    """Return pictures (N, 1, H, W) with values from -1 to 1 side by side, enlarged."""
    grid = to_pil_image(make_grid(pictures * 0.5 + 0.5, columns, padding=1).clamp(0, 1))
    return grid.resize((grid.width * zoom, grid.height * zoom), resample=0)


# %% [markdown]
# ## Real pictures
#
# These are 1,797 digits that people wrote. They come with scikit-learn. Each has 8 x 8 pixels; we enlarge them to 16 x
# 16. Pictures are numbers for us: -1 is black, 1 is white.

# %% alt="32 digits from 0 to 9, written by hand, white on black and a little blurred"
digits = torch.tensor(load_digits().images, dtype=torch.float32)[:, None] / 8 - 1  # (1797, 1, 8, 8)
digits = nn.functional.interpolate(digits, scale_factor=2, mode="bicubic").clamp(-1, 1)  # (1797, 1, 16, 16)
sheet(digits[:32])

# %% [markdown]
# ## Two networks
#
# Both are *fully connected*: each number of a layer is a weighted sum of all numbers of the layer before. The generator
# turns 32 random numbers, the **latent** `z`, into 256 pixels. The discriminator turns 256 pixels into one number, the
# **logit**. Above 0 means "I think it is real", below 0 means "I think it was drawn".

# %%
generator = nn.Sequential(
    nn.Linear(32, 128), nn.LeakyReLU(0.2),
    nn.Linear(128, 256), nn.LeakyReLU(0.2),
    nn.Linear(256, 256), nn.Tanh(),
    nn.Unflatten(1, (1, 16, 16)),
)  # fmt: skip
discriminator = nn.Sequential(
    nn.Flatten(),
    nn.Linear(256, 256), nn.LeakyReLU(0.2), nn.Dropout(0.3),
    nn.Linear(256, 128), nn.LeakyReLU(0.2), nn.Dropout(0.3),
    nn.Linear(128, 1),
)  # fmt: skip
g_optimizer = torch.optim.Adam(generator.parameters(), lr=0.0002, betas=(0.5, 0.999))
d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))

# %% [markdown]
# ## The two steps
#
# The game is played in turns. Each turn has two steps.
#
# 1. **The discriminator learns.** It sees real pictures with the label 1 ("real") and drawn ones with the label 0
#    ("drawn"). `detach()` cuts the drawn pictures off from the generator, so that only the discriminator changes.
# 2. **The generator learns.** It draws once more, and the discriminator judges. Now the label is 1, although the
#    pictures are drawn: the generator asks "what should I have done so that you say *real*?" The answer flows back
#    *through* the discriminator, which must not change meanwhile. It is **frozen**.
#
# The loss is the binary cross-entropy. It is 0 if the discriminator is sure and right, 0.69 if it guesses, and large if
# it is sure and wrong.
#
# **Predict first.** Elsewhere, the loss falls while a network learns. Will the generator's loss fall? Will the
# discriminator's?

# %%
bce = nn.functional.binary_cross_entropy_with_logits
same_z = torch.randn(32, 32)  # always the same, so that we can see pictures change
history, moments = [], []

for step in range(STEPS + 1):
    if step in (0, STEPS // 20, STEPS // 4, STEPS):
        with torch.no_grad():
            moments.append(generator(same_z))
    real = digits[torch.randint(len(digits), (64,))]
    drawn = generator(torch.randn(64, 32))

    # 1. The discriminator learns: real pictures are 1, drawn ones are 0.
    real_logits, drawn_logits = discriminator(real), discriminator(drawn.detach())
    d_loss = bce(real_logits, torch.ones(64, 1)) + bce(drawn_logits, torch.zeros(64, 1))
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()

    # 2. The generator learns: its pictures should have been taken for real.
    discriminator.requires_grad_(False)  # frozen
    g_loss = bce(discriminator(drawn), torch.ones(64, 1))
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    discriminator.requires_grad_(True)

    history.append((d_loss.item(), g_loss.item()))

# %% [markdown]
# ## What came of it
#
# Two rows each: before the first step, after a twentieth of the steps, after a quarter, and at the end. Each place
# keeps its latent, so you can follow one digit from top to bottom.

# %% alt="Eight rows of samples: gray noise, white blots, rough digits, and at the end digits, some of them torn"
sheet(torch.cat(moments))

# %% [markdown]
# And the losses:

# %% alt="Two noisy curves that soon run level: neither the generator's loss nor the discriminator's falls"
d_losses, g_losses = np.array(history).T
smooth = np.ones(max(1, STEPS // 100)) / max(1, STEPS // 100)
plt.figure(figsize=(7, 2.5))
for losses, name, color in ((d_losses, "discriminator", "tab:blue"), (g_losses, "generator", "tab:orange")):
    plt.plot(losses, color=color, alpha=0.2, linewidth=0.5)
    plt.plot(np.convolve(losses, smooth, "valid"), color=color, label=name)
plt.xlabel("step")
plt.ylabel("loss")
plt.legend()
plt.show()

# %% [markdown]
# **Question 1.** The digits get better all the time, and the losses do not fall. Why?
#
# <details>
# <summary>Answer</summary>
#
# Each loss measures *how well one network does against the other*, not how good the pictures are. When the generator
# improves, the discriminator's task gets harder, and the other way round. Think of two chess players who learn
# together: each wins about half of the games, in the first month and in the tenth. The losses swing because first one
# is a little ahead, then the other. So you cannot read from them how good the pictures are. You have to look, or to
# measure something else: notebook 8.
#
# </details>
#
# **Question 2.** If the discriminator could only guess, what would its loss be, as it is written above?
#
# <details>
# <summary>Answer</summary>
#
# It is a sum of two parts, one for real pictures and one for drawn ones. Guessing costs 0.69 (the logarithm of 2) each,
# 1.39 together. The curve lies well below that: most of the time the discriminator still sees a difference.
#
# </details>
#
# **Question 3.** What would happen without `detach()`? And without freezing?
#
# <details>
# <summary>Answer</summary>
#
# Without `detach()`, the discriminator's step would go back through the generator as well. That uses up what the second
# step needs, and torch stops with an error. If you drew new pictures for the second step, it would only cost time: the
# generator would get the gradients of "be recognized", and `g_optimizer.zero_grad()` throws them away before they do
# harm. Without freezing, the generator's step would leave gradients in the discriminator. `d_optimizer.zero_grad()`
# throws those away. So freezing saves time here. In Keras, where a model trains all that it contains, it is needed:
# there you write `discriminator.trainable = False`.
#
# </details>
#
# ## The same with Ganvas
#
# `ganvas.train` does what you wrote, and what you would write next: it saves, measures, draws samples, and watches over
# the training. The recipe `fc` is the fully connected GAN. `ganvas.train` yields *events* while it works: steps,
# samples, what was saved. We print those of the coach, who says how healthy the training is.

# %%
np.save("digits.npy", ((digits[:, 0] + 1) * 127.5).byte().numpy())  # or the name of a folder with pictures
run = tempfile.mkdtemp(prefix="fc-", dir=".")  # a new folder each time
for event in ganvas.train("digits.npy", run, recipe="fc", size=16, images=IMAGES):
    if isinstance(event, Verdict):
        print(f"after {event.images_seen:,} images: {event.name}. {event.what}")

# %% alt="32 digits that Ganvas drew, most of them legible"
sheet(ganvas.load(run).sample(32).float() / 127.5 - 1)

# %% [markdown]
# **Have MNIST?** Give the path of `train-images-idx3-ubyte.gz` in place of `"digits.npy"`, and leave out `size=16`.
#
# ## Break it
#
# Change one thing in the cells above, *say what you expect*, and run them again from "Two networks" on.
#
# 1. Give the generator's step the label 0 (`torch.zeros`). What does it learn now?
# 2. Let the generator learn at `lr=0.02`, a hundred times faster. Does it win?
# 3. Take `torch.randn(64, 1)` as latent (three places). How many different digits do you get?
# 4. Take the `Dropout` away. Which loss moves, and do the digits get better?
#
# <details>
# <summary>What to expect</summary>
#
# 1. It learns to draw what is surely *not* taken for real. Nothing like a digit comes out.
# 2. No, it loses. Its giant steps throw it to pictures of hard black and white, and it does not get away from there.
#    The discriminator's loss goes to 0, and the generator's shoots up. Notebook 4 is about this.
# 3. A single number can only lead along a line, so all digits lie on one line, and neighbours turn into each other.
# 4. Dropout handicaps the discriminator. Without it, its loss should be lower. With so few pictures it begins to learn
#    them by heart.
#
# </details>
#
# Next: `02_dcgan`, where the networks learn to see.
