"""Do pictures follow a direction that a user named by two folders?

Emoji people stand on a ground that is grey or has any hue, by chance. A generator learns them unsorted. Its samples are
sorted into two folders by a program that looks at the ground, as a user would by eye. `ganvas directions --name` finds
the direction between them. Then other samples are moved along it, and judged by a classifier that has seen real
pictures only: logistic regression on features of EfficientNet-lite0.

    python benchmarks/sliders.py --recipe quick --images 20000 --attribute warmth --sheet sliders.png
    python benchmarks/sliders.py --run runs/ground --attribute color     # a run of these pictures that is there already

`warmth` is from a bluish ground to a reddish one: a straight line may lead there. `color` is from a grey ground to one
of any hue. Hues lie all around grey, so no straight line can lead to all of them. It prints a row a position: the
classifier's mean probability of the second kind, the share of pictures that it takes for it, and what is measured in
the ground. Trainings, sortings and sliders are repeatable on one machine.
"""

import argparse
import io
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

import ganvas
from ganvas.events import Done
from ganvas.latents.direction_files import read_direction
from ganvas.latents.plane import Whitening, separate
from ganvas.latents.request import PictureRequest
from ganvas.latents.sample import GeneratorModel
from ganvas.latents.table import draw_table
from ganvas.latents.write import write_pictures
from ganvas.metrics.features import extract_features
from ganvas.runs import Run
from machine import machine_line
from sets import ASSETS

SIZE = 32
POSITIONS = (-3, -2, -1, 0, 1, 2, 3)
MOVED = 200  # samples that are moved along the direction


def write_people(folder: Path, seed: int = 0) -> None:
    """Write the emoji people on grey and on coloured ground, in turns of chance."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    with zipfile.ZipFile(ASSETS / "emoji-people-64.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".png"))
        for index, name in enumerate(names):
            person = (
                Image.open(io.BytesIO(archive.read(name))).convert("RGBA").resize((SIZE, SIZE), Image.Resampling.BOX)
            )
            hue, light = int(random.integers(256)), int(random.integers(110, 230))
            is_coloured = bool(random.integers(2))
            ground = Image.new("HSV", (SIZE, SIZE), (hue, 200 if is_coloured else 0, light)).convert("RGBA")
            Image.alpha_composite(ground, person).convert("RGB").save(folder / f"{index:04d}.png")


def ground_color(images: Tensor) -> Tensor:
    """Return the mean color (N, 3) of the corners of uint8 images (N, 3, H, W), 0 to 255."""
    return torch.stack([images[:, :, y, x].float() for y in (0, -1) for x in (0, -1)]).mean(0)


class Attribute(NamedTuple):
    """Something that a program can tell of the ground: two kinds, what is measured, and the limits of each kind."""

    first: str
    second: str
    measure: Callable[[Tensor], Tensor]
    limits: tuple[float, float]

    def __call__(self, images: Tensor) -> Tensor:
        """Return what is measured in uint8 images (N, 3, H, W), (N,)."""
        return self.measure(ground_color(images))

    def kind(self, image: Tensor) -> str:
        """Return the kind of a uint8 image (3, H, W), or an empty string where it is between both."""
        low, high = self.limits
        value = float(self(image[None]))
        return self.first if value < low else self.second if value > high else ""


ATTRIBUTES = {
    "warmth": Attribute("cold", "warm", lambda color: color[:, 0] - color[:, 2], (-60, 60)),
    "color": Attribute("grey", "coloured", lambda color: color.amax(1) - color.amin(1), (25, 60)),
}


class Classifier:
    """Logistic regression on a frozen network's features of real pictures."""

    def __init__(self, pictures: Path, attribute: Attribute) -> None:
        kinds: dict[str, list[Tensor]] = {attribute.first: [], attribute.second: [], "": []}
        for file in sorted(pictures.glob("*.png")):
            kinds[attribute.kind(_tensor(file))].append(_tensor(file))
        features = [self._features(torch.stack(kinds[kind])) for kind in attribute[:2]]
        self.whitening = Whitening.of(torch.cat(features))
        self.plane = separate(*(self.whitening.measure(each) for each in features))

    def _features(self, images: Tensor) -> Tensor:
        return extract_features(images, "efficientnet-lite0").intermediate

    def __call__(self, images: Tensor) -> Tensor:
        """Return the probability (N,) of the second kind for uint8 images (N, 3, H, W)."""
        measured = self.whitening.measure(self._features(images))
        return torch.sigmoid(measured @ self.plane.weights + self.plane.offset)


def _tensor(file: Path) -> Tensor:
    return torch.from_numpy(np.asarray(Image.open(file)).copy()).permute(2, 0, 1)


def sort_samples(model: GeneratorModel, attribute: Attribute, folder: Path, count: int) -> None:
    """Draw samples and sort `count` of each kind into a folder of its name."""
    list(write_pictures(model, folder / "all", PictureRequest(count=20 * count, seed=1)))
    left = {attribute.first: count, attribute.second: count}
    for file in sorted((folder / "all").glob("*.png")):
        kind = attribute.kind(_tensor(file))
        if left.get(kind):
            left[kind] -= 1
            (folder / kind).mkdir(exist_ok=True)
            shutil.copy(file, folder / kind)


def main() -> None:
    """Train if need be, sort, find the direction, and print how pictures follow it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="quick")
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--attribute", choices=ATTRIBUTES, default="warmth")
    parser.add_argument("--sort", type=int, default=40, help="samples of each kind that are sorted")
    parser.add_argument("--run", type=Path, help="a run that is there already")
    parser.add_argument("--sheet", type=Path, help="where eight pictures moved along the direction go")
    given = parser.parse_args()
    print(machine_line())
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        write_people(work / "people")
        run = given.run or work / "run"
        if not Run(run).exists():
            for event in ganvas.train(
                work / "people", run, recipe=given.recipe, images=given.images, size=f"{SIZE}", seed=0
            ):
                if isinstance(event, Done):
                    print(f"trained on {event.images_seen:,} images in {event.seconds:.0f} s")
        model = ganvas.load(run)
        attribute = ATTRIBUTES[given.attribute]
        sort_samples(model, attribute, work, given.sort)
        folders = {"from_folder": work / attribute.first, "to_folder": work / attribute.second}
        for event in ganvas.directions(run, name=given.attribute, **folders):
            print(getattr(event, "text", ""), end="\n" * hasattr(event, "text"))
        step = read_direction(Run(run), given.attribute, model).step
        report(model, step, attribute, Classifier(work / "people", attribute), given.sheet)


def report(model: GeneratorModel, step: Tensor, attribute: Attribute, classify: Classifier, sheet: Path | None) -> None:
    """Print the table, and write the sheet."""
    w = model.map(*model.latents(range(10_000, 10_000 + MOVED)))
    print(f"real pictures told apart, left out in turn: {classify.plane.told:.3f}")
    print(f"position  probability  {attribute.second:>8}  measured")
    for position in POSITIONS:
        images = model.synthesize(w + position * step)
        probability = classify(images)
        share, measured = (probability > 0.5).float().mean(), attribute(images).mean()
        print(f"{position:+8d}  {float(probability.mean()):11.3f}  {float(share):8.3f}  {float(measured):8.1f}")
    if sheet is not None:
        steps = torch.tensor(POSITIONS)[:, None, None] * step
        rows = [lambda row=row: model.synthesize(row + steps) for row in w[:8]]
        draw_table(rows, len(POSITIONS), column_names=[f"{position:+d}" for position in POSITIONS]).save(sheet)


if __name__ == "__main__":
    main()
