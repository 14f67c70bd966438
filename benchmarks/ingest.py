"""How fast pictures are prepared, what share of a training step the loader takes, and whether memory stays flat.

    python benchmarks/ingest.py                         # speed, against torchvision, and the loader's share
    python benchmarks/ingest.py --pictures FOLDER       # the same with your own JPEGs
    python benchmarks/ingest.py --many 100000           # peak memory of inspect and prepare, against 1,000 files

Every measurement is a process of its own; ours and the peers' take turns, and the middle one of each counts. Beside the
seconds on the clock stand those of the processor, all processes together: they say the same on a busy machine.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIZE = 64
ASSETS = Path(__file__).resolve().parents[2] / "shared" / "assets"


def main() -> None:
    """Measure what was asked for and print it as tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, help="a folder with sub-folders of JPEGs, as ImageFolder wants it")
    parser.add_argument("--assets", type=Path, default=ASSETS, help="where photos-256.zip may be")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--many", type=int, help="count of small files for the measurement of memory")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        kind, folder, workers = arguments.work
        print(json.dumps(WORK[kind](Path(folder), int(workers))))
    elif arguments.many:
        memory(arguments.many, arguments.workers)
    else:
        with tempfile.TemporaryDirectory() as scratch:
            folders = [arguments.pictures] if arguments.pictures else sets(Path(scratch), arguments.assets)
            for folder in folders:
                speed(folder, arguments.workers, arguments.repeats)
            share(folders[-1])


def sets(scratch: Path, assets: Path) -> list[Path]:
    """Return folders of photographs: large ones that are made here, and small real ones when they are there."""
    large = scratch / "photographs of 1600 x 1200" / "all"
    large.mkdir(parents=True)
    for number in range(120):
        small = np.random.default_rng(number).integers(0, 256, (60, 80, 3), np.uint8)
        Image.fromarray(small).resize((1600, 1200), Image.Resampling.BICUBIC).save(large / f"{number}.jpg", quality=90)
    folders = [large.parent]
    if (assets / "photos-256.zip").is_file():
        with zipfile.ZipFile(assets / "photos-256.zip") as archive:
            archive.extractall(scratch / "photographs of 256 px" / "all")
        folders.append(scratch / "photographs of 256 px")
    return folders


def run(kind: str, folder: Path, workers: int) -> dict[str, float]:
    """Return what one measurement in a process (and a cache) of its own gave."""
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"GANVAS_CACHE": cache}
        command = [sys.executable, __file__, "--work", kind, str(folder), str(workers)]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
        result: dict[str, float] = json.loads(done.stdout)
        return result


def speed(folder: Path, workers: int, repeats: int) -> None:
    """Print pictures a second of ours and of the peers, in turns."""
    cases = [("prepare", workers), ("plain", 1), ("loader", workers)]
    if workers > 1:
        cases.insert(1, ("prepare", 1))
    results: dict[tuple[str, int], list[dict[str, float]]] = {case: [] for case in cases}
    for _ in range(repeats):
        for case in cases:
            results[case].append(run(case[0], folder, case[1]))
    print(f"\n{folder.name}, to {SIZE} x {SIZE}; median of {repeats}\n")
    print("| what | processes | pictures/s | ours is faster by | ms of processor per picture | ours takes less by |")
    print("| --- | --- | --- | --- | --- | --- |")
    ours = results["prepare", workers]
    for (kind, processes), found in results.items():
        rate = statistics.median(each["count"] / each["seconds"] for each in found)
        cost = statistics.median(1000 * each["processor"] / each["count"] for each in found)
        faster, less = (
            statistics.median(theirs[unit] / mine[unit] for theirs, mine in zip(found, ours, strict=True))
            for unit in ("seconds", "processor")
        )
        print(f"| {NAMES[kind]} | {processes} | {rate:.0f} | {faster:.2f} | {cost:.2f} | {less:.2f} |")


def processor() -> float:
    """Return the seconds of processor that this process and its ended children have used."""
    return sum(os.times()[:4])


def timed(count: int, clock: float, used: float) -> dict[str, float]:
    return {"count": count, "seconds": time.perf_counter() - clock, "processor": processor() - used}


def prepare_work(folder: Path, workers: int) -> dict[str, float]:
    """Measure `ganvas.data.prepare`, listing, writing and helpers' start-up included."""
    from ganvas.config import DataConfig
    from ganvas.data import prepare

    clock, used = time.perf_counter(), processor()
    count = 0
    for event in prepare(DataConfig(str(folder), SIZE, SIZE, 3), workers):
        count = getattr(event, "total", count)
    return timed(count, clock, used)


def image_folder(folder: Path) -> Any:
    """Return torchvision's ImageFolder as everybody writes it."""
    from torchvision import datasets, transforms

    steps = [transforms.Resize(SIZE), transforms.CenterCrop(SIZE), transforms.ToTensor()]
    return datasets.ImageFolder(str(folder), transforms.Compose(steps))


def plain_work(folder: Path, _: int) -> dict[str, float]:
    """Measure a plain loop over ImageFolder."""
    pictures = image_folder(folder)
    clock, used = time.perf_counter(), processor()
    count = sum(1 for _ in pictures)
    return timed(count, clock, used)


def loader_work(folder: Path, workers: int) -> dict[str, float]:
    """Measure torch's DataLoader over ImageFolder, one epoch."""
    from torch.utils.data import DataLoader

    pictures = image_folder(folder)
    clock, used = time.perf_counter(), processor()
    count = sum(len(labels) for _, labels in DataLoader(pictures, 64, num_workers=workers))
    return timed(count, clock, used)


def share(folder: Path) -> None:
    """Print what a batch of 32 costs beside a training step of a small pair of networks at 32 px."""
    found = run("step", folder, 1)
    batch, step = 1000 * found["batch"], 1000 * found["step"]
    print(f"\nA batch of 32 at 32 px: {batch:.3f} ms, {batch / 10:.2%} of a step of 10 ms,")
    print(f"{batch / step:.2%} of a step of a 128-64-32 pair, which takes {step:.1f} ms here.")


def step_work(folder: Path, _: int) -> dict[str, float]:
    """Measure the loader's batch and the training step of a small pair, in turns, medians in seconds of processor."""
    import torch
    from torch import nn

    from ganvas.config import DataConfig
    from ganvas.data import prepare
    from ganvas.data.loader import Loader

    torch.set_num_threads(1)
    work = prepare(DataConfig(str(folder), 32, 32, 3), 1)
    try:
        while True:
            next(work)
    except StopIteration as end:
        loader = Loader(end.value, 0)
    up = [nn.ConvTranspose2d(a, b, 4, 2, 1) for a, b in ((128, 64), (64, 32), (32, 3))]
    down = [nn.Conv2d(a, b, 4, 2, 1) for a, b in ((3, 32), (32, 64), (64, 128))]
    generator, discriminator = nn.Sequential(*up), nn.Sequential(*down)
    latents = torch.randn(32, 128, 4, 4)
    batches, steps = [], []
    for number in range(60):
        began = time.process_time()
        pictures, _labels = loader.batch(32 * number, 32)
        loaded = time.process_time()
        fake = generator(latents)
        (discriminator(pictures.float()).mean() - discriminator(fake.detach()).mean()).backward()
        discriminator(fake).mean().backward()
        batches.append(loaded - began)
        steps.append(time.process_time() - loaded)
    return {"batch": statistics.median(batches), "step": statistics.median(steps)}


def memory(many: int, workers: int) -> None:
    """Print the peak memory of inspecting and preparing a thousand and `many` small files."""
    print("| files | command | s | peak MB, this process | peak MB, largest helper |\n| --- | --- | --- | --- | --- |")
    contents = []
    for number in range(200):
        with tempfile.TemporaryFile() as file:
            small = np.random.default_rng(number).integers(0, 256, (6, 6, 3), np.uint8)
            Image.fromarray(small).resize((32, 32), Image.Resampling.BICUBIC).save(file, "JPEG")
            file.seek(0)
            contents.append(file.read())
    for count in (1000, many):
        with tempfile.TemporaryDirectory() as folder:
            for number in range(count):
                # A tail of its own after the picture's end makes each file another one.
                Path(folder, f"{number:07d}.jpg").write_bytes(contents[number % 200] + number.to_bytes(4, "big"))
            for kind in ("inspect", "prepare"):
                found = run(f"memory-{kind}", Path(folder), workers)
                print(f"| {count:,} | {kind} | {found['seconds']:.1f} | {found['own']:.0f} | {found['helpers']:.0f} |")


def memory_work(kind: str, folder: Path, workers: int) -> dict[str, float]:
    """Inspect or prepare, and return the peak of resident memory in MB."""
    from ganvas.config import DataConfig
    from ganvas.data import inspect, prepare

    clock = time.perf_counter()
    if kind == "inspect":
        inspect(folder)
    else:
        for _ in prepare(DataConfig(str(folder), 32, 32, 3), workers):
            pass
    own, helpers = (
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return {"seconds": time.perf_counter() - clock, "own": own, "helpers": helpers}


NAMES = {
    "prepare": "ganvas prepare",
    "plain": "plain loop over ImageFolder",
    "loader": "DataLoader over ImageFolder",
}
WORK = {
    "prepare": prepare_work,
    "plain": plain_work,
    "loader": loader_work,
    "step": step_work,
    "memory-inspect": lambda folder, workers: memory_work("inspect", folder, workers),
    "memory-prepare": lambda folder, workers: memory_work("prepare", folder, workers),
}

if __name__ == "__main__":
    main()
