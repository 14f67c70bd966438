"""What damages, judges and replays must itself be right, or a fault would hide behind it."""

import io
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import bytes_damage
import disk_replay
import fuzz_files
import fuzz_pictures
import fuzz_runs
import trial
from disk_replay import Operation
from ganvas import checkpoint
from ganvas.data.decode import read_image
from ganvas.data.image_file import UnreadableImageError
from ganvas.video.sound import read_mono

CLEAN = trial.Outcome(0, "", 1.0, 100.0)


@pytest.mark.parametrize("how", bytes_damage.DAMAGES, ids=lambda how: how.__name__)
def test_each_damage_is_the_same_for_the_same_seed(how):
    content, other = bytes(range(200)), bytes(50)
    first, second = (how(content, random.Random(3), other) for _ in range(2))
    assert first == second


def test_damage_always_leaves_something_else():
    rng = random.Random(0)
    assert all(bytes_damage.damage(b"\0" * 9, rng, b"\0")[1] != b"\0" * 9 for _ in range(300))


def test_a_forged_png_is_read():
    png = fuzz_pictures.encoded("plain.png", random.Random(0))
    broken = png[:30] + bytes(3) + png[33:]  # within the checksum of the header
    with pytest.raises(UnreadableImageError, match="damaged"):
        read_image(broken, "a.png")
    assert bytes_damage.with_right_checksums(broken) == png
    read_image(bytes_damage.with_right_checksums(broken), "a.png")


@pytest.mark.parametrize("name", fuzz_pictures.FORMATS)
def test_each_format_that_is_damaged_is_read_while_it_is_whole(name):
    image = read_image(fuzz_pictures.encoded(name, random.Random(1)), name).image
    assert min(image.size) >= 17


def test_an_interlaced_png_has_the_pixels_that_went_in():
    pixels = np.random.default_rng(0).integers(0, 256, (19, 22, 3), np.uint8)
    with Image.open(io.BytesIO(fuzz_pictures.FORMATS["interlaced.png"](pixels))) as image:
        assert image.info["interlace"]
        assert np.array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (trial.Outcome(1, "Traceback (most recent call last)\nx", 1.0, 100.0), "traceback"),
        (trial.Outcome(-9, "", 3.0, 100.0, was_endless=True), "60 s"),
        (trial.Outcome(-11, "", 1.0, 100.0), "-11"),
        (trial.Outcome(0, "", 1.0, 2001.0), "MB"),
        (trial.Outcome(1, "oh", 1.0, 100.0), "without an error"),
        (trial.Outcome(1, "Error: There is no run \x1b]0;x.", 1.0, 100.0), "escape"),
    ],
)
def test_what_is_not_clean_is_a_fault(outcome, word):
    assert word in outcome.fault


@pytest.mark.parametrize("suffix", fuzz_files.SOUNDS)
def test_each_sound_that_is_damaged_is_heard_while_it_is_whole(suffix, tmp_path):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(fuzz_files.sound(suffix, random.Random(0)))
    assert len(read_mono(path, 8_000, 2.0)) >= 7_500


def test_what_a_sampled_picture_says_is_changed_and_its_pixels_are_not(tmp_path):
    path = tmp_path / "a.png"
    info = PngInfo()
    info.add_text("latent", "1x2:AAAAAAAAAAA=")
    Image.new("L", (4, 4), 7).save(path, pnginfo=info)
    fuzz_files.hostile_texts(path, random.Random(0))
    with Image.open(path) as image:
        assert image.text != {"latent": "1x2:AAAAAAAAAAA="}
        assert image.getextrema() == (7, 7)


def test_a_result_and_an_error_with_its_words_are_clean():
    assert not CLEAN.fault
    assert not trial.Outcome(1, "Error: There is no run.\nTry: ls", 1.0, 100.0).fault


def test_any_change_outside_is_seen(tmp_path):
    (tmp_path / "kept").write_text("a")
    before = trial.contents(tmp_path)
    assert trial.changes(before, trial.contents(tmp_path)) == ""
    (tmp_path / "kept").write_text("b")
    (tmp_path / "new").symlink_to("kept")
    assert "kept, new" in trial.changes(before, trial.contents(tmp_path))


def test_hostile_values_keep_the_json_or_cut_it_off():
    rng = random.Random(0)
    texts = {fuzz_runs.hostile('{"a": [1, {"b": 2}], "c": "d"}', rng) for _ in range(50)}
    assert len(texts) > 20


def test_a_forged_checkpoint_is_believed(tmp_path):
    path = checkpoint.save(tmp_path, 1, {}, {"step": 1})
    (path / "facts.json").write_text('{"step": 2}')
    with pytest.raises(checkpoint.DamagedCheckpointError):
        checkpoint.load(path)
    fuzz_runs.forge_manifest(path)
    assert checkpoint.load(path)[1] == {"step": 2}, "a forger's facts would not have been tried"


def operations(*lines):
    return [Operation(name, Path(path), Path(second), offset, data) for name, path, second, offset, data in lines]


WRITE = (("create", ".a.tmp", "", 0, b""), ("write", ".a.tmp", "", 0, b"new"))
SYNC, RENAME = ("fsync", ".a.tmp", "", 0, b""), ("rename", ".a.tmp", "a", 0, b"")


def left_on_disk(folder: Path, lines, data: bool, names: bool) -> dict[str, bytes]:
    """Return the files after a power cut, in a folder that held `a`, old."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "a").write_bytes(b"old")
    tree = disk_replay.read_tree(folder)
    for operation in operations(*lines):
        disk_replay.apply(tree, operation)
    shutil.rmtree(folder)
    disk_replay.write_tree(tree, folder, lambda: data, lambda: names)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_power_cut_loses_what_was_not_synced(tmp_path):
    folder = tmp_path / "disk"
    whole = (*WRITE, SYNC, RENAME)
    assert left_on_disk(folder, whole, data=False, names=False) == {"a": b"new"}
    assert left_on_disk(folder, whole, data=True, names=False) == {"a": b"new"}, "synced data were lost"
    assert left_on_disk(folder, whole, data=True, names=True) == {"a": b"old"}, "the folder was not synced"
    assert left_on_disk(folder, (*WRITE, RENAME), data=True, names=False) == {"a": b""}, "unsynced data were kept"
    synced = (*whole, ("fsync", ".", "", 0, b""))
    assert left_on_disk(folder, synced, data=True, names=True) == {"a": b"new"}


def test_a_rename_before_the_data_are_safe_is_named(tmp_path):
    tree = disk_replay.read_tree(tmp_path)
    assert disk_replay.unsynced_renames(tree, operations(*WRITE, RENAME)) == ["a"]
    tree = disk_replay.read_tree(tmp_path)
    assert disk_replay.unsynced_renames(tree, operations(*WRITE, SYNC, RENAME)) == []


def test_a_rename_that_nothing_recorded_is_inferred(tmp_path):
    tree = disk_replay.read_tree(tmp_path)
    unseen = (("create", ".tmpXy", "", 0, b""), ("write", ".tmpXy", "", 0, b"new"), ("fsync", "a", "", 0, b""))
    found = list(disk_replay.with_unseen_renames(tree, operations(*unseen)))
    assert [each.name for each in found] == ["create", "write", "rename", "fsync"]
    assert tree.entries["a"].synced == b"new"


def test_the_log_of_the_library_is_read():
    log = b"write 4 11 0 3\n/disk/run/aa\nbrename 0 7 7 0\n/disk/x/disk/y"
    found = list(disk_replay.read_log(log, Path("/disk")))
    assert [(each.name, str(each.path), each.offset, each.data) for each in found[:1]] == [
        ("write", "run/a", 4, b"a\nb")
    ]
    assert (str(found[1].path), str(found[1].second)) == ("x", "y")
