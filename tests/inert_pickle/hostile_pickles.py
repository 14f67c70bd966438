"""Pickles of people who mean harm: they would run something, or take all memory or time.

`python hostile_pickles.py CANARY` reads them all, in a process that may take 1 GB, and prints what became of each. The
file CANARY must not be there afterwards: each of the calls would create it.
"""

import io
import pickle
import random
import resource
import signal
import struct
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from opcodes import (
    array,
    called,
    named,
    number,
    raw,
    saved_by_torch,
    storage_identity,
    storage_within,
    tensor,
    text,
    values,
    whole,
)

from ganvas.inert_pickle import PickleError, read_pickle

CALLS = 60_000  # of what a bomb repeats; each costs a few bytes in the file
MEMORY = 1 << 30
SECONDS = 10  # a file may take no longer


class Bomb:
    """What the plain exploit looks like: pickle would call `eval`."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return eval, (self.code,)


def calls(canary: str) -> dict[str, bytes]:
    """Return pickles with which Python's own reader would create the file `canary`."""
    touch, code = text(f"touch {canary}"), text(f"open({canary!r}, 'w')")
    reduce = {
        "os.system": whole(called("os.system", touch)),
        "posix.system": whole(called("posix.system", touch)),
        "subprocess": whole(called("subprocess.getoutput", touch)),
        "eval": whole(called("builtins.eval", code)),
        "exec": whole(called("builtins.exec", code)),
        "python 2's eval": whole(called("__builtin__.eval", code)),
        "open": whole(called("builtins.open", text(canary), text("w"))),
        "io.open": whole(called("io.open", text(canary), text("w"))),
        "runpy": whole(called("runpy._run_code", code, b"}")),
        "compile, then exec": whole(
            named("builtins.exec"), values(called("builtins.compile", code, text(""), text("exec"))), b"R"
        ),
        "getattr of an import": whole(
            called("builtins.getattr", called("builtins.__import__", text("os")), text("system")), values(touch), b"R"
        ),
        "map": whole(called("builtins.list", called("builtins.map", named("os.system"), values(touch)))),
        "torch.load": whole(called("torch.load", text(canary))),
        "torch.hub": whole(called("torch.hub.load", text("a/b"), text("c"))),
        "numpy.load": whole(called("numpy.load", text(canary), b"N", b"\x88")),
        "pickle in a pickle": whole(called("pickle.loads", raw(pickle.dumps(Bomb(f"open({canary!r}, 'w')"))))),
        "codecs.decode": whole(called("_codecs.decode", raw(b"x"), text("zip"))),
        "codecs.encode by another codec": whole(called("_codecs.encode", text("x"), text("bz2"))),
    }
    object_codes = {
        "INST": b"(" + touch + b"ios\nsystem\n.",
        "OBJ": b"(" + named("os.system") + touch + b"o.",
        "NEWOBJ": whole(named("subprocess.Popen"), values(touch), b"\x81"),
        "NEWOBJ_EX": b"\x80\x04" + named("subprocess.Popen") + values(touch) + b"}\x92.",
        "STACK_GLOBAL": b"\x80\x04" + text("os") + text("system") + b"\x93" + values(touch) + b"R.",
        "STACK_GLOBAL of dots": b"\x80\x04" + text("os") + text("path.os.system") + b"\x93" + values(touch) + b"R.",
        "plain exploit": pickle.dumps(Bomb(f"open({canary!r}, 'w')")),
        "plain exploit, protocol 0": pickle.dumps(Bomb(f"open({canary!r}, 'w')"), 0),
    }
    meta = b"}(" + text("type") + text("class") + text("version") + number(6)
    meta += text("class_name") + text("G") + text("module_src") + code + text("state") + b"}u"
    nvidia = {
        "source of a module": whole(called("torch_utils.persistence._reconstruct_persistent_obj", meta)),
        "persistent state that calls": whole(
            called(
                "torch_utils.persistence._reconstruct_persistent_obj",
                b"}" + text("state") + called("os.system", touch) + b"s",
            )
        ),
    }
    return reduce | object_codes | nvidia


def states(canary: str) -> dict[str, bytes]:
    """Return pickles that set attributes, or use what only their own program knows."""
    touch = text(f"touch {canary}")
    slots = values(b"N", b"}" + text("__class__") + named("os.system") + b"s")
    return {
        "BUILD with slots": whole(named("a.B"), b")\x81", slots, b"b"),
        "BUILD of a class": whole(named("builtins.str"), b"}" + text("join") + named("os.system") + b"sb"),
        "BUILD of a number": whole(number(1), b"}b"),
        "BUILD by __setstate__": whole(
            named("a.B"), b")\x81", b"}" + text("__setstate__") + named("os.system") + b"sb", touch, b"b"
        ),
        "BUILD of a filled array": whole(array((1,), "u1", raw(b"x")), values(number(1)), b"b"),
        "EXT1": b"\x80\x02\x82\x01.",
        "EXT2": b"\x80\x02\x83\x01\x00.",
        "EXT4": b"\x80\x02\x84\x01\x00\x00\x00.",
        "PERSID": b"Pos.system\n.",
        "BINPERSID": whole(values(text("storage"), named("os.system"), text("0"), text("cpu"), number(1)), b"Q"),
        "BINPERSID that calls": whole(called("os.system", touch), b"Q"),
        "buffers outside": b"\x80\x05\x97.",
        "buffer made read-only": b"\x80\x05N\x98.",
        "unknown protocol": b"\x80\x63N.",
        "unknown opcode": b"\x80\x02\xfe.",
        "call of a number": whole(number(1), b")R"),
        "call without a tuple": whole(named("os.system"), touch, b"R"),
        "call of a result": whole(called("os.system", touch), values(touch), b"R"),
        "global that is no text": b"\x80\x04" + number(1) + number(2) + b"\x93.",
        "append to a tuple": whole(b")", number(1), b"a"),
        "items of a list": whole(b"]", number(1), number(2), b"s"),
        "odd items": whole(b"}(", number(1), b"u"),
        "unhashable key": whole(b"}]N", b"s"),
        "stack underflow": b"\x80\x02R.",
        "no mark": b"t.",
        "nothing": b".",
        "memo that is not there": b"h\x07.",
    }


def sizes() -> dict[str, bytes]:
    """Return pickles whose sizes are lies, or would be enormous."""
    giga = struct.pack("<I", (1 << 32) - 1)
    exa = struct.pack("<Q", 1 << 62)
    four = storage_within(bytes(16))
    floats = whole(b"]", text("0"), b"a")
    zeros = array((0,), "f4", raw(b""))
    return {
        "text of 4 GB": b"X" + giga + b".",
        "text of exabytes": b"\x8d" + exa + b".",
        "bytes of exabytes": b"\x8e" + exa + b".",
        "bytearray of exabytes": b"\x96" + exa + b".",
        "number of 2 GB": b"\x8b\xff\xff\xff\x7f.",
        "negative length": b"T\xff\xff\xff\xff.",
        "decimal of many digits": b"I" + b"9" * 100_000 + b"\n.",
        "long decimal": b"L" + b"9" * 100_000 + b"L\n.",
        "memo of 4 billion": b"Nr" + giga + b".",
        "frame of exabytes": b"\x80\x04\x95" + exa + b"N.",
        "tensor beyond its storage": whole(tensor(four, (5,))),
        "tensor of stride 0": whole(tensor(four, (1 << 30,), (0,))),
        "tensor of huge strides": whole(tensor(four, (2, 2), (1 << 40, 1))),
        "tensor of negative stride": whole(tensor(four, (2,), (-1,))),
        "tensor of huge offset": whole(tensor(four, (1,), offset=1 << 60)),
        "tensor of negative size": whole(tensor(four, (-4,))),
        "tensor of nothing, huge": whole(tensor(four, (0, 1 << 47, 1 << 47))),
        "tensor of 1,000 dimensions": whole(tensor(four, (1,) * 1000)),
        "tensor of text": whole(called("torch._utils._rebuild_tensor_v2", text("x"), *[number(0)] * 4)),
        "storage larger than the file": whole(storage_within(bytes(16), 1 << 40)),
        "storage of an unknown kind": whole(storage_within(bytes(16), kind="torch.EvilStorage")),
        "saved by another version": saved_by_torch(whole(storage_identity()), floats, version=7),
        "keys that are not there": saved_by_torch(whole(b"N"), floats),
        "array larger than its bytes": whole(array((1 << 40,), "f4", raw(bytes(16)))),
        "array of overflowing shape": whole(array((1 << 33, 1 << 33), "f4", raw(b""))),
        "array of objects": whole(array((1,), "O8", b"]" + called("os.system", text("true")) + b"a")),
        "array of huge items": whole(array((1,), "S999999999999", raw(b""))),
        "array of a strange type": whole(array((1,), "(99999,99999)f4", raw(b""))),
        "array of nothing, huge": whole(array((0, 1 << 47, 1 << 47), "f4", raw(b""))),
        "array filled twice": whole(zeros, values(number(1)), b"b"),
        "scalar of objects": whole(
            called("numpy.core.multiarray.scalar", called("numpy.dtype", text("O8")), called("os.system", text("true")))
        ),
        "type with fields": whole(
            called("numpy.dtype", text("V8")), values(number(3), text("|"), b"N", values(text("a")), b"}"), b"b"
        ),
    }


def bombs() -> dict[str, bytes]:
    """Return pickles that are small, and mean a lot of work or memory."""
    # Tuples that hold the one before twice.
    doubled = b"N\x940" + b"".join(b"h%ch%c\x86\x940" % (index, index) for index in range(60))
    big = raw(bytes(1 << 20)) + b"q\x00"
    inner = storage_within(bytes(16), 4)
    words = text("x" * (1 << 20)) + b"q\x00"
    collisions = b"}" + b"".join(number(index * ((1 << 61) - 1)) + b"Ns" for index in range(CALLS))
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", bytes(64 << 20))
    return {
        "doubled tuples": b"\x80\x04" + doubled + b"h\x3c.",
        "doubled tuples as a key": b"\x80\x04}" + doubled + b"h\x3cNs.",
        "list that holds itself": b"]q\x00h\x00a.",
        "tuple that holds itself": b"]q\x00h\x00\x85a.",
        "dictionary that holds itself": b"}q\x00Nh\x00s.",
        "object that is its own state": whole(named("a.B"), b")\x81q\x00h\x00b"),
        "object that is its own class": whole(named("a.B"), b")\x81q\x00", values(b"h\x00"), b"R"),
        "tuples nested a million times": b"\x80\x02)" + b"\x85" * 1_000_000 + b".",
        "lists nested a million times": b"\x80\x02" + b"(" * 1_000_000 + b"l" * 1_000_000 + b".",
        "objects nested in objects": whole(named("a.B") + b"q\x00N" + b"\x85q\x01h\x00h\x01\x81" * CALLS),
        "three million sets": b"\x80\x04" + b"\x8f" * 3_000_000 + b".",
        "three million pops": b"\x80\x02" + b"N0" * 3_000_000 + b".",
        "three million copies": b"\x80\x02N" + b"2" * 3_000_000 + b".",
        "colliding keys": b"\x80\x02" + collisions + b".",
        "an array again and again": whole(big + b"0" + array((1 << 20,), "u1", b"h\x00") * CALLS),
        "a text encoded again and again": whole(words + b"0" + called("_codecs.encode", b"h\x00") * CALLS),
        "a set made again and again": whole(
            b"](" + b"N" * CALLS + b"eq\x00" + called("builtins.list", b"h\x00") * CALLS
        ),
        "a storage read again and again": whole(inner * 20_000),
        "pickles in pickles": whole(called("torch.storage._load_from_bytes", raw(whole(inner)))),
        "storages in storages": whole(
            called("torch.storage._load_from_bytes", raw(saved_by_torch(whole(inner), whole(b"]"))))
        ),
        "astral texts": whole(b"".join(b"V" + b"x" * 1000 + b"\\U0001F600\n0" for _index in range(20_000)) + b"N"),
        "lines without end": b"S'" + b"x" * 5_000_000,
        "names without end": b"c" + b"x" * 5_000_000 + b"\nx\n.",
        "zip that is a bomb": zipped.getvalue(),
        "zip that is none": b"PK\x03\x04" + bytes(100),
        "zip without a pickle": b"PK\x05\x06" + bytes(18),
        "zeros": bytes(1000),
    }


def handmade(canary: str) -> dict[str, bytes]:
    """Return all hostile pickles by name."""
    return calls(canary) | states(canary) | sizes() | bombs()


def good(canary: str) -> bytes:
    """Return a pickle as NVIDIA's, with all that is understood, to be cut short and damaged."""
    meta = b"}(" + text("type") + text("class") + text("class_name") + text("G") + text("version") + number(6)
    meta += text("module_src") + text(f"open({canary!r}, 'w')") + text("state") + b"}("
    meta += text("w") + tensor(storage_within(bytes(range(16))))
    meta += text("a") + array((2, 2), "f4", raw(bytes(16))) + text("o") + called("os.system", text(f"touch {canary}"))
    meta += text("s") + called("builtins.set", b"]" + number(1) + b"a") + b"uu"
    return whole(called("torch_utils.persistence._reconstruct_persistent_obj", meta))


def damaged(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Yield `data` with a few bytes changed, taken out, put in, or repeated."""
    choose = random.Random(seed)
    for _index in range(count):
        changed = bytearray(data)
        for _change in range(choose.randint(1, 4)):
            place, size = choose.randrange(len(changed)), choose.randint(1, 8)
            what = choose.randrange(4)
            if what == 0:
                changed[place] = choose.randrange(256)
            elif what == 1:
                del changed[place : place + size]
            elif what == 2:
                changed[place:place] = choose.randbytes(size)
            else:
                other = choose.randrange(len(changed))
                changed[place:place] = changed[other : other + size * 4]
        yield bytes(changed)


def truncated(data: bytes, count: int) -> Iterator[bytes]:
    """Yield `data` cut short at `count` places."""
    for index in range(count):
        yield data[: len(data) * index // count]


def outcome(data: bytes) -> str:
    """Read a pickle and return what became of it; anything but a value or a `PickleError` ends this process."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)  # of the processor; whoever takes longer is killed
    try:
        return type(read_pickle(data)).__name__
    except PickleError as error:
        return f"refused: {error.message}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def main(canary: str) -> None:
    """Read all of them, and print how each ended."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for name, data in handmade(canary).items():
        sys.stdout.write(f"{name}: {outcome(data)}\n")
        sys.stdout.flush()
    assert not Path(canary).exists()
    for number_of, data in enumerate((*truncated(good(canary), 200), *damaged(good(canary), 2000, seed=0))):
        sys.stdout.write(f"{number_of}: {outcome(data)}\n")


if __name__ == "__main__":
    main(sys.argv[1])
