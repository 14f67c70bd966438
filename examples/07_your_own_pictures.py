# %% [markdown]
# # 7. Your own pictures: the assignment
#
# Collect pictures, train a GAN on them, and hand in a signed sheet, a short film, and a report. This notebook does all
# of it on built-in pictures first. Then you change **two lines**, and it does the same with yours.
#
# It takes about five minutes on two CPU cores. With your own pictures give it more: ten minutes, or thirty. If a cell
# says `NameError`, run those above it first.

# %%
# In a hosted notebook this installs Ganvas. On a machine that has it, nothing happens.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("ganvas") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "ganvas[notebooks]"], check=True)

# %%
from pathlib import Path

from IPython.display import Image as Film
from PIL import Image, ImageDraw, ImageFont
from torch.nn.functional import pad
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

import ganvas
from ganvas import builtin
from ganvas.config import SignConfig, WalkConfig
from ganvas.events import Done, Note, Step, Verdict
from ganvas.signature import Signature

# %% [markdown]
# ## These are the lines
#
# 1. Put the path of your folder here, in quotes: `PICTURES = "C:/Users/me/Pictures/leaves"`. On Windows write `/` where
#    the path has a backslash. `"leaves"` alone is a folder beside this notebook. Sub-folders are read too, and a .zip
#    does as well. For photographs in HEIC, as iPhones take them: `pip install "ganvas[heic]"`. In a hosted notebook,
#    upload a .zip first, and write its name.
# 2. `MINUTES = 10`, or more.
#
# For other pictures or another number of minutes, give `OUT` another name too: a folder holds one training.
#
# **Have MNIST?** `PICTURES = "train-images-idx3-ubyte.gz"`.

# %% tags=["parameters"]
PICTURES = builtin.people()  # emoji people
MINUTES = 3  # of training
OUT = "my-run"  # where it goes
SAMPLES = 500  # that are compared with real pictures; 2000 for surer numbers
FILM_SECONDS = 4

# %% [markdown]
# ## What to look for in a set of pictures
#
# A GAN learns what your pictures *have in common*, and how they *differ*. So before any training:
#
# | ask | because |
# | --- | --- |
# | Do they show the same kind of thing? | A hundred leaves are a set. A hundred holiday pictures are not |
# | Are there enough? | 16 at least. 200 can be learned from. From 500 on there is variety, 2,000 are better |
# | Is the thing in the middle, and about as large? | What lies elsewhere each time is hardest to learn |
# | Are there copies, or ten shots of one scene? | They teach nothing new, and will be learned by heart |
# | Is the ground quiet? | Whatever is in the ground has to be learned too |
# | Are they yours to use? | Ask people before you train on their faces. Look at the licence of what you found |
#
# If the first answer is no, take one kind only, even if 60 are left. Or go on, and expect moods and colors, and no
# things. No program can tell you that.
#
# `ganvas.inspect` answers what a program can see. It changes nothing.
#
# **Predict first.** Of the built-in people: how many are there, and will it find copies?

# %%
found = ganvas.inspect(PICTURES)
print(f"{found.usable} of {found.count} pictures can be used; {found.duplicates} are exact copies of another.")
print(f"In a sample of {found.sample}, {found.look_alikes} look like another, {found.blank} are blank.")
for file in found.broken[:10]:
    print(f"Cannot be read: {file.name}, {file.reason}")
for warning in found.warnings:
    print("Look out:", warning)

# %% [markdown] Among the built-in people there is no exact copy, but many look alike. So do pictures of any set whose
# things are alike.
#
# What would be trained, and why? You need not understand all of it. Two lines matter now: *size*, and what twice the
# time would give. Recipe, batch, penalty and augmentation are in notebooks 2 to 5. A word such as `--fit pad` is an
# option. Here it is written `fit="pad"`: `ganvas.plan(PICTURES, minutes=MINUTES, fit="pad")`, and the same in
# `ganvas.train` below.

# %%
plan = ganvas.plan(PICTURES, minutes=MINUTES)
for decision in plan.decisions:
    print(decision.words)
print(f"In twice the time: {plan.double_time}.")

# %% [markdown]
# **Question 1.** Which of your pictures would you leave out, and why?
#
# <details>
# <summary>Answer</summary>
#
# Those that a stranger would put into another pile: the one drawing among photographs, the one group among single
# portraits. Leave out what is broken, blurred, or cut off. Do not leave out what is only unusual. Else the generator
# will draw only what is usual.
#
# </details>
#
# ## Train
#
# Stop whenever you like (the square in the tool bar, once): it ends its step and saves. Run the cell again, and it goes
# on. The coach watches. If something goes wrong it says so, and repairs it. At the beginning it measures how fast this
# machine is, and says nothing for a while.

# %%
told = 0.0
for event in ganvas.train(PICTURES, OUT, minutes=MINUTES):
    if isinstance(event, Note):
        print(event.text)
    elif isinstance(event, Verdict):
        print(f"after {event.images_seen:,} images: {event.name}. {event.what}")
    elif isinstance(event, Step) and event.seconds >= told + 30:
        told = event.seconds
        print(f"{event.progress:.0%}: {event.images_seen:,} images seen")
    elif isinstance(event, Done):
        print(f"{event.reason} after {event.images_seen:,} images")

# %% [markdown]
# Not enough? `for event in ganvas.train(None, OUT, minutes=10): pass` adds ten minutes to it.
#
# How did it go? These are sample grids from the training: an early one, one from the middle, the last. (A short
# training has fewer.) Each place keeps its latent, the numbers that a picture is drawn from, so you can follow one
# picture as it takes shape.

# %% alt="The same 16 samples early, halfway and at the end of the training: from blots to clear pictures"
grids = sorted((Path(OUT) / "samples").glob("*.png"))
assert grids, "No sample grids yet: train first, or longer."
shown = [grids[at] for at in sorted({0, len(grids) // 2, len(grids) - 1})]
print("steps:", *[int(grid.stem) for grid in shown])
story = Image.new("RGB", (len(shown) * 264 - 8, 256), "white")
for at, path in enumerate(shown):
    grid = Image.open(path).convert("RGB")
    grid = grid.crop((0, 0, grid.width // 2, grid.height // 2)).resize((256, 256))
    story.paste(grid, (at * 264, 0))
story

# %% [markdown]
# ## Is it any good?
#
# Look first, at random pictures and not at the best. These are of the seeds 0 to 31, row by row. A seed stands for a
# latent: the same seed gives the same picture. Note the seeds of those that you like.

# %% alt="32 random samples: most of them clear heads, some of them torn"
pictures = ganvas.load(OUT).sample(seeds=range(32))
to_pil_image(make_grid(pictures, 8, padding=4, pad_value=255))

# %% [markdown]
# Then measure. Only the last sentence is about copying: blurred pictures, too, lie near everything.

# %%
result = ganvas.evaluate(OUT, count=SAMPLES)
print(*result.summary, sep="\n")

# %% [markdown]
# After so short a training the numbers are poor. Which of these sentences do your eyes say too?
#
# The report has all of it on one page: samples beside real pictures, scores, the nearest real picture to each sample,
# how the training went, and what the coach did. It opens in any browser, without internet. In a hosted notebook,
# download it.

# %%
print(ganvas.write_report(OUT))

# %% [markdown]
# **Question 2.** Your scores are better than your neighbour's. Is your GAN better?
#
# <details>
# <summary>Answer</summary>
#
# Not if the pictures are others, or the number of samples, or the size. Scores compare two trainings on the *same*
# pictures. And a GAN that copies its pictures has excellent scores: look at "Does it copy?". Notebook 8 has more.
#
# </details>
#
# ## A walk
#
# Each picture is drawn from numbers, and near numbers give pictures that are alike. So one can walk from one picture to
# the next. The film ends where it begins. Here are three walks side by side. For pictures that you like, name their
# seeds, and leave out the grid: `ganvas.walk(OUT, "walk.gif", WalkConfig(seconds=6), seeds=[3, 7, 20])`.

# %% alt="A film: three pictures turn into others, and at the end into the first again"
events = list(ganvas.walk(OUT, "walk.gif", WalkConfig(seconds=FILM_SECONDS, fps=8, size=96, grid="3x1", seed=3)))
Film(filename="walk.gif")

# %% [markdown]
# With `pip install "ganvas[video]"` it can be an .mp4 too, and move to music: docs/latents.md.
#
# ## The signed sheet
#
# Write your name on white paper, take a photograph of it, and put its path in place of `"signature.png"`. The paper
# becomes transparent by itself. Until then, a printed name has to do.

# %%
SIGNATURE = "signature.png"
if not Path(SIGNATURE).exists():
    print(f"There is no {SIGNATURE} here. A printed name stands in.")
    SIGNATURE = "printed-name.png"
    paper = Image.new("RGB", (360, 120), "white")
    ImageDraw.Draw(paper).text((30, 20), "my name", fill="navy", font=ImageFont.load_default(72))
    paper.save(SIGNATURE)

# %% alt="A sheet of 32 pictures that the training drew, signed in blue below at the right"
pictures = ganvas.load(OUT).sample(32, seed=1)
sheet = make_grid(pictures, 8, padding=4, pad_value=255)
sheet = pad(sheet, (40, 40, 40, 40), value=255)  # a margin
signature = Signature(SignConfig(SIGNATURE, sign_size=0.25, sign_margin=0.02))
signed = to_pil_image(signature.stamp(sheet))
signed.save("sheet.png")
signed

# %% [markdown]
# ## What you hand in
#
# 1. `sheet.png`, signed.
# 2. `walk.gif`.
# 3. `my-run/report.html`.
# 4. Half a page: what your pictures have in common, what the generator learned first, what it never learned, and
#    whether it copies. What did the coach say? (If no more than "warming up": it was too short a training.) What would
#    you do with twice the time?
#
# ## Break it
#
# 1. Train on 30 pictures only (`limit=30`, and another `OUT`). What does "Does it copy?" say?
# 2. Mix two sets in one folder: leaves and cats. What does it draw between them?
# 3. Give half of your folder the same picture, under other names. What does `ganvas.inspect` say?
# 4. Ask for one size larger than planned (`size=`). What does it cost?
#
# <details>
# <summary>What to expect</summary>
#
# 1. With so few pictures, what it draws leans on them, and sooner or later they are copies. The coach may say so first.
# 2. Some leaves, some cats, and in between things that are neither.
# 3. It counts the copies. The training shows each picture once, so they do no harm, but they are no pictures either.
# 4. Each step takes longer, so there are fewer of them in the same minutes, and shapes are worse.
#
# </details>
#
# Next: `08_is_it_any_good`.
