"""How good are 2,000 samples? The two real sets at 32 px, all scores against each, and the floor: real against real.

The scores are those of `ganvas evaluate`, in features of EfficientNet-lite1, which is not the network that a training
chooses its checkpoints by. `frechet` is the plain distance, `frechet_corrected` the one freed of what the number of
pictures adds. Neither is Inception's FID, and no score may be compared with one of another network.

The real pictures are all 997 people, and 10,000 of the 60,000 digits: copies are looked for among all of those, so a
digit given back is found one time in six; for the other scores, 5,000 of the 10,000 stand (the plain distance, which
falls with the number of pictures, is a thirtieth more than against 10,000). All are taken as trained on. Look at the
sheet too: a distance forgives blur more than noise.

    python benchmarks/quality.py people samples.npy --sheet sheet.png
"""

import argparse
import gzip
import hashlib
import io
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ganvas.data import PreparedDataset
from ganvas.evaluation import evaluate_samples
from ganvas.evaluation_inputs import EvaluationInputs, EvaluationOptions
from ganvas.events import run_to_end
from ganvas.image_io import image_grid, to_image
from ganvas.metrics.real_features import RealImages
from rows import Row
from sets import ASSETS

NETWORK = "efficientnet-lite1"
SIZE, SAMPLES = 32, 2000
REAL_DIGITS = 10_000
WORK = Path(tempfile.gettempdir()) / "ganvas-speedrun"
SOURCES = {"people": "emoji-people-64.zip", "mnist": "mnist/train-images-idx3-ubyte.gz"}  # in the folder of assets
SCORES = (
    "frechet_plain", "frechet", "kid", "precision", "recall", "density", "coverage", "diversity", "nearest",
    "near_duplicates", "detail", "checkerboard",
)  # fmt: skip
RENAMED = {"frechet_plain": "frechet", "frechet": "frechet_corrected"}  # rows had the plain one first
WITH_INTERVAL = ("frechet_corrected", "kid")


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


def as_prepared(pictures: np.ndarray) -> PreparedDataset:
    """Return real pictures as the scores take them, named by what they hold: their features are kept by that name."""
    return PreparedDataset(pictures, None, (), (), (), hashlib.blake2b(pictures.tobytes(), digest_size=16).hexdigest())


def in_order(data: str, assets: Path = ASSETS, work: Path = WORK) -> np.ndarray:
    """Return a real set, the digits in an order that is random and always the same."""
    pictures: np.ndarray = np.load(pictures_file(data, assets, work))
    return pictures[np.random.default_rng(0).permutation(len(pictures))] if data == "mnist" else pictures


def real_set(data: str, assets: Path = ASSETS, work: Path = WORK) -> PreparedDataset:
    """Return what samples are compared with: all people, or 10,000 digits."""
    return as_prepared(in_order(data, assets, work)[:REAL_DIGITS])


def score_samples(samples: np.ndarray, real: PreparedDataset) -> Row:
    """Score uint8 samples (N, C, H, W), in random order, against real pictures: `SCORES`, and what is known by heart.

    `memorisation` is the verdict, `near_copies` the share of samples that are near-copies of a real picture, and
    `near_copies_real` the share of real pictures that are near-copies of another one.
    """
    inputs = EvaluationInputs(
        name="samples", against="real pictures", samples=torch.from_numpy(samples), real_data=real
    )
    options = EvaluationOptions(network=NETWORK, device="cpu")
    found, _ = run_to_end(evaluate_samples(inputs, RealImages(real, network=NETWORK), options))
    row: Row = {}
    for score in found.scores:
        name = RENAMED.get(score.key, score.key)
        if score.key in SCORES:
            row[name] = score.value
        if name in WITH_INTERVAL and score.high is not None:
            row |= {f"{name}_low": score.low, f"{name}_high": score.high}
    copies = found.memorisation
    shares: Row = {"near_copies": copies.near_copies, "near_copies_real": copies.baseline_near_copies}
    return row | {"memorisation": copies.verdict} | shares


def floors(data: str, assets: Path = ASSETS, work: Path = WORK) -> dict[str, tuple[np.ndarray, PreparedDataset]]:
    """Return real pictures as samples, and the real pictures to score them against, by how they were drawn.

    A resample of the training pictures shows what the plain distance charges for drawing 2,000 of them alone.
    """
    pictures, random = in_order(data, assets, work), torch.Generator().manual_seed(0)
    real = real_set(data, assets, work)
    if data == "mnist":
        others = pictures[REAL_DIGITS : REAL_DIGITS + SAMPLES]
        return {"2,000 other digits against the 10,000": (others, real)}
    order, half = torch.randperm(len(pictures), generator=random).numpy(), len(pictures) // 2
    drawn = torch.randint(len(pictures), (SAMPLES,), generator=random).numpy()
    return {
        "one half against the other": (pictures[order[:half]], as_prepared(pictures[order[half:]])),
        "2,000 drawn with replacement against all": (pictures[drawn], real),
    }


def save_sheet(samples: np.ndarray, path: Path) -> None:
    """Write the first 128 samples as one PNG, twice enlarged."""
    sheet = to_image(image_grid(torch.from_numpy(samples[:128]), columns=16))
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
    for name, value in score_samples(samples, real_set(args.data)).items():
        print(f"{name:24}", value if isinstance(value, str) else f"{value:.5g}")


if __name__ == "__main__":
    main()
