"""Files in other forms, damaged or hostile: an error that says what is wrong, or pictures that are left out."""

import gzip
import io
import json
import pickle
import struct
import tracemalloc
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from picture_forms import FORMS, SIDE, by_csv, example, files, numbers, pixels, record, texts, write_files

from ganvas.config import DataConfig
from ganvas.data import fetch, inspect, open_source, prepare
from ganvas.data.image_file import UnreadableImageError
from ganvas.errors import GanvasError
from ganvas.events import run_to_end

SINGLE = ["npz", "packed_npz", "h5", "tfrecord", "tar_gz", "zip_of_nvidia"]
MOST = 64 << 20  # bytes that a small file may take


def read_all(path: Path) -> int:
    """Return how many pictures of a source can be read."""
    source, count = open_source(path), 0
    for item in source.items():
        if not item.problem:
            try:
                source.read(item.name)
                count += 1
            except UnreadableImageError:
                continue
    return count


@pytest.mark.parametrize("form", SINGLE)
def test_truncated_files_are_told_or_used_up_to_there(form: str, tmp_path: Path) -> None:
    path = FORMS[form](tmp_path / "set")
    whole = path.read_bytes()
    for part in range(0, 20):
        path.write_bytes(whole[: len(whole) * part // 20])
        try:
            assert read_all(path) <= len(pixels())
        except GanvasError:
            continue


@pytest.mark.parametrize("form", SINGLE)
def test_changed_bytes_do_no_harm(form: str, tmp_path: Path) -> None:
    path = FORMS[form](tmp_path / "set")
    whole, random = path.read_bytes(), np.random.default_rng(0)
    tracemalloc.start()
    for _trial in range(30):
        content = bytearray(whole)
        for place in random.integers(0, min(len(content), 4000 if random.random() < 0.7 else len(content)), 8):
            content[place] = random.integers(0, 256)
        path.write_bytes(content)
        try:
            read_all(path)
        except GanvasError:
            continue
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MOST


def test_parquet_with_changed_bytes(tmp_path: Path) -> None:
    folder = FORMS["parquet"](tmp_path / "set")
    path, random = folder / "data" / "train-00000-of-00002.parquet", np.random.default_rng(0)
    whole = path.read_bytes()
    for trial in range(60):
        content = bytearray(whole[: len(whole) * trial // 20] if trial < 20 else whole)
        if trial >= 20:
            first = len(content) - 2000 if trial % 2 else 0  # what Parquet says of itself is at the end
            for place in random.integers(max(0, first), len(content), 8):
                content[place] = random.integers(0, 256)
        path.write_bytes(content)
        try:
            read_all(path)
        except GanvasError:
            continue


def npz_member(header: str, content: bytes) -> bytes:
    head = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + content


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_an_npz_that_claims_more_than_it_has(packing: int, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    for shape in ("(100000000, 64, 64)", "(4611686018427387904, 4, 4)", "(-1, 4, 4)", "(1, 65536, 65536)", "(" * 500):
        with zipfile.ZipFile(path, "w", packing) as archive:
            header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}"
            archive.writestr("images.npy", npz_member(header, bytes(100)))
        with pytest.raises(GanvasError, match=r"cannot be read as arrays|no array that may be pictures"):
            open_source(path)


def test_an_npz_of_python_objects_runs_nothing(tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (canary,)  # type: ignore[return-value]

    objects = np.empty((4, 4, 4), object)
    objects[0, 0, 0] = Evil()
    np.savez(tmp_path / "a.npz", images=objects, labels=np.arange(4))
    with pytest.raises(GanvasError):
        open_source(tmp_path / "a.npz")
    (tmp_path / "cifar").mkdir()
    for number in range(1, 6):
        (tmp_path / "cifar" / f"data_batch_{number}").write_bytes(pickle.dumps({b"data": Evil(), b"labels": [0]}))
    with pytest.raises(GanvasError, match="is no batch of CIFAR"):
        open_source(tmp_path / "cifar")
    assert not canary.exists(), "it was run"


def test_several_arrays_are_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", left=pixels(), right=pixels())
    with pytest.raises(GanvasError, match=r"left \(uint8 20 x 32 x 32 x 3\), right"):
        open_source(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", vector=np.zeros(5))
    with pytest.raises(GanvasError, match=r"no array that may be pictures: vector \(float64 5\)"):
        open_source(tmp_path / "b.npz")


def test_hdf5_that_claims_or_points_elsewhere(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    secret = tmp_path / "secret.bin"
    secret.write_bytes(bytes(20 * 32 * 32))

    def write(name: str, make: object) -> Path:
        with h5py.File(tmp_path / name, "w") as file:
            make(file)  # type: ignore[operator]
        return tmp_path / name

    shape = (20, 32, 32)
    layout = h5py.VirtualLayout(shape, "u1")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "images", shape)
    cases = {
        "huge": lambda file: file.create_dataset("images", (1 << 40, 64, 64), "u1", chunks=(1, 64, 64)),
        "wide": lambda file: file.create_dataset("images", (4, 1 << 20, 1 << 20), "u1", chunks=(1, 64, 64)),
        "piece": lambda file: file.create_dataset("images", (8, 1 << 14, 1 << 14), "u1", chunks=(8, 1 << 14, 1 << 14)),
        "external": lambda file: file.create_dataset("images", shape, "u1", external=[(str(secret), 0, 1 << 20)]),
        "virtual": lambda file: file.create_virtual_dataset("images", layout),
        "soft": lambda file: file.__setitem__("images", h5py.ExternalLink(str(tmp_path / "huge.h5"), "images")),
        "loop": lambda file: file.__setitem__("a", file["/"]),
        "szip": lambda file: file.create_dataset("images", shape, "u1", chunks=shape, scaleoffset=4),
    }
    for name, make in cases.items():
        with pytest.raises(GanvasError, match=r"cannot be read as HDF5|no array|over the limit"):
            open_source(write(f"{name}.h5", make))


def test_tfrecords_that_lie(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecords"
    good = record(example({"image": texts(files()["000.png"])}))
    for bad in (
        struct.pack("<QI", 1 << 62, 0) + b"x",  # a length with a wrong checksum
        record(b"x")[:-1],
        record(b"\xff" * 20),
        record(example({"shape": numbers(3, 1 << 40, 1 << 40), "data": texts(b"x")})),
        record(example({"shape": numbers(3, 0, 0), "data": texts(b"")})),
        record(example({"shape": numbers(*range(1000)), "data": texts(b"x")})),
        good[:-20] + b"\0" + good[-19:],
    ):
        path.write_bytes(good * 3 + bad)
        assert read_all(path) == 3
        path.write_bytes(bad + good)
        with suppress(GanvasError):
            assert read_all(path) <= 1
    path.write_bytes(gzip.compress(good))
    with pytest.raises(GanvasError, match="cannot be read as TFRecords"):
        open_source(path)


def test_a_packed_tar_that_grows_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "LEAST_UNPACKED", 1 << 20)
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(bytes(8 << 20)))
    with pytest.raises(GanvasError, match="unpacks to more than"):
        list(open_source(tmp_path / "a.tar.gz").items())
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.stat().st_size > 1 << 20]


@pytest.mark.parametrize(("form", "extra"), [("h5", "h5py"), ("parquet", "pyarrow")])
def test_a_missing_extra_is_answered_with_its_install_line(
    form: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = FORMS[form](tmp_path / "set")
    monkeypatch.setitem(__import__("sys").modules, extra, None)
    with pytest.raises(GanvasError, match=f"{extra} is needed") as caught:
        open_source(path)
    assert f'pip install "ganvas[{form}]"' in caught.value.hint


def test_columns_that_are_not_pictures_are_named(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pa.table({"text": ["a"] * 40, "number": [1] * 40}), tmp_path / "a.parquet")
    with pytest.raises(GanvasError, match=r"no column of pictures. Its columns: text \(string\), number \(int64\)"):
        open_source(tmp_path / "a.parquet")
    parquet.write_table(pa.table({"a": [b"x" * 50] * 40, "b": [b"x" * 50] * 40}), tmp_path / "b.parquet")
    with pytest.raises(GanvasError, match="several columns that may be pictures"):
        open_source(tmp_path / "b.parquet")
    rows = [{"bytes": None, "path": "somewhere/else.png"}] * 40
    parquet.write_table(pa.table({"image": pa.array(rows, pa.struct({"bytes": pa.binary(), "path": pa.string()}))}),
                        tmp_path / "c.parquet")  # fmt: skip
    with pytest.raises(GanvasError, match=r"16 pictures are needed.*only the path of a picture"):
        run_to_end(prepare(DataConfig(str(tmp_path / "c.parquet")), 1))


def test_parquet_with_more_rows_than_bytes(tmp_path: Path) -> None:
    """A constant column of a billion rows takes some bytes."""
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    count = 1 << 20
    cells = pa.array([b"x"] * count)
    parquet.write_table(pa.table({"image": cells}), tmp_path / "a.parquet", compression="zstd")
    with pytest.raises(GanvasError, match="claims 1,048,576 rows"):
        list(open_source(tmp_path / "a.parquet").items())


def test_tables_of_labels(tmp_path: Path) -> None:
    folder = by_csv(tmp_path / "set")
    for content, words in (
        (b"picture_file,kind\na.png,cat\n", "has the columns picture_file, kind"),
        (b"\xff\xfe\x00", "cannot be read as a table"),
        (b"file,label\n" + b"x" * 200_000 + b",y\n", "cannot be read as a table"),
    ):
        (folder / "labels.csv").write_bytes(content)
        with pytest.raises(GanvasError, match=words):
            list(open_source(folder).items())
    (folder / "labels.csv").unlink()
    for content in (b"[1, 2]", b"{", b"[" * 100_000, b'"x"', b"3"):
        (folder / "labels.json").write_bytes(content)
        with pytest.raises(GanvasError, match="cannot be read as a table"):
            list(open_source(folder).items())
    (folder / "labels.json").unlink()
    (folder / "metadata.csv").write_bytes(b"file_name,text\n000.png,a caption\n")
    assert {item.group for item in open_source(folder).items()} == {""}, "captions were taken for labels"


def test_names_in_tables_as_contests_have_them(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "set", {f"train/{name}": each for name, each in files().items()})
    (folder / "train.csv").write_text("image_id;breed\n" + "".join(f"{n:03d};b{n % 2}\n" for n in range(10)))
    groups = [item.group for item in open_source(folder).items()]
    assert groups == ["b0", "b1"] * 5 + [""] * 10
    assert len(list(open_source(folder / "train.csv").items())) == 10, "a table that is named has its pictures alone"


def test_a_zip_in_a_zip_is_named(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.png", files()["000.png"])
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.writestr("part/inner.zip", inner.getvalue())
    with pytest.raises(GanvasError, match=r"No pictures in .*outer.zip \(1 .zip file\)") as caught:
        inspect(tmp_path / "outer.zip")
    assert "part/inner.zip" in caught.value.hint
    assert "unzip" in caught.value.hint


def test_sets_beside_pictures_are_told(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "set", {"notes.txt": b"x"})
    np.savez(folder / "a.npz", images=pixels())
    with pytest.raises(GanvasError, match="No pictures") as caught:
        inspect(folder)
    assert "Name the .npz file itself" in caught.value.hint


def test_memory_does_not_grow_with_the_set(tmp_path: Path) -> None:
    for form, counts in {"packed_npz": (64, 256), "tfrecord": (16, 64)}.items():
        peaks = []
        for count in counts:
            path = FORMS[form](tmp_path / f"{form}{count}")
            if form == "tfrecord":
                path.write_bytes(path.read_bytes() * count)
            else:
                np.savez_compressed(path, images=np.concatenate([pixels()] * count))
            tracemalloc.start()
            assert read_all(path) == 20 * count
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert peaks[1] < peaks[0] + (1 << 20), f"{form}: {peaks}"


def test_cifar_alone_and_unlike(tmp_path: Path) -> None:
    folder = FORMS["cifar"](tmp_path / "set")
    assert len(list(open_source(folder / "data_batch_1").items())) == 4
    rows = np.zeros((4, 3 * SIDE * SIDE), np.uint8)
    for batch in ({b"data": rows, b"labels": [0]}, {b"data": rows[:, :5], b"labels": [0] * 4}, [1], {b"labels": []}):
        (folder / "data_batch_1").write_bytes(pickle.dumps(batch))
        with pytest.raises(GanvasError, match="is no batch of CIFAR"):
            open_source(folder)
    (folder / "data_batch_1").write_bytes(b"\x80\x02")
    with pytest.raises(GanvasError):
        open_source(folder)


def test_a_set_may_be_inspected_and_its_summary_is_json(tmp_path: Path) -> None:
    for form in ("npz", "h5", "parquet", "tfrecord", "cifar", "tar_gz"):
        found = inspect(FORMS[form](tmp_path / form))
        assert found.usable == 20, form
        assert found.classes == {"0": 13, "1": 7} or sum(found.classes.values()) == 20
        json.dumps(found.to_dict())
