"""How good are 2,000 samples? The two real sets at 32 px, a score against each, and the floor: real against real.

The score is the Frechet distance on a pooled 192-channel stage of EfficientNet-lite1 and KID on its 1280-channel head.
Neither is Inception's FID, and neither may be compared with scores of another network or another number of samples.
This distance forgives blur more than noise: look at the sheet too.

    python benchmarks/quality.py people samples.npy --sheet sheet.png
"""

import argparse
import gzip
import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ganvas.metrics.features import Features, extract
from ganvas.metrics.scores import score
from ganvas.pictures import grid, to_image

NETWORK = "efficientnet-lite1"
SIZE, SAMPLES = 32, 2000
REAL_DIGITS = 10_000
ASSETS = Path(__file__).resolve().parents[2] / "shared" / "assets"
WORK = Path(tempfile.gettempdir()) / "ganvas-speedrun"
SOURCES = {"people": "emoji-people-64.zip", "mnist": "mnist/train-images-idx3-ubyte.gz"}  # in the folder of assets


def on_white(picture: Image.Image) -> Image.Image:
    """Composite a picture with transparency on white."""
    rgba = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")


def read_people(path: Path) -> np.ndarray:
    """Return the 997 emoji people, on white, as uint8 (997, 3, 32, 32)."""
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".png"))
        pictures = [on_white(Image.open(io.BytesIO(archive.read(name)))) for name in names]
    small = [np.asarray(picture.resize((SIZE, SIZE), Image.Resampling.BILINEAR)) for picture in pictures]
    return np.stack(small).transpose(0, 3, 1, 2).copy()


def read_mnist(path: Path) -> np.ndarray:
    """Return the 60,000 training digits, enlarged from 28 to 32 px, as uint8 (60000, 1, 32, 32)."""
    digits = np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=16).reshape(-1, 28, 28)
    large = [np.asarray(Image.fromarray(digit).resize((SIZE, SIZE), Image.Resampling.BILINEAR)) for digit in digits]
    return np.stack(large)[:, None]


READERS: dict[str, Callable[[Path], np.ndarray]] = {"people": read_people, "mnist": read_mnist}


def pictures_file(data: str, assets: Path = ASSETS, work: Path = WORK) -> Path:
    """Return the .npy of a real set at 32 px, made once in the work folder."""
    path = work / f"{data}.npy"
    if not path.exists():
        part = path.with_suffix(".part.npy")
        np.save(part, READERS[data](assets / SOURCES[data]))
        part.replace(path)
    return path


def fixed_order(count: int) -> np.ndarray:
    """Return the random order, always the same, of which the first 10,000 digits stand for the real ones."""
    return np.random.default_rng(0).permutation(count)


def real_features(data: str, assets: Path = ASSETS, work: Path = WORK) -> Features:
    """Return the features of all people or of 10,000 digits, computed once and kept in the work folder."""
    path = work / f"real-{data}-{NETWORK}.npz"
    if not path.exists():
        pictures = np.load(pictures_file(data, assets, work))
        if data == "mnist":
            pictures = pictures[fixed_order(len(pictures))[:REAL_DIGITS]]
        features = extract(torch.from_numpy(pictures), NETWORK)
        part = path.with_suffix(".part.npz")
        np.savez(part, stage=features.stage.numpy(), head=features.head.numpy())
        part.replace(path)
    with np.load(path) as kept:
        return Features(NETWORK, torch.from_numpy(kept["stage"]), torch.from_numpy(kept["head"]))


def score_samples(samples: np.ndarray, data: str, assets: Path = ASSETS, work: Path = WORK) -> dict[str, float]:
    """Score uint8 samples (N, C, H, W) against a real set: {"frechet": ..., "kid": ...}, lower is better."""
    return score(extract(torch.from_numpy(samples), NETWORK), real_features(data, assets, work))


def floors(data: str, assets: Path = ASSETS, work: Path = WORK) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield what real pictures score against real pictures, and how they were drawn.

    A resample of the training pictures shows what the distance charges for drawing 2,000 of them alone.
    """
    real, random = real_features(data, assets, work), torch.Generator().manual_seed(0)
    if data == "people":
        order, half = torch.randperm(len(real), generator=random), len(real) // 2
        yield "one half against the other", score(real[order[:half]], real[order[half:]])
        drawn = torch.randint(len(real), (SAMPLES,), generator=random)
        yield "2,000 drawn with replacement against all", score(real[drawn], real)
    else:
        pictures = np.load(pictures_file(data, assets, work))
        others = pictures[fixed_order(len(pictures))[REAL_DIGITS : REAL_DIGITS + SAMPLES]]
        yield "2,000 other digits against the 10,000", score_samples(others, data, assets, work)


def save_sheet(samples: np.ndarray, path: Path) -> None:
    """Write the first 128 samples as one PNG, twice enlarged."""
    sheet = to_image(grid(torch.from_numpy(samples[:128]), columns=16))
    sheet.resize((2 * sheet.width, 2 * sheet.height), Image.Resampling.NEAREST).save(path)


def main() -> None:
    """Score one file of samples."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=list(READERS))
    parser.add_argument("samples", type=Path, help="uint8 .npy of shape (N, C, H, W)")
    parser.add_argument("--sheet", type=Path, help="write a PNG of the first samples")
    args = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    samples = np.load(args.samples)
    if args.sheet:
        save_sheet(samples, args.sheet)
    found = score_samples(samples, args.data)
    print(f"{args.data} n={len(samples)} frechet {found['frechet']:.1f} kid {found['kid']:.5f}")


if __name__ == "__main__":
    main()
