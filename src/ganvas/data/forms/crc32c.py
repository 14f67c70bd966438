"""CRC-32C (Castagnoli), as TFRecords have it. Of many bytes, parts of equal length are reckoned side by side by NumPy.

The sum of A and B one after the other is that of A, moved on by the length of B, xor that of B: over GF(2) all of it is
linear (as in zlib's crc32_combine).
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

POLYNOMIAL = 0x82F63B78  # reversed
START = END = 0xFFFFFFFF
LANES = 4096  # parts side by side, at most
MASK_DELTA = 0xA282EAD8  # of TFRecords, whose sums are turned and moved, lest a sum of sums be no good

Words = npt.NDArray[np.uint32]


def _table() -> Words:
    table = np.arange(256, dtype=np.uint32)
    for _each in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(POLYNOMIAL), table >> 1)
    return table


TABLE = _table()
TABLE_LIST = TABLE.tolist()


@lru_cache(maxsize=64)
def _moved(zeros: int) -> Words:
    """Return what each bit of a sum becomes when so many zero bytes follow: (32,) words."""
    if zeros == 0:
        return np.uint32(1) << np.arange(32, dtype=np.uint32)
    if zeros == 1:
        bits = _moved(0)
        after: Words = TABLE[bits & 0xFF] ^ (bits >> 8)
        return after
    half = _moved(zeros // 2)
    twice = _move(half, half)
    return _move(twice, _moved(1)) if zeros % 2 else twice


def _move(sums: Words, bits: Words) -> Words:
    """Return sums after the zero bytes that `bits` are of."""
    result = np.zeros_like(sums)
    for number in range(32):
        result ^= np.where(sums >> np.uint32(number) & 1, bits[number], np.uint32(0))
    return result


def crc32c(data: bytes | memoryview) -> int:
    """Return the CRC-32C of bytes."""
    if len(data) < 1024:
        value = START
        for byte in data:
            value = TABLE_LIST[(value ^ byte) & 0xFF] ^ value >> 8
        return value ^ END
    lanes = min(LANES, 1 << (len(data) // 16).bit_length() // 2)
    length = -(-len(data) // lanes)
    padded = np.zeros(lanes * length, np.uint8)  # zeros in front change nothing, where a sum begins with zero
    padded[-len(data) :] = np.frombuffer(data, np.uint8)
    columns = np.ascontiguousarray(padded.reshape(lanes, length).T)
    sums = np.zeros(lanes, np.uint32)
    for column in columns:
        sums = TABLE[(sums ^ column) & 0xFF] ^ (sums >> np.uint32(8))
    while len(sums) > 1:
        sums = _move(sums[::2], _moved(length)) ^ sums[1::2]
        length *= 2
    start = _move(np.array([START], np.uint32), _moved(len(data)))
    return int(sums[0] ^ start[0]) ^ END


def masked_crc32c(data: bytes | memoryview) -> int:
    """Return the CRC-32C of bytes as TFRecords store it."""
    value = crc32c(data)
    return ((value >> 15 | value << 17) + MASK_DELTA) & 0xFFFFFFFF
