"""The real pictures that the benchmarks of the scores look at, each at the size that a first training would take."""

from pathlib import Path

from ganvas.config import DataConfig
from ganvas.data import PreparedDataset, prepare
from ganvas.events import run_to_end

ASSETS = Path(__file__).resolve().parents[2] / "shared" / "assets"
# name -> (file, pixels a side, channels, labels). Nothing was tuned on the last one, Debian's dataset-fashion-mnist.
SETS = {
    "emoji": ("emoji-all-64.zip", 32, 3, True),
    "MNIST": ("mnist/train-images-idx3-ubyte.gz", 28, 1, True),
    "photographs": ("photos-256.zip", 64, 3, False),
    "fashion": ("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz", 28, 1, True),
}


def load_set(name: str, assets: Path) -> PreparedDataset:
    """Return the prepared pictures of one of `SETS`."""
    file, size, channels, labels = SETS[name]
    return run_to_end(prepare(DataConfig(str(assets / file), size, size, channels, conditional=labels), workers=1))
