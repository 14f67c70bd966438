"""Pickles written by hand, opcode by opcode: nothing that Python would ever have to be able to do."""

import struct


def text(value: str) -> bytes:
    """Return the opcodes that push a text."""
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def number(value: int) -> bytes:
    """Return the opcodes that push a whole number."""
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def raw(value: bytes) -> bytes:
    """Return the opcodes that push bytes."""
    return b"B" + struct.pack("<I", len(value)) + value


def named(name: str) -> bytes:
    """Return the opcodes that push a class or function, by its module and name."""
    module, _dot, last = name.rpartition(".")
    return f"c{module}\n{last}\n".encode()


def values(*parts: bytes) -> bytes:
    """Return the opcodes that push a tuple of what `parts` push."""
    return b"(" + b"".join(parts) + b"t"


def called(name: str, *parts: bytes) -> bytes:
    """Return the opcodes that would call a function with what `parts` push."""
    return named(name) + values(*parts) + b"R"


def whole(*parts: bytes) -> bytes:
    """Return a pickle of protocol 2."""
    return b"\x80\x02" + b"".join(parts) + b"."


MAGIC = 0x1950A86A20F9469CFC6C


def saved_by_torch(content: bytes, keys: bytes, *storages: bytes, version: int = 1001) -> bytes:
    """Return a file as torch.save wrote them before 1.6: three facts, the pickle, keys, then counts and numbers."""
    return whole(number(MAGIC)) + whole(number(version)) + whole(b"}") + content + keys + b"".join(storages)


def storage_identity(key: str = "0", count: int = 4, kind: str = "torch.FloatStorage", device: str = "cpu") -> bytes:
    """Return the opcodes that push PyTorch's persistent id, and ask for what it stands for."""
    return values(text("storage"), named(kind), text(key), text(device), number(count)) + b"Q"


def storage_within(numbers: bytes, count: int | None = None, kind: str = "torch.FloatStorage") -> bytes:
    """Return the opcodes for a storage that is pickled within a pickle, as for each tensor of NVIDIA's files."""
    count = len(numbers) // 4 if count is None else count
    inner = saved_by_torch(
        whole(storage_identity(count=count, kind=kind, device="cuda:0")),
        whole(b"]", text("0"), b"a"),
        struct.pack("<q", count) + numbers,
    )
    return called("torch.storage._load_from_bytes", raw(inner))


def tensor(
    storage: bytes, shape: tuple[int, ...] = (4,), strides: tuple[int, ...] | None = None, offset: int = 0
) -> bytes:
    """Return the opcodes for a tensor on a storage."""
    steps = [1]
    for length in shape[:0:-1]:
        steps.insert(0, steps[0] * length)
    stride = steps[-len(shape) :] if strides is None else strides
    return called(
        "torch._utils._rebuild_tensor_v2",
        storage,
        number(offset),
        values(*map(number, shape)),
        values(*map(number, stride)),
        b"\x89",
        called("collections.OrderedDict"),
    )


def array(shape: tuple[int, ...], kind: str, data: bytes, core: str = "numpy.core") -> bytes:
    """Return the opcodes for an array of NumPy's."""
    begun = called(f"{core}.multiarray._reconstruct", named("numpy.ndarray"), values(number(0)), raw(b"b"))
    dtype = called("numpy.dtype", text(kind), b"\x89", b"\x88")
    state = values(number(3), text("<"), b"N", b"N", b"N", number(-1), number(-1), number(0))
    return begun + values(number(1), values(*map(number, shape)), dtype + state + b"b", b"\x89", data) + b"b"
