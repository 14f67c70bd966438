"""Train the packaged network that repaints in one pass: `python scripts/train_fast_style.py DATA --state FOLDER`.

DATA holds two folders, `photos` and `paintings`. What the packaged weights were trained on stands in
docs/fast-style-card.md; all of it may be used by anyone for anything. Paintings in HELD_OUT are never trained on, so
that what the network makes of unseen paintings can be measured.

One core is enough. The state is saved every two minutes, and the same command goes on from it. `--until 02:45` ends at
that time. `--export FILE` only writes the weights of the moment, in half precision.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from safetensors.torch import save
from torch import Tensor

from drawn_textures import draw_texture
from ganvas.atomic_write import write_atomically
from ganvas.config import StyleConfig
from ganvas.models.fast_style import STATISTICS_LAYERS, FastStyleNetwork
from ganvas.models.vgg import VGG, packaged_vgg16
from ganvas.style.fast import StyleStatistics, color_statistics, feature_statistics, move_colors
from ganvas.style.fast_loss import CONTENT_LAYER, Aims, moments_of, training_loss

HELD_OUT = (  # paintings that the packaged network has never seen
    "PortraitOfPereTanguy",
    "Eglise_dAuvers-sur-Oise",
    "VincentVanGogh0019",
    "the_scream",
    "wave",
    "udnie",
)
STYLE_SIZE = 160  # pixels of a style's crop
BATCH_SIZE = 4
POOL_SIZE = 800  # contents, and styles, that are kept with their features; one of each is replaced at each second step
FIRST_POOL = 96
LEARNING_RATE, LAST_SHARE = 1e-3, 0.25  # the rate falls in the last quarter of the time
EMA_DECAY = 0.999
SAVE_SECONDS = 120
LEAST_CONTRAST = 0.08  # standard deviation of a style's colours
NOISE = 0.03  # largest standard deviation of noise on contents, so that noise is not painted
PHOTO_SIDES, PAINTING_SIDES = (128, 400), (192, 512)  # pixels that sources are made long before they are cropped
Rng = np.random.Generator


@dataclass(frozen=True)
class Content:
    """A crop of a photograph (3, H, W) in [0, 1], its features, and the colours of all of the photograph."""

    crop: Tensor
    shapes: Tensor
    color_mean: Tensor
    color_covariance: Tensor


@dataclass(frozen=True)
class Style:
    """What is compared with a style, and what the network is told of it. Gram matrices are kept in bfloat16."""

    statistics: StyleStatistics
    moments: dict[str, tuple[Tensor, Tensor]]


class Sources:
    """Endless random contents and styles."""

    def __init__(self, data: Path, crop: int, encoder: VGG) -> None:
        self.crop, self.encoder = crop, encoder
        self.photos = [Image.open(path).convert("RGB") for path in sorted((data / "photos").iterdir())]
        paths = [path for path in sorted((data / "paintings").iterdir()) if path.stem not in HELD_OUT]
        self.paintings = [without_frame(Image.open(path).convert("RGB")) for path in paths]

    def content(self, rng: Rng) -> Content:
        """Return a crop of a photograph, or now and then of a painting."""
        source = choose(self.photos if rng.random() < 0.85 else self.paintings, rng)
        side = int(rng.integers(*PHOTO_SIDES))
        whole = resized(source, max(side, self.crop))
        crop = to_tensor(random_crop(whole, self.crop, rng))
        crop = crop if rng.random() < 0.6 else jittered(crop, rng, 0.5)
        shapes = self.encoder(crop * 2 - 1)[CONTENT_LAYER]
        colors = color_statistics(to_tensor(whole.resize((64, 64))))
        return Content(crop[0], shapes[0].bfloat16(), colors[0][0], colors[1][0])

    def style(self, rng: Rng) -> Style:
        """Return a crop of a painting, a drawn texture or now and then a photograph, maybe in other colours."""
        kind = rng.random()
        if kind < 0.25:
            crop = to_tensor(draw_texture(rng, STYLE_SIZE))
        else:
            source = choose(self.paintings if kind < 0.95 else self.photos, rng)
            whole = resized(source, max(int(rng.integers(*PAINTING_SIDES)), STYLE_SIZE))
            crop = to_tensor(random_crop(whole, STYLE_SIZE, rng))
        if rng.random() < 0.3:  # in the colours of another painting
            other = to_tensor(choose(self.paintings, rng).resize((64, 64)))
            colors = StyleStatistics(torch.empty(0), *color_statistics(other))
            crop = move_colors(crop, *color_statistics(crop), colors, torch.ones(1)).clamp(0, 1)
        if rng.random() < 0.5:
            crop = jittered(crop, rng, 1.0)
        if crop.std() < LEAST_CONTRAST:
            return self.style(rng)
        features = self.encoder(crop * 2 - 1)
        statistics = StyleStatistics(feature_statistics(features), *color_statistics(crop))
        moments = {name: (mean, second.bfloat16()) for name, (mean, second) in moments_of(features).items()}
        return Style(statistics, moments)


def choose(images: Sequence[Image.Image], rng: Rng) -> Image.Image:
    """Return one of the images."""
    return images[rng.integers(len(images))]


def without_frame(image: Image.Image) -> Image.Image:
    """Return a painting without its outermost 3 %, where photographs of paintings often show the canvas' edge."""
    width, height = image.size
    return image.crop((round(0.03 * width), round(0.03 * height), round(0.97 * width), round(0.97 * height)))


def resized(image: Image.Image, side: int) -> Image.Image:
    """Return an image whose short side has `side` pixels, or as many as it has, if these are fewer."""
    factor = side / min(image.size)
    return image.resize([max(side, round(length * factor)) for length in image.size], Image.Resampling.LANCZOS)


def random_crop(image: Image.Image, size: int, rng: Rng) -> Image.Image:
    """Return a square of an image, mirrored half of the time."""
    left, top = (int(rng.integers(length - size + 1)) for length in image.size)
    crop = image.crop((left, top, left + size, top + size))
    return ImageOps.mirror(crop) if rng.random() < 0.5 else crop


def to_tensor(image: Image.Image) -> Tensor:
    """Return an image (1, 3, H, W) in [0, 1]."""
    return torch.from_numpy(np.array(image, np.float32) / 255).permute(2, 0, 1)[None]


def jittered(crop: Tensor, rng: Rng, extent: float) -> Tensor:
    """Return a crop whose hues are turned about gray, with other contrast, brightness and saturation."""
    angle = extent * rng.uniform(-np.pi, np.pi)
    gray = np.full((3, 3), 1 / 3)
    across = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
    saturation = 1 + extent * rng.uniform(-0.6, 0.4)
    turn = gray + saturation * (np.cos(angle) * (np.eye(3) - gray) + np.sin(angle) * across)
    turned = torch.einsum("ij,bjhw->bihw", torch.from_numpy(turn).float(), crop)
    contrast, brightness = 1 + extent * rng.uniform(-0.3, 0.3), extent * rng.uniform(-0.15, 0.15)
    return ((turned - 0.5) * contrast + 0.5 + brightness).clamp(0, 1)


class Training:
    """The network, its running mean, its optimizer and its pools, in a folder that it goes on from."""

    def __init__(self, data: Path, folder: Path, crop: int, seed: int) -> None:
        self.folder = folder
        self.encoder = VGG(packaged_vgg16(), STATISTICS_LAYERS)
        torch.manual_seed(seed)
        self.network, self.mean = FastStyleNetwork(), FastStyleNetwork()
        self.optimizer = torch.optim.Adam(self.network.parameters(), LEARNING_RATE, (0.9, 0.99))
        self.steps = 0
        state = self.load()
        self.rng = np.random.default_rng([seed, self.steps, crop])
        self.sources = Sources(data, crop, self.encoder)
        self.contents = [self.sources.content(self.rng) for _ in range(FIRST_POOL)]
        self.styles = [self.sources.style(self.rng) for _ in range(FIRST_POOL)]
        if not state:
            self.standardize()
            self.mean.load_state_dict(self.network.state_dict())

    def load(self) -> bool:
        """Load the state, if there is one."""
        path = self.folder / "state.pt"
        if not path.exists():
            return False
        state = torch.load(path, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.mean.load_state_dict(state["mean"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.steps = state["steps"]
        return True

    def standardize(self) -> None:
        """Tell the network what statistics of paintings are like."""
        statistics = torch.cat([style.statistics.features for style in self.styles])
        for network in (self.network, self.mean):
            network.statistics_mean.copy_(statistics.mean(0))
            network.statistics_std.copy_(statistics.std(0) + 0.02 * statistics.std())

    def save(self) -> None:
        """Write the state and the weights of the moment."""
        state: dict[str, Any] = {"network": self.network.state_dict(), "mean": self.mean.state_dict()}
        state |= {"optimizer": self.optimizer.state_dict(), "steps": self.steps}
        torch.save(state, self.folder / "state.pt.part")
        (self.folder / "state.pt.part").replace(self.folder / "state.pt")
        export(self.mean, self.folder / "fast_style.safetensors", self.steps)

    def renew(self) -> None:
        """Put a new content and a new style into the pools."""
        for pool, make in ((self.contents, self.sources.content), (self.styles, self.sources.style)):
            pool.append(make(self.rng))
            if len(pool) > POOL_SIZE:
                del pool[self.rng.integers(len(pool) - 1)]

    def step(self, learning_rate: float) -> dict[str, float]:
        """Take a step and return the parts of its loss."""
        rng = self.rng
        contents = [self.contents[index] for index in rng.choice(len(self.contents), BATCH_SIZE, False)]
        styles = [self.styles[index] for index in rng.choice(len(self.styles), BATCH_SIZE, False)]
        usual = rng.random(BATCH_SIZE) < 0.75
        strengths = torch.from_numpy(
            np.where(usual, StyleConfig.strength, rng.uniform(StyleConfig.strength, 1, BATCH_SIZE))
        ).float()
        moments = {
            layer: (
                torch.cat([style.moments[layer][0] for style in styles]),
                torch.cat([style.moments[layer][1] for style in styles]).float(),
            )
            for layer in STATISTICS_LAYERS
        }
        crops = torch.stack([content.crop for content in contents])
        shapes = torch.stack([content.shapes for content in contents]).float()
        aims = Aims(shapes, moments, strengths)
        statistics = StyleStatistics(*map(torch.cat, zip(*(fields(style.statistics) for style in styles), strict=True)))
        noisy = crops + torch.from_numpy(rng.uniform(0, NOISE, (BATCH_SIZE, 1, 1, 1))).float() * torch.randn_like(crops)
        mean = torch.stack([content.color_mean for content in contents])
        covariance = torch.stack([content.color_covariance for content in contents])
        recolored = move_colors(noisy, mean, covariance, statistics, strengths)
        modulation = self.network.modulate(statistics.features, strengths)
        loss, parts = training_loss(self.encoder, self.network(recolored, modulation)[0], aims)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self.optimizer.step()
        self.steps += 1
        decay = min(EMA_DECAY, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            for mean_parameter, parameter in zip(self.mean.parameters(), self.network.parameters(), strict=True):
                mean_parameter.lerp_(parameter, 1 - decay)
        return {"loss": float(loss.detach()), **parts}


def fields(statistics: StyleStatistics) -> tuple[Tensor, Tensor, Tensor]:
    """Return the three parts of a style's statistics."""
    return statistics.features, statistics.color_mean, statistics.color_covariance


def export(network: FastStyleNetwork, path: Path, steps: int) -> None:
    """Write weights in half precision."""
    tensors = {name: tensor.half().contiguous() for name, tensor in network.state_dict().items()}
    write_atomically(path, save(tensors, {"steps": str(steps)}))


def train(training: Training, until: float) -> Iterator[dict[str, float]]:
    """Train until a time, saving on the way; yield the parts of the loss at each step."""
    begun = saved = time.time()
    while (now := time.time()) < until:
        remaining = (until - now) / (until - begun)
        warm = min(1.0, (training.steps + 1) / 100)
        yield training.step(LEARNING_RATE * warm * max(0.05, min(1.0, remaining / LAST_SHARE)))
        if training.steps % 2 == 0:
            training.renew()
        if now - saved > SAVE_SECONDS:
            training.save()
            saved = now
    training.save()


def main() -> None:
    """Train, and log the means of every 50 steps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--until", default="23:59", help="local time, such as 02:45")
    parser.add_argument("--crop", type=int, default=96, help="pixels of the photographs' crops")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--export", type=Path, help="only write the weights of the moment")
    args = parser.parse_args()
    args.state.mkdir(parents=True, exist_ok=True)
    if args.export:
        network = FastStyleNetwork()
        state = torch.load(args.state / "state.pt", weights_only=True)
        network.load_state_dict(state["mean"])
        return export(network, args.export, state["steps"])
    until = datetime.combine(datetime.now(), datetime.strptime(args.until, "%H:%M").time()).timestamp()
    training = Training(args.data, args.state, args.crop, args.seed)
    rows: list[dict[str, float]] = []
    with (args.state / "log.jsonl").open("a") as log:
        for row in train(training, until):
            rows.append(row)
            if training.steps % 50 == 0:
                means = {name: round(sum(each[name] for each in rows) / len(rows), 4) for name in row}
                means |= {"steps": training.steps, "processor": round(time.process_time(), 1)}
                log.write(json.dumps(means) + "\n")
                log.flush()
                rows = []
    return None


if __name__ == "__main__":
    main()
