import io
import pickle
import struct
from collections import OrderedDict
from pathlib import Path

import numpy as np
import opcodes
import pytest
import torch

from ganvas.inert_pickle import Global, Opaque, PickleError, read_pickle

PROTOCOLS = range(6)
PLAIN = {
    "numbers": [0, 1, -1, 255, 256, 65_536, -(2**31), 2**62, -(2**70), 1.5, -0.25, float("inf")],
    "texts": ["", "a", "Käse", "日本", "line\nbreak", "x" * 300],
    "others": [None, True, False, (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], [[]], {}, {"a": {"b": (1, [2])}}],
    "sets": [{1, "b"}, frozenset({"c"}), set()],
    "bytes": [b"", b"\x00\xff", b"y" * 300],
    "ordered": OrderedDict(b=1, a=2),
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_plain_data_come_as_they_are(protocol: int) -> None:
    assert read_pickle(pickle.dumps(PLAIN, protocol)) == PLAIN


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", ["f4", ">f8", "u1", "i8", "?", "f2", "c8", "S5", "U3"])
def test_arrays_come_with_type_shape_and_numbers(protocol: int, kind: str) -> None:
    array = np.arange(24).reshape(2, 3, 4).astype(kind)
    for each in (array, array.T, array[0, 0, 0], array[:0]):
        read = read_pickle(pickle.dumps([each], protocol))[0]
        assert read.dtype.newbyteorder("=") == each.dtype.newbyteorder("=")  # NumPy swaps them, as from pickle
        np.testing.assert_array_equal(read, each)


def test_arrays_by_old_and_new_names_of_numpy_are_read() -> None:
    numbers = np.arange(6, dtype="<f4")
    for core in ("numpy.core", "numpy._core"):
        read = read_pickle(opcodes.whole(opcodes.array((2, 3), "f4", opcodes.raw(numbers.tobytes()), core)))
        np.testing.assert_array_equal(read, numbers.reshape(2, 3))


def test_an_array_that_is_named_twice_is_one_array() -> None:
    array = np.ones(3)
    first, second = read_pickle(pickle.dumps([array, array]))
    assert first is second


def test_strings_of_python_2_are_texts_or_bytes() -> None:
    pickled = b"(U\x04dataS'la\\x62el'\nU\x02\xff\xfet."
    assert read_pickle(pickled) == ("data", "label", b"\xff\xfe")


STATE = {
    "weight": torch.arange(12.0).reshape(3, 4),
    "transposed": torch.arange(12.0).reshape(3, 4).T,
    "part": torch.arange(12.0)[5:9],
    "half": torch.tensor([1.5, -2], dtype=torch.float16),
    "brain": torch.tensor([1.5, -2], dtype=torch.bfloat16),
    "count": torch.tensor(7),
    "none": torch.zeros(0, 3),
    "flag": torch.tensor([True, False]),
    "parameter": torch.nn.Parameter(torch.ones(2)),
}


def saved(value: object, zipped: bool) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


@pytest.mark.parametrize("form", ["zip", "legacy", "pickle 2", "pickle 5"])
def test_tensors_are_read_from_every_form(form: str, tmp_path: Path) -> None:
    data = pickle.dumps(STATE, int(form[-1])) if "pickle" in form else saved(STATE, form == "zip")
    (tmp_path / "file").write_bytes(data)
    for source in (data, tmp_path / "file"):
        read = read_pickle(source)
        assert set(read) == set(STATE)
        for name, tensor in STATE.items():
            assert isinstance(read[name], np.ndarray), name
            expected = tensor.detach().float() if tensor.dtype == torch.bfloat16 else tensor.detach()
            np.testing.assert_array_equal(read[name], expected.numpy(), err_msg=name)


def test_a_module_of_torch_is_opaque_with_its_parameters() -> None:
    read = read_pickle(saved({"net": torch.nn.Linear(2, 3)}, zipped=True))["net"]
    assert isinstance(read, Opaque)
    assert read.class_name == "Linear"
    assert read.state["_parameters"]["weight"].shape == (3, 2)


def test_whatever_the_device_numbers_are_in_the_file() -> None:
    numbers = np.arange(4, dtype="<f4")
    read = read_pickle(opcodes.whole(opcodes.tensor(opcodes.storage_within(numbers.tobytes()))))
    np.testing.assert_array_equal(read, numbers)


def test_persistent_objects_of_nvidia_are_opaque_with_class_and_state() -> None:
    meta = {"type": "class", "version": 6, "module_src": "raise SystemExit", "class_name": "Generator"}
    pickled = b"".join(opcodes.text(key) + (opcodes.text(str(value))) for key, value in meta.items())
    state = opcodes.text("state") + b"}" + opcodes.text("z_dim") + opcodes.number(512) + b"s"
    read = read_pickle(
        opcodes.whole(
            opcodes.called("torch_utils.persistence._reconstruct_persistent_obj", b"}(" + pickled + state + b"u")
        )
    )
    assert (read.class_name, read.state) == ("Generator", {"z_dim": 512})


def test_dictionaries_of_forks_are_dictionaries() -> None:
    made = opcodes.named("somebody.util.EasyDict") + b")\x81" + b"}b" + opcodes.text("a") + opcodes.number(1) + b"s"
    assert read_pickle(opcodes.whole(made)) == {"a": 1}


class Painter:
    def __init__(self) -> None:
        self.brush = "wide"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_unknown_classes_are_opaque(protocol: int) -> None:
    read = read_pickle(pickle.dumps(Painter(), protocol))
    assert isinstance(read, Opaque)
    assert read.kind == Global(Painter.__module__, "Painter")
    assert read.state == {"brush": "wide"}


def test_what_is_missing_or_empty_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(PickleError, match="empty"):
        read_pickle(tmp_path / "empty")
    with pytest.raises(Exception, match="cannot be read now"):
        read_pickle(tmp_path / "none.pkl")


def test_numbers_of_another_byte_order_are_refused() -> None:
    import zipfile

    file = io.BytesIO(saved([torch.ones(2)], zipped=True))
    names = {each.filename: zipfile.ZipFile(file).read(each) for each in zipfile.ZipFile(file).infolist()}
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        for name, data in names.items():
            archive.writestr(name, b"big" if name.endswith("byteorder") else data)
    with pytest.raises(PickleError, match="byte order"):
        read_pickle(other.getvalue())


def test_counts_of_a_storage_have_to_agree() -> None:
    content = opcodes.whole(opcodes.tensor(opcodes.storage_identity()))
    good = opcodes.saved_by_torch(content, opcodes.whole(b"]X\x01\x00\x00\x000a"), struct.pack("<q", 4) + bytes(16))
    assert read_pickle(good).shape == (4,)
    with pytest.raises(PickleError, match="another size"):
        read_pickle(good.replace(struct.pack("<q", 4), struct.pack("<q", 5)))
