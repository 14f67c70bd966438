"""`tf.train.Example`, the one message that is in TFRecords, read without TensorFlow.

Example {Features features = 1}    Features {map<string, Feature> feature = 1}
Feature {BytesList = 1 | FloatList = 2 | Int64List = 3}    each list {repeated value = 1}
"""

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types of protobuf
FIXED = {FIXED64: 8, FIXED32: 4}
MAX_FEATURES = 1000
MAX_VALUES = 1 << 16  # numbers of a list that are read: shapes and labels are short

Feature = list[bytes] | list[int]


class DamagedExampleError(Exception):
    """These bytes are no Example; the argument says why."""


def read_example(record: bytes) -> dict[str, Feature]:
    """Return the lists of bytes and of whole numbers in an Example, by name. Floats are passed over.

    Raises:
        DamagedExampleError: it is none.
    """
    found = dict[str, Feature]()
    for features in _fields(memoryview(record), 1):
        for entry in _fields(features, 1):
            name = bytes(next(_fields(entry, 1), memoryview(b""))).decode("utf-8", "replace")
            for feature in _fields(entry, 2):
                found[name] = _values(feature)
            if len(found) > MAX_FEATURES:
                raise DamagedExampleError("too many features")
    return found


def _values(feature: memoryview) -> Feature:
    for each in _fields(feature, 1):
        return [bytes(value) for value in _fields(each, 1)]
    numbers: list[int] = []
    for each in _fields(feature, 3):
        for wire, value in _all(each, 1):
            if isinstance(value, int):
                numbers.append(value)
            elif wire == BYTES:  # packed
                at = 0
                while at < len(value):
                    number, at = _varint(value, at)
                    numbers.append(number)
                    if len(numbers) > MAX_VALUES:
                        raise DamagedExampleError("too many numbers")
    return [number - (1 << 64) if number >> 63 else number for number in numbers]


def _fields(message: memoryview, number: int) -> Iterator[memoryview]:
    """Yield the parts of a message that are messages, texts or bytes and have this number."""
    for _wire, value in _all(message, number):
        if not isinstance(value, int):
            yield value


def _all(message: memoryview, wanted: int) -> Iterator[tuple[int, memoryview | int]]:
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        value: memoryview | int
        if wire == VARINT:
            value, at = _varint(message, at)
        elif wire in FIXED or wire == BYTES:
            length, at = (FIXED[wire], at) if wire in FIXED else _varint(message, at)
            if length > len(message) - at:
                raise DamagedExampleError("ends too early")
            value, at = message[at : at + length], at + length
        else:
            raise DamagedExampleError("of another kind")
        if number == wanted:
            yield wire, value


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 70:
        value |= (message[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if message[at - 1] < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
    raise DamagedExampleError("a number does not end")
