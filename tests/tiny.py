"""Tiny pictures and narrow recipes: whole trainings that take a second."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

import ganvas
from ganvas.config import Config, DataConfig, NetworkConfig
from ganvas.data import PreparedDataset, prepare
from ganvas.events import Event, Started, run_to_end
from ganvas.recipes import RECIPES, RecipeSpec, upsampling

COUNT = 24
IMAGES = 200


def write_pictures(folder: Path, count: int = COUNT, size: int = 16, mode: str = "RGB", seed: int = 0) -> Path:
    """Write `count` PNGs: a disc of random place and colour on white, so that something can be learned."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size]
    for index in range(count):
        top, left = random.integers(size // 4, 3 * size // 4, 2)
        disc = (rows - top) ** 2 + (columns - left) ** 2 < (size // 4) ** 2
        array = np.full((size, size, 3), 255, np.uint8)
        array[disc] = random.integers(0, 200, 3)
        Image.fromarray(array).convert(mode).save(folder / f"{index:03d}.png")
    return folder


def narrow(config: Config) -> Config:
    """Return `config` with narrow networks, small batches, and few sheets."""

    def thin(network: NetworkConfig) -> NetworkConfig:
        return replace(network, widths=(8,) * len(network.widths))

    warm, large = config.autoencoder, config.upsampling
    return replace(
        config,
        z_dim=8,
        generator=thin(config.generator),
        discriminator=thin(config.discriminator),
        encoder=config.encoder and thin(config.encoder),
        autoencoder=warm and replace(warm, encoder=thin(warm.encoder), prior_batch=16),
        upsampling=large and replace(large, upsampler=thin(large.upsampler), discriminator=thin(large.discriminator)),
        phases=tuple(replace(phase, batch=min(8, phase.batch)) for phase in config.phases),
        sample_grids=2,
        checkpoints=4,
    )


def with_config(recipe: str, make: Callable[[DataConfig, int], Config]) -> RecipeSpec:
    """Return a recipe that makes its configuration by `make`."""
    return replace(RECIPES[recipe], config=make)


def changed(recipe: str, **changes: object) -> RecipeSpec:
    """Return a narrow recipe whose configuration has these fields changed."""
    return with_config(recipe, lambda data, count: replace(NARROW[recipe](data, count), **changes))  # type: ignore[arg-type]


def narrowed(spec: RecipeSpec) -> RecipeSpec:
    """Return `spec` made narrow."""
    return replace(spec, config=lambda data, count: narrow(spec.config(data, count)))


GANS = [name for name in RECIPES if name != "vae"]  # recipes with a discriminator
NARROW: dict[str, RecipeSpec] = {name: narrowed(spec) for name, spec in RECIPES.items()}


def config(recipe: str = "dcgan", size: int = 16, channels: int = 3, **changes: object) -> Config:
    """Return a narrow configuration for `size` px pictures that were never seen."""
    return replace(NARROW[recipe](DataConfig("pictures", size, size, channels), COUNT), **changes)  # type: ignore[arg-type]


def of_0_1(config: Config) -> Config:
    """Return a configuration as 0.1 wrote it: the autoencoders of its recipes had another decoder."""
    name = {"autoencoder": "quick"}.get(config.generator.name, config.generator.name)
    return replace(config, generator=replace(config.generator, name=name))


def upsampled(recipe: str = "quick", size: int = 32, factor: int = 2, **changes: object) -> Config:
    """Return a narrow configuration for `size` px pictures that are drawn `factor` times smaller and enlarged."""
    data = DataConfig("pictures", size, size)
    plain = upsampling.upsampled(RECIPES[recipe](upsampling.small_data(data, factor), COUNT), data, factor)
    return replace(narrow(plain), **changes)  # type: ignore[arg-type]


def train(
    pictures: Path | None,
    out: Path,
    recipe: str = "auto",
    images: int | None = IMAGES,
    stop: Callable[[], bool] = lambda: False,
    **options: object,
) -> list[Event]:
    """Train to the end, or until `stop`, and return all events."""
    options = {"size": "16", "device": "cpu"} | options
    events = []
    for event in ganvas.train(pictures, out, recipe=recipe, images=images, stop=stop, **options):  # type: ignore[arg-type]
        events.append(event)
        if isinstance(event, Started) and isinstance(stop, stop_after):
            stop.begun = True
    return events


class stop_after:
    """Be a `stop` that turns true when it is asked for the `steps`-th time since the first step."""

    def __init__(self, steps: int) -> None:
        self.left, self.begun = steps, False

    def __call__(self) -> bool:
        self.left -= self.begun
        return self.left <= 0


def prepared(pictures: Path) -> PreparedDataset:
    """Return the pictures at 16 px, ready to train on."""
    return run_to_end(prepare(DataConfig(str(pictures), 16, 16), workers=1))
