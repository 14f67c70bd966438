"""Two machines train one run over a cable: is it the training of one, and do as many bytes pass as on paper?

    python benchmarks/network.py --recipes dcgan r3gan stylegan2 quick

The machines are network namespaces of this one (`namespaces.py`: root, Linux). A recipe is trained twice over the
cable, the second time for twice as many pictures, so that what is sent at the start and the end drops out of the
difference. The paper is `exchange.py`. Last, one process trains the same, and the weights are compared. Exits with 1 if
a count is more than 5 % from the paper.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file

import ganvas as package
from exchange import Exchange, bytes_on_wire, exchanges
from ganvas.checkpoint import checkpoint_path
from ganvas.config import Config
from ganvas.runs import Run
from namespaces import COUNT, Network, ganvas

BETWEEN_STEPS = Exchange(2, 8)  # what the main process has the others do, and whether one is asked to stop
TOLERANCE = 0.05


class Cost(NamedTuple):
    """What a step of a training sends: bytes counted on the cable and on paper, a mean over both ends."""

    counted: float
    on_paper: float

    @property
    def error(self) -> float:
        """How far the paper is from the cable, as a share."""
        return self.on_paper / self.counted - 1


def run_on_both(network: Network, command: list[str], out: Path) -> None:
    """Run a command on both machines to its end.

    Raises:
        SystemExit: one of them failed, with what both printed.
    """
    logs = [out.with_name(f"{out.name}-{machine}.txt") for machine in range(COUNT)]
    processes = [network.start(machine, command, log) for machine, log in enumerate(logs)]
    if sum(process.wait() for process in processes):
        raise SystemExit("\n".join(log.read_text() for log in logs))


def train(network: Network, pictures: Path, out: Path, *options: str) -> int:
    """Train over the cable, and return the bytes that both ends sent."""
    before = sum(map(network.bytes_sent, range(COUNT)))
    command = ganvas("train", pictures, "--out", out, *options)
    run_on_both(network, command, out)
    return sum(map(network.bytes_sent, range(COUNT))) - before


def on_paper(config: Config) -> float:
    """Return the bytes that one of both sends in a whole training."""
    steps = [found for _, found in exchanges(config, COUNT)]
    return sum(bytes_on_wire(each, COUNT) for found in steps for each in (*found, BETWEEN_STEPS))


def cost(network: Network, pictures: Path, folder: Path, images: int, *options: str) -> tuple[Cost, Path]:
    """Return what a step of a training costs on the cable and on paper, and the longer of the runs that told it."""
    outs = [folder / f"{count}" for count in (images, 2 * images)]
    sent = [train(network, pictures, out, *options, "--images", out.name) for out in outs]
    configs = [Run(out).read_config() for out in outs]
    steps = configs[1].steps - configs[0].steps
    paper = on_paper(configs[1]) - on_paper(configs[0])
    return Cost((sent[1] - sent[0]) / COUNT / steps, paper / steps), outs[1]


def difference(run: Path, other: Path) -> float:
    """Return how far the weights of two runs are from each other, as a share of their size."""
    first, second = (
        load_file(checkpoint_path(Run(each).checkpoints, Run(each).read_config().steps) / "state.safetensors")
        for each in (run, other)
    )
    names = [name for name in first if name.startswith(("generator/", "discriminator/"))]
    apart, size = (
        sum(float(each.square().sum()) for each in several)
        for several in ([first[name] - second[name] for name in names], [first[name] for name in names])
    )
    return float((apart / size) ** 0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", nargs="+", default=["dcgan", "r3gan", "stylegan2", "quick"])
    parser.add_argument("--size", type=int, default=16)
    parser.add_argument("--channel-mult", type=float, default=0.25)
    parser.add_argument("--images", type=int, default=320, help="of the shorter training")
    args = parser.parse_args()
    torch.set_num_threads(1)
    pictures = Path(package.__file__).parent / "builtin" / "people.zip"
    print("| recipe | kB a step and process, counted | on paper | off by | weights differ by |")
    print("| --- | ---: | ---: | ---: | ---: |")
    missed = False
    with tempfile.TemporaryDirectory() as place, Network() as network:
        os.environ["GANVAS_CACHE"] = f"{place}/cache"
        for recipe in args.recipes:
            options = ["--recipe", recipe, "--size", f"{args.size}", "--channel-mult", f"{args.channel_mult}"]
            options += ["--batch", "16", "--limit", "256", "--device", "cpu", "--coach", "off"]
            folder = Path(place) / recipe
            folder.mkdir()
            found, run = cost(network, pictures, folder, args.images, *options)
            alone = ganvas("train", pictures, "--out", folder / "alone", *options, "--images", run.name)
            subprocess.run(alone, capture_output=True, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
            cells = [f"`{recipe}`", f"{found.counted / 1e3:,.1f}", f"{found.on_paper / 1e3:,.1f}"]
            cells += [f"{found.error:+.1%}", f"{difference(run, folder / 'alone'):.1e}"]
            print(f"| {' | '.join(cells)} |", flush=True)
            missed |= abs(found.error) > TOLERANCE
    sys.exit(missed)


if __name__ == "__main__":
    main()
