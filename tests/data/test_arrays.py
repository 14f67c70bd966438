"""MNIST's and NumPy's files are mapped, not copied, and refused when damaged or of the wrong kind."""

import gzip
import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ganvas
from ganvas.config import DataConfig
from ganvas.data import open_source, prepare
from ganvas.data.arrays import is_idx, load_idx, load_npy
from ganvas.errors import GanvasError
from ganvas.events import Note


def idx(array: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(np.uint8).tobytes()


IMAGES = np.arange(20 * 6 * 5).reshape(20, 6, 5).astype(np.uint8)
LABELS = np.arange(20) % 11


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("dot", [False, True])
def test_mnist_folder(tmp_path: Path, zipped: bool, dot: bool) -> None:
    for name, array in (("train-images-idx3-ubyte", IMAGES), ("train-labels-idx1-ubyte", LABELS)):
        name = name.replace("-idx", ".idx") if dot else name
        content = idx(array)
        (tmp_path / f"{name}{'.gz' * zipped}").write_bytes(gzip.compress(content) if zipped else content)
    source = open_source(tmp_path)
    items = list(source.items())
    assert source.kind == "idx"
    assert [item.group for item in items] == [str(label) for label in LABELS]
    assert np.array_equal(source.read(items[7].name), IMAGES[7])
    assert source.classes({"3": 1, "10": 1}) == {"3": "3", "10": "10"}


def test_idx_is_recognized_by_content_and_needs_no_labels(tmp_path: Path) -> None:
    (tmp_path / "whatever.bin").write_bytes(idx(IMAGES))
    source = open_source(tmp_path / "whatever.bin")
    assert [item.group for item in source.items()] == [""] * 20
    assert source.classes({"": 20}) == {}


def test_idx_with_damage_or_labels(tmp_path: Path) -> None:
    path = tmp_path / "images-idx3-ubyte"
    path.write_bytes(idx(IMAGES)[:-1])
    with pytest.raises(GanvasError, match=r"20 x 6 x 5, but 599 bytes follow"):
        open_source(path)
    path.write_bytes(idx(LABELS))
    with pytest.raises(GanvasError, match="holds labels"):
        open_source(path)
    path.write_bytes(gzip.compress(idx(IMAGES))[:-20])
    with pytest.raises(GanvasError, match="damaged"):
        open_source(path)
    path.write_bytes(idx(IMAGES))
    (tmp_path / "labels-idx1-ubyte").write_bytes(idx(LABELS[:5]))
    with pytest.raises(GanvasError, match="5 labels for the 20 pictures"):
        open_source(path)


def test_no_more_of_a_zipped_idx_is_unpacked_than_its_header_promises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = gzip.compress(idx(IMAGES) + bytes(50 << 20))
    assert len(bomb) < 100_000
    path = tmp_path / "images-idx3-ubyte.gz"
    path.write_bytes(bomb)
    written: list[int] = []

    class Counting(io.BytesIO):
        def write(self, part: bytes) -> int:  # type: ignore[override]
            written.append(len(part))
            return super().write(part)

    monkeypatch.setattr("tempfile.TemporaryFile", Counting)
    with pytest.raises(GanvasError, match="20 x 6 x 5, but more follow"):
        open_source(path)
    assert sum(written) <= IMAGES.size + 1


@given(st.binary(max_size=40))
def test_any_bytes_after_an_idx_header_are_refused_or_read(
    tmp_path_factory: pytest.TempPathFactory, tail: bytes
) -> None:
    path = tmp_path_factory.mktemp("idx") / "images"
    path.write_bytes(b"\0\0\x08\x03" + tail)
    assert is_idx(path)
    try:
        images, labels = load_idx(path)
    except GanvasError:
        return
    assert images.ndim == 3
    assert labels is None


@pytest.mark.parametrize("shape", [(20, 6, 5), (20, 6, 5, 1), (20, 6, 5, 3), (20, 6, 5, 4)])
def test_npy_of_every_shape(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    np.save(tmp_path / "a.npy", array)
    read = array[..., 0] if shape[-1] == 1 else array
    assert np.array_equal(load_npy(tmp_path / "a.npy")[0], read)
    if len(shape) == 4:
        np.save(tmp_path / "b.npy", array.transpose(0, 3, 1, 2))
        assert np.array_equal(load_npy(tmp_path / "b.npy")[0], read), "channels first were not transposed"


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([[[0.5, np.nan]], [[0.1, 0.2]]]), "holds infinite numbers, or what is no number"),
        (np.full((20, 6, 5), np.inf), "holds infinite numbers, or what is no number"),
        (np.zeros((20, 6, 5), complex), "holds complex128"),
        (np.full((20, 6, 5), "a"), "holds <U1"),
        (np.zeros((20, 6), np.uint8), "has the shape 20 x 6"),
        (np.zeros((20, 6, 5, 7), np.uint8), "has the shape 20 x 6 x 5 x 7"),
        (np.array([{"a": 1}], object), "cannot be read as an array"),
    ],
)
def test_npy_without_images(tmp_path: Path, array: np.ndarray, message: str) -> None:
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(GanvasError, match=message):
        open_source(tmp_path / "a.npy")


@pytest.mark.parametrize("content", [b"\x80\x04\x95junk" * 10, b"no array at all", None])
def test_nobody_is_advised_to_load_an_array_unsafely(tmp_path: Path, content: bytes | None) -> None:
    if content is None:
        np.save(tmp_path / "a.npy", np.array([{"a": 1}], object), allow_pickle=True)
    else:
        (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(GanvasError, match="cannot be read as an array: it is none, or holds Python objects") as caught:
        load_npy(tmp_path / "a.npy")
    assert "pickle" not in str(caught.value)


@pytest.mark.parametrize(
    ("low", "high", "dtype", "said"),
    [
        (0, 1, np.float32, "float32, 0 as black to 1 as white"),
        (0, 1, np.float16, "float16, 0 as black to 1 as white"),
        (-1, 1, np.float64, "float64, -1 as black to 1 as white"),
        (0, 255, np.float32, "float32, 0 as black to 255 as white"),
        (0, 255, np.int64, "int64, 0 as black to 255 as white"),
        (0, 255, np.uint16, "uint16, 0 as black to 255 as white"),
    ],
)
def test_numbers_of_other_ranges_are_read_as_pictures(
    tmp_path: Path, low: float, high: float, dtype: type, said: str
) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (20, 6, 5, 3), np.uint8)
    pictures[0, 0, 0] = 0, 128, 255
    np.save(tmp_path / "a.npy", (low + (high - low) * (pictures / 255)).round(0 if high == 255 else 9).astype(dtype))
    source = open_source(tmp_path / "a.npy")
    assert source.values == said
    for item, picture in zip(source.items(), pictures, strict=True):
        read = source.read(item.name)
        assert isinstance(read, np.ndarray)
        assert read.dtype == np.uint8
        assert np.abs(read.astype(int) - picture).max() <= (1 if dtype == np.float16 else 0)


def test_masks_are_black_and_white(tmp_path: Path) -> None:
    masks = np.random.default_rng(0).integers(0, 2, (20, 6, 5))
    for array in (masks, masks.astype(bool)):
        np.save(tmp_path / "a.npy", array)
        source = open_source(tmp_path / "a.npy")
        assert np.array_equal(np.stack([source.read(item.name) for item in source.items()]), 255 * masks)


def test_training_and_inspection_say_how_numbers_are_read(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.random.default_rng(0).random((20, 8, 8), np.float32))
    assert ganvas.inspect(tmp_path / "a.npy").values == "float32, 0 as black to 1 as white"
    config = DataConfig(str(tmp_path / "a.npy"), 8, 8, 1)
    notes = [event.text for event in prepare(config, workers=1) if isinstance(event, Note)]
    assert "Numbers are read so: float32, 0 as black to 1 as white." in notes


@pytest.mark.parametrize("header", ["{'descr': ('", "{'descr': [", "{" * 300, "-" * 9000 + "1"])
def test_a_header_that_is_no_python_is_damage(header: str, tmp_path: Path) -> None:
    text = header.encode().ljust(118) + b"\n"
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text)
    with pytest.raises(GanvasError, match="cannot be read as an array"):
        load_npy(tmp_path / "a.npy")
