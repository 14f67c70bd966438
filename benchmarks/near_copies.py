"""What tells a copy of a picture from another picture that is merely alike: features of a network, or a small copy?

Pictures are changed a little, as a generator would or as an eye would not mind. In each space, the tolerance is found
that takes nine in ten of them for near-copies of themselves; printed is the share of real pictures that it then takes
for near-copies of other real pictures: the less, the better the space tells. The last row of a set is what ganvas does:
small copies, nudged, within a fixed tolerance, and the share of changed copies that it finds so.

    python benchmarks/near_copies.py                 # emoji, MNIST, photographs from ../shared/assets
    python benchmarks/near_copies.py --sets MNIST --count 500
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas.device import seeded_rng
from ganvas.metrics.features import extract_features
from ganvas.metrics.neighbors import NEAR_COPY_DISTANCE, SHIFT_DIVISOR, shifted_thumbnails, thumbnails
from sets import ASSETS, SETS, load_set

CHANGED = 200  # pictures
FOUND = 0.9  # of their changed copies


def aside(x: Tensor) -> Tensor:
    """Move the picture to the right by a pixel of 32."""
    step = max(1, round(x.shape[3] / SHIFT_DIVISOR))
    return F.pad(x, (step, 0, 0, 0), mode="replicate")[..., : x.shape[3]]


def soft(x: Tensor) -> Tensor:
    """Blur with the weights 1, 2, 1, once for every 32 pixels."""
    for _ in range(max(1, x.shape[3] // 32)):
        x = F.avg_pool2d(F.avg_pool2d(F.pad(x, (1,) * 4, mode="replicate"), 2, 1), 2, 1)
    return x


CHANGES: dict[str, Callable[[Tensor], Tensor]] = {
    "3 % darker": lambda x: 0.97 * x,
    "noise of 4 levels": lambda x: x + 4 * torch.randn(x.shape, generator=seeded_rng("noise")),
    "softer": soft,
    "aside by 1/32": aside,
}
# name -> copies (K, N, D) of which the nearest counts, and the plain ones (N, D)
SPACES: dict[str, Callable[[Tensor], tuple[Tensor, Tensor]]] = {
    "features, head": lambda x: _twice(extract_features(x).final),
    "features, stage": lambda x: _twice(extract_features(x).intermediate),
    "small copies": lambda x: _twice(thumbnails(x)),
    "small copies, nudged": lambda x: (shifted_thumbnails(x), thumbnails(x)),
}


def measure(name: str, assets: Path, count: int) -> None:
    """Print a row for each space, and one for the fixed tolerance."""
    data = load_set(name, assets)
    order = torch.randperm(data.count, generator=seeded_rng("near-copies"))[:count].sort().values
    pictures = torch.from_numpy(data.images[order.numpy()])
    for space, see in SPACES.items():
        moved, plain = see(pictures)
        mirrored = see(pictures.flip(3))[1]
        others = (
            _distances(moved, plain)
            .fill_diagonal_(torch.inf)
            .minimum(_distances(moved, mirrored).fill_diagonal_(torch.inf))
        )
        nearest = others.amin(1)
        own = {
            change: (see(_bytes(apply(pictures[:CHANGED].float())))[0] - plain[:CHANGED]).norm(dim=2).amin(0)
            for change, apply in CHANGES.items()
        }
        cells = [f"{(nearest <= each.quantile(FOUND)).float().mean():.1%}" for each in own.values()]
        print(f"| {name} | {space} | {' | '.join(cells)} |", flush=True)
    found = [f"{(each <= NEAR_COPY_DISTANCE).float().mean():.0%} found" for each in own.values()]
    taken = f"{(nearest <= NEAR_COPY_DISTANCE).float().mean():.1%}"
    print(f"| {name} | the same within {NEAR_COPY_DISTANCE:g} levels: {taken} | {' | '.join(found)} |", flush=True)


def _twice(rows: Tensor) -> tuple[Tensor, Tensor]:
    return rows[None], rows


def _bytes(x: Tensor) -> Tensor:
    return x.round().clamp(0, 255).to(torch.uint8)


def _distances(moved: Tensor, plain: Tensor) -> Tensor:
    return torch.stack([torch.cdist(each, plain) for each in moved]).amin(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--assets", type=Path, default=ASSETS)
    parser.add_argument("--count", type=int, default=1000, help="pictures of each set")
    wanted = parser.parse_args()
    print(f"| pictures | space | {' | '.join(CHANGES)} |\n| --- | --- |{' ---: |' * len(CHANGES)}")
    for name in wanted.sets:
        measure(name, wanted.assets, wanted.count)


if __name__ == "__main__":
    main()
