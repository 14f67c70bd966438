"""The trainings that `family.py` compares: on what, by which recipe, how long; and which of them `auto` comes to."""

import dataclasses
import io
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ganvas.config import CHANNELS, TrainOptions
from ganvas.data import open_source, read_overview
from ganvas.device import choose_device
from ganvas.planning.inputs import plan_inputs
from ganvas.planning.plan import make_plan
from quality import on_white
from rows import Row
from sets import SETS
from speedrun import Lane

FEW = 100  # pictures of the case `hundred`
# name -> (file in the folder of assets, pixels a side, channels)
CASES: dict[str, tuple[str, int, int]] = {
    "people": ("emoji-people-64.zip", 32, 3),
    "photographs": SETS["photographs"][:3],
    "photographs-32": (SETS["photographs"][0], 32, 3),  # what is drawn on a processor, and then enlarged
    "digits": SETS["MNIST"][:3],
    "emoji": SETS["emoji"][:3],
    "fashion": SETS["fashion"][:3],
    "hundred": ("emoji-people-64.zip", 32, 3),
}


class Combo(NamedTuple):
    """Name one run: on what, by which recipe, for how long, from which seed."""

    case: str
    recipe: str
    minutes: float
    seed: int

    def told(self, lane: Lane) -> Path:
        """Return what the training process has told, from when it ended until there is a row."""
        return Path(f"{self.path(lane)}.json")

    def path(self, lane: Lane) -> Path:
        """Return the run's folder; what belongs to it lies beside."""
        name = f"{self.case}-{self.recipe}-{self.minutes:g}min-seed{self.seed}-threads{lane.threads}"
        return lane.work / name

    def sheet(self, work: Path) -> Path:
        """Return where the random sheet is kept."""
        seed = f"-seed{self.seed}" if self.seed else ""
        return work / "sheets" / f"{self.case}-{self.recipe}-{self.minutes:g}{seed}.webp"


def pictures_of(case: str, assets: Path, work: Path) -> Path:
    """Return the pictures of a case; the hundred are taken out of their archive once."""
    source = assets / CASES[case][0]
    few = work / "hundred.npy"
    if case != "hundred":
        return source
    if source.exists() and not few.exists():
        with zipfile.ZipFile(source) as archive:
            names = sorted(name for name in archive.namelist() if name.endswith(".png"))[:FEW]
            pictures = [on_white(Image.open(io.BytesIO(archive.read(name)))) for name in names]
        part = few.with_suffix(".part.npy")
        np.save(part, np.stack([np.asarray(picture) for picture in pictures]))
        part.replace(few)
    return few


def is_there(case: str, lane: Lane) -> bool:
    """Tell whether there are pictures of a case; say so if not."""
    path = pictures_of(case, lane.assets, lane.work)
    if not path.exists():
        hint = " It comes with Debian's dataset-fashion-mnist." if case == "fashion" else ""
        print(f"{case} is left out: there is no {path}.{hint}", flush=True)
    return path.exists()


def options_of(order: Row) -> TrainOptions:
    """Return what a user would give `ganvas train` for a run; recipes are compared at the size that they draw."""
    return TrainOptions(
        upsample=1,
        recipe=str(order["recipe"]), size=str(order["size"]), channels=str(order["channels"]),
        minutes=float(order["minutes"]), seed=int(order["seed"]), device="cpu",
    )  # fmt: skip


def order_of(combo: Combo, lane: Lane) -> Row:
    """Return what the process that trains is told."""
    _, size, number = CASES[combo.case]
    channels = next(name for name, each in CHANNELS.items() if each == number)
    pictures = str(pictures_of(combo.case, lane.assets, lane.work))
    return combo._asdict() | {"size": size, "channels": channels, "out": str(combo.path(lane)), "pictures": pictures}


def twin(combo: Combo, lane: Lane) -> Combo | None:
    """Return the run of a named recipe that is trained by the very configuration that `auto` comes to, if one is."""
    asked = order_of(combo, lane)
    options, pictures = options_of(asked), asked["pictures"]
    inputs = plan_inputs(read_overview(open_source(pictures)), options, choose_device("cpu"))
    chosen = make_plan(pictures, options, inputs).config
    named = make_plan(pictures, dataclasses.replace(options, recipe=chosen.recipe), inputs).config
    named = dataclasses.replace(named, requested=chosen.requested)
    return combo._replace(recipe=chosen.recipe) if chosen == named else None
