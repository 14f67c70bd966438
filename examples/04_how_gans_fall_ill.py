# %% [markdown]
# # 4. How GANs fall ill
#
# Two networks that learn from each other can go wrong together. In this notebook you make a GAN ill on purpose, in five
# ways. Each time you **predict** what will be seen, **provoke** it, read the **signs**, and **repair** it: first by
# hand, then by the coach of Ganvas.
#
# `ganvas.Coach` watches any training loop, also one that you wrote yourself. It measures now and then, and says in
# words what is wrong. If it is asked to, it repairs. This takes about three minutes on two CPU cores.

# %%
# In a hosted notebook this installs Ganvas. On a machine that has it, nothing happens.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("ganvas") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "ganvas[notebooks]"], check=True)

# %% tags=["parameters"]
STEPS = 1000  # of each training
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
# The networks of notebook 1, in a function with a few knobs. Look for the coach: it is made, it observes each step, it
# prescribes if it is asked to, and its prescription is applied. It measures about twenty times in each training.


# %%
def train(pictures=digits, g_lr=0.0002, d_lr=0.0002, dropout=0.3, penalty=0.0, shift=0, repair=False):
    """Train a GAN, print what the coach says, and return 16 samples."""
    torch.manual_seed(0)
    generator = nn.Sequential(
        nn.Linear(32, 128), nn.LeakyReLU(0.2),
        nn.Linear(128, 256), nn.LeakyReLU(0.2),
        nn.Linear(256, 256), nn.Tanh(), nn.Unflatten(1, (1, 16, 16)),
    )  # fmt: skip
    discriminator = nn.Sequential(
        nn.Flatten(), nn.Linear(256, 512), nn.LeakyReLU(0.2), nn.Dropout(dropout),
        nn.Linear(512, 128), nn.LeakyReLU(0.2), nn.Dropout(dropout), nn.Linear(128, 1),
    )  # fmt: skip
    optimizers = {
        "generator": torch.optim.Adam(generator.parameters(), g_lr, (0.5, 0.999)),
        "discriminator": torch.optim.Adam(discriminator.parameters(), d_lr, (0.5, 0.999)),
    }
    z = torch.randn(256, 32)
    coach = ganvas.Coach(
        pictures, held_out=held_out, generator=generator, latents=z, discriminator=discriminator, optimizers=optimizers,
        dataset_size=len(pictures), batch_size=64, check_every=max(1, STEPS // 20), total_steps=STEPS, repair=repair,
        penalty=("r1", penalty) if penalty else ("none", 0.0),
    )  # fmt: skip
    for step in range(STEPS):
        real = shifted(pictures[torch.randint(len(pictures), (64,))], shift).requires_grad_(penalty > 0)
        drawn = generator(torch.randn(64, 32))
        real_logits, drawn_logits = discriminator(real), discriminator(shifted(drawn.detach(), shift))
        d_loss = F.softplus(-real_logits).mean() + F.softplus(drawn_logits).mean()  # the loss of notebook 1, in short
        if penalty:  # R1: near real pictures, the discriminator shall not be steep
            (slope,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
            d_loss = d_loss + penalty / 2 * slope.square().sum((1, 2, 3)).mean()
        optimizers["discriminator"].zero_grad()
        d_loss.backward()
        optimizers["discriminator"].step()
        g_loss = F.softplus(-discriminator(shifted(drawn, shift))).mean()
        optimizers["generator"].zero_grad()
        g_loss.backward()
        optimizers["generator"].step()

        verdict = coach.observe({"generator": g_loss, "discriminator": d_loss})
        if verdict:  # another one than before
            print(f"step {step}: {verdict.name}. {verdict.what}")
        if repair and (treatment := coach.prescribe()):
            coach.apply(treatment)
            print(f"    the coach: {treatment.text}")
    print(f"The end. Losses: discriminator {d_loss.item():.2f}, generator {g_loss.item():.2f}.")
    if not coach.healthy:
        print(f"What you can do: {coach.advice()}")
    with torch.no_grad():
        return generator(z[:16])


def shifted(images, by):
    """Return all images moved by up to so many pixels, each time elsewhere."""
    if not by:
        return images
    right, down = torch.randint(2 * by + 1, (2,)).tolist()
    return F.pad(images, (by,) * 4, value=-1)[:, :, down : down + 16, right : right + 16]


# %% [markdown]
# First a healthy one, to compare with. Early on the coach says *warming up*, and may be alarmed: blots that are all
# alike do look like a collapse. What counts is how it goes on.

# %% alt="16 digits, rough, each another one"
healthy = train()
sheet(healthy)

# %% [markdown]
# ## 1. Collapse
#
# We let the generator learn twenty times faster. So it can run to whatever is believed at the moment, long before the
# discriminator has changed its mind.
#
# **Predict first.** The generator has found *one* digit that is believed. What will it do?

# %% alt="16 digits, nearly all of them zeros and threes"
ill = train(g_lr=0.004)
sheet(ill)

# %% [markdown]
# Where have the other digits gone? Nobody asked for variety! A discriminator judges one picture at a time. If zeros and
# threes are believed, zeros and threes it is. When the discriminator has found out, the generator runs on to the next
# digits.
#
# **The signs:** near-copies among the samples, and less diversity than real pictures have. The losses look harmless.
#
# **By hand:** a slower generator. That is the healthy training from above. The coach has to find out by itself:

# %% alt="Above, the healthy digits; below, what the coach's repair led to"
by_coach = train(g_lr=0.004, repair=True)
sheet(healthy, by_coach)

# %% [markdown]
# Above by hand, below by the coach, who failed this time. Read what it tried. It lowered the generator's rate, which is
# right. Each treatment of a coach is a wager: it puts aside what was there before, and compares. In the few steps that
# it had, the new weights had not become better than the old ones, so it took its treatment back. Patience is hard to
# learn, for programs too.
#
# ## 2. The discriminator wins
#
# Now the generator's learning rate is a hundred times too high.
#
# **Predict first.** It takes giant steps. Will it learn faster? What will the discriminator's loss be in the end?

# %% alt="16 patterns of hard black and white pixels, hardly different from each other"
ill = train(g_lr=0.02)
sheet(ill)

# %% [markdown]
# The first giant steps threw the generator to where all its pixels are fully black or fully white. There, a small
# change of its weights changes nothing. The discriminator tells its pictures from real ones without effort, and is
# always right. From someone who is always right, and by far, one learns nothing.
#
# **The signs:** the discriminator's loss is nearly 0, and the generator's grows and grows.
#
# **Question.** A discriminator that is right 99 times in 100: is that always an illness?
#
# <details>
# <summary>Answer</summary>
#
# No. As long as the samples get better, it is just a good teacher. The coach looks at the samples first, and calls it
# an illness only if they no longer get better.
#
# </details>
#
# **By hand:** a lower rate for the generator. Where the discriminator wins although the rates are sensible, hold it
# back: a lower rate for it, or a penalty.

# %% alt="Above, 16 digits repaired by hand; below, 16 digits repaired by the coach"
held_back = train(penalty=0.1)
by_coach = train(g_lr=0.02, repair=True)
sheet(held_back, by_coach)

# %% [markdown]
# ## 3. Learning rates
#
# Both rates a hundred times too high.
#
# **Predict first.** Both are as fast as each other. Is that not fair?

# %% alt="16 patterns of hard black and white pixels, all much the same"
ill = train(g_lr=0.02, d_lr=0.02)
sheet(ill)

# %% [markdown]
# Each step overshoots, and the next one overshoots further. The two chase each other in circles (*oscillating*), and
# then losses and weights grow without bound (*diverging*).
#
# **The signs:** a step changes the weights by a large part of themselves. In a healthy training that is less than a
# hundredth.
#
# **By hand:** lower both, and begin anew, for the weights are spoiled. That is our healthy training again. The coach
# tries what it holds for best, and *looks whether it helped*. If the samples are worse, it takes its treatment back.

# %% alt="Above, the healthy digits; below, 16 digits repaired by the coach"
by_coach = train(g_lr=0.02, d_lr=0.02, repair=True)
sheet(healthy, by_coach)

# %% [markdown]
# ## 4. Balance
#
# The discriminator learns a hundred times too slowly. It might as well not be there.
#
# **Predict first.** What does a generator learn from someone who has no opinion? What will the discriminator's loss be?
# (Notebook 1, question 2.)

# %% alt="16 times the same pattern of black and white pixels"
ill = train(d_lr=0.000002)
sheet(ill)

# %% [markdown]
# The discriminator says nearly the same of everything. What little it says, the generator follows to the end: to one
# pattern that is no digit at all.
#
# **The signs:** the discriminator's loss is about 1.39, twice the logarithm of 2: it guesses. Real and drawn pictures
# get the same logits, and the samples are bad.
#
# **By hand:** give the discriminator its rate back, or two steps for each of the generator's.

# %% [markdown]
# ## 5. Learning by heart
#
# Only a few dozen pictures, and a discriminator without dropout.
#
# **Predict first.** Will the digits be worse, or better? How would you find out that something is wrong?

# %% alt="16 digits, most of them well drawn, several of them alike"
few = digits[:FEW]
ill = train(pictures=few, dropout=0.0, d_lr=0.0005, g_lr=0.0005)
sheet(ill)

# %% [markdown]
# The digits may even look good! But the discriminator knows the real pictures by heart, instead of knowing what makes
# them look real. So the generator can only come nearer to these few pictures. In the end it copies them. Below each
# sample is the real picture that is nearest to it:

# %% alt="Above, 16 samples; below, the nearest real picture to each: they resemble each other closely"
nearest = (ill[:, None] - few[None]).square().sum((2, 3, 4)).argmin(1)
sheet(ill, few[nearest])

# %% [markdown]
# **The signs:** few pictures, and a discriminator that tells real from drawn ever more surely.
#
# **By hand:** more pictures. The same settings with all digits, and below each sample the nearest of them:

# %% alt="Above, 16 digits; below, the nearest of all real digits to each: they resemble each other less closely"
by_hand = train(dropout=0.0, d_lr=0.0005, g_lr=0.0005)
nearest = (by_hand[:, None] - digits[None]).square().sum((2, 3, 4)).argmin(1)
sheet(by_hand, digits[nearest])

# %% [markdown]
# If there are no more pictures, make the few harder to learn by heart: show real and drawn ones *shifted*, each time
# elsewhere. That is augmentation. No coach can do that in your loop: the pictures are yours, and so is the line that
# shows them. It can only tell you. `ganvas.train` shows its own pictures, and switches augmentation on when it sees
# this.
#
# ## What to remember
#
# | illness | the sign | by hand |
# | --- | --- | --- |
# | collapse | samples are near-copies of each other | a quicker discriminator, a slower generator |
# | the discriminator wins | its loss is near 0, and the samples do not get better | a lower rate, a penalty |
# | learning rates | weights change by much in a step; losses explode | lower rates, and begin anew |
# | balance | the discriminator guesses, loss 1.39, and samples are bad | a quicker discriminator, a weaker penalty |
# | learning by heart | few pictures, and the discriminator is ever surer | more pictures, augmentation |
#
# Each has a picture in docs/troubleshooting.md. In a training by `ganvas.train` the coach is always there. Its verdicts
# and treatments come as events, and `ganvas.doctor(run)` tells the whole story afterwards.
#
# ## Break it
#
# 1. Find a rate between healthy and ill for both networks: 3 times, 10 times, 20 times. Is higher always worse?
# 2. Make the discriminator learn fifty times *faster* (`d_lr=0.01`). Does it win?
# 3. Hold the discriminator back by a penalty that is far too strong (`penalty=200`). Look at its loss. Are the digits
#    ill?
# 4. Train on a few pictures, but shifted: `train(pictures=few, shift=1)`, then `shift=2`. Is more always better?
# 5. Find another way to make it ill. Does the coach know it?
#
# <details>
# <summary>What to expect</summary>
#
# 1. No. 20 times gave us better digits in so few steps, but they swing, and do not get better any more.
# 2. Not with us: the digits stayed healthy. What is ill is seen in the samples, not in the settings.
# 3. The loss is 1.39: it guesses. And the digits are fine! A loss alone says nothing.
# 4. No. With `shift=2` all samples became the same 8: too much for so few steps.
# 5. It knows ten illnesses. If yours is new, tell us.
#
# </details>
#
# **Have MNIST?** Its first 2,000 digits will do: as a tensor (N, 1, 16, 16) with values from -1 to 1, in place of
# `digits`.
#
# Next: `05_growing_pictures`.
