"""Folders and archives are read as streams, in order, whatever they contain."""

import json
import os
import stat
import tracemalloc
import zipfile
from collections import Counter
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from bad_files import good_folder, photograph
from hypothesis import given
from hypothesis import strategies as st

from ganvas.data import sources, zip_source
from ganvas.data.image_file import UnreadableImageError
from ganvas.data.sources import FolderSource, no_pictures_error, open_source
from ganvas.data.walk import sorted_names
from ganvas.errors import GanvasError


def names(path: Path) -> list[str]:
    return [item.name for item in open_source(path).items()]


def touch(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"x")
    return folder


def classes(path: Path) -> dict[str, str]:
    source = open_source(path)
    return source.classes(Counter(item.group for item in source.items()))


def test_folder_is_walked_in_order_without_hidden_and_other_files(tmp_path: Path) -> None:
    touch(tmp_path, "b.png", "a.JPG", "sub/deep/c.webp", ".hidden.png", ".thumbs/d.png", "__MACOSX/e.png", "notes.txt")
    assert names(tmp_path) == ["a.JPG", "b.png", "sub/deep/c.webp"]
    assert open_source(tmp_path).other_files() == {".txt": 1}


def test_links_back_are_named_and_not_followed(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.png", "b/2.png")
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "b" / "same").symlink_to(tmp_path / "a", target_is_directory=True)
    problems = {item.name: item.problem for item in open_source(tmp_path).items()}
    assert [name for name, problem in problems.items() if not problem] == ["a/1.png", "b/2.png"], "walked a loop"
    assert "already visited" in problems["a/up"]
    assert "already visited" in problems["b/same"]


def test_a_folder_that_may_not_be_read_is_a_problem_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "a/1.png", "b/2.png")
    scandir = os.scandir

    def forbidding(path: Path) -> object:
        if Path(path).name == "a":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", forbidding)
    problems = {item.name: item.problem for item in open_source(tmp_path).items()}
    assert problems == {"a": "the folder cannot be read (permission denied)", "b/2.png": ""}


file_names = st.text(st.characters(exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1, max_size=8)


@given(st.lists(file_names.filter(lambda name: name not in (".", "..")), unique=True))
def test_names_sorted_on_disk_are_those_sorted_in_memory(given_names: list[str]) -> None:
    with TemporaryDirectory() as folder:
        for name in given_names:
            (Path(folder) / name).touch()
        assert list(sorted_names(Path(folder), chunk_size=3)) == sorted(given_names)


def test_stamp_changes_with_the_file(tmp_path: Path) -> None:
    touch(tmp_path, "a.png")
    before = next(open_source(tmp_path).items()).stamp
    os.utime(tmp_path / "a.png", (1, 1))
    assert next(open_source(tmp_path).items()).stamp != before, "a changed file would be taken from the cache"


def test_sub_folders_are_classes_when_every_picture_lies_in_one(tmp_path: Path) -> None:
    folder = touch(tmp_path / "all", "wrapper/cats/1.png", "wrapper/cats/young/2.png", "wrapper/dogs/3.png")
    assert set(classes(folder).values()) == {"cats", "dogs"}
    assert classes(folder)["wrapper/cats/young"] == "cats"
    touch(folder, "wrapper/loose.png")
    assert classes(folder) == {}, "a picture outside the sub-folders has no class"
    assert classes(touch(tmp_path / "one", "cats/1.png", "cats/2.png")) == {}, "one folder is no choice"
    assert classes(touch(tmp_path / "flat", "1.png")) == {}


paths = st.lists(st.lists(st.sampled_from("abc"), max_size=3).map("/".join), min_size=1, unique=True)


@given(paths)
def test_classes_are_at_least_two_and_in_the_path_or_none(groups: list[str]) -> None:
    named = FolderSource(Path()).classes(dict.fromkeys(groups, 1))
    assert not named or (len(set(named.values())) >= 2 and set(named) <= set(groups))
    assert not named or len(set(groups) - set(named)) <= len(groups) / 10
    assert all(name in PurePosixPath(group).parts for group, name in named.items())


def test_the_home_of_nobody_is_no_place() -> None:
    with pytest.raises(GanvasError, match="There is no ~nobody-here/pictures"):
        open_source("~nobody-here/pictures")


def test_zip_is_read_in_place(tmp_path: Path) -> None:
    folder = good_folder(tmp_path / "pics" / "cats", 2)
    with zipfile.ZipFile(tmp_path / "pics.zip", "w") as archive:
        archive.write(folder / "good0000.png", "cats/a.png")
        archive.write(folder / "good0001.png", "../../dogs/b.png")
        archive.writestr("__MACOSX/cats/._a.png", b"junk")
        archive.writestr("cats/readme.txt", b"hello")
    source = open_source(tmp_path / "pics.zip")
    assert [item.name for item in source.items()] == ["../../dogs/b.png", "cats/a.png"], "in a folder's order"
    assert source.read("cats/a.png") == (folder / "good0000.png").read_bytes()
    assert source.other_files() == {".txt": 1}
    assert set(classes(tmp_path / "pics.zip").values()) == {"cats", ".."}


def test_no_more_is_unpacked_than_a_member_says(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(50_000_000))
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02")  # of the table of contents
    content[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    path.write_bytes(content)
    source = open_source(path)
    tracemalloc.start()
    with pytest.raises(UnreadableImageError, match="damaged in the archive"):
        source.read("a.png")
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packings_that_cannot_be_unpacked_in_part_are_refused(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("a.png", bytes(1000))
    with pytest.raises(UnreadableImageError, match="packed in a rare way"):
        open_source(tmp_path / "a.zip").read("a.png")


def test_damaged_member_of_a_zip_is_one_bad_picture(tmp_path: Path) -> None:
    path = tmp_path / "pics.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", b"A" * 100)
        archive.writestr("b.png", b"B" * 100)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"A" * 100, b"A" * 99 + b"X"))
    source = open_source(path)
    with pytest.raises(GanvasError, match="damaged in the archive"):
        source.read("a.png")
    assert source.read("b.png") == b"B" * 100


def test_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_source, "MAX_MEMBER_BYTES", 1000)
    with zipfile.ZipFile(tmp_path / "pics.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(100_000))
    with pytest.raises(GanvasError, match="over the limit"):
        open_source(tmp_path / "pics.zip").read("a.png")


def encrypt(path: Path, name: str) -> None:
    """Set the flag of a member in the table of contents of a .zip."""
    content = bytearray(path.read_bytes())
    entry = content.rindex(name.encode()) - 46
    assert content[entry : entry + 4] == b"PK\x01\x02"
    content[entry + 8] |= 1
    path.write_bytes(content)


def test_encrypted_pictures_are_named_and_the_others_kept(tmp_path: Path) -> None:
    path = zipped(tmp_path / "pics.zip", **{"a.png": b"A", "b.png": b"B"})
    encrypt(path, "b.png")
    source = open_source(path)
    assert [item.name for item in source.items()] == ["a.png", "b.png"]
    assert source.read("a.png") == b"A"
    with pytest.raises(UnreadableImageError, match=r"b\.png: encrypted; unpack it with its password"):
        source.read("b.png")


@pytest.mark.parametrize("name", ["readme.txt", "nameless"])
def test_other_files_may_be_encrypted(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "pics.zip", **{"a.png": b"A", name: b"B"})
    encrypt(path, name)
    source = open_source(path)
    assert [item.name for item in source.items()] == ["a.png"]
    assert source.other_files().total() == 1


def test_of_two_members_with_one_name_the_last_is_given_once(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.png", b"first")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.png", b"last")
    source = open_source(tmp_path / "a.zip")
    assert [item.name for item in source.items()] == ["a.png"]
    assert source.read("a.png") == b"last", "unpacked, it would be the last"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("broken.zip", b"PK\x03\x04 and no more", "damaged or not a .zip"),
        ("empty.zip", b"", "damaged or not a .zip"),
        ("cat.jpg", b"\xff\xd8\xff", "single picture; a folder of pictures is needed"),
        ("pics.rar", b"Rar!", "holds no pictures in a form that Ganvas reads"),
        ("broken.npy", b"\x93NUMPY", "cannot be read as an array"),
    ],
)
def test_files_that_are_no_source(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(GanvasError, match=message) as error:
        open_source(tmp_path / name)
    assert error.value.hint


def test_no_such_path_suggests_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    with pytest.raises(GanvasError, match="Did you mean 'pictures'"):
        open_source(tmp_path / "pictrues")
    with pytest.raises(GanvasError, match="There is no"):
        open_source(tmp_path / "nowhere" / "at" / "all")


def test_unreadable_path_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(self: Path, **_: object) -> os.stat_result:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", denied)
    with pytest.raises(GanvasError, match="cannot be read: permission denied"):
        open_source(tmp_path)


def test_nothing_there_names_what_was_found(tmp_path: Path) -> None:
    assert "it is empty" in str(sources.no_pictures_error(open_source(tmp_path), ""))
    touch(tmp_path, "a.txt", "b.txt", "c.txt", "nosuffix")
    error = sources.no_pictures_error(open_source(tmp_path), "Try: ganvas inspect X")
    assert "(3 .txt files, 1 nameless file)" in error.message
    assert error.hint == "Try: ganvas inspect X"


def test_pipes_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    assert stat.S_ISFIFO((tmp_path / "a.png").stat().st_mode)
    assert [item.problem for item in open_source(tmp_path).items()] == ["not a regular file"]


@pytest.mark.parametrize("name", ["pipe", "pipe.png", "pipe.npy", "pipe.zip", "train-images-idx3-ubyte"])
def test_a_pipe_is_no_source(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(GanvasError, match=f"{name} is not a regular file") as caught:
        open_source(tmp_path / name)
    assert caught.value.hint


def test_a_device_is_no_source_and_a_link_to_a_file_is_one(tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match="/dev/zero is not a regular file"):
        open_source("/dev/zero")
    zipped(tmp_path / "a.zip", **{"a.png": b"A"})
    (tmp_path / "link").symlink_to(tmp_path / "a.zip")
    assert names(tmp_path / "link") == ["a.png"]


def test_a_pipe_in_place_of_an_array_in_a_folder_is_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "a.png")
    os.mkfifo(tmp_path / "train-images-idx3-ubyte")
    problems = {item.name: item.problem for item in open_source(tmp_path).items()}
    assert problems == {"a.png": "", "train-images-idx3-ubyte": "not a regular file"}


def test_the_home_folder_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    photograph(0).save(tmp_path / "a.png")
    assert names(Path("~")) == ["a.png"]


def zipped(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo("x")
            member.filename = name  # as it is, backslashes too
            archive.writestr(member, content)
    return path


def test_backslashes_of_windows_zips_are_folders(tmp_path: Path) -> None:
    files = {f"pics\\{kind}\\{number}.png": b"a picture" for number in range(2) for kind in "ab"}
    path = zipped(
        tmp_path / "win.zip", **files, **{"__MACOSX\\._0.png": b"x", "pics\\.hidden\\0.png": b"x", "pics\\": b""}
    )
    assert sorted(names(path)) == ["pics/a/0.png", "pics/a/1.png", "pics/b/0.png", "pics/b/1.png"]
    assert classes(path) == {"pics/a": "a", "pics/b": "b"}
    source = open_source(path)
    assert source.read("pics/a/0.png") == b"a picture"
    assert not source.other_files()


@pytest.mark.parametrize("inner", ["pics.zip", "pics.tar", "pics.tar.gz", "pics.7z"])
def test_archives_in_an_archive_are_named_with_what_to_do(tmp_path: Path, inner: str) -> None:
    source = open_source(zipped(tmp_path / "outer.zip", **{inner: b"PK"}))
    error = no_pictures_error(source, "Try something else.")
    assert Path(inner).suffix in str(error)
    assert f"There are archives in it: {inner}." in error.hint
    assert "unzip" in error.hint


LAYOUTS = {
    "nvlabs": lambda number: f"{number // 1000:05d}/img{number:08d}.png",
    "ffhq": lambda number: f"{number // 1000 * 1000:05d}/{number:05d}.png",
}
NUMBERS = (0, 1, 999, 1000, 1001, 2500)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", ["zip", "folder"])
def test_shards_of_a_thousand_are_no_classes(tmp_path: Path, layout: str, kind: str) -> None:
    paths = [LAYOUTS[layout](number) for number in NUMBERS]
    where = tmp_path / "set"
    where = (
        touch(where, *paths) if kind == "folder" else zipped(where.with_suffix(".zip"), **dict.fromkeys(paths, b"x"))
    )
    assert sorted(names(where)) == sorted(paths)
    assert classes(where) == {}


@pytest.mark.parametrize("paths", [("00000/1.png", "00001/2.png"), ("00000/img00001000.png", "00001/img00000000.png")])
def test_folders_with_numbers_for_names_are_classes_all_the_same(tmp_path: Path, paths: tuple[str, ...]) -> None:
    assert set(classes(touch(tmp_path, *paths)).values()) == {"00000", "00001"}


@pytest.mark.parametrize("kind", ["zip", "folder"])
def test_labels_of_a_dataset_json_are_the_classes(tmp_path: Path, kind: str) -> None:
    paths = [LAYOUTS["nvlabs"](number) for number in NUMBERS]
    listed = json.dumps({"labels": [[path, index % 3] for index, path in enumerate(paths)]}).encode()
    where = tmp_path / "set"
    if kind == "folder":
        touch(where, *paths)
        (where / "dataset.json").write_bytes(listed)
    else:
        where = zipped(where.with_suffix(".zip"), **dict.fromkeys(paths, b"x"), **{"dataset.json": listed})
    groups = {item.name: item.group for item in open_source(where).items()}
    assert groups == {path: str(index % 3) for index, path in enumerate(paths)}
    assert classes(where) == {"0": "0", "1": "1", "2": "2"}


@pytest.mark.parametrize(
    "listed",
    [
        {"labels": None},
        {"labels": [["00000/img00000000.png", 1]]},  # not of all
        {"labels": [[LAYOUTS["nvlabs"](number), [0.5, 0.5]] for number in NUMBERS]},
        {"pictures": []},
        [],
        7,
    ],
)
def test_a_dataset_json_without_a_label_for_each_makes_no_classes(tmp_path: Path, listed: object) -> None:
    touch(tmp_path, *[LAYOUTS["nvlabs"](number) for number in NUMBERS])
    (tmp_path / "dataset.json").write_text(json.dumps(listed))
    assert classes(tmp_path) == {}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 50, b"[" * 100_000])
def test_any_file_of_that_name_may_lie_beside_pictures(tmp_path: Path, content: bytes) -> None:
    touch(tmp_path, "a/0.png", "b/1.png")
    (tmp_path / "dataset.json").write_bytes(content)
    assert set(classes(tmp_path).values()) == {"a", "b"}


def test_labels_that_cannot_be_read_are_not_taken_for_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    def forbidden(path: Path, *options: Any, **more: Any) -> Any:
        if path.name == "dataset.json":
            raise PermissionError(13, "Permission denied")
        return opened(path, *options, **more)

    touch(tmp_path, "a/0.png", "b/1.png", "dataset.json")
    monkeypatch.setattr(Path, "open", forbidden)  # root may read anything
    with pytest.raises(GanvasError, match=r"dataset\.json cannot be read: permission denied"):
        names(tmp_path)
