# %% [markdown]
# # 8. Is it any good? Scores, and how to fool them
#
# The losses of a GAN do not say how good its pictures are. People can say it, but they are slow, and they like what
# they have made. So there are scores. Each of them sees something, and is blind to something else.
#
# You will write the most famous one in ten lines, and then play the cheat: make five sets of pictures that are all bad
# in some way, and see which scores they fool. Nothing is trained. It takes about a minute on two CPU cores.

# %%
# In a hosted notebook this installs Ganvas. On a machine that has it, nothing happens.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("ganvas") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "ganvas[notebooks]"], check=True)

# %% tags=["parameters"]
COUNT = 480  # pictures in each set; half of all people

# %%
import tempfile
import zipfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image, ImageFilter

import ganvas
from ganvas import builtin

rng = np.random.default_rng(0)
FOLDER = Path(tempfile.mkdtemp(prefix="scores-", dir="."))

people = []
with zipfile.ZipFile(builtin.people()) as file:
    for name in sorted(file.namelist()):
        if name.endswith(".png"):
            person = Image.open(file.open(name)).convert("RGBA")
            person = Image.alpha_composite(Image.new("RGBA", person.size, "white"), person)
            people.append(person.convert("RGB").resize((32, 32), Image.Resampling.LANCZOS))
order = rng.permutation(len(people))
real = [people[at] for at in order[:COUNT]]
others = [people[at] for at in order[-COUNT:]]

# %% [markdown]
# ## Five cheats and an honest one
#
# Take one half of the people as the *real pictures*, on which a GAN was trained. What would the best GAN in the world
# draw? People of the same kind that it has never seen: the *other half*. Beside it, five sets that no one should
# praise.
#
# | set | what it is |
# | --- | --- |
# | other half | real people, none of them known: as good as it can be |
# | blurred | the other half, blurred |
# | noisy | the other half, with noise |
# | few | only twelve people of the other half, again and again, each a little shifted |
# | one kind | a quarter of the other half, those with the lightest pictures, each of them about four times |
# | copied | the real pictures themselves, a little softer, as a GAN that has learned them by heart |


# %%
def shifted(picture):
    """Return a picture moved by up to a pixel."""
    right, down = rng.uniform(-1, 1, 2)
    how = (1, 0, right, 0, 1, down)
    return picture.transform(picture.size, Image.Transform.AFFINE, how, Image.Resampling.BILINEAR, fillcolor="white")


def noisy(picture):
    """Return a picture with noise."""
    pixels = np.asarray(picture, dtype=float)
    return Image.fromarray((pixels + rng.normal(0, 20, pixels.shape)).clip(0, 255).astype(np.uint8))


light = sorted(others, key=lambda picture: -np.asarray(picture).mean())[: COUNT // 4]
sets = {
    "other half": others,
    "blurred": [picture.filter(ImageFilter.GaussianBlur(1.2)) for picture in others],
    "noisy": [noisy(picture) for picture in others],
    "few": [shifted(others[at % 12]) for at in range(COUNT)],
    "one kind": [shifted(light[at % len(light)]) for at in range(COUNT)],
    "copied": [picture.filter(ImageFilter.GaussianBlur(0.3)) for picture in real],
}
for name, pictures in {"real": real, **sets}.items():
    (FOLDER / name).mkdir()
    for at, picture in enumerate(pictures):
        picture.save(FOLDER / name / f"{at:04}.png")

# %% alt="Six rows of people: as they are, blurred, noisy, the same twelve, light ones, and copies of the real ones"
rows = [np.hstack([np.asarray(picture) for picture in pictures[:16]]) for pictures in sets.values()]
Image.fromarray(np.vstack(rows)).resize((16 * 40, len(rows) * 40), Image.Resampling.NEAREST)

# %% [markdown]
# **Predict first.** Write down an order, from the best to the worst, as *you* would judge. Then one as a stupid program
# would, that only looks at a tiny copy of each picture.
#
# ## A score in ten lines
#
# The Frechet distance (Heusel et al. 2017) works so: describe each picture by some numbers, its **features**. Then
# compare the two *clouds* of numbers: how far apart are their means, and how much do their spreads differ? It is 0 if
# both clouds are the same.
#
# As features we take a tiny copy of the picture, 3 x 3 pixels: 27 numbers.


# %%
def features(pictures):
    """Return a tiny copy of each picture as a row of numbers, (N, 27)."""
    tiny = [np.asarray(picture.resize((3, 3), Image.Resampling.BOX), dtype=float) for picture in pictures]
    return np.stack(tiny).reshape(len(pictures), -1)


def frechet(first, second):
    """Return the Frechet distance of two sets of features."""
    means = first.mean(0) - second.mean(0)
    one, other = np.cov(first.T), np.cov(second.T)
    # The trace of a square root of a product is the sum of the roots of its eigenvalues.
    both = np.sqrt(np.linalg.eigvals(one @ other).real.clip(0)).sum()
    return means @ means + np.trace(one) + np.trace(other) - 2 * both


for name, pictures in sets.items():
    print(f"{name:12} {frechet(features(pictures), features(real)):8.0f}")

# %% [markdown]
# **Question 1.** Which cheats does this score not notice at all? Why?
#
# <details>
# <summary>Answer</summary>
#
# The blurred ones: their tiny copies are the same as before. The noise is hardly noticed either. A score sees only what
# its *features* see. And the copies have the very best score of all, far better than honest pictures. For they *are*
# the real cloud.
#
# </details>
#
# ## The same with better eyes
#
# `ganvas.evaluate` takes a network that was trained on a million photographs for its features. (If the network is
# Inception, the distance is called FID.) It gives several scores:
#
# - **Frechet distance:** as above, with better eyes.
# - **Precision:** which share of the pictures could be real?
# - **Coverage:** which share of the real pictures has something like it in the set?
# - **Near-duplicates:** which share has a near-copy in its own set?
# - **Near-copies:** which share is a near-copy of a real picture?
# - **Fine detail:** as much as in real pictures?
#
# **Predict first.** Which score will catch which cheat?

# %%
SHOWN = {"frechet": "Frechet", "precision": "precision", "coverage": "coverage", "near_duplicates": "duplicates",
         "detail": "fine detail"}  # fmt: skip
found = {}
for name in sets:
    result = ganvas.evaluate(FOLDER / name, FOLDER / "real", count=COUNT)
    scores = {score.key: score.value for score in result.scores}
    found[name] = [scores[key] for key in SHOWN] + [result.memorisation.near_copies]

# %% alt="A table of six sets and six scores; marked red is what differs much from the honest set"
honest = np.array(found["other half"])
figure, axis = plt.subplots(figsize=(8, 2.6))
axis.axis("off")
titles = [*SHOWN.values(), "near-copies"]
formats = ["{:.0f}", "{:.0%}", "{:.0%}", "{:.0%}", "{:.3f}", "{:.0%}"]
worse = np.array([1, -1, -1, 1, 0, 1])  # 1: larger is worse
margin = np.array([100, 0.15, 0.15, 0.15, 0.2 * honest[4], 0.15])
colors, cells = [], []
for values in found.values():
    off = np.array(values) - honest
    suspicious = np.where(worse == 0, abs(off), worse * off) > margin
    colors.append(["#f4b6b6" if each else "white" for each in suspicious])
    cells.append([text.format(value) for text, value in zip(formats, values, strict=True)])
table = axis.table(cells, colors, rowLabels=list(found), colLabels=titles, loc="center", cellLoc="center")
table.scale(1, 1.6)
plt.show()

# %% [markdown]
# Red is what differs clearly from the honest set, in the first row.
#
# **Question 2.** Each cheat is caught by something. But is there a single score that catches all of them?
#
# <details>
# <summary>Answer</summary>
#
# No. The Frechet distance comes far, and praises the copies: below 0 means nearer than real pictures are to each other.
# Only the near-copies catch those, and they catch nothing else. So look at several scores, and always ask whether the
# pictures are copies.
#
# </details>
#
# **Question 3.** Somebody writes: "Our GAN has a Frechet distance of 30." What do you ask?
#
# <details>
# <summary>Answer</summary>
#
# With which network? Of how many pictures? At which size? Compared with which ones? And how far are *real* pictures
# from real ones, in the same way? Without that, 30 means nothing.
#
# </details>
#
# ## The number of pictures fools everybody
#
# **Predict first.** Two halves of the *same* people are compared by our own score, each time with fewer of them. What
# happens to the distance?

# %% alt="A falling curve: the fewer pictures are compared, the larger the distance, although they are of the same kind"
numbers = [count for count in (30, 40, 60, 100, 200, 400) if count <= COUNT]
ours = []
for number in numbers:
    trials = []
    for _ in range(20):
        chosen = rng.permutation(len(people))
        halves = [[people[at] for at in part[:number]] for part in (chosen, chosen[::-1])]
        trials.append(frechet(*map(features, halves)))
    ours.append(np.mean(trials))
plt.figure(figsize=(6, 2.6))
plt.plot(numbers, ours, "o-")
plt.xlabel("pictures in each half")
plt.ylabel("distance")
plt.ylim(0)
plt.show()

# %% [markdown]
# The people are the same, and the distance falls, only because there are more of them. Few pictures say little about a
# cloud's spread, and that looks like a difference. So a distance of 500 pictures cannot be compared with one of 50,000.
# `ganvas.evaluate` gives a distance that is corrected for it, with an interval, beside that of real pictures:

# %%
for score in ganvas.evaluate(FOLDER / "other half", FOLDER / "real", count=COUNT).scores[:3]:
    print(f"{score.name}: {score.value:.3g}, between {score.low:.3g} and {score.high:.3g}")

# %% [markdown]
# ## Break it
#
# Become the cheat. Make a set that is bad in your eyes, and has
#
# 1. a better Frechet distance than the other half, without a single exact copy;
# 2. a precision of nearly 100 %, and a coverage of nearly 0;
# 3. a small distance by *our* score, and no people on it at all.
#
# <details>
# <summary>Hints</summary>
#
# 1. Real pictures, a little blurred or turned.
# 2. The one most usual person, shifted a little each time.
# 3. Enlarge the tiny copies again: `picture.resize((3, 3)).resize((32, 32))`.
#
# </details>
#
# **Have MNIST?** `ganvas.evaluate(FOLDER, "t10k-images-idx3-ubyte.gz")` compares any folder with its test digits. For a
# run of your own: `ganvas.evaluate("runs/mine")`, as in notebook 7.
#
# This is the last of the eight. docs/evaluation.md tells what each score sees, and docs/troubleshooting.md has a
# picture of each illness.
