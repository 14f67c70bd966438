"""What do networks cost that come from other programs, or go to them?

    env GANVAS_PEERS=CHECKOUTS OMP_NUM_THREADS=1 python benchmarks/interop.py --only import

`import`: a StyleGAN2 of 256 px with random weights is made and pickled by NVIDIA's own code (a checkout of
NVlabs/stylegan3 in the folder that GANVAS_PEERS names), and imported. Then both draw the same latents, one image at a
time, in turns; who begins alternates. Told are seconds an image of the processor's time, which other work on the
machine disturbs less than the clock, and the ratio in each pair.
"""

import argparse
import json
import os
import pickle
import statistics
import sys
import tempfile
import time
import types
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from ganvas.interop.importing import read_network
from ganvas.interop.importing.write import build, config_of
from machine import machine_line

SIZE = 256
CHANNELS = {"channel_base": 16384, "channel_max": 512}  # of NVIDIA's networks for 256 px
WARM_UP = 1


def seconds(draw: Callable[[], torch.Tensor]) -> float:
    """Return the processor's seconds that one drawing takes."""
    began = time.process_time()
    draw()
    return time.process_time() - began


def draw_imported(pairs: int) -> dict[str, object]:
    """Return how long an imported StyleGAN2 takes beside its authors' code."""
    checkout = Path(os.environ["GANVAS_PEERS"]) / "stylegan3"
    stub = types.ModuleType("pkg_resources")  # of setuptools, which has lost this module
    stub.parse_version = __import__("packaging.version", fromlist=["parse"]).parse  # type: ignore[attr-defined]
    sys.modules.setdefault("pkg_resources", stub)
    sys.path.insert(0, str(checkout))
    from training.networks_stylegan2 import Generator

    torch.manual_seed(0)
    kinds = {"z_dim": 512, "c_dim": 0, "w_dim": 512, "img_resolution": SIZE, "img_channels": 3}
    theirs = Generator(**kinds, mapping_kwargs={"num_layers": 8}, **CHANNELS).eval().requires_grad_(False)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.pkl"
        file.write_bytes(pickle.dumps({"G_ema": theirs}))
        began = time.process_time()
        imported = read_network(file)
        ours = build(imported, config_of(imported, file.name), file.stat().st_size)
        reading = time.process_time() - began
    z = torch.randn(1, 512)
    contenders = {
        "theirs": lambda: theirs(z, torch.zeros(1, 0), noise_mode="const"),
        "ours": lambda: ours.sample(z, None),
    }
    apart = (contenders["ours"]() - contenders["theirs"]()).abs().max() / contenders["theirs"]().abs().max()
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for pair in range(pairs + WARM_UP):
        for name in sorted(contenders, reverse=bool(pair % 2)):
            taken = seconds(contenders[name])
            if pair >= WARM_UP:
                times[name].append(taken)
    ratios = sorted(np.divide(times["ours"], times["theirs"]))
    return {
        "what": "import",
        "size": SIZE,
        "pairs": pairs,
        "seconds an image, ours": statistics.median(times["ours"]),
        "seconds an image, theirs": statistics.median(times["theirs"]),
        "ratio": statistics.median(ratios),
        "ratio from": float(ratios[0]),
        "ratio to": float(ratios[-1]),
        "largest difference": float(apart),
        "seconds to import": reading,
        "threads": torch.get_num_threads(),
        "machine": machine_line(),
    }


PARTS: dict[str, Callable[[int], dict[str, object]]] = {"import": draw_imported}


@torch.no_grad()
def main() -> None:
    """Measure, and print a line of JSON for each part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS, help="one part; all if left out")
    parser.add_argument("--pairs", type=int, default=7)
    options = parser.parse_args()
    for name in [options.only] if options.only else PARTS:
        print(json.dumps(PARTS[name](options.pairs)), flush=True)


if __name__ == "__main__":
    main()
