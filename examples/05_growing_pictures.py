# %% [markdown]
# # 5. Growing pictures
#
# A DCGAN has to learn everything at once: where the head is, and what an eyelash looks like. For large pictures that is
# too much. Three ideas made large pictures possible, and one made them mixable:
#
# - **progressive growing**: first learn 8 x 8 pixels, then 16 x 16, then 32 x 32 (Karras et al. 2018);
# - **multi-scale gradients**: draw at all sizes at once, and be judged at all of them (Karnewar and Wang 2020);
# - **enlarging**: draw small, and let another network enlarge it;
# - **styles**: say at each size anew what is to be drawn, so that two pictures can be mixed (Karras et al. 2019).
#
# You will put three of them into one small network, and write the fourth beside it. It takes about three minutes on two
# CPU cores.

# %%
# In a hosted notebook this installs Ganvas. On a machine that has it, nothing happens.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("ganvas") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "ganvas[notebooks]"], check=True)

# %% tags=["parameters"]
STEPS_8 = 500  # at 8 x 8 pixels
STEPS_16 = 600
STEPS_32 = 700
STEPS_64 = 250  # of the network that enlarges

# %%
import time
import zipfile

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

from ganvas import builtin

torch.manual_seed(0)
LATENT = 64


def sheet(pictures, columns=16, zoom=2):
    """Return pictures (N, C, H, W) with values from -1 to 1 side by side, enlarged."""
    grid = to_pil_image(make_grid(pictures * 0.5 + 0.5, columns, padding=1).clamp(0, 1))
    return grid.resize((grid.width * zoom, grid.height * zoom), resample=0)


large = []
with zipfile.ZipFile(builtin.people()) as file:
    for name in sorted(file.namelist()):
        if name.endswith(".png"):
            person = Image.open(file.open(name)).convert("RGBA")
            person = Image.alpha_composite(Image.new("RGBA", person.size, "white"), person)
            large.append(np.asarray(person.convert("RGB")))
large = torch.tensor(np.stack(large)).permute(0, 3, 1, 2) / 127.5 - 1  # (997, 3, 64, 64)


def shrink(pictures, size):
    """Return pictures with so many pixels: each the mean of a square of the larger ones."""
    return F.adaptive_avg_pool2d(pictures, size)


def enlarge(pictures, size):
    """Return pictures with so many pixels, each repeated."""
    return F.interpolate(pictures, size=size)


# %% [markdown]
# The same people at 8, 16 and 32 pixels. **Predict first.** At which size can you tell a head from a hand? A smile?

# %% alt="Eight people at 8 pixels, as blots; at 16, as heads; at 32, with faces"
sheet(torch.cat([enlarge(shrink(large[::120][:8], size), 32) for size in (8, 16, 32)]), 8, zoom=3)

# %% [markdown]
# ## One network for it all
#
# The generator begins with a plain surface of 4 x 4, and doubles it three times. Two things are new.
#
# - **Each size draws a picture of its own.** The picture of 16 x 16 is the one of 8 x 8, enlarged, *plus* what the
#   layer for 16 adds. So it can stop at any size.
# - **Styles.** The latent `z` does not go in at the bottom. A small network maps it to a *style* `w`, and at each size
#   the style says how strong each channel shall be. Nobody forces us to give all sizes the same style.

# %%
SIZES = (8, 16, 32)
CHANNELS = {4: 64, 8: 64, 16: 48, 32: 24}


class Generator(nn.Module):
    """Draws from three styles, one for each size."""

    def __init__(self):
        super().__init__()
        self.mapping = nn.Sequential(nn.Linear(LATENT, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2))
        self.start = nn.Parameter(torch.randn(1, CHANNELS[4], 4, 4))
        self.layers, self.styles, self.to_rgb = nn.ModuleDict(), nn.ModuleDict(), nn.ModuleDict()
        for size in SIZES:
            before, now = CHANNELS[size // 2], CHANNELS[size]
            self.layers[f"{size}"] = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(before, now, 3, padding=1))
            self.styles[f"{size}"] = nn.Linear(64, 2 * now)
            self.to_rgb[f"{size}"] = nn.Conv2d(now, 3, 1)

    def forward(self, w, largest):
        """Return the pictures of all sizes up to the largest, drawn from w: a style (N, 64) for each size."""
        features, pictures = self.start.expand(len(w[0]), -1, -1, -1), []
        for size, style in zip(SIZES, w, strict=True):
            if size <= largest:
                strength, shift = self.styles[f"{size}"](style)[:, :, None, None].chunk(2, dim=1)
                features = F.instance_norm(self.layers[f"{size}"](features))
                features = F.leaky_relu(features * (1 + strength) + shift, 0.2)
                drawn = self.to_rgb[f"{size}"](features)
                pictures.append(drawn + enlarge(pictures[-1], size) if pictures else drawn)
        return pictures


class Discriminator(nn.Module):
    """Judges pictures of any of the sizes."""

    def __init__(self):
        super().__init__()
        self.from_rgb, self.layers = nn.ModuleDict(), nn.ModuleDict()
        for size in SIZES:
            now, after = CHANNELS[size], CHANNELS[size // 2]
            self.from_rgb[f"{size}"] = nn.Conv2d(3, now, 1)
            self.layers[f"{size}"] = nn.Conv2d(now, after, 4, 2, 1)
        self.last = nn.Conv2d(CHANNELS[4], 1, 4)

    def forward(self, picture, share=1.0):
        """Return logits; a share below 1 fades the layer for the largest size in."""
        size = picture.shape[-1]
        features = F.leaky_relu(self.from_rgb[f"{size}"](picture), 0.2)
        features = F.leaky_relu(self.layers[f"{size}"](features), 0.2)
        if share < 1:
            small = F.leaky_relu(self.from_rgb[f"{size // 2}"](shrink(picture, size // 2)), 0.2)
            features = share * features + (1 - share) * small
        for smaller in reversed(SIZES):
            if smaller < size:
                features = F.leaky_relu(self.layers[f"{smaller}"](features), 0.2)
        return self.last(features).flatten()


# %% [markdown]
# ## Progressive growing
#
# The training goes from size to size. A new layer knows nothing, and would spoil everything if it were there at once.
# So it is **faded in**: during the first half of its time its share grows from 0 to 1.
#
# Half of the time, we give the coarse size another style than the finer ones. So the network cannot rely on both coming
# from the same person, and we may mix later. To hold the discriminator back, we add a *penalty* on its gradients (R1,
# Mescheder et al. 2018). Each size begins with networks that know the size before.

# %%
generator, discriminator = Generator(), Discriminator()
g_optimizer = torch.optim.Adam(generator.parameters(), lr=0.001, betas=(0.0, 0.99))
d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=0.001, betas=(0.0, 0.99))


def draw(z, size, share=1.0):
    """Return pictures of a size, drawn from latents, its own layer faded in by a share."""
    w = generator.mapping(z)
    other = generator.mapping(torch.randn_like(z)) if generator.training and torch.rand(1) < 0.5 else w
    pictures = generator([w, other, other], size)
    if share < 1:
        return share * pictures[-1] + (1 - share) * enlarge(pictures[-2], size)
    return pictures[-1]


same_z = torch.randn(16, LATENT)
moments = []
for size, steps in ((8, STEPS_8), (16, STEPS_16), (32, STEPS_32)):
    began, real_pictures = time.process_time(), shrink(large, size)
    for step in range(steps):
        share = 1.0 if size == SIZES[0] else min(1.0, 2 * step / steps)
        real = real_pictures[torch.randint(len(large), (32,))]
        if share < 1:  # real pictures are faded in as well
            real = share * real + (1 - share) * enlarge(shrink(real, size // 2), size)
        drawn = draw(torch.randn(32, LATENT), size, share)

        real.requires_grad_(step % 8 == 0)
        real_logits = discriminator(real, share)
        d_loss = F.softplus(-real_logits).mean() + F.softplus(discriminator(drawn.detach(), share)).mean()
        if step % 8 == 0:
            (gradient,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
            d_loss = d_loss + 8 * 0.5 * gradient.square().sum((1, 2, 3)).mean()
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()

        discriminator.requires_grad_(False)
        g_loss = F.softplus(-discriminator(drawn, share)).mean()
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
        discriminator.requires_grad_(True)
    with torch.no_grad():
        moments.append(enlarge(draw(same_z, size), 32))
    print(f"{size} x {size}: {1000 * (time.process_time() - began) / steps:.0f} ms a step")

# %% alt="16 people at the end of each size: blots of color, then heads and bodies, then people with hair and faces"
sheet(torch.cat(moments))

# %% [markdown]
# **Question 1.** Look at the times. Why is it good that so many steps were taken at small sizes?
#
# <details>
# <summary>Answer</summary>
#
# They are cheap, and they are the ones in which the difficult decision is made: what is where. At 32 x 32, only details
# are left to learn.
#
# </details>
#
# **Question 2.** Why are the *real* pictures faded as well?
#
# <details>
# <summary>Answer</summary>
#
# Else the discriminator would have an easy way to win: whatever is blurred is drawn.
#
# </details>
#
# ## Multi-scale gradients
#
# Our generator draws at all sizes at once. Here they are, from the same latents:

# %% alt="Eight people at three sizes: pale blots at 8, pale people at 16, strong colors at 32"
generator.eval()
with torch.no_grad():
    w = generator.mapping(torch.randn(8, LATENT))
    pictures = generator([w] * 3, 32)
sheet(torch.cat([enlarge(each, 32) for each in pictures]), 8, zoom=3)

# %% [markdown]
# Progressive growing needs a timetable: when to grow, how fast to fade. MSG-GAN does without. It shows the
# discriminator *all* these sizes, all the time. So the gradient reaches each size directly, and coarse sizes settle
# first by themselves, as they are easier. In Ganvas: the recipes `progressive` and `multiscale`.
#
# **Question 3.** In our training, the small pictures are not judged any more when the size is 32. Look at them again:
# what has become of them since they were the largest?
#
# <details>
# <summary>Answer</summary>
#
# They have lost their colors. Only the sum is judged, and the layers above put right what is wrong below. With
# multi-scale gradients the small ones would have to stay good pictures.
#
# </details>
#
# ## Mixing
#
# Each size has its style, and styles can be exchanged. In the table, each person takes the *coarse* style (8 x 8) from
# the left and the *finer* ones (16 and 32) from above.
#
# **Predict first.** What will come from the left, and what from above?

# %% alt="A table of people: along a row the shape is the same, along a column the colors are"
with torch.no_grad():
    rows, columns = generator.mapping(torch.randn(4, LATENT)), generator.mapping(torch.randn(8, LATENT))
    left, above = generator([rows] * 3, 32)[-1], generator([columns] * 3, 32)[-1]
    table = [torch.ones(1, 3, 32, 32), above]
    for at in range(4):
        mixed = generator([rows[at : at + 1].expand(8, -1), columns, columns], 32)[-1]
        table += [left[at : at + 1], mixed]
sheet(torch.cat(table), 9, zoom=3)

# %% [markdown]
# This is figure 3 of the StyleGAN paper, in small. With a run of the recipe `stylegan2`, `ganvas.mix` draws it.
# StyleGAN2 wants a GPU or a night, though.
#
# **Question 4.** How is mixing different from going halfway between two latents?
#
# <details>
# <summary>Answer</summary>
#
# Halfway, *everything* is half one and half the other. Mixed, some properties are wholly one's and the rest wholly the
# other's: shape of one, colors of the other.
#
# </details>
#
# ## Enlarging
#
# Instead of drawing large pictures, one can draw small ones and *enlarge* them. A network that has seen many people at
# 32 and at 64 pixels knows what an eye looks like when it is larger. We need no GAN for a first try: it looks at the
# small picture, and says what has to be added to the plain enlargement.
#
# **Predict first.** It is trained to be as little wrong as possible, pixel by pixel. What do you know about that from
# notebook 3?

# %%
enlarger = nn.Sequential(
    nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(),
    nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(),
    nn.Conv2d(32, 12, 3, padding=1), nn.PixelShuffle(2),
)  # fmt: skip
optimizer = torch.optim.Adam(enlarger.parameters(), lr=0.002)
small = shrink(large, 32)
plain = F.interpolate(small, scale_factor=2, mode="bicubic")
learned_from = torch.arange(len(large)) % 10 > 0  # every tenth person is kept for the test
for _ in range(STEPS_64):
    some = torch.nonzero(learned_from).flatten()[torch.randint(int(learned_from.sum()), (16,))]
    loss = (plain[some] + enlarger(small[some]) - large[some]).abs().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

with torch.no_grad():
    unseen = ~learned_from
    result = plain[unseen] + enlarger(small[unseen])
print(f"off by, plain enlargement: {(plain[unseen] - large[unseen]).abs().mean():.4f}")
print(f"off by, with the network:  {(result - large[unseen]).abs().mean():.4f}")

# %% alt="Above, six people enlarged plainly, soft; in the middle by the network, crisper; below, as they are"
shown = slice(40, 46)
sheet(torch.cat([plain[unseen][shown], result[shown], large[unseen][shown]]), 6, zoom=2)

# %% [markdown]
# It is crisper than the plain enlargement, and softer than the truth, as you have predicted. A discriminator makes it
# sharp. That is what the recipes `quick` and `keen` of Ganvas do for pictures of 64 to 256 pixels on a processor: draw
# at 32, and learn to enlarge. So large pictures cost little more than small ones.
#
# ## Break it
#
# 1. Set all steps but those for 32 to 0, and give these all of the time. What is missing?
# 2. Do not fade: `share = 1.0`. Look at the pictures just after each growth.
# 3. Give the table other shares: coarse *and* middle from the left, only the finest from above.
# 4. Never mix in training (`torch.rand(1) < 0`). Does the table still hold?
# 5. Let the enlarger enlarge what the generator has drawn. Does it know what to do with it?
#
# <details>
# <summary>What to expect</summary>
#
# 1. Shapes should be worse: what is where is hard to learn from 32 x 32 pixels at once.
# 2. For a while they are worse than before the growth.
# 3. Little is left to come from above: mostly colors.
# 4. Less well. The sizes have learned to rely on each other.
# 5. In part. It has only seen real people, and drawn ones have other faults. The recipes of Ganvas let it learn on
#    both.
#
# </details>
#
# Next: `06_style_transfer`.
