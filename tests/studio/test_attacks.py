"""Attacks on the studio: none gets in, none ends it, and each is answered with its status."""

import io
import json
import os
import socket
import struct
import threading
import zipfile
import zlib
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image

from ganvas.studio import access, guard, patience, uploads
from ganvas.studio.context import new_studio

SECRET = "the secret of another folder"
TRAVERSALS = [
    "../secret.png", "..%2fsecret.png", "%2e%2e%2fsecret.png", "..\\secret.png", "..%5csecret.png", "....//secret.png",
    "%252e%252e%252fsecret.png", "/etc/passwd", "%2fetc%2fpasswd", "C:\\secret.png", "C:secret.png", "\\\\host\\share",
    "secret.png%00.png", "..", ".", "", "~", "discs/../../secret.png", "link.png", "folder-link/secret.png", "CON",
    "a" * 5000, ".hidden", "..;/secret.png", "\u202esecret", "file:///etc/passwd", "con.png", "discs::$DATA",
    "%c0%ae%c0%ae/secret.png",
]  # fmt: skip


@pytest.fixture
def baited(opened: Any, tmp_path: Path) -> Any:
    """Put a secret beside the workspace, and links to it where names are looked up."""
    secret = tmp_path / "secret.png"
    Image.new("RGB", (32, 32), "red").save(secret)
    (tmp_path / "secret.txt").write_text(SECRET)
    workspace = opened.studio.workspace
    for folder in (workspace.run("discs").samples, workspace.pictures, workspace.runs):
        (folder / "link.png").symlink_to(secret)
        (folder / "folder-link").symlink_to(tmp_path)
    (workspace.pictures / "mine").mkdir()
    opened.ask("POST", "/api/sets", {"name": "mine"})
    (workspace.pictures / "mine" / "link.png").symlink_to(secret)
    (workspace.pictures / "mine" / "folder-link").symlink_to(tmp_path)
    return opened


def is_well(opened: Any) -> bool:
    """Return whether the studio still answers its page."""
    return bool(opened.ask("GET", "/api/trainings").status == 200)


@pytest.mark.parametrize("name", TRAVERSALS)
def test_no_name_leads_out(name: str, baited: Any) -> None:
    typed = quote(name, safe="%")
    for path in (
        f"/api/runs/discs/samples/{typed}",
        f"/api/runs/{typed}",
        f"/api/runs/{typed}/history",
        f"/api/runs/{typed}/opinions",
        f"/api/sets/{typed}",
        f"/api/sets/{typed}/pictures",
        f"/api/sets/{typed}/inspection",
        f"/api/sets/mine/thumbnail?picture={typed}",
        f"/api/sets/discs/thumbnail?picture={typed}",
        f"/static/{typed}",
        f"/{typed}",
    ):
        answer = baited.ask("GET", path)
        is_index = path in ("/", "/.") or answer.headers.get("content-type", "").startswith("text/html")
        assert answer.status in (400, 404, 405, 422) or is_index or answer.data in ([],) or "begun" in answer.data, path
        assert SECRET.encode() not in answer.body
        assert not answer.headers.get("content-type", "").startswith("image/"), path
    outside = baited.studio.workspace.folder.parent
    before = files_of(outside, baited.studio.workspace.folder)
    for method, path, body in (
        ("POST", "/api/sets", {"name": name}),
        ("PUT", f"/api/sets/{typed}/zip", b"PK"),
        ("PUT", f"/api/sets/mine/picture?file={typed}", png(16, 16)),
        ("PUT", f"/api/sets/{typed}/picture?file=a.png", png(16, 16)),
        ("DELETE", f"/api/sets/{typed}", {}),
        ("POST", f"/api/trainings/{typed}/pause", {}),
        ("POST", f"/api/trainings/{typed}/go-on", {}),
        ("POST", f"/api/trainings/{typed}/more", {"minutes": 1}),
        ("POST", "/api/trainings", {"name": name, "set": name}),
        ("POST", "/api/plan", {"set": name}),
    ):
        status = baited.ask(method, path, body).status
        # "%2e%2e" that was encoded twice is a name like any other: a file of this name in the set
        assert status in (400, 404, 405, 422) or (method == "PUT" and status == 200), (method, path, status)
    assert files_of(outside, baited.studio.workspace.folder) == before
    assert baited.studio.trainings.all()[0].name == "discs"
    assert is_well(baited)


def files_of(folder: Path, without: Path) -> dict[Path, bytes]:
    """Return the files outside of the workspace, links not followed, and what is in them."""
    found = (Path(root) / name for root, _folders, names in os.walk(folder) for name in names)
    return {path: path.read_bytes() for path in found if without not in path.parents and not path.is_symlink()}


def png(width: int, height: int, *more: tuple[bytes, bytes]) -> bytes:
    """Return a PNG that claims a size, with more chunks before its pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    rows = zlib.compress(bytes((3 * min(width, 64) + 1) * min(height, 64)), 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + head
        + b"".join(chunk(*each) for each in more)
        + chunk(b"IDAT", rows)
        + chunk(b"IEND", b"")
    )


def zipped(**members: bytes) -> bytes:
    """Return a zip."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return file.getvalue()


def claims_more(archive: bytes, size: int) -> bytes:
    """Return a zip whose members claim another size unpacked."""
    at = archive.rfind(b"PK\x01\x02")
    return archive[: at + 24] + struct.pack("<I", size) + archive[at + 28 :]


BOMBS = {
    "pixels": png(60_000, 60_000),
    "text": png(16, 16, (b"zTXt", b"Comment\0\0" + zlib.compress(bytes(300_000_000), 9))),
    "profile": png(16, 16, (b"iCCP", b"icc\0\0" + zlib.compress(bytes(300_000_000), 9))),
    "gif": b"GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\xff\xff\xff\xff\0\x02\x02L\x01\0;",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "empty": b"",
    "tiff": b"II*\0\x08\0\0\0\x02\0\x00\x01\x04\0\x01\0\0\0\xff\xff\0\0\x01\x01\x04\0\x01\0\0\0\xff\xff\0\0\0\0\0\0",
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_do_not_go_off(name: str, opened: Any) -> None:
    opened.ask("POST", "/api/sets", {"name": "mine"})
    answer = opened.ask("PUT", "/api/sets/mine/picture?file=bomb.png", BOMBS[name])
    assert answer.status in (200, 400)
    if name in ("pixels", "gif", "svg", "html", "empty", "tiff"):
        assert answer.status == 400, "it must not be kept"
        assert list((opened.studio.workspace.pictures / "mine").iterdir()) == []
    shown = opened.ask("GET", "/api/sets/mine/thumbnail?picture=bomb.png")
    assert shown.status in (200, 400, 404)
    assert shown.headers["content-type"] in ("image/webp", "application/json")
    assert is_well(opened)


def test_zips_of_three_kinds_do_not_go_off(opened: Any) -> None:
    large = zipped(**{"huge.png": bytes(50_000_000)})
    lying = claims_more(large, 2_000_000_000)
    slip = zipped(**{"..__..__..__slipped.png": png(16, 16), "__absolute.png": png(16, 16), "good.png": png(16, 16)})
    for number, content in enumerate((large, lying, slip)):
        assert opened.ask("PUT", f"/api/sets/zip%20{number}/zip", content).status in (200, 400, 404)
        for picture in ("huge.png", "../../../slipped.png", "/absolute.png"):
            shown = opened.ask("GET", f"/api/sets/zip%20{number}/thumbnail?picture={quote(picture)}")
            assert shown.status in (200, 400, 404)
    assert not list(opened.studio.workspace.folder.parent.rglob("slipped.png"))
    assert opened.ask("PUT", "/api/sets/no/zip", b"PK\x03\x04 no zip").status == 400
    assert is_well(opened)


def test_uploads_end_at_their_limits(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    opened.ask("POST", "/api/sets", {"name": "mine"})
    monkeypatch.setattr(uploads, "MAX_MEMBER_BYTES", 1000)
    assert opened.ask("PUT", "/api/sets/mine/picture?file=a.png", bytes(2000)).status == 413
    monkeypatch.setattr(uploads, "MAX_PICTURES", 1)
    assert opened.ask("PUT", "/api/sets/mine/picture?file=a.png", png(16, 16)).status == 200
    assert opened.ask("PUT", "/api/sets/mine/picture?file=b.png", png(16, 16)).status == 413
    monkeypatch.setattr(uploads, "LEFT_FREE", 1 << 60)
    assert opened.ask("PUT", "/api/sets/mine/zip", bytes(10)).status == 413
    assert [path.name for path in (opened.studio.workspace.pictures / "mine").iterdir()] == ["a.png"]
    assert opened.ask("POST", "/api/sets", {"name": "x" * (2 << 20)}).status == 413
    assert opened.ask("PUT", "/api/sets/discs/picture?file=a.png", png(16, 16)).status == 400, "a folder that was named"


@pytest.mark.parametrize(
    "place", ["https://127.0.0.1:9/a.tar", "s3://bucket/a.tar", "file:///etc", "*.tar", "\0", "~nobody"]
)
def test_nothing_but_this_machine_is_named(place: str, opened: Any) -> None:
    assert opened.ask("POST", "/api/sets", {"name": "mine", "folder": place}).status == 400
    assert [each["name"] for each in opened.ask("GET", "/api/sets").data] == ["discs"]


def test_a_guessed_token_is_refused_and_the_right_one_let_in(opened: Any) -> None:
    statuses = [opened.ask("GET", f"/enter?token=guess{number}", Cookie=None).status for number in range(30)]
    assert set(statuses) == {303, 429}
    assert statuses[-1] == 429
    answer = opened.ask("GET", opened.link.removeprefix(opened.address), Cookie=None)
    assert answer.status == 303
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "samesite=strict" in answer.headers["set-cookie"].lower()


def test_a_ticket_opens_once(opened: Any) -> None:
    ticket = opened.studio.access.ticket()
    answers = [opened.ask("GET", f"/enter?token={ticket}", Cookie=None) for _each in range(2)]
    assert ["set-cookie" in answer.headers for answer in answers] == [True, False]


def test_a_guessed_password_is_refused_for_a_while(tmp_path: Path) -> None:
    gate = new_studio(tmp_path, password="right one").access
    for number in range(access.ATTEMPTS):
        assert gate.enter(f"guess {number}", "1.2.3.4") is None
    with pytest.raises(access.TooManyAttemptsError):
        gate.enter("right one", "1.2.3.4")
    session = gate.enter("right one", "5.6.7.8")
    assert session is not None
    assert gate.knows(session)
    gate.leave(session)
    assert not gate.knows(session)


def test_what_one_session_sees_is_not_another_ones(opened: Any) -> None:
    shown = opened.ask("GET", "/api/sets/discs/thumbnail?picture=000.png")
    assert shown.status == 200
    assert shown.headers["cache-control"] == "private, no-cache"
    tag = shown.headers["etag"]
    assert opened.ask("GET", "/api/sets/discs/thumbnail?picture=000.png", If_None_Match=tag).status == 304
    stranger = opened.ask("GET", "/api/sets/discs/thumbnail?picture=000.png", If_None_Match=tag, Cookie=None)
    assert stranger.status == 401
    opened.ask("POST", "/api/leave", {})
    assert opened.ask("GET", "/api/sets/discs/thumbnail?picture=000.png", If_None_Match=tag).status == 401


def test_slow_clients_are_given_up(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.3)
    silent = socket.create_connection(("127.0.0.1", opened.port))
    halting = socket.create_connection(("127.0.0.1", opened.port))
    halting.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ")
    for each in (silent, halting):
        each.settimeout(20)
        assert each.recv(100) == b"", "the connection is closed"
        each.close()
    for path, kind in (("/api/sets", "json"), ("/api/sets/discs/zip", "octet-stream")):
        slow = socket.create_connection(("127.0.0.1", opened.port))
        slow.settimeout(20)
        head = [
            f"{'POST' if kind == 'json' else 'PUT'} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{opened.port}",
            f"Origin: {opened.address}",
            f"Cookie: {opened.cookie}",
            f"Content-Type: application/{kind}",
            "Content-Length: 999",
        ]
        slow.sendall("\r\n".join([*head, "", "{"]).encode())
        assert slow.recv(100).startswith(b"HTTP/1.1 408"), path
        slow.close()
    assert is_well(opened)


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_many_requests_are_all_answered(count: int, opened: Any) -> None:
    statuses: list[int] = []

    def hammer(number: int) -> None:
        connection = HTTPConnection("127.0.0.1", opened.port, timeout=120)
        for each in range(number):
            path = ("/api/trainings", "/nowhere", "/api/sets", f"/api/runs/{os.urandom(4).hex()}/history")[each % 4]
            connection.request("GET", path, headers={"Cookie": opened.cookie if each % 3 else "no"})
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()

    threads = [threading.Thread(target=hammer, args=(count // 8,)) for _each in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(statuses) == count // 8 * 8
    assert set(statuses) <= {200, 401, 404}
    assert is_well(opened)


NONSENSE = [
    b"\0" * 1000,
    b"GET " + b"a" * 200_000,
    b"\x16\x03\x01\x02\0",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nzz",
]


def test_nonsense_on_the_line_does_not_end_it(opened: Any) -> None:
    for nonsense in NONSENSE:
        with socket.create_connection(("127.0.0.1", opened.port)) as line:
            line.settimeout(20)
            try:
                line.sendall(nonsense)
                line.shutdown(socket.SHUT_WR)
                answer = line.recv(1000)
            except OSError:  # it has hung up
                continue
            assert not answer or answer.startswith(b"HTTP/1.1 4"), answer
    assert is_well(opened)


def test_a_second_studio_on_the_same_folder_says_so(opened: Any) -> None:
    from ganvas import GanvasError

    with (
        pytest.raises(GanvasError, match="Another studio"),
        new_studio(opened.studio.workspace.folder).workspace.open(""),
    ):
        pass


def test_json_that_is_deep_or_no_json_is_told(opened: Any) -> None:
    for body in (b"[" * 100_000, b"{", b'{"name": NaN}', json.dumps({"name": 1}).encode(), b"\xff"):
        answer = opened.ask("POST", "/api/sets", body, Content_Type="application/json")
        assert answer.status in (400, 422), body[:20]
    assert is_well(opened)


def test_secrets_stay_out_of_what_is_told(opened: Any) -> None:
    for path in ("/api/texts", "/api/trainings", "/"):
        assert opened.studio.access.token.encode() not in opened.ask("GET", path).body
