"""Do pictures follow a direction that a user named by two folders?

Emoji people stand on a ground that is grey or coloured, by chance. A generator learns them unsorted. Its samples are
sorted into two folders by a program that looks at the ground, as a user would by eye. `ganvas directions --name` finds
the direction between them. Then other samples are moved along it, and judged by a classifier that has seen real
pictures only: logistic regression on features of EfficientNet-lite0.

    python benchmarks/sliders.py --recipe stylegan2 --images 60000 --sort 40 --sheet sliders.png
    python benchmarks/sliders.py --recipe quick --run runs/quick     # a run of these pictures that is there already

It prints a row a position: the classifier's mean probability of a coloured ground, the share of pictures that it takes
for coloured, and the ground's colourfulness, measured. Trainings, sortings and sliders are repeatable on one machine.
"""

import argparse
import io
import shutil
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

import ganvas
from ganvas.events import Done
from ganvas.latents.direction_files import read_direction
from ganvas.latents.plane import Spread, separate
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
COLORFUL = 40  # of 255, between a ground's strongest and weakest channel


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
            kind = "coloured" if is_coloured else "grey"
            Image.alpha_composite(ground, person).convert("RGB").save(folder / f"{kind}-{index:04d}.png")


def colorfulness(images: Tensor) -> Tensor:
    """Return how colourful the ground of uint8 images (N, 3, H, W) is, (N,) from 0 to 255: their corners' mean."""
    corners = torch.stack([images[:, :, y, x].float() for y in (0, -1) for x in (0, -1)]).mean(0)
    return corners.amax(1) - corners.amin(1)


class Classifier:
    """Logistic regression on a frozen network's features of real pictures."""

    def __init__(self, pictures: Path) -> None:
        kinds = [
            torch.stack([_tensor(file) for file in sorted(pictures.glob(f"{kind}-*.png"))])
            for kind in ("grey", "coloured")
        ]
        features = [self._features(kind) for kind in kinds]
        self.spread = Spread.of(torch.cat(features))
        self.plane = separate(*(self.spread.measure(each) for each in features))

    def _features(self, images: Tensor) -> Tensor:
        return extract_features(images, "efficientnet-lite0").intermediate

    def __call__(self, images: Tensor) -> Tensor:
        """Return the probability (N,) that the ground is coloured, of uint8 images (N, 3, H, W)."""
        measured = self.spread.measure(self._features(images))
        return torch.sigmoid(measured @ self.plane.weights + self.plane.offset)


def _tensor(file: Path) -> Tensor:
    return torch.from_numpy(np.asarray(Image.open(file)).copy()).permute(2, 0, 1)


def sort_samples(model: GeneratorModel, folder: Path, count: int) -> None:
    """Draw samples and sort `count` of each kind into folder/grey and folder/coloured by what their ground is like."""
    list(write_pictures(model, folder / "all", PictureRequest(count=20 * count, seed=1)))
    left = {"grey": count, "coloured": count}
    for file in sorted((folder / "all").glob("*.png")):
        kind = "coloured" if float(colorfulness(_tensor(file)[None])) > COLORFUL else "grey"
        if left[kind]:
            left[kind] -= 1
            (folder / kind).mkdir(exist_ok=True)
            shutil.copy(file, folder / kind)


def main() -> None:
    """Train if need be, sort, find the direction, and print how pictures follow it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="stylegan2")
    parser.add_argument("--images", type=int, default=60_000)
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
        sort_samples(model, work, given.sort)
        folders = {"from_folder": work / "grey", "to_folder": work / "coloured"}
        for event in ganvas.directions(run, name="color", **folders):
            print(getattr(event, "text", ""), end="\n" * hasattr(event, "text"))
        report(model, Run(run), Classifier(work / "people"), given.sheet)


def report(model: GeneratorModel, run: Run, classify: Classifier, sheet: Path | None) -> None:
    """Print the table, and write the sheet."""
    step = read_direction(run, "color", model).step
    w = model.map(*model.latents(range(10_000, 10_000 + MOVED)))
    print(f"real pictures told apart, left out in turn: {classify.plane.told:.3f}")
    print("position  probability  coloured  colourfulness")
    for position in POSITIONS:
        images = model.synthesize(w + position * step)
        probability = classify(images)
        share, measured = (probability > 0.5).float().mean(), colorfulness(images).mean()
        print(f"{position:+8d}  {float(probability.mean()):11.3f}  {float(share):8.3f}  {float(measured):13.1f}")
    if sheet is not None:
        steps = torch.tensor(POSITIONS)[:, None, None] * step
        rows = [lambda row=row: model.synthesize(row + steps) for row in w[:8]]
        draw_table(rows, len(POSITIONS), column_names=[f"{position:+d}" for position in POSITIONS]).save(sheet)


if __name__ == "__main__":
    main()
