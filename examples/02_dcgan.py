# %% [markdown]
# # 2. DCGAN: networks that look at neighbours
#
# The networks of notebook 1 did not know which pixels lie side by side. To them a picture was a list of 256 numbers. A
# *convolution* looks at small neighbourhoods, and at every place in the same way. The DCGAN (Radford et al. 2016) is
# built of them, and nearly every GAN since then.
#
# You will see what a convolution does and what a transposed one does, train a small DCGAN on colored people, look at
# what its discriminator looks at, and find out where the checkerboards in so many GAN pictures come from. It takes
# about two minutes on two CPU cores.

# %%
# In a hosted notebook this installs Ganvas. On a machine that has it, nothing happens.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("ganvas") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "ganvas[notebooks]"], check=True)

# %% tags=["parameters"]
STEPS = 1600

# %%
import zipfile

import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

from ganvas import builtin

torch.manual_seed(0)


def sheet(pictures, columns=16, zoom=2):
    """Return pictures (N, C, H, W) with values from -1 to 1 side by side, enlarged."""
    grid = to_pil_image(make_grid(pictures * 0.5 + 0.5, columns, padding=1).clamp(0, 1))
    return grid.resize((grid.width * zoom, grid.height * zoom), resample=0)


# %% [markdown]
# ## Real pictures
#
# 997 emoji people come with Ganvas. We put them on white and make them 32 pixels wide. In the tensor, the colors are
# the second dimension: (997, 3, 32, 32).

# %% alt="32 emoji people: heads, hands at work, people at sport, on white"
people = []
with zipfile.ZipFile(builtin.people()) as file:
    for name in sorted(file.namelist()):
        if name.endswith(".png"):
            person = Image.open(file.open(name)).convert("RGBA")
            person = Image.alpha_composite(Image.new("RGBA", person.size, "white"), person)
            people.append(np.asarray(person.convert("RGB").resize((32, 32), Image.Resampling.LANCZOS)))
people = torch.tensor(np.stack(people)).permute(0, 3, 1, 2) / 127.5 - 1
sheet(people[torch.randperm(len(people))[:32]])

# %% [markdown]
# ## A convolution
#
# A convolution slides a small table of weights, the *kernel*, over the picture. At each place it multiplies and adds.
# Where the picture looks like the kernel, the result is large.
#
# **Predict first.** The first kernel below has -1 in its left column and 1 in its right one. Where on a face will the
# result be large? What will the second kernel, which has 1 everywhere, do?

# %% alt="An astronaut three times: as photographed, her upright edges in light and dark gray, and blurred"
photo = Image.open(builtin.photo()).convert("L").resize((192, 192))
photo = torch.tensor(np.asarray(photo)).float()[None, None] / 127.5 - 1
edges = torch.tensor([[-1.0, 0, 1], [-1, 0, 1], [-1, 0, 1]])[None, None] / 3
blur = torch.ones(1, 1, 9, 9) / 81
sheet(torch.cat([photo, F.conv2d(photo, edges, padding=1), F.conv2d(photo, blur, padding=4)]), 3, zoom=1)

# %% [markdown]
# The first answers where left and right differ: at upright edges. The second takes the mean of 81 pixels, and blurs.
# Nobody will choose the kernels of our networks. They are learned.
#
# With `stride=2` the kernel takes every second place only, and the result is half as large. So the discriminator goes
# from 32 pixels to 16, 8, 4 and at last to a single number.
#
# ## A transposed convolution
#
# The generator needs the other way: from few places to many. A transposed convolution takes each number, multiplies the
# whole kernel by it, and lays that down. With stride 2 it moves on by two places. Where neighbours overlap, they add
# up.
#
# **Predict first.** Take a plain surface, all ones, and a kernel of ones. What comes out with a kernel of 3 x 3, and
# what with 4 x 4?

# %% alt="Left, a kernel of 3 x 3 makes a checkerboard of light and dark. Right, one of 4 x 4 makes a plain surface"
plain = torch.ones(1, 1, 6, 6)
figure, axes = plt.subplots(1, 2, figsize=(6, 3))
for axis, size in zip(axes, (3, 4), strict=True):
    laid_down = F.conv_transpose2d(plain, torch.ones(1, 1, size, size), stride=2)
    axis.imshow(laid_down[0, 0, 2:-2, 2:-2], vmin=0, vmax=5)
    axis.set_title(f"kernel {size} x {size}, stride 2")
    axis.axis("off")
plt.show()

# %% [markdown]
# With 3 x 3, some pixels get one share, some two, some four: a **checkerboard**, out of nothing. With 4 x 4 each gets
# four. So take a kernel that the stride divides: 4 and 2. (Even then a checkerboard may be *learned*. More on that
# below.)
#
# ## The two networks
#
# The generator doubles its picture three times, from 4 to 32 pixels, and has fewer and fewer *channels*. The
# discriminator does it backwards. `BatchNorm2d` keeps the numbers between the layers at a sensible size. These are the
# DCGAN's rules, only with fewer channels, so that they run on a laptop.

# %%
LATENT = 64
generator = nn.Sequential(
    nn.Unflatten(1, (LATENT, 1, 1)),
    nn.ConvTranspose2d(LATENT, 128, 4), nn.BatchNorm2d(128), nn.ReLU(),  # 4 x 4
    nn.ConvTranspose2d(128, 64, 4, 2, 1), nn.BatchNorm2d(64), nn.ReLU(),  # 8 x 8
    nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.BatchNorm2d(32), nn.ReLU(),  # 16 x 16
    nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Tanh(),  # 32 x 32
)  # fmt: skip
discriminator = nn.Sequential(
    nn.Conv2d(3, 32, 4, 2, 1), nn.LeakyReLU(0.2),  # 16 x 16
    nn.Conv2d(32, 64, 4, 2, 1), nn.BatchNorm2d(64), nn.LeakyReLU(0.2),  # 8 x 8
    nn.Conv2d(64, 128, 4, 2, 1), nn.BatchNorm2d(128), nn.LeakyReLU(0.2),  # 4 x 4
    nn.Conv2d(128, 1, 4), nn.Flatten(),  # one logit
)  # fmt: skip
for network in (generator, discriminator):
    for layer in network:
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0, 0.02)  # small weights to begin with, as in the paper
    print(f"{sum(weight.numel() for weight in network.parameters()):,} weights")

# %% [markdown]
# ## The training
#
# The same two steps as in notebook 1, to the letter.

# %%
bce = F.binary_cross_entropy_with_logits
g_optimizer = torch.optim.Adam(generator.parameters(), lr=0.0005, betas=(0.5, 0.999))
d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=0.0002, betas=(0.5, 0.999))
same_z = torch.randn(16, LATENT)
moments = []

for step in range(STEPS + 1):
    if step in (0, STEPS // 20, STEPS // 4, STEPS // 2, STEPS):
        with torch.no_grad():
            moments.append(generator(same_z))
    real = people[torch.randint(len(people), (32,))]
    drawn = generator(torch.randn(32, LATENT))

    real_logits, drawn_logits = discriminator(real), discriminator(drawn.detach())
    d_loss = bce(real_logits, torch.ones(32, 1)) + bce(drawn_logits, torch.zeros(32, 1))
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()

    discriminator.requires_grad_(False)
    g_loss = bce(discriminator(drawn), torch.ones(32, 1))
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    discriminator.requires_grad_(True)

# %% alt="Five rows: gray, blots of color, rough heads, and at the end people of many colors, rough but plain to see"
sheet(torch.cat(moments))

# %% [markdown]
# ## What does the discriminator look at?
#
# We can ask it. Take a real person, and put a small square of a *drawn* picture into it, always at the same place as it
# was. How far does the logit fall? Do that for all places, and you have a map: where it is bright, a drawn piece gives
# itself away.
#
# **Predict first.** Faces, edges, or the white ground?

# %% alt="Above, ten people; below, maps: bright at caps, helmets and raised arms, dark on the ground and in faces"
some = people[::100][:10]
looks = torch.zeros(10, 1, 7, 7)
generator.eval()
discriminator.eval()
with torch.no_grad():
    for _ in range(20):
        drawn = generator(torch.randn(10, LATENT))
        for row in range(7):
            for column in range(7):
                place = (..., slice(4 * row, 4 * row + 8), slice(4 * column, 4 * column + 8))
                patched = some.clone()
                patched[place] = drawn[place]
                looks[:, 0, row, column] += (discriminator(some) - discriminator(patched))[:, 0]
looks = F.interpolate(looks, size=32, mode="bilinear").clamp(min=0)
looks = looks / looks.amax((2, 3), keepdim=True) * 2 - 1
sheet(torch.cat([some, looks.expand(-1, 3, -1, -1)]), 10, zoom=2)

# %% [markdown]
# **Question 1.** Bright are the cap, the turban, the ring of the helmet, the raised arms. Dark is the white ground, and
# often the middle of the face. Did you expect that? Why is it so?
#
# <details>
# <summary>Answer</summary>
#
# By now the generator draws the white ground and plain faces well. A piece of them tells nothing. But a cap or a helmet
# that suddenly has a piece of hair in it cannot be real. The discriminator always looks at what the generator is *not
# yet* able to do. That is why it teaches so well.
#
# </details>
#
# **Question 2.** The discriminator has no idea what an eye is, and was never told. What does it know?
#
# <details>
# <summary>Answer</summary>
#
# Only what helps it to tell real pictures from drawn ones. If eyes help, some of its channels come to answer to eyes.
#
# </details>
#
# ## Checkerboards
#
# Look at the second row of the training above: the first heads lie under a regular grid. Where does it come from? Take
# two generators that have learned nothing yet. One doubles by a transposed convolution with a 3 x 3 kernel. The other
# repeats each pixel four times (`Upsample`), and then takes an ordinary convolution.
#
# **Predict first.** Neither knows anything. Will their pictures be of the same kind?


# %% alt="Above, pictures with a regular grid of dots; below, soft blots without a grid"
def untrained(double):
    """Return what a generator draws before it has learned anything, with a contrast that can be seen."""
    torch.manual_seed(1)
    layers = [nn.Unflatten(1, (32, 4, 4))]
    for _ in range(3):
        layers += [*double(), nn.BatchNorm2d(32), nn.ReLU()]
    with torch.no_grad():
        pictures = nn.Sequential(*layers, nn.Conv2d(32, 3, 1))(torch.randn(10, 512))
    return (pictures - pictures.mean()) / pictures.std() / 2


transposed = untrained(lambda: [nn.ConvTranspose2d(32, 32, 3, 2, 1, output_padding=1)])
enlarged = untrained(lambda: [nn.Upsample(scale_factor=2), nn.Conv2d(32, 32, 3, padding=1)])
sheet(torch.cat([transposed, enlarged]), 10, zoom=3)

# %% [markdown]
# The grid is there before anything is learned. A training has to unlearn it, and does not always succeed. The second
# kind has no grid to begin with. Most later GANs enlarge first, and so do the recipes `quick` and `stylegan2` of Ganvas
# (Odena et al. 2016, "Deconvolution and checkerboard artifacts").
#
# **Question 3.** Our DCGAN has kernels of 4 and a stride of 2. Why can it still learn to draw checkerboards?
#
# <details>
# <summary>Answer</summary>
#
# Each pixel gets as *many* shares as its neighbour, but from *other* weights of the kernel: those in odd places, or
# those in even ones. The shares are alike only if the weights are. Nothing forces them to be.
#
# </details>
#
# ## Break it
#
# Say what you expect, then try.
#
# 1. Replace the first layer's 128 channels in the generator by 8 (also where they come in again). What suffers first:
#    colors, shapes, or variety?
# 2. Take `BatchNorm2d` out of both networks. Does it still learn?
# 3. Shuffle the pixels of all pictures in the same way: `people = people.flatten(2)[:, :,
#    torch.randperm(1024)].unflatten(2, (32, 32))`. For the networks of notebook 1 nothing would change. And for these?
# 4. Give the recipe of Ganvas ten minutes on your own pictures, and compare: `for event in ganvas.train("FOLDER",
#    "runs/dcgan", recipe="dcgan", minutes=10): print(event)`
#
# <details>
# <summary>What to expect</summary>
#
# 1. Shapes should suffer most. The first layer plans the whole picture, and with 8 channels there is little to plan
#    with.
# 2. The paper's authors found that their deep generators did not get started without it. Is ours deep enough for that?
# 3. They have a hard time. A convolution lives on neighbours, and there are none any more.
# 4. It is wider than ours, and slower. A smoother relative: `recipe="quick"`.
#
# </details>
#
# **Have MNIST?** Its pictures work here too: read them into a tensor (N, 1, 32, 32) with values from -1 to 1, and write
# 1 for the 3 channels in both networks.
#
# Next: `03_vae_against_gan`, another way to draw pictures out of random numbers.
