"""Pictures larger than their share of memory are decoded one at a time; none is refused."""

import threading
import zipfile
from pathlib import Path

from bad_files import photograph

from ganvas.data.cache import is_unlocked
from ganvas.data.decode import read_image
from ganvas.data.memory_share import MemoryShare
from ganvas.data.sources import open_source


def test_a_large_picture_waits_until_another_is_decoded(tmp_path: Path) -> None:
    lock, order, is_waiting = tmp_path / "lock", list[str](), threading.Event()

    def decode_another() -> None:
        with MemoryShare(100, lock).one_picture() as reserve:
            is_waiting.set()
            reserve(101)
            order.append("second")

    other = threading.Thread(target=decode_another)
    with MemoryShare(100, lock).one_picture() as reserve:
        reserve(101)
        assert not is_unlocked(lock)
        other.start()
        is_waiting.wait(10)
        order.append("first")
    other.join()
    assert order == ["first", "second"]
    assert is_unlocked(lock)


def test_parts_that_are_small_are_large_together(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with MemoryShare(100, lock).one_picture() as reserve:
        reserve(60)
        assert not lock.exists() or is_unlocked(lock)
        reserve(60)
        assert not is_unlocked(lock)
        reserve(60)  # it does not wait for itself
    assert is_unlocked(lock)


def test_what_is_unpacked_of_a_zip_is_part_of_what_a_picture_takes(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(5_000))
    assert open_source(tmp_path / "set.zip").bytes_of("a.png") >= 5_000
    (tmp_path / "a.png").write_bytes(bytes(5_000))
    assert open_source(tmp_path).bytes_of("a.png") == 0


def test_small_pictures_wait_for_nobody(tmp_path: Path) -> None:
    share = MemoryShare(100, tmp_path / "lock")
    with share.one_picture() as large, share.one_picture() as small:
        large(1000)
        small(100)


def test_the_need_is_told_before_anything_is_decoded(tmp_path: Path) -> None:
    photograph(0, 300, 200).save(tmp_path / "a.png")
    photograph(0, 300, 200).save(tmp_path / "a.jpg")
    needed = list[int]()
    for name, enough in (("a.png", None), ("a.jpg", None), ("a.jpg", (30, 20))):
        read_image(tmp_path / name, "", enough, None, needed.append)
    assert all(size >= 300 * 200 * 4 for size in needed[:2]), "Pillow takes four bytes a pixel, and copies follow"
    assert needed[2] < needed[1], "a JPEG that is decoded small needs less"
