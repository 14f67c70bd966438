"""Style transfer beside the classic: the plain loop that everybody copies, with the same weights and pictures.

The classic is the tutorial's loop: VGG-16 as torch's own modules, Gram matrices at relu1_1 to relu4_1 with 1,000 / n^2,
the content at conv4_2, torch's L-BFGS from the photograph, 300 evaluations at 512 px, colours clamped before each.
Beside it run

- ours on the very same objective (its zero-padded, max-pooled network and its weights), from coarse to fine: the time
  to the classic's last value, and the value at equal time;
- `ganvas style` as it is without any flag: the time, and what a network that painted nothing says of both pictures,
  with the photograph and the style as controls.

Every run is a process of its own, pinned to the same cores, one after the other. Memory is the most that its process
held. Two of the six pairs were not looked at while anything was tuned.

    python benchmarks/style.py                        # six pairs at 512 px on all cores: two hours
    python benchmarks/style.py --size 256 --pairs 0 3 --core 0
    python benchmarks/style.py --methods default      # only what users wait for
    python benchmarks/style.py --table
    python benchmarks/style.py --sheet style.webp            # a row a pair: photograph, style, what each made of them

Results are appended to benchmarks/results/style.jsonl, and what stands there is not done again; paintings are kept in
the work folder.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from torch import Tensor, nn

import ganvas
from ganvas.config import StyleConfig
from ganvas.device import return_freed_memory_to_os
from ganvas.events import Iteration
from ganvas.image_io import save_image, to_image, to_uint8
from ganvas.models.vgg import VGG, VGGWeights, packaged_vgg16
from ganvas.style.fast import FastStyle
from ganvas.style.load import load_picture
from ganvas.style.objective import LossConfig, Objective, Region
from ganvas.style.optimize import LBFGS
from ganvas.style.painting import resize_to
from ganvas.style.plan import MemoryModel, plan_stages, scale_to
from ganvas.style.quality import measure_controls, measure_quality
from ganvas.style.resume import partial_path
from machine import machine_line, peak_memory
from rows import Row, add_row, read_rows
from sets import ASSETS

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "style.jsonl"
WORK = Path(tempfile.gettempdir()) / "ganvas-style"
PAIRS = (  # content, style; nothing was tuned on the last two
    ("content/chelsea.png", "paintings/starry_night.jpg"),
    ("content/astronaut.png", "paintings/Van_Gogh_The_Night_Cafe.webp"),
    ("content/coffee.png", "paintings/VincentVanGogh0012.webp"),
    ("content/astronaut.png", "paintings/starry_night.jpg"),
    ("content/china.jpg", "paintings/PortraitOfPereTanguy.webp"),
    ("content/flower.jpg", "paintings/Eglise_dAuvers-sur-Oise.webp"),
)
TUNED_ON = 4
CELL = 360  # pixels of a picture on the sheet
STYLE, CONTENT = ("relu1_1", "relu2_1", "relu3_1", "relu4_1"), "conv4_2"


class Tutorial(nn.Module):
    """See as the tutorial does, module by module as torch has them, and nothing deeper than what is looked at."""

    def __init__(self, weights: VGGWeights, layers: Sequence[str]) -> None:
        super().__init__()
        self.layers = layers
        deepest = max(layer[4:] for layer in layers)
        self.steps = nn.ModuleDict()
        for each in [name for name in weights.convolutions if name <= deepest]:
            if each.endswith("_1") and each != "1_1":
                self.steps[f"pool{each[0]}"] = nn.MaxPool2d(2, ceil_mode=True)
            weight, bias = (weights.tensors[f"conv{each}.{part}"].float() for part in ("weight", "bias"))
            convolution = nn.Conv2d(weight.shape[1], weight.shape[0], 3, padding=1)
            convolution.load_state_dict({"weight": weight, "bias": bias})
            self.steps[f"conv{each}"] = convolution
            self.steps[f"relu{each}"] = nn.ReLU()
        self.requires_grad_(False)
        self.register_buffer("mean", torch.tensor(weights.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(weights.std).view(1, 3, 1, 1))

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Return each layer's features by name."""
        features = (pictures.mul(0.5).add(0.5) - self.mean) / self.std
        found = {}
        for name, module in self.steps.items():
            features = module(features)
            if name in self.layers:
                found[name] = features
        return found


class Plain(VGG):
    """See as VGG does: black beyond the edges, and maxima."""

    def reflect_padded(self, features: Tensor) -> Tensor:
        """Return features with zeros around them."""
        return F.pad(features, (1, 1, 1, 1))


def load(path: Path, size: int) -> Tensor:
    """Return a picture (1, 3, H, W) in [-1, 1] with a long side of `size` pixels."""
    picture = load_picture(path)
    return picture.tensor(scale_to(picture.colors.size, size), torch.device("cpu"))


def gram(features: Tensor) -> Tensor:
    """Return F F^T / M."""
    flat = features.flatten(2)[0]
    return flat @ flat.T / flat.shape[1]


def classic_objective(encoder: nn.Module, content: Tensor, style: Tensor) -> Callable[[Tensor], Tensor]:
    """Return the tutorial's objective."""
    with torch.no_grad():
        shapes = encoder(content)[CONTENT]
        seen = encoder(style)
        strokes = {layer: gram(seen[layer]) for layer in STYLE}

    def objective(picture: Tensor) -> Tensor:
        seen = encoder(picture)
        total = F.mse_loss(seen[CONTENT], shapes)
        for layer, target in strokes.items():
            total = total + 1000 / len(target) ** 2 * F.mse_loss(gram(seen[layer]), target)
        return total

    return objective


def run_classic(content: Path, style: Path, size: int, steps: int, out: Path) -> Row:
    """Paint by the plain loop."""
    began = time.monotonic()
    encoder = Tutorial(packaged_vgg16(), (CONTENT, *STYLE))
    photograph = load(content, size)
    objective = classic_objective(encoder, photograph, load(style, size))
    pixels = ((photograph + 1) * 127.5).requires_grad_()  # 0 to 255, as this network was trained
    optimiser = torch.optim.LBFGS([pixels])
    curve: list[tuple[float, float]] = []

    def closure() -> Tensor:
        with torch.no_grad():
            pixels.clamp_(0, 255)
        optimiser.zero_grad()
        total = objective(pixels / 127.5 - 1)
        total.backward()
        pixels.grad = pixels.grad.contiguous()
        curve.append((time.monotonic() - began, total.item()))
        return total

    while len(curve) < steps:
        optimiser.step(closure)
    picture = (pixels.detach() / 127.5 - 1).clamp(-1, 1)
    seconds = time.monotonic() - began
    save(picture, out)
    with torch.no_grad():
        final = objective(picture).item()
    return {"seconds": seconds, "final": final, "curve": curve[:: max(1, steps // 60)]}


def aims_like_classic(encoder: VGG, content: Tensor, style: Tensor) -> LossConfig:
    """Return the classic's weights, given that our distances are relative to the targets' own energy."""
    with torch.no_grad():
        shapes, seen = encoder(content)[CONTENT], encoder(style)
        grams = {layer: gram(seen[layer]) for layer in STYLE}
        shares = {layer: 1000 * (each.square().sum() / len(each) ** 4).item() for layer, each in grams.items()}
    whole = sum(shares.values())
    return LossConfig(
        shapes.square().mean().item(), whole, 0.0, {CONTENT: 1.0}, {name: each / whole for name, each in shares.items()}
    )


def run_ours(content: Path, style: Path, size: int, steps: int, out: Path) -> Row:
    """Lower the classic's objective from coarse to fine, with `steps` at 512 px; the curve is that of the full size."""
    began = time.monotonic()
    return_freed_memory_to_os()
    encoder = Plain(packaged_vgg16(), (CONTENT, *STYLE), "max")
    best: Tensor | None = None
    curve: list[tuple[float, float]] = []
    config = StyleConfig(size=size, iterations=steps)
    for stage in plan_stages(load_picture(content).colors.size, config, 1 << 40, MemoryModel(encoder.halo, 0, 0, 0)):
        photograph, manner = load(content, stage.long_side), load(style, stage.long_side)
        aims = aims_like_classic(encoder, photograph, manner)
        objective = Objective(encoder, photograph, [Region([manner], [1.0])], aims)
        descent = LBFGS(objective, photograph if best is None else resize_to(best, stage.size), {})
        for _ in range(stage.iterations):
            losses = descent.step()
            if losses is None:
                break
            if stage.long_side == size:
                curve.append((time.monotonic() - began, descent.lowest_losses[-1]))
        best = descent.best
    assert best is not None
    save(best, out)
    final = classic_objective(encoder, load(content, size), load(style, size))
    with torch.no_grad():
        return {"seconds": curve[-1][0], "final": final(best).item(), "curve": curve}


def run_fast_start(content: Path, style: Path, size: int, steps: int, out: Path) -> Row:
    """Lower the classic's objective at full size only, from what the network that paints in one pass has made."""
    began = time.monotonic()
    return_freed_memory_to_os()
    encoder = Plain(packaged_vgg16(), (CONTENT, *STYLE), "max")
    photograph, manner = load(content, size), load(style, size)
    fast = FastStyle.load()
    start = fast.paint(photograph / 2 + 0.5, fast.prepare(manner / 2 + 0.5)) * 2 - 1
    aims = aims_like_classic(encoder, photograph, manner)
    descent = LBFGS(Objective(encoder, photograph, [Region([manner], [1.0])], aims), start.clone(), {})
    curve: list[tuple[float, float]] = []
    for _ in range(steps):
        if descent.step() is None:
            break
        curve.append((time.monotonic() - began, descent.lowest_losses[-1]))
    save(descent.best, out)
    final = classic_objective(encoder, photograph, manner)
    with torch.no_grad():
        return {"seconds": curve[-1][0], "final": final(descent.best).item(), "curve": curve}


def run_default(content: Path, style: Path, size: int, steps: int, out: Path) -> Row:
    """Paint as `ganvas style` does."""
    began = time.monotonic()
    first = 0.0
    for event in ganvas.stylize(content, style, out, StyleConfig(size=size, device="cpu")):
        if isinstance(event, Iteration) and event.scale > 64 and not first:
            first = time.monotonic() - began
    return {"seconds": time.monotonic() - began, "first_look": first}


RUNS: dict[str, Callable[[Path, Path, int, int, Path], Row]] = {
    "classic": run_classic,
    "ours": run_ours,
    "fast_start": run_fast_start,
    "default": run_default,
}
STEPS = {"classic": 300, "ours": 60, "fast_start": 60, "default": 0}


def save(picture: Tensor, path: Path) -> None:
    """Write a painting as PNG."""
    save_image(to_image(to_uint8(picture)[0]), path, {})


def run_child(order: Row) -> Row:
    """Run one method in a process of its own; return what it told, with the most memory that it held."""
    command = [sys.executable, str(HERE / "style.py"), "--order", json.dumps(order)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
    found: Row = json.loads(told)
    return found


def follow(order: Row) -> None:
    """Be the child."""
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    content, style, out = (Path(order[name]) for name in ("content", "style", "out"))
    row = RUNS[order["method"]](content, style, order["size"], STEPS[order["method"]], out)
    row["peak_mb"] = peak_memory()
    print(json.dumps(row))


def when(curve: Sequence[Sequence[float]], value: float) -> float | None:
    """Return the seconds after which a curve has come down to a value, None if it has not."""
    return next((seconds for seconds, total in curve if total <= value), None)


def compare(pair: int, size: int, methods: Sequence[str], assets: Path, work: Path) -> Row:
    """Run methods on a pair, and measure the paintings that users would keep."""
    content, style = (assets / name for name in PAIRS[pair])
    row: Row = {"pair": pair, "aside": pair >= TUNED_ON, "size": size, "methods": list(methods)}
    curves: dict[str, Any] = {}
    for method in methods:
        order = {"method": method, "content": str(content), "style": str(style), "size": size}
        out = painted(work, pair, size, method)
        partial_path(out).unlink(missing_ok=True)  # a run that was cut short is not gone on with: it would seem quicker
        found = run_child(order | {"out": str(out)})
        curves[method] = found.pop("curve", [])
        row |= {f"{method}_{name}": value for name, value in found.items()}
    if {"classic", "ours"} <= curves.keys():
        row["ours_reached"] = when(curves["ours"], row["classic_final"])
        at_once = [total for seconds, total in curves["classic"] if seconds <= row["ours_seconds"]]
        row["classic_at_equal_time"] = min(at_once, default=None)
    photograph, manner = load(content, size), load(style, size)
    kept = {name: load(painted(work, pair, size, name), size) for name in ("classic", "default") if name in methods}
    measured = measure_controls(photograph, [manner]) | {
        name: measure_quality(each, photograph, [manner]) for name, each in kept.items()
    }
    return row | {"measures": {name: each.to_dict() for name, each in measured.items()}}


def painted(work: Path, pair: int, size: int, method: str) -> Path:
    """Return where a method's painting of a pair is kept."""
    return work / f"{pair}-{size}-{method}.png"


def table(rows: Sequence[Row]) -> str:
    """Return the results as markdown."""
    titles = ["pair", "px", "cores", "classic", "ours reaches its end after", "times", "at equal time: ours / classic"]
    titles += ["memory: classic, ours", "ganvas style", "together: photograph, style, classic, ganvas style"]
    lines = [f"| {' | '.join(titles)} |", f"|{' --- |' * len(titles)}"]
    for row in sorted(rows, key=lambda row: (row["size"], row["cores"], row["pair"])):
        names = [Path(name).stem for name in PAIRS[row["pair"]]]
        known = {"classic", "ours"} <= {*row["methods"]}
        reached = row["ours_reached"] if known else None
        order = ("the photograph", "the style", "classic", "default")
        together = ", ".join(f"{row['measures'][name]['together']:.2f}" for name in order if name in row["measures"])
        cells = [
            f"{' / '.join(names)}{' (aside)' if row['aside'] else ''}", row["size"], row["cores"],
            f"{row['classic_seconds']:.0f} s, {row['classic_final']:.3g}" if known else "",
            (f"{reached:.0f} s" if reached else "never") if known else "",
            f"{row['classic_seconds'] / reached:.1f}" if reached else "",
            f"{row['ours_final']:.3g} / {row['classic_at_equal_time']:.3g}" if known else "",
            ", ".join(f"{row[f'{name}_peak_mb']:.0f} MB" for name in ("classic", "ours") if known),
            f"{row['default_seconds']:.0f} s, {row['default_peak_mb']:.0f} MB" if "default" in row["methods"] else "",
            together,
        ]  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def sheet(pairs: Sequence[int], size: int, assets: Path, work: Path) -> Image.Image:
    """Return all paintings that are kept, a row a pair: photograph, style, and what each method made of them."""
    whole = Image.new("RGB", ((2 + len(RUNS)) * CELL, len(pairs) * CELL), "white")
    for down, pair in enumerate(pairs):
        made = [painted(work, pair, size, method) for method in RUNS]
        for across, path in enumerate([*(assets / name for name in PAIRS[pair]), *made]):
            if path.exists():
                cell = ImageOps.pad(Image.open(path).convert("RGB"), (CELL - 4, CELL - 4), color="white")
                whole.paste(cell, (across * CELL + 2, down * CELL + 2))
    return whole


def main() -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", nargs="+", type=int, choices=range(len(PAIRS)), default=list(range(len(PAIRS))))
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--methods", nargs="+", choices=list(RUNS), default=list(RUNS))
    parser.add_argument("--core", type=int, help="one core to run on; all if left out")
    parser.add_argument("--assets", type=Path, default=ASSETS)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--table", action="store_true", help="only print what is recorded")
    parser.add_argument("--sheet", type=Path, help="only join the kept paintings of --size to this picture")
    parser.add_argument("--order", type=json.loads, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.order:
        return follow(args.order)
    if args.sheet:
        return sheet(args.pairs, args.size, args.assets, args.work).save(args.sheet)
    if args.core is not None:
        os.sched_setaffinity(0, [args.core])
    cores = len(os.sched_getaffinity(0))
    args.work.mkdir(parents=True, exist_ok=True)
    wanted = {"size": args.size, "methods": args.methods, "cores": cores}
    for pair in [] if args.table else args.pairs:
        if not any(row.items() >= (wanted | {"pair": pair}).items() for row in read_rows(RESULTS)):
            row = compare(pair, args.size, args.methods, args.assets, args.work)
            row |= {"cores": cores, "machine": machine_line()}
            add_row(row, RESULTS)
    print(table(read_rows(RESULTS)))
    return None


if __name__ == "__main__":
    main()
