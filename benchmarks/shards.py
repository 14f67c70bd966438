"""A training from shards of as many pictures as asked for: does memory stay flat, and how long does it wait for them?

    python benchmarks/shards.py                        # 100,000 pictures of 32 px, in shards of 5,000
    python benchmarks/shards.py --pictures 1000000

The shards are made here. They are read by a training whose step only takes its batch and does arithmetic for so long
as --step says, so that the figures are of reading: pictures a second, the loader's share of a step, and the memory of
the training's process at ten moments. `anonymous` is what it holds besides files that the system maps, and can drop.
Then webdataset's own loader reads and decodes the same shards in as many processes, with a buffer to shuffle in, in
front of the same steps.
"""

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from machine import machine_line
from rows import add_row

SIDE, BATCH, EACH = 32, 64, 5_000
MOMENTS = 10
RESULTS = Path(__file__).parent / "results" / "shards.jsonl"


def main() -> None:
    """Make the shards, and read them once by each loader."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--step", type=float, default=0.1, help="seconds of arithmetic in a step of 64 pictures")
    parser.add_argument("--limit", default="100MB", help="GANVAS_CACHE_LIMIT, so that they are read in windows")
    parser.add_argument("--folder", type=Path, help="where shards and cache go, and stay; a temporary one if left out")
    parser.add_argument("--only", choices=READERS, help="one of the loaders")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        print(json.dumps(measure(arguments.work, arguments.folder, arguments.pictures, arguments.step)))
        return
    scratch = tempfile.mkdtemp() if arguments.folder is None else None
    folder = arguments.folder or Path(scratch or "")
    try:
        make_shards(folder / "shards", arguments.pictures)
        for reader in [arguments.only] if arguments.only else READERS:
            command = [sys.executable, __file__, "--work", reader, "--folder", folder, "--pictures", arguments.pictures]
            settings = {"GANVAS_CACHE": f"{folder / 'cache'}", "GANVAS_CACHE_LIMIT": arguments.limit}
            ended = subprocess.run(
                [*map(str, command), "--step", str(arguments.step)],
                env=os.environ | settings, stdout=subprocess.PIPE, text=True, check=True,
            )  # fmt: skip
            add_row({"machine": machine_line(), **json.loads(ended.stdout)}, RESULTS)
    finally:
        if scratch:
            shutil.rmtree(scratch)


def make_shards(folder: Path, pictures: int) -> None:
    """Write shards of different small JPEGs, as webdataset would; what is there stays."""
    folder.mkdir(parents=True, exist_ok=True)
    for first in range(0, pictures, EACH):
        path = folder / f"shard-{first // EACH:05d}.tar"
        if path.exists():
            continue
        random = np.random.default_rng(first)
        with tarfile.open(path.with_suffix(".part"), "w", format=tarfile.GNU_FORMAT) as tar:
            for number in range(first, min(first + EACH, pictures)):
                small = Image.fromarray(random.integers(0, 256, (5, 5, 3), np.uint8))
                buffer = io.BytesIO()
                small.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=85)
                header = tarfile.TarInfo(f"{number:08d}.jpg")
                header.size = buffer.tell()
                tar.addfile(header, io.BytesIO(buffer.getvalue()))
        path.with_suffix(".part").rename(path)


def ours(folder: Path, pictures: int) -> Iterator[Tensor]:
    """Yield the batches of an epoch as a training gets them."""
    from ganvas.config import DataConfig
    from ganvas.data import prepare
    from ganvas.data.loader import Loader
    from ganvas.data.stream import StreamLoader
    from ganvas.data.windows import in_windows, read_shards
    from ganvas.device import available_cores
    from ganvas.events import run_to_end

    config = in_windows(DataConfig(str(folder / "shards"), SIDE, SIDE))
    shards = read_shards(config.path)
    assert shards is not None
    assert config.window is not None, "all of them fit into the cache: set a smaller --limit"
    sample = run_to_end(prepare(config, available_cores()))
    stream = StreamLoader(config, shards, sample, Loader(sample, 0), 0)
    for seen in range(0, pictures - BATCH + 1, BATCH):
        yield stream.share(seen, BATCH)[0]
    stream.close()


def theirs(folder: Path, pictures: int) -> Iterator[Tensor]:
    """Yield the batches of an epoch as webdataset gives them: decoded as they come, and shuffled in a buffer."""
    import webdataset

    paths = sorted(str(path) for path in (folder / "shards").glob("*.tar"))[: -(-pictures // EACH)]
    stream = (
        webdataset.WebDataset(paths, shardshuffle=len(paths))
        .shuffle(5000)
        .decode("rgb8")
        .to_tuple("jpg")
        .map_tuple(lambda image: torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))))
        .batched(BATCH)
    )
    workers = max(1, min(len(os.sched_getaffinity(0)), len(paths)))
    for (images,) in webdataset.WebLoader(stream, batch_size=None, num_workers=workers):
        yield images


READERS: dict[str, Callable[[Path, int], Iterator[Tensor]]] = {"ganvas": ours, "webdataset": theirs}


def measure(reader: str, folder: Path, pictures: int, step_seconds: float) -> dict[str, object]:
    """Read an epoch with steps in between, and return what it took."""
    torch.set_num_threads(1)
    batches, steps = READERS[reader](folder, pictures), pictures // BATCH
    began, count, waited, wait_first, processor = time.perf_counter(), 0, 0.0, 0.0, time.process_time()
    anonymous, resident, longest = [], [], 0.0
    own = 0.0
    while True:
        start, own_start = time.perf_counter(), time.process_time()
        if next(batches, None) is None:
            break
        seconds = time.perf_counter() - start
        if not count:
            wait_first = seconds
        else:
            waited, longest, own = waited + seconds, max(longest, seconds), own + time.process_time() - own_start
        count += 1
        work(step_seconds)
        if count % max(1, steps // MOMENTS) == 0:
            memory = _memory()
            anonymous.append(memory["RssAnon"])
            resident.append(memory["VmRSS"])
    total = time.perf_counter() - began - wait_first
    return {
        "reader": reader, "pictures": count * BATCH, "cores": len(os.sched_getaffinity(0)), "step": step_seconds,
        "first_batch_s": wait_first, "pictures_per_second": count * BATCH / total, "share_waited": waited / total,
        "share_of_processor": own / total, "longest_wait_s": longest, "processor_s": time.process_time() - processor,
        "processor_s_of_helpers": sum(os.times()[2:4]), "anonymous_mb": anonymous, "resident_mb": resident,
        "load": os.getloadavg()[0],
    }  # fmt: skip


def work(seconds: float) -> None:
    """Do arithmetic for so many seconds of this process, however busy the machine is."""
    end = time.process_time() + seconds
    numbers = torch.ones(64, 64)
    while time.process_time() < end:
        numbers = numbers @ numbers / 64


def _memory() -> dict[str, float]:
    """Return what this process holds, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    found = (line.split() for line in lines if line.startswith(("RssAnon:", "VmRSS:")))
    return {name.rstrip(":"): round(int(number) * 1024 / 1e6, 1) for name, number, _unit in found}


if __name__ == "__main__":
    main()
