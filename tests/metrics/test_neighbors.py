"""Near-copies are images that look the same; nothing is counted twice or missed at the borders of chunks."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas.metrics import neighbors
from ganvas.metrics.neighbors import (
    NEAR_COPY_DISTANCE,
    NearDuplicates,
    birthday_support,
    count_near_duplicates,
    nearest_images,
    shifted_thumbnails,
    thumbnails,
)


def noise(count: int, channels: int = 3, height: int = 32, width: int = 32, seed: int = 0) -> Tensor:
    """Return images of which no two are similar."""
    random = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, channels, height, width), dtype=torch.uint8, generator=random)


def grainy(pictures: Tensor) -> Tensor:
    grain = 4 * torch.randn(pictures.shape, generator=torch.Generator().manual_seed(0))
    return (pictures + grain).round().clamp(0, 255).to(torch.uint8)


def softer(pictures: Tensor) -> Tensor:
    soft = pictures.float()
    for _ in range(pictures.shape[3] // 32):
        soft = F.avg_pool2d(F.avg_pool2d(F.pad(soft, (1,) * 4, mode="replicate"), 2, 1), 2, 1)  # kernel 1 2 1
    return soft.round().to(torch.uint8)


def shifted(pictures: Tensor) -> Tensor:
    step = pictures.shape[3] // 32
    return F.pad(pictures, (step, 0, 0, 0), mode="replicate")[..., : pictures.shape[3]]


CHANGES: dict[str, Callable[[Tensor], Tensor]] = {
    "the same": lambda pictures: pictures,
    "darker": lambda pictures: (pictures * 0.97).round().to(torch.uint8),
    "lighter": lambda pictures: (pictures.int() + 7).clamp(0, 255).to(torch.uint8),
    "grainy": grainy,
    "softer": softer,
    "shifted": shifted,
}


@pytest.mark.parametrize(
    ("channels", "height", "width"), [(1, 32, 32), (3, 28, 28), (3, 9, 40), (4, 64, 64), (3, 4, 4)]
)
def test_the_distance_is_in_levels_whatever_the_shape(channels: int, height: int, width: int) -> None:
    pictures = torch.full((2, channels, height, width), 100, dtype=torch.uint8)
    pictures[1] += 10
    pictures[:, 3:] = 255
    a, b = thumbnails(pictures)
    assert float((a - b).norm()) == pytest.approx(10, rel=1e-4), "ten levels lighter everywhere is a distance of ten"


def test_transparent_pixels_have_no_colour() -> None:
    pictures = noise(2, channels=4)
    pictures[:, 3] = 0
    assert torch.equal(*thumbnails(pictures)), "the colour of transparent pixels makes images differ"


def test_the_nearest_is_found_whatever_the_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    queries, pictures = noise(7, seed=1), noise(23, seed=2).numpy()
    rows = np.array([1, 2, 3, 5, 8, 13, 20, 21, 22])
    others = {False: thumbnails(pictures).double(), True: thumbnails(pictures[..., ::-1]).double()}
    query_shifts = shifted_thumbnails(queries).double()
    expected = []
    for query in range(7):
        candidates = [
            (min(float((shift[query] - others[flip][row]).norm()) for shift in query_shifts), row, flip)
            for row in rows
            for flip in (False, True)
        ]
        expected.append(min(candidates))
    for chunk in (1000, 4):
        monkeypatch.setattr(neighbors, "CHUNK_SIZE", chunk)
        nearest = nearest_images(shifted_thumbnails(queries), pictures, rows)
        pairs = list(zip(nearest.index.tolist(), nearest.mirrored.tolist(), strict=True))
        assert pairs == [(row, flip) for _, row, flip in expected], f"another image in chunks of {chunk}"
        assert nearest.distance.tolist() == pytest.approx([distance for distance, _, _ in expected], rel=1e-3)


def test_images_closer_than_min_distance_are_skipped() -> None:
    pictures = noise(5).numpy()
    queries = shifted_thumbnails(pictures[:1])
    rows = np.arange(5)
    assert nearest_images(queries, pictures, rows).index.tolist() == [0]
    assert float(nearest_images(queries, pictures, rows).distance) < 0.1, "an image is far from itself"
    assert nearest_images(queries, pictures, rows, min_distance=0.5).index.tolist() != [0], (
        "an exact copy was not skipped"
    )
    alone = nearest_images(queries, pictures, rows[:1], min_distance=0.5)
    assert alone.distance.tolist() == [255], "without any other image the distance must be 255"


def largest_allocation(work: Callable[[], object]) -> int:
    """Return the most bytes that one operator of torch allocates during `work`."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profiler:
        work()
    return max(event.self_cpu_memory_usage for event in profiler.events())


@pytest.mark.slow
def test_memory_does_not_grow_with_the_square_of_the_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbors, "CHUNK_SIZE", 50)
    np.save(tmp_path / "pictures.npy", noise(1500, channels=1, height=4, width=4).numpy())
    pictures = np.load(tmp_path / "pictures.npy", mmap_mode="r")
    queries, all_rows = shifted_thumbnails(pictures[:3]), np.arange(1500)
    thumbnails_of_all = 4 * thumbnails(pictures).numel()
    searching = largest_allocation(lambda: nearest_images(queries, pictures, all_rows))
    assert searching < thumbnails_of_all / 5, "all images were read at once"
    counting = largest_allocation(lambda: count_near_duplicates(pictures))
    assert counting < 4 * 1500**2 / 1.5, "a matrix of all distances was computed at once"


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_a_slightly_changed_picture_is_a_near_copy(change: str, shared_pictures: dict[str, Tensor]) -> None:
    for name, pictures in shared_pictures.items():
        changed = CHANGES[change](pictures[:200])
        near = [
            bool(each <= NEAR_COPY_DISTANCE)
            for each in (shifted_thumbnails(changed) - thumbnails(pictures[:200])).norm(dim=2).amin(0)
        ]
        assert sum(near) >= 180, f"{change}: of 200 {name}, only {sum(near)} count as near-copies of themselves"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "low", "high"), [("people", 0.06, 0.14), ("digits", 0.01, 0.06), ("photographs", 0, 0)]
)
def test_few_real_pictures_are_near_copies(
    name: str, low: float, high: float, shared_pictures: dict[str, Tensor]
) -> None:
    duplicates = count_near_duplicates(shared_pictures[name])
    assert low <= duplicates.with_duplicate / duplicates.count <= high, (
        "the threshold accepts different images as near-copies, or misses variants"
    )


def test_near_duplicates_are_counted_once_whatever_the_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = noise(30)
    pictures[10] = grainy(pictures[20:21])[0]
    pictures[5] = pictures[6] = pictures[29]
    for chunk in (1000, 7):
        monkeypatch.setattr(neighbors, "CHUNK_SIZE", chunk)
        assert count_near_duplicates(pictures) == NearDuplicates(30, with_duplicate=5, pairs=1 + 3), (
            f"miscounted in chunks of {chunk}"
        )
    assert count_near_duplicates(noise(1)) == NearDuplicates(1, 0, 0)


def test_the_birthday_estimate_finds_the_size_of_the_support() -> None:
    support = noise(200)
    drawn = torch.randint(200, (400,), generator=torch.Generator().manual_seed(1))
    estimate = birthday_support(count_near_duplicates(support[drawn]))
    assert not estimate.is_lower_bound
    assert estimate.size == pytest.approx(200, rel=0.2), "400 draws from 200 images do not show that there are 200"


def test_without_duplicates_the_support_is_a_lower_bound() -> None:
    estimate = birthday_support(NearDuplicates(1000, with_duplicate=0, pairs=0))
    assert estimate.is_lower_bound
    assert estimate.size == pytest.approx(1000 * 999 / 2 / 3), "the rule of three allows three expected pairs"
