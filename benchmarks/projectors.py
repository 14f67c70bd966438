"""How near does the projector of StyleGAN2-ADA come beside ours, on the same network, and in how much processor time?

    env OMP_NUM_THREADS=1 python benchmarks/projectors.py runs/stylegan2 held/ --peer stylegan2-ada-pytorch --count 4

The peer's `projector.py` is read from a checkout of its authors' repository, and its `project` is called as it stands:
its own network is replaced by ours behind the two calls that it makes of it, the VGG-16 that it downloads by the
packaged one. That VGG ends at relu4_2, and its layers have no learned weights. The picture is drawn from the w that the
peer returns, as its command line does.
"""

import argparse
import contextlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import MagicMock, patch

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import ganvas
from ganvas.config import Config
from ganvas.events import Note, Projected, run_to_end
from ganvas.image_io import to_float
from ganvas.latents.projection.embedding import Embedding, distances
from ganvas.latents.projection.pictures import Target, list_pictures, read_targets
from ganvas.latents.projection.project import Options, project
from ganvas.models.vgg import VGG, packaged_vgg16
from machine import machine_line
from rows import Row, add_row

RESULTS = Path(__file__).parent / "results" / "projectors.jsonl"
LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_2")
SEED = 303  # of the peer's command line


class Mapping(nn.Module):
    """Our mapping, called as the peer's is."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network, self.num_ws = network, network.num_ws

    def forward(self, z: Tensor, label: None) -> Tensor:
        """Return w (B, num_ws, w_dim)."""
        w: Tensor = self.network.map(z.float(), label)
        return w


class Synthesis(nn.Module):
    """Our synthesis, called as the peer's is."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, ws: Tensor, noise_mode: str) -> Tensor:
        """Return images (B, C, H, W)."""
        assert noise_mode == "const"
        network: Any = self.network
        images: Tensor = network.synthesize(ws)
        return images


class PeerGenerator(nn.Module):
    """Our generator with the names that the peer's has."""

    def __init__(self, network: Any, config: Config) -> None:
        super().__init__()
        self.mapping, self.synthesis = Mapping(network), Synthesis(network)
        self.z_dim, self.img_channels, self.img_resolution = config.z_dim, config.data.channels, config.data.width


class Features(nn.Module):
    """Features of the packaged VGG-16, of length 1 at each place, whose squared distance is a mean over places."""

    def __init__(self) -> None:
        super().__init__()
        self.vgg = VGG(packaged_vgg16(), LAYERS, "max")

    def forward(self, images: Tensor, resize_images: bool, return_lpips: bool) -> Tensor:
        """Return features (B, D) of images (B, 3, H, W) from 0 to 255."""
        assert not resize_images
        assert return_lpips
        found = self.vgg(images / 127.5 - 1)
        parts = [F.normalize(each, dim=1).flatten(1) / each[0, 0].numel() ** 0.5 for each in found.values()]
        return torch.cat(parts, 1)


def load_peer(checkout: Path) -> Callable[..., Tensor]:
    """Return `project` of the peer's projector.py; what only its command line needs is not imported."""
    names = ("click", "imageio", "dnnlib", "dnnlib.util", "legacy")
    source = (checkout / "projector.py").read_text(encoding="utf-8")
    space: dict[str, Any] = {"__name__": "projector"}
    with patch.dict("sys.modules", {name: MagicMock() for name in names}):
        exec(compile(source, "projector.py", "exec"), space)
    found: Callable[..., Tensor] = space["project"]
    return found


def by_peer(
    model: Any, targets: list[Target], embedding: Embedding, peer: Callable[..., Tensor], steps: int
) -> tuple[list[float], float]:
    """Return the distances at which the peer finds pictures, and seconds of processor for each."""
    found, began = [], time.process_time()
    generator = PeerGenerator(model.network, model.config)
    for target in targets:
        torch.manual_seed(SEED)
        with patch("torch.jit.load", lambda _: Features()):
            w = peer(generator, target.image, num_steps=steps, device=torch.device("cpu"))[-1:]
        image = to_float(model.synthesize(w.detach()))
        with torch.no_grad():
            vectors = embedding(torch.cat([image, to_float(target.image[None])]))
        found.append(float(distances(vectors[:1], vectors[1])))
    return found, (time.process_time() - began) / len(targets)


def by_ours(run: Path, targets: list[Target]) -> tuple[list[float], float, float]:
    """Return our distances, seconds of processor for each with samples and self-test, and the nearest sample's."""
    found: list[Projected] = []
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "pictures"
        pictures.mkdir()
        for target in targets:
            (pictures / target.path.name).symlink_to(target.path.resolve())
        for event in project(run, pictures, Path(folder) / "out", Options(device="cpu")):
            if isinstance(event, Projected):
                found.append(event)
            elif isinstance(event, Note):
                print(event.text)
    seconds = (time.process_time() - began) / len(targets)
    return [each.distance for each in found], seconds, median(each.nearest for each in found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a run of stylegan2, square")
    parser.add_argument("pictures", type=Path, help="folder of pictures")
    parser.add_argument("--peer", type=Path, required=True, help="checkout of NVlabs/stylegan2-ada-pytorch")
    parser.add_argument("--count", type=int, default=4, help="of the pictures, the first so many")
    parser.add_argument("--steps", type=int, nargs="+", default=[1000], help="of the peer")
    parser.add_argument("--results", type=Path, default=RESULTS)
    args = parser.parse_args()
    model = ganvas.load(args.run, "cpu")
    listed = list_pictures(args.pictures, Path("nowhere"))[: args.count]
    targets = run_to_end(read_targets(listed, model.config.data))
    facts: Row = {"run": args.run.name, "pictures": len(targets), "machine": machine_line()}
    ours, seconds, nearest = by_ours(args.run, targets)
    row = {"by": "ours", "distance": median(ours), "each": [round(each, 4) for each in ours], "seconds": seconds}
    add_row(facts | row | {"nearest": nearest}, args.results)
    embedding, peer = Embedding(model.config.shape), load_peer(args.peer)
    for steps in args.steps:
        theirs, seconds = by_peer(model, targets, embedding, peer, steps)
        row = {"by": f"stylegan2-ada, {steps} steps", "distance": median(theirs)}
        row |= {"each": [round(each, 4) for each in theirs], "seconds": seconds}
        add_row(facts | row, args.results)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
