"""How many frames of a walk does a processor draw in a second, and what do the parts of a frame take?

Networks of their usual width that were never trained, which cost as much as trained ones.

    python benchmarks/walks.py --recipes quick stylegan2 --size 128
"""

import argparse
import tempfile
import time
from pathlib import Path

import torch

from ganvas.config import DataConfig, WalkConfig
from ganvas.device import choose_device, torch_device
from ganvas.events import Progress
from ganvas.latents.sample import GeneratorModel, save_network
from ganvas.latents.walk import walk
from ganvas.models import build_generator
from ganvas.recipes import RECIPES
from ganvas.recipes.upsampling import small_data, upsampled
from ganvas.runs import Run
from machine import machine_line

COUNT = 2_000  # pictures that a run would have been trained on


def untrained_run(folder: Path, recipe: str, size: int, factor: int) -> Run:
    """Write a run of a network that draws at `size` px, `factor` times enlarged by a network of its own."""
    data = DataConfig("pictures", size, size)
    config = upsampled(RECIPES[recipe](small_data(data, factor), COUNT), data, factor)
    run = Run(folder)
    run.write_config(config)
    torch.manual_seed(0)
    save_network(run, build_generator(config), 1, 1)
    return run


def measure(run: Run, size: int, suffix: str, seconds: float) -> tuple[float, float]:
    """Return the frames in a second of a whole film, and of drawing alone."""
    settings = WalkConfig(seconds=seconds, fps=30, size=size, device="cpu")
    times = []
    for event in walk(run.folder, run.folder / f"film{suffix}", settings):
        if isinstance(event, Progress):
            times.append(time.perf_counter())
    skipped = len(times) // 4  # the first frames come late
    film = (len(times) - 1 - skipped) / (times[-1] - times[skipped])
    config = run.read_config()
    network = build_generator(config)
    model = GeneratorModel(network, config, torch_device(choose_device("cpu")), "untrained")
    w = model.map(*model.latents(range(32)))
    model.synthesize(w)
    began = time.perf_counter()
    model.synthesize(w)
    return film, len(w) / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", nargs="+", default=["quick", "keen", "stylegan2", "dcgan"])
    parser.add_argument("--size", type=int, default=128, help="pixels of a picture, drawn and shown")
    parser.add_argument("--factor", type=int, default=1, help="how many times the drawn picture is enlarged")
    parser.add_argument("--suffixes", nargs="+", default=[".mp4", ".webp", ".gif"])
    parser.add_argument("--seconds", type=float, default=4, help="length of the film")
    wanted = parser.parse_args()
    print(f"{machine_line()}, {torch.get_num_threads()} threads\n")
    print("| recipe | film | frames/s | drawn alone |")
    print("| --- | --- | ---: | ---: |")
    for recipe in wanted.recipes:
        with tempfile.TemporaryDirectory() as folder:
            run = untrained_run(Path(folder) / "run", recipe, wanted.size, wanted.factor)
            for suffix in wanted.suffixes:
                film, alone = measure(run, wanted.size, suffix, wanted.seconds)
                print(f"| {recipe} | {suffix} | {film:.1f} | {alone:.1f} |", flush=True)


if __name__ == "__main__":
    main()
