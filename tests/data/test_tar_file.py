"""Members of a tar are found without trust in what it says."""

import io
import tarfile
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tar_shards import png, write_tar

from ganvas.data import tar_file
from ganvas.data.tar_file import Member, members

LONG = "cats/" + 60 * "long name " + ".png"


@pytest.mark.parametrize("kind", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_members_are_those_that_tarfile_finds(tmp_path: Path, kind: int) -> None:
    files = {"a.png": png(1), "ordner/ü.png": png(2), "./b.png": b"", "c.png": bytes(512)}
    files |= {LONG: png(3)} if kind != tarfile.USTAR_FORMAT else {}
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w", format=kind) as tar:
        tar.addfile(_folder("ordner"))
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    found = list(members(path))
    assert [each.name for each in found] == [name.removeprefix("./") for name in files]
    content = path.read_bytes()
    for member, expected in zip(found, files.values(), strict=True):
        assert content[member.offset : member.offset + member.size] == expected
        assert not member.problem


def _folder(name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = tarfile.DIRTYPE
    return info


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE],
)
def test_links_devices_and_pipes_are_refused(tmp_path: Path, kind: bytes) -> None:
    path = write_tar(tmp_path / "a.tar", {"a.png": b""}, type=kind, linkname="/etc/passwd")
    assert [each.problem for each in members(path)] == ["not a regular file"]


@pytest.mark.parametrize("name", ["../a.png", "/etc/a.png", "b/../../a.png"])
def test_paths_to_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    (member,) = members(write_tar(tmp_path / "a.tar", {name: b"x"}))
    assert member.problem == "its path leads out of the shard"


@pytest.mark.parametrize("cut", [0, 100, 512, 700, 1024, 1500])
def test_a_shard_that_was_not_written_to_its_end_says_so(tmp_path: Path, cut: int) -> None:
    path = write_tar(tmp_path / "a.tar", {"a.png": bytes(300), "b.png": bytes(300)})
    path.write_bytes(path.read_bytes()[:cut])
    found = list(members(path))
    assert found[-1].problem.startswith("truncated"), "half a shard would pass for a whole one"
    assert len(found) - 1 == (cut >= 1024), "what is whole is used"


def test_a_member_larger_than_allowed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar_file, "MAX_MEMBER_BYTES", 1000)
    (member,) = members(write_tar(tmp_path / "a.tar", {"a.png": bytes(1001)}))
    assert "over the limit" in member.problem


def test_more_members_than_allowed_are_not_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar_file, "MAX_SHARD_MEMBERS", 3)
    found = list(members(write_tar(tmp_path / "a.tar", {f"{number}.png": b"" for number in range(9)})))
    assert len(found) == 4
    assert "too many members" in found[-1].problem


def test_no_memory_is_taken_for_what_a_header_claims(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 200_000_000
    with path.open("wb") as file:
        file.write(header.tobuf(tarfile.GNU_FORMAT))
        file.truncate(300_000_000)
    tracemalloc.start()
    (member,) = members(path)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    assert member.problem == "damaged: a name is too long"


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damage_is_a_problem_and_no_traceback(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "a.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for name in ("a.png", "ü" * 120 + ".png"):
            info = tarfile.TarInfo(name)
            info.size = 30
            tar.addfile(info, io.BytesIO(bytes(30)))
    content = bytearray(path.read_bytes()[:4096])
    for place, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=9)
    ):
        content[place] = value
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    for member in members(path):
        assert isinstance(member, Member)
        assert member.offset >= 0
        assert member.problem or member.offset + member.size <= len(content)
