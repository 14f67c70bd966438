"""MNIST, digits stacked into colour pictures, and a small classifier that reads them back."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save
from torch import Tensor, nn

from ganvas.atomic_write import write_atomically
from ganvas.data.arrays import load_idx

FILES = {"train": "train-images-idx3-ubyte", "test": "t10k-images-idx3-ubyte"}
EPOCHS, BATCH, RATE = 3, 128, 2e-3
SHIFT = 2  # pixels that digits are moved by at most while the classifier learns: generated ones sit less squarely
NEEDED = 0.99  # of the test digits; a worse reader would invent modes


def load_digits(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the digits (N, 28, 28) as uint8 and their labels (N,) of "train" or "test".

    Raises:
        SystemExit: the idx files are not there; says which are needed.
    """
    for path in (folder / FILES[split], folder / f"{FILES[split]}.gz"):
        if path.is_file():
            digits, labels = load_idx(path)
            if labels is None:
                beside = path.name.replace("images-idx3", "labels-idx1")
                raise SystemExit(f"The labels of {path} are missing: put {beside} beside it.")
            return digits, labels
    raise SystemExit(
        f"{folder} does not hold {FILES[split]} (or that with .gz).\n"
        "Download MNIST's four idx files into a folder and name it: --mnist FOLDER"
    )


def stacking(count: int) -> np.ndarray:
    """Return which digit is in each channel of each stack, (count, 3): three random orders, always the same."""
    random = np.random.default_rng(0)
    return np.stack([random.permutation(count) for _ in range(3)], axis=-1)


def stack(digits: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the chosen digits (N, 3) side by side in the channels: uint8 (N, 28, 28, 3)."""
    return digits[chosen].transpose(0, 2, 3, 1)


class Reader(nn.Module):
    """Tell which digit a grey picture shows: two convolutions, two dense layers."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, 5, 1, 2), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 5, 1, 2), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(32 * 7 * 7, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, 10),
        )  # fmt: skip

    def forward(self, digits: Tensor) -> Tensor:
        """Return logits (B, 10) for digits (B, 1, 28, 28) in [0, 1]."""
        logits: Tensor = self.layers(digits)
        return logits

    @torch.inference_mode()
    def read(self, digits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the digits' classes (N,) and how sure the reader is, in [0, 1], for uint8 (N, 28, 28)."""
        self.eval()
        sure = [self(as_floats(part)).softmax(1).max(1) for part in np.array_split(digits, -(-len(digits) // 500))]
        return torch.cat([each.indices for each in sure]).numpy(), torch.cat([each.values for each in sure]).numpy()


def as_floats(digits: np.ndarray) -> Tensor:
    """Return uint8 digits (N, 28, 28) as floats (N, 1, 28, 28) in [0, 1]."""
    return torch.from_numpy(digits.astype(np.float32)).div_(255).unsqueeze(1)


def train_reader(digits: np.ndarray, labels: np.ndarray) -> Reader:
    """Return a reader that learned from digits (N, 28, 28) and labels (N,) by Adam, its rate falling to nothing."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        reader = Reader()
        optimiser = torch.optim.Adam(reader.parameters(), RATE)
        steps = EPOCHS * (len(digits) // BATCH)
        schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.0, steps)
        for _ in range(EPOCHS):
            for rows in torch.randperm(len(digits))[: len(digits) // BATCH * BATCH].split(BATCH):
                down, right = torch.randint(-SHIFT, SHIFT + 1, (2,)).tolist()
                batch = as_floats(digits[rows.numpy()]).roll((down, right), (2, 3))
                optimiser.zero_grad(set_to_none=True)
                F.cross_entropy(reader(batch), torch.from_numpy(labels[rows.numpy()]).long()).backward()
                optimiser.step()
                schedule.step()
    return reader


def get_reader(mnist: Path, weights: Path) -> tuple[Reader, float]:
    """Return a reader, trained now or taken from the file `weights`, and its share of right answers on the test digits.

    Raises:
        SystemExit: it is right too seldom to be trusted.
    """
    reader = Reader()
    if weights.is_file():
        reader.load_state_dict(load_file(weights))
    else:
        reader = train_reader(*load_digits(mnist, "train"))
        write_atomically(weights, save(reader.state_dict()))
    digits, labels = load_digits(mnist, "test")
    accuracy = float((reader.read(digits)[0] == labels).mean())
    if accuracy <= NEEDED:
        raise SystemExit(
            f"The reader is right on {accuracy:.2%} of the test digits only. Delete {weights} to train it again."
        )
    return reader, accuracy
