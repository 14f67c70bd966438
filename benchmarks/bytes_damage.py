"""Damage to the bytes of any file: flipped, cut off, zeroed, spliced with another file, lengths made huge."""

import random
import struct
import zlib
from collections.abc import Callable, Sequence

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
HUGE = tuple(
    map(bytes.fromhex, ("ffffffff", "7fffffff", "ffffff7f", "00000000", "ff" * 8, "ffff", "00010000", "40000000"))
)


def _place(content: bytes, rng: random.Random) -> int:
    """Return a position: half of the time in the head, where the lengths are."""
    return rng.randrange(min(len(content), 128) if rng.random() < 0.5 else len(content))


def flip(content: bytes, rng: random.Random, other: bytes) -> bytes:
    """Flip bits in up to ten bytes."""
    changed = bytearray(content)
    for _ in range(rng.randint(1, 10)):
        changed[_place(content, rng)] ^= rng.randint(1, 255)
    return bytes(changed)


def truncate(content: bytes, rng: random.Random, other: bytes) -> bytes:
    """Cut the end off, maybe all."""
    return content[: rng.choice((0, rng.randrange(len(content)), len(content) - 1))]


def zero(content: bytes, rng: random.Random, other: bytes) -> bytes:
    """Set a block to zero, as a file system does after a power cut."""
    start, size = _place(content, rng), rng.choice((8, 64, 512, len(content)))
    return content[:start] + bytes(len(content[start : start + size])) + content[start + size :]


def splice(content: bytes, rng: random.Random, other: bytes) -> bytes:
    """Put a block of another file over a block, or in between."""
    start, first, size = _place(content, rng), rng.randrange(len(other)), rng.randint(1, 2048)
    return content[:start] + other[first : first + size] + content[start + rng.choice((0, size)) :]


def exaggerate(content: bytes, rng: random.Random, other: bytes) -> bytes:
    """Write extreme numbers over up to three places, where lengths, sizes and counts may be."""
    changed = bytearray(content)
    for _ in range(rng.randint(1, 3)):
        start, number = _place(content, rng), rng.choice(HUGE)
        changed[start : start + len(number)] = number
    return bytes(changed)


def repeat(content: bytes, rng: random.Random, other: bytes) -> bytes:
    """Have a block twice."""
    start = _place(content, rng)
    return content[: start + rng.randint(1, 512)] + content[start:]


DAMAGES: Sequence[Callable[[bytes, random.Random, bytes], bytes]] = (flip, truncate, zero, splice, exaggerate, repeat)


def damage(content: bytes, rng: random.Random, other: bytes) -> tuple[str, bytes]:
    """Return the name of a damage and what it leaves of `content`, which is always something else.

    Half of the damaged PNGs get right checksums again, as a forger would give them.

    Args:
        other: content of another file.
    """
    while True:
        how = rng.choice(DAMAGES)
        changed = how(content, rng, other)
        name = how.__name__
        if changed.startswith(PNG_SIGNATURE) and rng.random() < 0.5:
            changed, name = with_right_checksums(changed), f"{name} and forge"
        if changed != content:
            return name, changed


def with_right_checksums(png: bytes) -> bytes:
    """Return a PNG with the right CRC in each chunk, as far as its chunks can be followed."""
    parts, rest = [PNG_SIGNATURE], png[len(PNG_SIGNATURE) :]
    while len(rest) >= 12:
        length = struct.unpack(">I", rest[:4])[0]
        if len(rest) < 12 + length:
            break
        body = rest[4 : 8 + length]
        parts.append(rest[:4] + body + struct.pack(">I", zlib.crc32(body)))
        rest = rest[12 + length :]
    return b"".join(parts) + rest
