"""The commands, in the groups and the order in which `ganvas --help` lists them.

A command is a frozen dataclass in a module of its own: its fields are the flags, its `execute` calls the library and
renders the events. Nothing is imported before it is asked for, so that help comes at once. What is told of commands is
translated where it is shown.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ..translation import N_, _


@dataclass(frozen=True)
class Command:
    """One command: the module under `ganvas.cli` and the class in it, and what it does, in a sentence.

    `more` is what its own --help says besides.
    """

    module: str
    name: str
    about: str
    more: str = ""

    def load(self) -> Any:
        """Import and return its class."""
        return getattr(import_module(f".{self.module}", __package__), self.name)


GROUPS: dict[str, dict[str, Command]] = {
    "Get started": {
        "demo": Command("demo", "Demo", "Train, sample, measure and repaint on built-in pictures, in three minutes."),
        "inspect": Command(
            "inspect",
            "Inspect",
            "Show what is in a folder of pictures, and how it would be trained and why.",
            "Nothing is changed. A few seconds go into measuring how fast this machine is.",
        ),
        "studio": Command(
            "studio", "Studio", "Open the studio: the same in the browser, on this machine, for people who do not type."
        ),
        "recipes": Command("recipes", "Recipes", "List the recipes: what each is for, what it needs, how it scored."),
    },
    "Train a GAN": {
        "train": Command(
            "train",
            "Train",
            "Train a GAN on your pictures.",
            "The same command run again goes on where it stopped; Ctrl-C saves.",
        ),
        "sample": Command("sample", "Sample", "Make pictures with a trained generator."),
        "evaluate": Command(
            "evaluate",
            "Evaluate",
            "Measure how good the samples are: distance, coverage, diversity, memorization.",
        ),
        "doctor": Command(
            "doctor", "Doctor", "Tell how healthy a training was, what was done about it, and what to do now."
        ),
        "report": Command(
            "report",
            "Report",
            "Write one page about a run that opens offline, and its model card.",
            "Evaluates the run first if that was not done yet.",
        ),
    },
    "Make art": {
        "walk": Command(
            "walk",
            "Walk",
            "Make a film that walks from picture to picture, as a loop, to music if you like.",
            "Ctrl-C leaves a film of what is drawn.",
        ),
        "project": Command(
            "project",
            "Project",
            "Find the latent whose picture is nearest to yours, so that it can be walked to and mixed.",
            "The same command run again goes on where it stopped; Ctrl-C keeps the best so far.",
        ),
        "mix": Command(
            "mix",
            "Mix",
            "Mix pictures: a table with the layout of some and the colors of others, or all between four.",
        ),
        "directions": Command(
            "directions",
            "Directions",
            "Find directions in which pictures change, or name one by two folders of pictures.",
            "They are kept in RUN/directions, and used by ganvas sample --direction NAME=2.",
        ),
    },
    "Repaint pictures": {
        "style": Command(
            "style",
            "Style",
            "Repaint a picture or a film in the style of others, or a folder of pictures in many styles.",
            "The same command run again goes on where it stopped; Ctrl-C keeps the best so far.",
        ),
        "style-train": Command(
            "style_train",
            "StyleTrain",
            "Train a small network for one painting, which repaints any picture in a second.",
            "The same command run again goes on where it stopped.",
        ),
        "recolor": Command("recolor", "Recolor", "Give a painting other colors in a second; nothing is repainted."),
        "shrink-vgg": Command(
            "shrink_vgg", "ShrinkVGG", "Reduce torchvision's VGG-19 to the layers that are used: 25 MB, not 550."
        ),
    },
    "Other programs": {
        "import": Command(
            "import_run",
            "Import",
            "Make a run of a network from another program. Nothing in its file is executed.",
            "StyleGAN2, StyleGAN2-ADA and StyleGAN3 by NVIDIA, and others: docs/import.md.",
        ),
        "push": Command(
            "push",
            "Push",
            "Send a run to the Hugging Face hub: weights, configuration, samples and a model card.",
            "Others use it as hub:owner/name. Log in first: hf auth login.",
        ),
        "export": Command(
            "export",
            "Export",
            "Write a trained network for other programs, or as a page that draws in the browser.",
            "It is run by what will run it, and compared with PyTorch, before it is kept.",
        ),
    },
    "Many pictures, several machines": {
        "shard": Command(
            "shard",
            "Shard",
            "Pack pictures into shards (.tar), to train on more than a machine holds.",
            "The same command run again goes on where it stopped.",
        ),
        "launch": Command(
            "launch",
            "Launch",
            "Write the job file with which a cluster's scheduler runs a training.",
            "Nothing is sent: it tells the command that submits it.",
        ),
    },
    "This machine": {
        "cache": Command("cache", "Cache", "List the prepared pictures that are kept on this machine, or remove them."),
        "env": Command("env", "Env", "Print versions and device."),
    },
}

COMMANDS: dict[str, Command] = {name: command for group in GROUPS.values() for name, command in group.items()}

FIRST_STEPS = N_("""First steps:
  ganvas demo                          everything once, on built-in pictures
  ganvas inspect PICTURES              what is in a folder, and how it would be trained
  ganvas train PICTURES --minutes 10   train on it; Ctrl-C saves, the same command goes on
  ganvas sample runs/PICTURES          make pictures
  ganvas report runs/PICTURES          how good they are, on one page
  ganvas style PHOTOGRAPH PAINTING     repaint""")


def overview() -> str:
    """Return what `ganvas --help` prints."""
    lines = [
        _("usage: ganvas COMMAND [OPTIONS]"),
        "",
        _("Train a GAN on your own folder of pictures, and repaint pictures in the style of others."),
        "",
        _(FIRST_STEPS),
    ]
    for title, group in GROUPS.items():
        lines += ["", f"{_(title)}:", *(f"  {name:<12} {_(command.about)}" for name, command in group.items())]
    return "\n".join([*lines, "", _("ganvas COMMAND --help explains a command and its options.")])
