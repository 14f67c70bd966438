"""The same twenty pictures of two classes, in every form in which people have them."""

import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from ganvas.data.forms.crc32c import masked_crc32c

COUNT = 20
SIDE = 32


def pixels() -> npt.NDArray[np.uint8]:
    """Return the pictures, (N, H, W, 3)."""
    return np.random.default_rng(5).integers(0, 256, (COUNT, SIDE, SIDE, 3), np.uint8)


def labels() -> list[int]:
    return [number % 3 % 2 for number in range(COUNT)]


def png(picture: npt.NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def files(name: str = "{number:03d}.png") -> dict[str, bytes]:
    """Return the content of the pictures' files, by their names."""
    found = zip(pixels(), labels(), strict=True)
    return {name.format(number=number, label=label): png(each) for number, (each, label) in enumerate(found)}


def write_files(folder: Path, content: dict[str, bytes]) -> Path:
    for name, each in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(each)
    return folder


def listed() -> dict[str, int]:
    return dict(zip(files(), labels(), strict=True))


def in_folders(folder: Path) -> Path:
    """Return sub-folders whose names are the labels; the order is another one, so it is not compared."""
    return write_files(folder, files("{label}/{number:03d}.png"))


def by_names(folder: Path) -> Path:
    return write_files(folder, files("{number:03d}_{label}.png"))


def by_csv(folder: Path) -> Path:
    lines = ["file,label", *(f"{name},{label}" for name, label in listed().items())]
    return write_files(folder, files() | {"labels.csv": "\n".join(lines).encode()})


def by_jsonl(folder: Path) -> Path:
    lines = (json.dumps({"file_name": name, "label": label}) for name, label in listed().items())
    return write_files(folder, files() | {"metadata.jsonl": "\n".join(lines).encode()})


def _dataset_json() -> dict[str, bytes]:
    shards = {f"00000/img{number:08d}.png": each for number, each in enumerate(files().values())}
    return shards | {"dataset.json": json.dumps({"labels": list(zip(shards, labels(), strict=True))}).encode()}


def by_dataset_json(folder: Path) -> Path:
    return write_files(folder, _dataset_json())


def zip_of_nvidia(folder: Path) -> Path:
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
        for name, each in _dataset_json().items():
            archive.writestr(name.replace("/", "\\"), each)  # as some programs for Windows do
    return folder.with_suffix(".zip")


def _tar(path: Path, mode: str) -> Path:
    with tarfile.open(path, mode) as archive:
        for name, label in listed().items():
            for suffix, each in (("png", files()[name]), ("cls", str(label).encode())):
                info = tarfile.TarInfo(f"{name[:-4]}.{suffix}")
                info.size = len(each)
                archive.addfile(info, io.BytesIO(each))
    return path


def webdataset(folder: Path) -> Path:
    folder.mkdir()
    _tar(folder / "a-000.tar", "w")
    return folder


def tar_gz(folder: Path) -> Path:
    return _tar(folder.with_suffix(".tar.gz"), "w:gz")


def npz(folder: Path) -> Path:
    np.savez(folder.with_suffix(".npz"), x_train=pixels(), y_train=labels(), x_test=pixels()[:3], y_test=[0, 0, 1])
    return folder.with_suffix(".npz")


def packed_npz(folder: Path) -> Path:
    columns = np.array(labels())[:, None]
    np.savez_compressed(folder.with_suffix(".npz"), images=pixels().transpose(0, 3, 1, 2), labels=columns)
    return folder.with_suffix(".npz")


def h5(folder: Path) -> Path:
    import h5py

    with h5py.File(folder.with_suffix(".h5"), "w") as file:
        file.create_dataset("set/images", data=pixels().transpose(0, 3, 1, 2), chunks=(1, 3, SIDE, SIDE), compression=4)
        file.create_dataset("set/labels", data=np.eye(2, dtype=np.uint8)[labels()])
    return folder.with_suffix(".h5")


def parquet(folder: Path) -> Path:
    """Write two files as Hugging Face's library does, and one of another part of the set."""
    import pyarrow as pa
    from pyarrow import parquet

    features = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": ["0", "1"]}}
    schema = pa.schema(
        {"image": pa.struct({"bytes": pa.binary(), "path": pa.string()}), "label": pa.int64()},
        {"huggingface": json.dumps({"info": {"features": features}})},
    )
    rows = [{"image": {"bytes": each, "path": name}, "label": listed()[name]} for name, each in files().items()]
    (folder / "data").mkdir(parents=True)
    for name, part in {"train-00000": rows[:13], "train-00001": rows[13:], "test-00000": rows[:4]}.items():
        table = pa.Table.from_pylist(part, schema)
        parquet.write_table(table, folder / "data" / f"{name}-of-00002.parquet", row_group_size=5)
    return folder


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def example(features: dict[str, bytes]) -> bytes:
    """Return an Example of encoded features."""
    entries = (_field(1, _field(1, name.encode()) + _field(2, each)) for name, each in features.items())
    return _field(1, b"".join(entries))


def numbers(*values: int) -> bytes:
    return _field(3, _field(1, b"".join(map(_varint, values))))


def texts(*values: bytes) -> bytes:
    return _field(1, b"".join(_field(1, each) for each in values))


def record(content: bytes) -> bytes:
    """Return a record of a TFRecord file."""
    length = struct.pack("<Q", len(content))
    sums = (struct.pack("<I", masked_crc32c(each)) for each in (length, content))
    return length + next(sums) + content + next(sums)


def progan(folder: Path) -> Path:
    """Write ProGAN's files: a size each, and labels beside them."""
    folder.mkdir()
    for level, step in ((4, 2), (5, 1)):
        chosen = pixels()[:, ::step, ::step].transpose(0, 3, 1, 2)
        content = (record(example({"shape": numbers(*each.shape), "data": texts(each.tobytes())})) for each in chosen)
        (folder / f"pets-r{level:02d}.tfrecords").write_bytes(b"".join(content))
    with (folder / "pets-rxx.labels").open("wb") as file:
        np.save(file, np.eye(2, dtype=np.float32)[labels()])
    return folder


def tfrecord(folder: Path) -> Path:
    """Write records with files of pictures and labels in them."""
    content = (
        record(example({"image/encoded": texts(each), "image/class/label": numbers(listed()[name])}))
        for name, each in files().items()
    )
    folder.with_suffix(".tfrecord").write_bytes(b"".join(content))
    return folder.with_suffix(".tfrecord")


def cifar(folder: Path) -> Path:
    import pickle

    folder.mkdir()
    for number in range(5):
        part = slice(number * COUNT // 5, (number + 1) * COUNT // 5)
        rows = pixels()[part].transpose(0, 3, 1, 2).reshape(-1, 3 * SIDE * SIDE)
        batch = {b"data": rows, b"labels": labels()[part], b"batch_label": b"x"}
        (folder / f"data_batch_{number + 1}").write_bytes(pickle.dumps(batch, protocol=2))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": ["0", "1"]}, protocol=2))
    return folder


FORMS: dict[str, Callable[[Path], Path]] = {
    each.__name__: each
    for each in (
        by_names, by_csv, by_jsonl, by_dataset_json, zip_of_nvidia, webdataset, tar_gz, npz, packed_npz, h5, parquet,
        progan, tfrecord, cifar,
    )
}  # fmt: skip
