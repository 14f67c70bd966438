# %% [markdown]
# # 6. Style transfer: a photograph in the manner of a painting
#
# This is no GAN. No network is trained here. A network that somebody trained long ago to tell dogs from cars *looks* at
# pictures, and we change the pixels of one picture until the network sees what we want: the content of a photograph, in
# the style of a painting (Gatys, Ecker and Bethge 2016).
#
# You will write the three losses in a few lines each, see what each of them does alone, begin with noise and with the
# photograph, and race two optimizers. It takes about two minutes on two CPU cores.

# %%
# In a hosted notebook this installs Ganvas. On a machine that has it, nothing happens.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("ganvas") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "ganvas[notebooks]"], check=True)

# %% tags=["parameters"]
SIZE = 128  # pixels of the pictures that we paint ourselves
STEPS = 40  # for each of them
LARGE = 224  # pixels of the one that Ganvas paints

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch.nn import functional as F
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

import ganvas
from ganvas import builtin
from ganvas.config import StyleConfig

torch.manual_seed(0)
PHOTO = builtin.photo()  # an astronaut; put the path of your own photograph here
PAINTING = builtin.paintings()[0]  # The Starry Night


def read(path):
    """Return a picture as a tensor (1, 3, SIZE, SIZE) with values from 0 to 1."""
    picture = Image.open(path).convert("RGB")
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    picture = picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS, (left, top, left + side, top + side))
    return torch.tensor(np.asarray(picture)).permute(2, 0, 1)[None].contiguous() / 255


def sheet(*pictures):
    """Return pictures (1, 3, H, W) side by side, enlarged."""
    row = to_pil_image(make_grid(torch.cat(pictures).detach().clamp(0, 1), len(pictures), padding=2, pad_value=1))
    return row.resize((2 * row.width, 2 * row.height), Image.Resampling.LANCZOS)


# %% alt="The portrait of an astronaut, and The Starry Night by Van Gogh"
photo, painting = read(PHOTO), read(PAINTING)
sheet(photo, painting)

# %% [markdown]
# ## The network that looks
#
# VGG-16 (Simonyan and Zisserman 2014) learned to name what is on a photograph. Its weights come with Ganvas. It is nine
# convolutions in a row. Between the blocks the picture is halved. The first layers answer to edges and colors, the
# deeper ones to parts of things. Each layer's answers are called *features*.

# %%
weights = {name: tensor.float() for name, tensor in load_file(builtin.vgg16()).items()}
layers = sorted(name[:7] for name in weights if name.endswith("weight"))
print(*layers)


def features(picture):
    """Return what each layer of VGG-16 sees in a picture (1, 3, H, W)."""
    seen, found = picture * 255 - torch.tensor([123.68, 116.78, 103.94]).view(1, 3, 1, 1), {}
    for layer in layers:
        if layer.endswith("_1") and layer != "conv1_1":
            seen = F.avg_pool2d(seen, 2)
        seen = F.conv2d(seen, weights[f"{layer}.weight"], weights[f"{layer}.bias"], padding=1).relu()
        found[layer] = seen
    return found


# %% [markdown]
# ## Three losses
#
# **Content.** Two pictures show the same if a deep layer gives the same answers *in the same places*.
#
# **Style.** Strokes and colors are the same wherever they are. So we throw the places away, and keep only *which
# features occur together*: light yellow with swirls, dark blue with long strokes. For that, multiply each channel with
# each other one, and take the mean over all places. This table is the **Gram matrix**.
#
# **Variation.** Neighbouring pixels should not differ for nothing. It is a mild wish, against grain.
#
# We divide the first two by the size of what is wanted. So both are about 1 if nothing is right, and 0 if all is.

# %%
CONTENT_LAYER = "conv4_2"
STYLE_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1")


def gram(seen):
    """Return how strongly each two channels of features (1, C, H, W) occur together: (C, C)."""
    flat = seen.flatten(2)[0]  # (C, places)
    return flat @ flat.T / flat.shape[1]


def content_loss(found, wanted):
    """Return how far the content is from the wanted one."""
    wanted = wanted[CONTENT_LAYER]
    return (found[CONTENT_LAYER] - wanted).square().sum() / wanted.square().sum()


def style_loss(found, wanted):
    """Return how far the style is from the wanted one, as a mean over layers."""
    losses = []
    for layer in STYLE_LAYERS:
        goal = gram(wanted[layer])
        losses.append((gram(found[layer]) - goal).square().sum() / goal.square().sum())
    return torch.stack(losses).mean()


def variation_loss(picture):
    """Return how far neighbouring pixels differ."""
    across, down = picture.diff(dim=3), picture.diff(dim=2)
    return across.square().mean() + down.square().mean()


# %% [markdown]
# ## Painting
#
# What is trained is the picture: its pixels are the only numbers with `requires_grad`.

# %%
with torch.no_grad():
    content_wanted, style_wanted = features(photo), features(painting)


def paint(start, content=0.05, style=1.0, variation=0.1, optimizer="lbfgs"):
    """Return a picture that begins as `start` and loses as little as possible, and its losses on the way."""
    picture, losses = start.clone().requires_grad_(), []
    if optimizer == "lbfgs":
        chosen = torch.optim.LBFGS([picture], max_iter=STEPS, max_eval=STEPS, line_search_fn="strong_wolfe")
    else:
        chosen = torch.optim.Adam([picture], lr=0.03)

    def measure():
        chosen.zero_grad()
        found = features(picture)
        loss = content * content_loss(found, content_wanted) + style * style_loss(found, style_wanted)
        loss = loss + variation * variation_loss(picture)
        loss.backward()
        losses.append(loss.item())
        return loss

    for _ in range(1 if optimizer == "lbfgs" else STEPS):  # one step of L-BFGS holds many
        chosen.step(measure)
    return picture.detach(), losses


noise = torch.rand(1, 3, SIZE, SIZE) * 0.2 + 0.4

# %% [markdown]
# **Predict first.** We begin with gray noise. What comes out if only the content counts? If only the style counts? If
# both do?

# %% alt="From noise: an astronaut with ripples in rainbow colors; swirls and lights alone; an astronaut made of swirls"
only_content, _ = paint(noise, style=0)
only_style, _ = paint(noise, content=0)
both, _ = paint(noise)
sheet(only_content, only_style, both)

# %% [markdown]
# **Question 1.** In the first picture, everything is in its place. But what should be smooth ripples, and shimmers in
# all colors. Why?
#
# <details>
# <summary>Answer</summary>
#
# The layer `conv4_2` comes after the picture was halved three times. Each of its numbers sees a large piece at once,
# and many fine patterns give it the same answer. What the layer does not see, the loss cannot ask for.
#
# </details>
#
# **Question 2.** The second picture has the strokes, the lights and the blue of The Starry Night, but no village and no
# cypress. Why?
#
# <details>
# <summary>Answer</summary>
#
# The Gram matrix is a mean over all places. It knows that yellow occurs with swirls, but not where. A village is a
# matter of *where*.
#
# </details>
#
# ## Where to begin
#
# **Predict first.** And if we begin with the photograph, or with the painting?

# %% alt="Three astronauts in swirls: begun as noise, freer; begun as the photograph, clearest; begun as the painting"
from_photo, lbfgs_losses = paint(photo)
from_painting, _ = paint(painting)
sheet(both, from_photo, from_painting)

# %% [markdown]
# All three are judged by the same losses, and yet they are different pictures. There are many good paintings, and the
# nearest one is found. From the photograph, faces stay clear. From noise it is freer.
#
# ## Adam against L-BFGS
#
# Adam takes many cheap, careful steps. L-BFGS remembers its last steps, and guesses from them how the ground is curved:
# it takes longer steps, each more costly. Looking at the picture by VGG costs far more than either, so we give both as
# many looks.
#
# **Predict first.** Who is lower after three looks? At the end?

# %% alt="Two falling curves: Adam is lower for the first seven looks, L-BFGS from then on"
_, adam_losses = paint(photo, optimizer="adam")
plt.figure(figsize=(6, 3))
plt.plot(lbfgs_losses, label="L-BFGS")
plt.plot(adam_losses, label="Adam")
plt.xlabel("times that VGG has looked")
plt.ylabel("loss")
plt.yscale("log")
plt.legend()
plt.show()

# %% [markdown]
# **Question 3.** In GANs, everybody takes Adam and nobody L-BFGS. Why is it the other way round here?
#
# <details>
# <summary>Answer</summary>
#
# L-BFGS compares the gradients of its last steps. That makes sense only if the question stays the same from step to
# step. Here it does: one picture, one loss. In a GAN each step sees other pictures and another opponent. And a GAN has
# no loss that has to fall.
#
# </details>
#
# ## With Ganvas
#
# `ganvas.stylize` does what you have written, from small to large: it paints a small picture first, where a stroke
# covers much and a step is cheap, then doubles it. It takes better statistics than the Gram matrix, and no border is
# painted. Change `PHOTO` at the top to paint your own.

# %% alt="The astronaut in The Starry Night's strokes and colors, her face clear"
events = list(ganvas.stylize(PHOTO, PAINTING, "painted.png", StyleConfig(size=LARGE)))
Image.open("painted.png").convert("RGB")

# %% [markdown]
# ## Break it
#
# 1. Paint with `content=1`, and with `content=0.002`.
# 2. Give the style only `conv1_1`, then only `conv4_1`. What does each of them know about a painting?
# 3. Take `conv1_1` for the content. What is left of the freedom?
# 4. Set `variation=0`, then `variation=30`.
# 5. Take your own photograph, and `builtin.paintings()[1]`. Then try `StyleConfig(size=512, strength=0.6,
#    colors="luma")`. docs/style.md shows what each setting does.
#
# <details>
# <summary>What to expect</summary>
#
# 1. The photograph with a little color; and swirls in which she is hard to find.
# 2. `conv1_1` knows colors and fine grain, and no strokes. `conv4_1` knows large shapes, and not the exact colors.
# 3. Little. That layer sees nearly every pixel, and wants each of them back.
# 4. Some grain; and a blur.
#
# </details>
#
# Next: `07_your_own_pictures`.
