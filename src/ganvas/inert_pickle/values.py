"""Opcodes that put a value on the stack, move values, or remember them."""

import codecs
import struct
from collections.abc import Callable

from ..translation import _
from .budget import MAX_INTEGER
from .cursor import SHORT
from .errors import RefusedError
from .machine import Machine


def _constant(value: object) -> Callable[[Machine], None]:
    return lambda machine: machine.push(value)


def _number(form: str) -> Callable[[Machine], None]:
    return lambda machine: machine.push(machine.cursor.unpack(form))


def _decimal(machine: Machine) -> None:
    line = machine.cursor.line()
    machine.push({b"00": False, b"01": True}[line] if line in (b"00", b"01") else int(line))


def _long_decimal(machine: Machine) -> None:
    machine.push(int(machine.cursor.line().rstrip(b"L")))


def _long(form: str) -> Callable[[Machine], None]:
    def push(machine: Machine) -> None:
        size = machine.cursor.unpack(form)
        if size > MAX_INTEGER:
            raise RefusedError(_("it has a whole number of {count:,} bytes").format(count=size))
        machine.push(int.from_bytes(machine.cursor.take(size), "little", signed=True))

    return push


def _binary_float(machine: Machine) -> None:
    machine.push(struct.unpack(">d", machine.cursor.take(8))[0])


def _decimal_float(machine: Machine) -> None:
    machine.push(float(machine.cursor.line()))


def _text(form: str) -> Callable[[Machine], None]:
    def push(machine: Machine) -> None:
        view = machine.cursor.take(machine.cursor.unpack(form))
        machine.budget.write(len(view))
        machine.push(str(view, "utf-8", "surrogatepass"))

    return push


def _escaped_text(machine: Machine) -> None:
    line = machine.cursor.line()
    machine.budget.write(len(line))
    machine.push(line.decode("raw-unicode-escape"))


def _bytes(form: str) -> Callable[[Machine], None]:
    return lambda machine: machine.push(machine.cursor.short_bytes(machine.cursor.unpack(form)))


def _string(form: str) -> Callable[[Machine], None]:
    return lambda machine: machine.push(_python2_string(machine.cursor.short_bytes(machine.cursor.unpack(form))))


def _quoted_string(machine: Machine) -> None:
    line = machine.cursor.line().strip()
    machine.budget.write(len(line))
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
        raise RefusedError(_("it has a text without quotes"))
    machine.push(_python2_string(codecs.escape_decode(line[1:-1])[0]))


def _python2_string(data: bytes | memoryview) -> str | bytes | memoryview:
    """Return a string of Python 2, which may be text or bytes: short ones in ASCII are taken for text."""
    return data.decode("ascii") if isinstance(data, bytes) and len(data) <= SHORT and data.isascii() else data


def _pop(machine: Machine) -> None:
    if machine.stack:
        machine.pop()
    else:
        machine.pop_mark()


def _pop_mark(machine: Machine) -> None:
    machine.pop_mark()


def _duplicate(machine: Machine) -> None:
    machine.push(machine.stack[-1])


def _get(form: str) -> Callable[[Machine], None]:
    return lambda machine: machine.push(machine.memo[machine.cursor.unpack(form)])


def _put(form: str) -> Callable[[Machine], None]:
    def put(machine: Machine) -> None:
        machine.memo[machine.cursor.unpack(form)] = machine.stack[-1]

    return put


def _get_decimal(machine: Machine) -> None:
    machine.push(machine.memo[int(machine.cursor.line())])


def _put_decimal(machine: Machine) -> None:
    machine.memo[int(machine.cursor.line())] = machine.stack[-1]


def _memoize(machine: Machine) -> None:
    machine.memo[len(machine.memo)] = machine.stack[-1]


def _protocol(machine: Machine) -> None:
    version = machine.cursor.byte()
    if version > 5:
        raise RefusedError(_("it is of protocol {version}, which is not known").format(version=version))


def _skip_frame(machine: Machine) -> None:
    machine.cursor.take(8)


VALUES: dict[bytes, Callable[[Machine], None]] = {
    b"(": Machine.mark,
    b"0": _pop,
    b"1": _pop_mark,
    b"2": _duplicate,
    b"N": _constant(None),
    b"\x88": _constant(True),
    b"\x89": _constant(False),
    b"I": _decimal,
    b"J": _number("<i"),
    b"K": _number("<B"),
    b"M": _number("<H"),
    b"L": _long_decimal,
    b"\x8a": _long("<B"),
    b"\x8b": _long("<I"),
    b"F": _decimal_float,
    b"G": _binary_float,
    b"S": _quoted_string,
    b"T": _string("<I"),
    b"U": _string("<B"),
    b"B": _bytes("<I"),
    b"C": _bytes("<B"),
    b"\x8e": _bytes("<Q"),
    b"\x96": _bytes("<Q"),  # a bytearray, which nobody here changes
    b"V": _escaped_text,
    b"X": _text("<I"),
    b"\x8c": _text("<B"),
    b"\x8d": _text("<Q"),
    b"g": _get_decimal,
    b"h": _get("<B"),
    b"j": _get("<I"),
    b"p": _put_decimal,
    b"q": _put("<B"),
    b"r": _put("<I"),
    b"\x94": _memoize,
    b"\x80": _protocol,
    b"\x95": _skip_frame,
}
