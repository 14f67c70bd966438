"""Shards that lie elsewhere are fetched whole or not at all; what may pass is tried again."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tar_shards import write_set

from ganvas.config import DataConfig
from ganvas.data import fetch, prepare
from ganvas.data.fetch import NotThereError, local_copy
from ganvas.data.shard_list import MANIFEST, Manifest
from ganvas.data.sources import open_source
from ganvas.data.windows import read_shards
from ganvas.errors import GanvasError, UnreadableNowError
from ganvas.events import run_to_end


class Server(ThreadingHTTPServer):
    """Files of a folder, and answers that fail as often as `faults` says: a status, or "cut" in the middle."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder, self.faults, self.asked = folder, list[int | str](), list[str]()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        fault = self.server.faults.pop(0) if self.server.faults else None
        file = self.server.folder / self.path.lstrip("/")
        if isinstance(fault, int) or not file.is_file():
            self.send_error(fault if isinstance(fault, int) else 404)
            return
        content = file.read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Last-Modified", "Mon, 30 Nov 2026 12:00:00 GMT")
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if fault == "cut" else content)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(fetch, "FIRST_WAIT", 0.0)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    running = Server(write_set(tmp_path / "set", 3, 10))
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join()


def copies(tmp_path: Path) -> list[str]:
    folder = tmp_path / "cache" / "shards"
    return sorted(path.suffix for path in folder.iterdir()) if folder.is_dir() else []


def test_pictures_are_the_same_from_http_and_nothing_is_left_of_it(server: Server, tmp_path: Path) -> None:
    from_disk = run_to_end(prepare(DataConfig(str(server.folder), 16, 16), 1))
    place = f"{server.address}/s-{{00..02}}.tar"
    fetched = run_to_end(prepare(DataConfig(place, 16, 16), 2))
    assert (fetched.images == from_disk.images).all()
    assert fetched.content == from_disk.content
    assert len(server.asked) == 3, "a shard was fetched more than once"
    assert not copies(tmp_path), "copies of shards stay in the cache"


def test_shards_elsewhere_are_counted_once_and_not_kept(server: Server, tmp_path: Path) -> None:
    place = f"{server.address}/s-{{00..02}}.tar"
    found = read_shards(place)
    assert found is not None
    assert found.counts == (10, 10, 10)
    asked = server.asked.count("/s-00.tar")
    assert asked == 1
    assert read_shards(place) == found
    assert server.asked.count("/s-00.tar") == asked, "counted again"
    assert ".tar" not in copies(tmp_path)


def test_a_server_that_does_not_end_is_left(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "MAX_SHARD_BYTES", 1000)
    with pytest.raises(UnreadableNowError, match="it has more than 1,000 bytes"):
        local_copy(f"{server.address}/s-01.tar")


@pytest.mark.parametrize("faults", [[503], ["cut"], [500, "cut", 429, 502]])
def test_a_passing_fault_is_tried_again(server: Server, faults: list[int | str]) -> None:
    server.faults[:] = faults
    file = local_copy(f"{server.address}/s-01.tar")
    assert file.read_bytes() == (server.folder / "s-01.tar").read_bytes()


def test_a_fault_that_stays_is_told_and_leaves_nothing(server: Server, tmp_path: Path) -> None:
    server.faults[:] = ["cut"] * 99
    with pytest.raises(UnreadableNowError, match=r"/s-01.tar cannot be read now: it ended too early") as caught:
        local_copy(f"{server.address}/s-01.tar")
    assert "type the same command again" in caught.value.hint
    assert len(server.asked) == fetch.TRIES
    assert not copies(tmp_path)
    server.faults.clear()
    assert local_copy(f"{server.address}/s-01.tar").is_file()


def test_what_is_not_there_is_not_waited_for(server: Server) -> None:
    with pytest.raises(NotThereError, match=r"/s-07.tar is not there, or may not be read: HTTP Error 404"):
        local_copy(f"{server.address}/s-07.tar")
    assert len(server.asked) == 1


def test_a_server_that_is_gone_is_told(server: Server) -> None:
    address = server.address
    server.shutdown()
    server.server_close()
    with pytest.raises(UnreadableNowError, match="Connection refused"):
        local_copy(f"{address}/s-00.tar")


def test_a_folder_of_a_server_needs_the_list_that_ganvas_writes(server: Server) -> None:
    with pytest.raises(GanvasError, match="has no complete list of shards"):
        open_source(server.address)
    shards = tuple((path.name, 10, path.stat().st_size) for path in sorted(server.folder.iterdir()))
    (server.folder / MANIFEST).write_bytes(Manifest("x", True, shards).to_bytes())  # type: ignore[arg-type]
    other = f"{server.address}/."  # what was not there is remembered
    found = read_shards(other)
    assert found is not None
    assert found.counts == (10, 10, 10)
    assert not any(path.endswith(".tar") for path in server.asked), "a shard was read to be counted"


def test_object_stores_are_read_by_fsspec(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    store = fsspec.filesystem("memory")
    for path in write_set(tmp_path / "set", 2, 10).iterdir():
        store.pipe(f"/bucket/{path.name}", path.read_bytes())
    prepared = run_to_end(prepare(DataConfig("memory://bucket/s-*.tar", 16, 16), 1))
    assert prepared.count == 20
    with pytest.raises(NotThereError, match="is not there"):
        list(open_source("memory://bucket/s-09.tar").items())
    with pytest.raises(GanvasError, match="cannot be read"):
        open_source("nonsense://bucket/*.tar")
