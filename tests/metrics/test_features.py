"""Images reach the network unchanged, features depend on nothing else, and they are cached."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

import tiny
from ganvas.data.cache import cache_folder
from ganvas.errors import GanvasError
from ganvas.metrics.distances import frechet_distance, kernel_distance
from ganvas.metrics.features import Features, cached_features, extract_features, to_rgb

pytestmark = pytest.mark.slow


def noise(count: int, channels: int = 3, size: int = 32) -> Tensor:
    random = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, channels, size, size), dtype=torch.uint8, generator=random)


def test_features_have_their_widths() -> None:
    features = extract_features(noise(5))
    assert features.network == "efficientnet-lite0"
    assert features.intermediate.shape == (5, 192), "the intermediate features are not of the 192-channel stage"
    assert features.final.shape == (5, 1280), "the final features are not those before the classifier"
    assert features.intermediate.dtype == features.final.dtype == torch.float32
    assert not features.intermediate.requires_grad, "a frozen network must not carry gradients"


def test_features_are_indexed_by_image() -> None:
    features = Features("one", torch.arange(8.0).view(4, 2), torch.arange(12.0).view(4, 3))
    assert len(features) == 4
    assert len(features[:3]) == 3
    for rows in (torch.tensor([2, 0]), np.array([2, 0])):
        selected = features[rows]
        assert selected.network == "one"
        assert selected.intermediate.tolist() == [[4, 5], [0, 1]], "indexing features does not select images"
        assert selected.final.tolist() == [[6, 7, 8], [0, 1, 2]], "intermediate and final are of different images"


def test_features_are_concatenated_in_order() -> None:
    features = Features("one", torch.arange(8.0).view(4, 2), torch.arange(12.0).view(4, 3))
    again = Features.concatenate([features[:1], features[1:]])
    assert again.network == "one"
    assert torch.equal(again.intermediate, features.intermediate)
    assert torch.equal(again.final, features.final)


def test_scores_do_not_depend_on_the_batch() -> None:
    pictures, others = noise(17), noise(16, size=8)
    against = extract_features(others)
    whole = extract_features(pictures, batch_size=17)
    for batch in (1, 5, 50):
        pieces = extract_features(pictures, batch_size=batch)
        torch.testing.assert_close(
            whole.intermediate, pieces.intermediate, rtol=1e-3, atol=1e-3, msg="a batch leaks into features"
        )
        for kind, distance in (("intermediate", frechet_distance), ("final", kernel_distance)):
            expected = distance(getattr(whole, kind), getattr(against, kind))
            found = distance(getattr(pieces, kind), getattr(against, kind))
            assert found == pytest.approx(expected, rel=1e-4), f"{distance.__name__} changes in batches of {batch}"


def test_a_memory_mapped_array_gives_the_features_of_a_tensor(tmp_path: Path) -> None:
    pictures = noise(7)
    np.save(tmp_path / "pictures.npy", pictures.numpy())
    mapped = np.load(tmp_path / "pictures.npy", mmap_mode="c")
    assert torch.equal(extract_features(mapped, batch_size=3).final, extract_features(pictures, batch_size=3).final)


@pytest.mark.filterwarnings("error")
def test_a_read_only_array_can_be_read(tmp_path: Path) -> None:
    np.save(tmp_path / "pictures.npy", noise(3).numpy())
    read_only = np.load(tmp_path / "pictures.npy", mmap_mode="r")
    assert torch.equal(extract_features(read_only).final, extract_features(noise(3)).final)


def test_grey_is_repeated() -> None:
    grey = noise(2, channels=1)
    assert torch.equal(extract_features(grey).final, extract_features(grey.repeat(1, 3, 1, 1)).final), (
        "grey is not repeated to RGB"
    )


def test_transparency_is_composited_on_white() -> None:
    picture = noise(1, channels=4, size=2)
    picture[0, 3] = torch.tensor([[0, 255], [51, 255]])
    rgb = to_rgb(picture)
    assert rgb.dtype == torch.uint8, "every network takes bytes"
    assert torch.equal(rgb[0, :, 0, 0], torch.full((3,), 255)), "a transparent pixel must be white"
    assert torch.equal(rgb[0, :, 0, 1], picture[0, :3, 0, 1]), "an opaque pixel must keep its colour"
    expected = (picture[0, :3, 1, 0] * 0.2 + 255 * 0.8).round()
    assert torch.equal(rgb[0, :, 1, 0].float(), expected), "a half transparent pixel must be mixed with white"
    assert torch.equal(extract_features(picture).final, extract_features(rgb).final)


@pytest.mark.parametrize(
    "wrong",
    [torch.zeros(2, 3, 8, 8), noise(2)[0], noise(2, channels=2), noise(0), np.zeros((2, 3, 8, 8), np.float32)],
    ids=["float", "3-d", "2-ch", "none", "array of float"],
)
def test_invalid_images_are_refused(wrong: Tensor) -> None:
    with pytest.raises(GanvasError, match="uint8 pictures"):
        extract_features(wrong)


RANK = """
import sys
import torch
from torch import distributed
from ganvas.metrics.features import extract_features
folder, rank, world, counts = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=world)
pictures = torch.load(f"{folder}/pictures.pt")
for count in counts:
    features = extract_features(pictures[:int(count)], batch_size=3)
    torch.save((features.intermediate, features.final), f"{folder}/{rank}-{count}.pt")
distributed.destroy_process_group()
"""


def test_two_processes_share_the_work_and_both_get_the_whole(tmp_path: Path) -> None:
    """Seven images in uneven shares, and one image, of which the first process gets none."""
    pictures = noise(7)
    torch.save(pictures, tmp_path / "pictures.pt")
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RANK, str(tmp_path), str(rank), "2", "7", "1"],
            env=environment,
            stderr=subprocess.PIPE,
        )
        for rank in range(2)
    ]
    for process in processes:
        _, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, stderr.decode()
    for count in (7, 1):
        alone = extract_features(pictures[:count], batch_size=3)
        for rank in range(2):
            intermediate, final = torch.load(tmp_path / f"{rank}-{count}.pt")
            torch.testing.assert_close(
                intermediate, alone.intermediate, rtol=1e-5, atol=1e-5, msg=f"rank {rank} lacks features, or has others"
            )
            torch.testing.assert_close(final, alone.final, rtol=1e-5, atol=1e-5)


def test_pictures_written_as_png_and_prepared_again_are_the_same(tmp_path: Path) -> None:
    samples = noise(20, size=16)
    folder = tmp_path / "samples"
    folder.mkdir()
    for index, sample in enumerate(samples):
        Image.fromarray(sample.permute(1, 2, 0).numpy()).save(folder / f"{index:03d}.png")
    data = tiny.prepared(folder)
    assert np.array_equal(data.images, samples.numpy()), "the PNGs do not hold what was written"
    assert torch.equal(extract_features(np.asarray(data.images)).final, extract_features(samples).final)


class Counted:
    """A computation of features that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> Features:
        self.calls += 1
        return Features("one", torch.arange(6.0).view(3, 2), torch.arange(9.0).view(3, 3))


def same(a: Features, b: Features) -> bool:
    return a.network == b.network and torch.equal(a.intermediate, b.intermediate) and torch.equal(a.final, b.final)


def files() -> list[Path]:
    return list((cache_folder() / "features").iterdir())


def test_features_are_computed_once() -> None:
    compute = Counted()
    first, second = (cached_features(("a", 1), "one", compute) for _ in range(2))
    assert same(first, second)
    assert compute.calls == 1, "features of the same pictures were computed twice"


@pytest.mark.parametrize("other", [(("b", 1), "one"), (("a", 2), "one"), (("a", 1), "two"), (("a", 1, True), "one")])
def test_other_images_or_networks_have_other_cached_features(other: tuple[tuple[object, ...], str]) -> None:
    compute = Counted()
    cached_features(("a", 1), "one", compute)
    cached_features(*other, compute)
    assert compute.calls == 2, "cached features of other images were returned"


def test_features_of_another_timm_are_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    compute = Counted()
    cached_features(("a", 1), "one", compute)
    monkeypatch.setattr("ganvas.metrics.features.version", lambda package: f"{package} 9")
    cached_features(("a", 1), "one", compute)
    assert compute.calls == 2, "features of two versions of a network would be compared"


@pytest.mark.parametrize("damage", [b"", b"rubbish", None])
def test_a_damaged_cache_file_is_replaced(damage: bytes | None) -> None:
    compute = Counted()
    first = cached_features(("a",), "one", compute)
    (file,) = files()
    file.write_bytes(file.read_bytes()[:-5] if damage is None else damage)
    assert same(cached_features(("a",), "one", compute), first)
    assert compute.calls == 2
    assert same(cached_features(("a",), "one", compute), first)
    assert compute.calls == 2, "the damaged file was not replaced"


def test_without_room_for_the_cache_features_are_returned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "file" / "cache"))
    compute = Counted()
    assert same(cached_features(("a",), "one", compute), compute())


def test_kept_features_with_a_flipped_bit_are_computed_again() -> None:
    compute = Counted()
    first = cached_features(("a",), "one", compute)
    (file,) = files()
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(content)
    assert same(cached_features(("a",), "one", compute), first)
    assert compute.calls == 2
