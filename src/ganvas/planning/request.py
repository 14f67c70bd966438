"""What a user asks of a training, and what is to be said about it before any time is spent."""

import dataclasses
import math
import re
from pathlib import Path

from .. import checkpoint
from ..config import CHANNELS, Config
from ..device import PRECISIONS
from ..errors import GanvasError, pick
from ..recipes import Wishes
from ..runs import Run

KINDS = {"auto": 0, **CHANNELS}
TRANSFERRED = 100_000  # pictures in which ADA's probability goes from 0 to 1 after a transfer (Karras et al. 2020)
COACHES = {"auto": "act", "act": "act", "watch": "watch", "off": "off"}  # what is asked for: what a new run does
NO_WISHES = Wishes()
TYPED = {"origin": "from", "compiled": "compile"}  # what is typed for an option, where it is not its name


@dataclasses.dataclass(frozen=True)
class Options:
    """Hold what a user may ask of a training; see `ganvas.train`."""

    recipe: str = "auto"
    size: str = "auto"
    minutes: float | None = None
    images: int | None = None
    labels: bool = False
    channels: str = "auto"
    background: str = "white"
    fit: str = "crop"
    wishes: Wishes = NO_WISHES
    coach: str = "auto"
    seed: int = 0
    device: str = "auto"
    origin: Path | None = None
    precision: str = "auto"
    compiled: bool = False


def typed(options: Options) -> list[str]:
    """Return the words of a command that asks for the same, without those that need not be typed."""
    words: list[str] = []
    for given, usual in ((options, Options()), (options.wishes, NO_WISHES)):
        for name in (field.name for field in dataclasses.fields(given)):
            value = getattr(given, name)
            if name == "wishes" or value == getattr(usual, name):
                continue
            words.append(f"--{TYPED.get(name, name)}")
            words += [] if value is True else map(str, value) if isinstance(value, tuple) else [str(value)]
    return words


def parse_size(text: str) -> tuple[int, int]:
    """Return (width, height) in pixels for "64" or "96x64" (width by height).

    Raises:
        GanvasError: it is none of these.
    """
    found = re.fullmatch(r"(\d{1,4})(?:[xX](\d{1,4}))?", text.strip())
    if not found:
        raise GanvasError(f"'{text}' is not a size.", "Try: --size 64, or width by height: --size 96x64")
    return int(found[1]), int(found[2] or found[1])


def check_wishes(options: Options) -> None:
    """Refuse what cannot be done before any time is spent on preparing pictures.

    Raises:
        GanvasError: the budget or the seed makes no sense, or there is no run to begin with.
    """
    if options.minutes is not None and options.images is not None:
        raise GanvasError("Both --minutes and --images were given.", "A run has one budget: give one of them.")
    for name, amount in (("minutes", options.minutes), ("images", options.images)):
        if amount is not None and not 0 < amount < math.inf:
            raise GanvasError(f"A budget of {amount:g} {name} is not a budget.", f"Try: --{name} 10")
    if options.seed < 0:
        raise GanvasError(f"A seed is a whole number from 0 on, not {options.seed}.", f"Try: --seed {-options.seed}")
    pick({"auto": 0, **dict.fromkeys(PRECISIONS, 0)}, options.precision, "precision")
    if options.wishes.freeze and options.origin is None:
        raise GanvasError("There is nothing to freeze: no run was named to begin with.", "Name one: --from RUN")
    if options.origin is not None:
        began_with(options.origin)


def transferred(config: Config, options: Options) -> Config:
    """Return `config` with the run that it begins with, if one was named."""
    if options.origin is None:
        return config
    adapt = config.adapt and dataclasses.replace(config.adapt, images=TRANSFERRED)
    return dataclasses.replace(config, origin=str(options.origin.resolve()), adapt=adapt)


def began_with(origin: Path) -> Config:
    """Return the configuration of a run that another is to begin with.

    Raises:
        GanvasError: it is no run, or nothing was trained in it.
    """
    run = Run(origin)
    config = run.read_config()
    if not checkpoint.listing(run.checkpoints):
        raise GanvasError(f"{origin} has no checkpoint to begin with.", f"Train it first: ganvas train --out {origin}")
    return config


def check_freeze(config: Config, origin: Config) -> None:
    """Refuse to freeze layers that have nothing from the earlier run in them, or that are not in order.

    Raises:
        GanvasError: the discriminator cannot be frozen in part, or its first layers are other ones.
    """
    if config.discriminator.name in ("none", "projected"):
        raise GanvasError(f"Recipe {config.recipe} has no layers that could be frozen.", "Leave out --freeze.")
    if config.shape != origin.shape:
        raise GanvasError(
            "The layers that are nearest to the picture are new at another size: they cannot be frozen.",
            f"Leave out --freeze, or keep the size: --size {origin.data.width}x{origin.data.height}",
        )
    if config.discriminator != origin.discriminator:
        raise GanvasError(
            "The discriminator has other layers than that of the earlier run: new ones cannot be frozen.",
            f"Leave out --freeze, or keep recipe and width: --recipe {origin.recipe} --width {origin.width:g}",
        )
    unknown = config.data.labels and not config.classes  # until the pictures have been read
    if config.data.labels != bool(origin.classes) or not (unknown or len(config.classes) == len(origin.classes)):
        raise GanvasError(
            "The layer that looks at labels is new: it cannot be frozen.",
            "Leave out --freeze, or train with as many classes as the earlier run has.",
        )
