"""Pictures reach the network as they should, features depend on nothing else, and are kept."""

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
from ganvas.metrics.features import Features, extract, kept, to_rgb


def noise(count: int, channels: int = 3, size: int = 32) -> Tensor:
    random = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, channels, size, size), dtype=torch.uint8, generator=random)


def test_features_have_their_widths() -> None:
    found = extract(noise(5))
    assert found.network == "efficientnet-lite0"
    assert found.stage.shape == (5, 192), "the stage is not the 192-channel one"
    assert found.head.shape == (5, 1280), "the head is not the one before the classifier"
    assert found.stage.dtype == found.head.dtype == torch.float32
    assert not found.stage.requires_grad, "a frozen network must not carry gradients"


def test_features_are_chosen_by_picture() -> None:
    all_of_them = Features("one", torch.arange(8.0).view(4, 2), torch.arange(12.0).view(4, 3))
    assert len(all_of_them) == 4
    assert len(all_of_them[:3]) == 3
    for rows in (torch.tensor([2, 0]), np.array([2, 0])):
        some = all_of_them[rows]
        assert some.network == "one"
        assert some.stage.tolist() == [[4, 5], [0, 1]], "slicing features does not select pictures"
        assert some.head.tolist() == [[6, 7, 8], [0, 1, 2]], "stage and head are of different pictures"


def test_features_are_joined_in_order() -> None:
    all_of_them = Features("one", torch.arange(8.0).view(4, 2), torch.arange(12.0).view(4, 3))
    again = Features.joined([all_of_them[:1], all_of_them[1:]])
    assert again.network == "one"
    assert torch.equal(again.stage, all_of_them.stage)
    assert torch.equal(again.head, all_of_them.head)


def test_scores_do_not_depend_on_the_batch() -> None:
    pictures, others = noise(17), noise(16, size=8)
    against = extract(others)
    whole = extract(pictures, batch=17)
    for batch in (1, 5, 50):
        pieces = extract(pictures, batch=batch)
        torch.testing.assert_close(whole.stage, pieces.stage, rtol=1e-3, atol=1e-3, msg="a batch leaks into features")
        for kind, distance in (("stage", frechet_distance), ("head", kernel_distance)):
            expected = distance(getattr(whole, kind), getattr(against, kind))
            found = distance(getattr(pieces, kind), getattr(against, kind))
            assert found == pytest.approx(expected, rel=1e-4), f"{distance.__name__} changes in batches of {batch}"


def test_an_array_in_a_file_is_seen_like_a_tensor(tmp_path: Path) -> None:
    pictures = noise(7)
    np.save(tmp_path / "pictures.npy", pictures.numpy())
    mapped = np.load(tmp_path / "pictures.npy", mmap_mode="c")
    assert torch.equal(extract(mapped, batch=3).head, extract(pictures, batch=3).head)


@pytest.mark.filterwarnings("error")
def test_an_array_that_must_not_be_written_can_be_read(tmp_path: Path) -> None:
    np.save(tmp_path / "pictures.npy", noise(3).numpy())
    read_only = np.load(tmp_path / "pictures.npy", mmap_mode="r")
    assert torch.equal(extract(read_only).head, extract(noise(3)).head)


def test_grey_is_repeated() -> None:
    grey = noise(2, channels=1)
    assert torch.equal(extract(grey).head, extract(grey.repeat(1, 3, 1, 1)).head), "grey is not seen as grey RGB"


def test_transparency_is_seen_on_white() -> None:
    picture = noise(1, channels=4, size=2)
    picture[0, 3] = torch.tensor([[0, 255], [51, 255]])
    rgb = to_rgb(picture)
    assert rgb.dtype == torch.uint8, "every network wants bytes"
    assert torch.equal(rgb[0, :, 0, 0], torch.full((3,), 255)), "a transparent pixel must be white"
    assert torch.equal(rgb[0, :, 0, 1], picture[0, :3, 0, 1]), "an opaque pixel must keep its colour"
    expected = (picture[0, :3, 1, 0] * 0.2 + 255 * 0.8).round()
    assert torch.equal(rgb[0, :, 1, 0].float(), expected), "a half transparent pixel must be mixed with white"
    assert torch.equal(extract(picture).head, extract(rgb).head)


@pytest.mark.parametrize(
    "wrong",
    [torch.zeros(2, 3, 8, 8), noise(2)[0], noise(2, channels=2), noise(0), np.zeros((2, 3, 8, 8), np.float32)],
    ids=["float", "3-d", "2-ch", "none", "array of float"],
)
def test_what_is_no_set_of_pictures_is_refused(wrong: Tensor) -> None:
    with pytest.raises(GanvasError, match="uint8 pictures"):
        extract(wrong)


RANK = """
import sys
import torch
from torch import distributed
from ganvas.metrics.features import extract
folder, rank, world, counts = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=world)
pictures = torch.load(f"{folder}/pictures.pt")
for count in counts:
    found = extract(pictures[:int(count)], batch=3)
    torch.save((found.stage, found.head), f"{folder}/{rank}-{count}.pt")
distributed.destroy_process_group()
"""


def test_two_processes_share_the_work_and_both_get_the_whole(tmp_path: Path) -> None:
    """Seven pictures in uneven shares, and one, of which the first process has none."""
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
        _, told = process.communicate(timeout=120)
        assert process.returncode == 0, told.decode()
    for count in (7, 1):
        alone = extract(pictures[:count], batch=3)
        for rank in range(2):
            stage, head = torch.load(tmp_path / f"{rank}-{count}.pt")
            torch.testing.assert_close(
                stage, alone.stage, rtol=1e-5, atol=1e-5, msg=f"rank {rank} lacks some, or others"
            )
            torch.testing.assert_close(head, alone.head, rtol=1e-5, atol=1e-5)


def test_pictures_written_as_png_and_prepared_again_are_the_same(tmp_path: Path) -> None:
    samples = noise(20, size=16)
    folder = tmp_path / "samples"
    folder.mkdir()
    for index, sample in enumerate(samples):
        Image.fromarray(sample.permute(1, 2, 0).numpy()).save(folder / f"{index:03d}.png")
    data = tiny.prepared(folder)
    assert np.array_equal(data.pictures, samples.numpy()), "PNG does not give back what was written"
    assert torch.equal(extract(np.asarray(data.pictures)).head, extract(samples).head)


class Counted:
    """Be a computation of features that counts how often it is done."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Features:
        self.times += 1
        return Features("one", torch.arange(6.0).view(3, 2), torch.arange(9.0).view(3, 3))


def same(a: Features, b: Features) -> bool:
    return a.network == b.network and torch.equal(a.stage, b.stage) and torch.equal(a.head, b.head)


def files() -> list[Path]:
    return list((cache_folder() / "features").iterdir())


def test_features_are_computed_once() -> None:
    compute = Counted()
    first, second = (kept(("a", 1), "one", compute) for _ in range(2))
    assert same(first, second)
    assert compute.times == 1, "features of the same pictures were computed twice"


@pytest.mark.parametrize("other", [(("b", 1), "one"), (("a", 2), "one"), (("a", 1), "two"), (("a", 1, True), "one")])
def test_features_of_other_pictures_or_networks_are_others(other: tuple[tuple[object, ...], str]) -> None:
    compute = Counted()
    kept(("a", 1), "one", compute)
    kept(*other, compute)
    assert compute.times == 2, "features were taken for those of other pictures"


@pytest.mark.parametrize("damage", [b"", b"rubbish", None])
def test_a_damaged_file_is_computed_again(damage: bytes | None) -> None:
    compute = Counted()
    first = kept(("a",), "one", compute)
    (file,) = files()
    file.write_bytes(file.read_bytes()[:-5] if damage is None else damage)
    assert same(kept(("a",), "one", compute), first)
    assert compute.times == 2
    assert same(kept(("a",), "one", compute), first)
    assert compute.times == 2, "the damaged file was not replaced"


def test_without_room_for_the_cache_features_are_returned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "file" / "cache"))
    compute = Counted()
    assert same(kept(("a",), "one", compute), compute())
