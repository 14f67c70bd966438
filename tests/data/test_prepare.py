"""Pictures are decoded once, whatever interrupts; broken ones are named; a damaged cache is rebuilt."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from bad_files import BLUE, GREEN, RED, YELLOW, broken_files, good_folder, odd_files, write_all
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ganvas.config import DataConfig
from ganvas.data import PreparedDataset, prepare
from ganvas.data.cache import file_lock
from ganvas.data.finalize import gap_moves
from ganvas.data.index import CHUNK_SIZE
from ganvas.errors import GanvasError
from ganvas.events import Note, Progress

Finish = Callable[..., tuple[list[Any], Any]]
preparing = sys.modules["ganvas.data.prepare"]  # the module; the package's attribute of that name is the function


def notes(events: list[Any]) -> list[str]:
    return [event.text for event in events if isinstance(event, Note)]


def test_pictures_become_one_array(tmp_path: Path, finish: Finish) -> None:
    folder = good_folder(tmp_path / "pics", 20)
    events, prepared = finish(prepare(DataConfig(str(folder), 24, 32, 3), 1))
    assert prepared.count == 20
    assert prepared.images.shape == (20, 3, 24, 32)
    assert prepared.images.dtype == np.uint8
    assert isinstance(prepared.images, np.memmap)
    assert not prepared.images.flags.writeable
    assert (prepared.labels, prepared.classes, prepared.skipped) == (None, (), ())
    assert events == [Progress("pictures prepared", 0, 20), Progress("pictures prepared", 20, 20)]
    wanted = np.asarray(Image.open(folder / "good0007.png").resize((32, 24), Image.Resampling.LANCZOS))
    assert np.abs(prepared.images[7].transpose(1, 2, 0).astype(int) - wanted).max() <= 1


def test_nothing_is_decoded_twice(tmp_path: Path, finish: Finish) -> None:
    folder = good_folder(tmp_path / "pics", 20)
    config = DataConfig(str(folder))
    _, first = finish(prepare(config, 1))
    for path in folder.iterdir():  # nobody can decode them any more, and nothing else tells that they changed
        before = path.stat()
        path.write_bytes(bytes(before.st_size))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    events, second = finish(prepare(config, 1))
    assert np.array_equal(first.images, second.images)
    assert (events, second.fingerprint) == ([], first.fingerprint)


def test_classes_are_sub_folders_when_wanted(tmp_path: Path, finish: Finish) -> None:
    good_folder(tmp_path / "pics" / "dogs", 10)
    good_folder(tmp_path / "pics" / "cats", 12)
    (tmp_path / "pics" / "cats" / "good0000.png").write_bytes(b"")
    config = DataConfig(str(tmp_path / "pics"), conditional=True)
    _, prepared = finish(prepare(config, 1))
    assert prepared.classes == ("cats", "dogs")
    assert prepared.labels.dtype == np.int64
    assert np.bincount(prepared.labels).tolist() == [11, 10]
    for name, label in (("cats", 0), ("dogs", 1)):
        last = np.asarray(Image.open(tmp_path / "pics" / name / "good0009.png").resize((32, 32), box=(8, 0, 56, 48)))
        nearest = np.abs(prepared.images.transpose(0, 2, 3, 1).astype(int) - last).mean(axis=(1, 2, 3))
        assert label in prepared.labels[nearest < 8], "labels and images no longer match after a gap was closed"
    _, unlabelled = finish(prepare(DataConfig(str(tmp_path / "pics")), 1))
    assert (unlabelled.labels, unlabelled.classes) == (None, ())


def test_digits_are_sorted_as_numbers(tmp_path: Path, finish: Finish) -> None:
    for digit in range(11):
        good_folder(tmp_path / "pics" / str(digit), 2)
    _, prepared = finish(prepare(DataConfig(str(tmp_path / "pics"), conditional=True), 1))
    assert prepared.classes == tuple(map(str, range(11)))
    assert prepared.labels.tolist() == sorted(prepared.labels.tolist(), key=lambda label: str(label))


@pytest.mark.slow
def test_sixty_bad_and_odd_files_stop_nothing(tmp_path: Path, finish: Finish) -> None:
    bad, good = write_all(tmp_path / "pics")
    assert len(bad) + len(good) >= 60
    config = DataConfig(str(tmp_path / "pics"), 32, 32, 3)
    events, prepared = finish(prepare(config, 1))
    assert prepared.count == len(good)
    assert {file.name for file in prepared.skipped} == set(bad)
    wanted = {name: reason for name, (_, reason) in broken_files().items()}
    for name, reason in prepared.skipped:
        assert reason
        assert wanted.get(name, "") in reason, f"{name}: {reason}"
    expected = np.array([RED, GREEN, BLUE, YELLOW])
    corners = prepared.images[:, :, [8, 8, 24, 24], [8, 24, 8, 24]].transpose(0, 2, 1).astype(int)
    right = (np.abs(corners - expected).max(axis=(1, 2)) < 30).sum()
    upright = 8 + sum(
        name.startswith(("cmyk", "jpeg", "PNG", "prog", "port", "targa", "wave", "tail")) for name in odd_files()
    )
    assert right >= upright + 11, "orientation or colours are wrong in some"
    text = " ".join(notes(events))
    for words in (
        "7 pictures: turned upright",
        "2 pictures: CMYK",
        "3 pictures: high bit depth",
        "4 pictures: only one frame",
    ):
        assert words in text
    assert f"{len(bad)} of {len(bad) + len(good)} files were skipped" in text
    assert notes(finish(prepare(config, 1))[0]) == notes(events), "the notes of a cached dataset are missing"


def test_a_file_that_may_not_be_read_is_skipped(
    tmp_path: Path, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = good_folder(tmp_path / "pics", 20)
    opened = Path.open

    def denying(self: Path, *args: Any, **kwargs: Any) -> Any:
        if self.name == "good0003.png":
            raise PermissionError(13, "Permission denied", str(self))
        return opened(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", denying)
    _, prepared = finish(prepare(DataConfig(str(folder)), 1))
    assert prepared.skipped == (("good0003.png", "cannot be read (permission denied)"),)
    assert prepared.count == 19


def test_too_few_is_an_error_with_numbers_and_reasons(tmp_path: Path, finish: Finish) -> None:
    folder = good_folder(tmp_path / "pics", 15)
    (folder / "broken.png").write_bytes(b"")
    with pytest.raises(GanvasError, match=r"16 pictures are needed; only 15 of 16 .* can be used: 1 empty") as error:
        finish(prepare(DataConfig(str(folder)), 1))
    assert "ganvas inspect" in error.value.hint
    good_folder(folder, 16)
    assert finish(prepare(DataConfig(str(folder)), 1))[1].count == 16


def test_no_pictures_at_all(tmp_path: Path, finish: Finish) -> None:
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(GanvasError, match=r"No pictures in .* \(1 .txt file\)"):
        finish(prepare(DataConfig(str(tmp_path)), 1))
    with pytest.raises(GanvasError, match="no fit 'corp'"):
        finish(prepare(DataConfig(str(tmp_path), fit="corp"), 1))


def test_it_resumes_after_a_stop(tmp_path: Path, finish: Finish) -> None:
    np.save(tmp_path / "a.npy", np.random.default_rng(0).integers(0, 256, (5 * CHUNK_SIZE, 8, 8), np.uint8))
    config = DataConfig(str(tmp_path / "a.npy"), 8, 8, 1)
    generator = prepare(config, 1)
    for _ in range(3):
        next(generator)
    generator.close()
    events, prepared = finish(prepare(config, 1))
    assert events[0] == Progress("pictures prepared", 2 * CHUNK_SIZE, 5 * CHUNK_SIZE), "work was lost"
    assert np.array_equal(prepared.images[:, 0], np.load(tmp_path / "a.npy"))


@pytest.mark.slow
def test_it_resumes_after_a_kill(tmp_path: Path, finish: Finish) -> None:
    folder = good_folder(tmp_path / "pics", 4 * CHUNK_SIZE)
    (folder / "good0001.png").write_bytes(b"")
    config = DataConfig(str(folder), 8, 8, 3)
    program = f"""
import os, sys
from ganvas.config import DataConfig
from ganvas.data import prepare
sys.modules["ganvas.data.prepare"].COMMIT_SECONDS = -1
for number, event in enumerate(prepare({config!r}, 1)):
    if number == 3:
        os.kill(os.getpid(), {int(signal.SIGKILL)})
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL
    events, prepared = finish(prepare(config, 1))
    assert events[0].done >= 2 * CHUNK_SIZE, "work was lost"
    assert [file.name for file in prepared.skipped] == ["good0001.png"], "files skipped before the kill are forgotten"
    shutil.rmtree(os.environ["GANVAS_CACHE"])
    _, whole = finish(prepare(config, 1))
    assert np.array_equal(whole.images, prepared.images)


@pytest.mark.slow
def test_a_torn_or_damaged_journal_loses_only_its_end(tmp_path: Path, cache: Path, finish: Finish) -> None:
    np.save(tmp_path / "a.npy", np.random.default_rng(0).integers(0, 256, (5 * CHUNK_SIZE, 8, 8), np.uint8))
    config = DataConfig(str(tmp_path / "a.npy"), 8, 8, 1)
    for tail in (b'[2, [], {"a"', b"[2, [], {}]", b"\xff\xfe\n[3, [], {}]\n", b"7\n"):
        shutil.rmtree(cache)
        generator = prepare(config, 1)
        for _ in range(3):
            next(generator)
        generator.close()
        (journal,) = cache.glob("*.partial/done.jsonl")
        journal.write_bytes(journal.read_bytes() + tail)
        events, prepared = finish(prepare(config, 1))
        assert events[0].done == 2 * CHUNK_SIZE
        assert np.array_equal(prepared.images[:, 0], np.load(tmp_path / "a.npy"))


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["flip", "cut", "record", "shape", "class", "labels", "label", "version", "gone"])
def test_a_damaged_cache_is_rebuilt(tmp_path: Path, cache: Path, finish: Finish, damage: str) -> None:
    good_folder(tmp_path / "pics" / "a", 10)
    good_folder(tmp_path / "pics" / "b", 10)
    config = DataConfig(str(tmp_path / "pics"), 8, 8, 3, conditional=True)
    _, first = finish(prepare(config, 1))
    pictures, labels = np.array(first.images), np.array(first.labels)
    folder = cache / first.fingerprint
    content = bytearray((folder / "pictures").read_bytes())
    if damage == "flip":
        content[1000] ^= 1
        (folder / "pictures").write_bytes(content)
    elif damage == "cut":
        (folder / "pictures").write_bytes(content[:-1])
    elif damage == "record":
        (folder / "record.json").write_text((folder / "record.json").read_text()[:50])
    elif damage in ("shape", "class"):
        old, new = ("[20, 3, 8, 8]", "[20, 192]") if damage == "shape" else ('["a", "b"]', '["a", "c"]')
        text = (folder / "record.json").read_text()
        assert old in text
        (folder / "record.json").write_text(text.replace(old, new))
    elif damage == "labels":
        np.save(folder / "labels.npy", labels[:5])
    elif damage == "label":
        np.save(folder / "labels.npy", 1 - labels)
    elif damage == "version":
        _, record = json.loads((folder / "record.json").read_text())
        (folder / "record.json").write_text(
            json.dumps({"what": "an older release wrote", **dict(list(record.items())[2:])})
        )
    else:
        (folder / "pictures").unlink()
    events, second = finish(prepare(config, 1))
    assert "The prepared pictures were damaged, and are prepared anew." in notes(events)
    assert np.array_equal(second.images, pictures)
    assert np.array_equal(second.labels, labels)


@pytest.mark.slow
def test_two_processes_at_once_do_the_work_once(tmp_path: Path, cache: Path, finish: Finish) -> None:
    config = DataConfig(str(good_folder(tmp_path / "pics", 3 * CHUNK_SIZE)), 8, 8, 3)
    program = f"""
from ganvas.config import DataConfig
from ganvas.data import prepare
for event in prepare({config!r}, 1):
    print(event)
"""
    both = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("done=0" in output for output in outputs) <= 1, "both did the work"
    together = np.array(finish(prepare(config, 1))[1].images)
    shutil.rmtree(cache)
    assert np.array_equal(finish(prepare(config, 1))[1].images, together)


def test_waiting_is_announced(tmp_path: Path, cache: Path, finish: Finish) -> None:
    config = DataConfig(str(good_folder(tmp_path / "pics", 20)))
    fingerprint = finish(prepare(config, 1))[1].fingerprint
    shutil.rmtree(cache / fingerprint)
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with file_lock(cache / "locks" / fingerprint):
            held.set()
            over.wait(5)  # no longer, should nothing be announced

    threading.Thread(target=hold).start()
    held.wait()
    events = prepare(config, 1)
    assert "waiting" in str(next(events))
    over.set()
    assert finish(events)[1].count == 20


@pytest.mark.slow
def test_several_processes_give_the_same(tmp_path: Path, cache: Path, finish: Finish) -> None:
    write_all(tmp_path / "pics")
    good_folder(tmp_path / "pics", 3 * CHUNK_SIZE)
    config = DataConfig(str(tmp_path / "pics"), 8, 8, 4)
    _, several = finish(prepare(config, 3))
    pictures = np.array(several.images)
    shutil.rmtree(cache)
    _, one = finish(prepare(config, 1))
    assert np.array_equal(one.images, pictures)
    assert one.skipped == several.skipped
    assert one.notes == several.notes


def test_a_full_disk_and_a_missing_permission_have_a_hint(
    tmp_path: Path, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = DataConfig(str(good_folder(tmp_path / "pics", 20)), 64, 64, 3)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
        with pytest.raises(GanvasError, match=r"0.0 GB are needed") as error:
            finish(prepare(config, 1))
    assert "GANVAS_CACHE" in error.value.hint
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "file"))
    with pytest.raises(GanvasError, match="cannot be prepared in"):
        finish(prepare(config, 1))


def test_a_full_disk_is_an_error_and_loses_no_work(
    tmp_path: Path, finish: Finish, largest_file: Callable[[int], AbstractContextManager[None]]
) -> None:
    config = DataConfig(str(good_folder(tmp_path / "pics", 3 * CHUNK_SIZE)), 24, 24, 3)
    with (
        largest_file(CHUNK_SIZE * 24 * 24 * 3 + 1000),  # one chunk and a little more
        pytest.raises(GanvasError, match=r"cannot be prepared in .*: File too large") as caught,
    ):
        finish(prepare(config, 1))
    assert "GANVAS_CACHE" in caught.value.hint
    events, prepared = finish(prepare(config, 1))
    assert events[0].done == CHUNK_SIZE
    assert prepared.count == 3 * CHUNK_SIZE


def test_array_sources_keep_every_byte(tmp_path: Path, finish: Finish) -> None:
    array = np.random.default_rng(0).integers(0, 256, (70, 6, 10, 3), np.uint8)
    np.save(tmp_path / "a.npy", array)
    _, prepared = finish(prepare(DataConfig(str(tmp_path / "a.npy"), 6, 10, 3), 1))
    assert np.array_equal(prepared.images, array.transpose(0, 3, 1, 2))


@given(st.integers(1, 60), st.data())
def test_gaps_are_closed_from_the_end(count: int, data: st.DataObject) -> None:
    skipped = data.draw(st.sets(st.integers(0, count - 1)))
    places: list[int] = list(range(count))
    for gap, last in gap_moves(dict.fromkeys(skipped, "why"), count):
        assert last >= count - len(skipped), "a picture that stays was moved, so repeating it would lose it"
        places[gap] = places[last]
    assert sorted(places[: count - len(skipped)]) == sorted(set(range(count)) - skipped)


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot open folders")
def test_a_set_gets_its_name_after_all_of_it_is_on_the_disk(
    tmp_path: Path, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync, rename = os.fsync, Path.rename
    flushed: set[int] = set()
    missing: list[str] = []

    def fsync_spy(descriptor: int) -> None:
        fsync(descriptor)
        flushed.add(os.fstat(descriptor).st_ino)

    def rename_spy(folder: Path, target: Path) -> Path:
        needed = [folder, *(folder / name for name in ("pictures", "labels.npy", "record.json"))]
        missing.extend(path.name for path in needed if path.stat().st_ino not in flushed)
        return rename(folder, target)

    monkeypatch.setattr(os, "fsync", fsync_spy)
    monkeypatch.setattr(Path, "rename", rename_spy)
    finish(prepare(DataConfig(str(good_folder(tmp_path / "pics", 20)), 24, 32, 3), 1))
    assert missing == [], "a power cut would leave a set without these"


def test_prepared_counts_its_pictures() -> None:
    assert PreparedDataset(np.zeros((3, 1, 2, 2), np.uint8), None, (), (), (), "").count == 3


def test_exact_copies_are_left_out_and_named(tmp_path: Path, finish: Finish) -> None:
    folder = write_files(tmp_path / "pictures", distinct_pictures(20))
    (folder / "again.png").write_bytes((folder / "003.png").read_bytes())
    (folder / "zz.png").write_bytes((folder / "003.png").read_bytes())
    config = DataConfig(str(folder), 16, 16, drop_copies=True)
    events, data = finish(prepare(config, workers=1))
    assert data.count == 20
    assert len(np.unique(data.images.reshape(20, -1), axis=0)) == 20
    assert {(file.name, file.reason) for file in data.skipped} == {
        (name, "an exact copy (of 003.png)") for name in ("again.png", "zz.png")
    }
    assert "2 of 22 pictures are exact copies of others, which are shown once." in notes(events)
    assert not any("skipped" in note for note in notes(events)), "copies are no broken files"
    _, kept = finish(prepare(DataConfig(str(folder), 16, 16), workers=1))
    assert kept.count == 22
    assert kept.fingerprint != data.fingerprint


def test_a_copy_in_another_class_stays_where_classes_count(tmp_path: Path, finish: Finish) -> None:
    pictures = distinct_pictures(20)
    for name in ("cats", "dogs"):
        write_files(tmp_path / "pictures" / name, {f"{name}-{key}": data for key, data in pictures.items()})
    write_files(tmp_path / "pictures" / "dogs", {"same.png": pictures["004.png"]})
    folder = str(tmp_path / "pictures")
    _, plain = finish(prepare(DataConfig(folder, 16, 16, drop_copies=True), workers=1))
    assert plain.count == 20
    _, classed = finish(prepare(DataConfig(folder, 16, 16, drop_copies=True, conditional=True), workers=1))
    assert classed.count == 40
    assert np.bincount(classed.labels).tolist() == [20, 20]


def test_copies_alone_are_too_few_to_train_on(tmp_path: Path, finish: Finish) -> None:
    (data,) = distinct_pictures(1).values()
    folder = write_files(tmp_path / "pictures", {f"{number}.png": data for number in range(30)})
    with pytest.raises(GanvasError, match=r"only 1 of 30 in .* can be used: 29 an exact copy"):
        finish(prepare(DataConfig(str(folder), 16, 16, drop_copies=True), workers=1))


def distinct_pictures(count: int) -> dict[str, bytes]:
    """Return PNGs of one color each, no two alike, by name."""
    pictures = {}
    for number in range(count):
        file = io.BytesIO()
        Image.new("RGB", (16, 16), (10 * number, 100, 200)).save(file, "PNG")
        pictures[f"{number:03d}.png"] = file.getvalue()
    return pictures


def write_files(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder
