"""A hub on this machine: as much of the Hugging Face hub's HTTP interface as huggingface_hub asks for.

It keeps repositories in memory, and can be told to refuse. Every request is kept, with its headers, so that a test can
see what was sent. A refusal repeats the token that it was sent, as a hostile server could.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_secretsecretsecretsecretsecret"
REPO = r"(?:(?P<kind>models|datasets|spaces)/)?(?P<repo>[\w.-]+/[\w.-]+)"


@dataclass
class FakeHub:
    """What the server has and does.

    repos: files by kind ("models", "datasets") and name; a commit is the hash of these.
    refuses: the status and the hub's word for it, by name of a repository; "" for all.
    requests: method and path of all that was asked, in order.
    """

    address: str = ""
    repos: dict[tuple[str, str], dict[str, bytes]] = field(default_factory=dict)
    refuses: dict[str, tuple[int, str]] = field(default_factory=dict)
    uploads: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    private: set[str] = field(default_factory=set)

    def commit_of(self, kind: str, repo: str) -> str:
        return hashlib.sha1(repr(sorted(self.repos[kind, repo].items())).encode()).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *words: Any) -> None:
        return

    def do_GET(self) -> None:
        self._answer()

    do_HEAD = do_POST = do_PUT = do_GET

    def _answer(self) -> None:
        path, query = unquote(urlsplit(self.path).path), parse_qs(urlsplit(self.path).query)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = self._chunks()
        self.hub.requests.append(f"{self.command} {path}")
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        self.hub.tokens |= {token} - {""}
        for repo, (status, word) in self.hub.refuses.items():
            if repo in path or (repo and repo.encode() in body):
                self._send(status, f"no for {token}".encode(), {"X-Error-Code": word, "X-Error-Message": f"no {token}"})
                return
        for pattern, answer in (
            (r"/api/repos/create", self._create),
            (r"/api/validate-yaml", lambda *_: self._json({"errors": [], "warnings": []})),
            (rf"/api/{REPO}/preupload/.*", self._preupload),
            (rf"/{REPO}\.git/info/lfs/objects/batch", self._lfs),
            (r"/upload/(?P<oid>\w+)", self._upload),
            (rf"/api/{REPO}/commit/.*", self._commit),
            (rf"/api/{REPO}/tree/(?P<revision>[^/]+).*", self._tree),
            (rf"/api/{REPO}(?:/revision/(?P<revision>[^/]+))?", self._info),
            (rf"/{REPO}/resolve/(?P<revision>[^/]+)/(?P<file>.+)", self._resolve),
        ):
            if found := re.fullmatch(pattern, path):
                answer(found, body, query)
                return
        self._send(404, b"?", {})

    def _chunks(self) -> bytes:
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _create(self, _found: Any, body: bytes, _query: Any) -> None:
        wanted = json.loads(body)
        repo = f"{wanted['organization']}/{wanted['name']}" if wanted.get("organization") else wanted["name"]
        self.hub.private |= {repo} if wanted.get("private") or wanted.get("visibility") == "private" else set()
        self.hub.repos.setdefault(("models", repo), {})
        self._json({"url": f"{self.hub.address}/{repo}", "name": repo})

    def _preupload(self, _found: Any, body: bytes, _query: Any) -> None:
        files = [
            {"path": each["path"], "uploadMode": "lfs" if each["path"].endswith(".safetensors") else "regular",
             "shouldIgnore": False, "oid": None}
            for each in json.loads(body)["files"]
        ]  # fmt: skip
        self._json({"files": files})

    def _lfs(self, _found: Any, body: bytes, _query: Any) -> None:
        objects = [
            {
                "oid": each["oid"],
                "size": each["size"],
                "actions": {"upload": {"href": f"{self.hub.address}/upload/{each['oid']}"}},
            }
            for each in json.loads(body)["objects"]
        ]
        self._json({"transfer": "basic", "objects": objects}, "application/vnd.git-lfs+json")

    def _upload(self, found: Any, body: bytes, _query: Any) -> None:
        assert hashlib.sha256(body).hexdigest() == found["oid"]
        self.hub.uploads[found["oid"]] = body
        self._send(200, b"", {})

    def _commit(self, found: Any, body: bytes, _query: Any) -> None:
        files = self.hub.repos[found["kind"], found["repo"]]
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.hub.uploads[value["oid"]]
        commit = self.hub.commit_of(found["kind"], found["repo"])
        self._json(
            {"success": True, "commitOid": commit, "commitUrl": f"{self.hub.address}/{found['repo']}/commit/{commit}"}
        )

    def _known(self, found: Any, kind: str) -> str | None:
        """Return the commit that is asked for, if it is there; else say that it is not."""
        repo, revision = found["repo"], found["revision"]
        if (kind, repo) not in self.hub.repos:
            self._send(404 if self.hub.tokens else 401, b"no", {"X-Error-Code": "RepoNotFound"})
            return None
        commit = self.hub.commit_of(kind, repo)
        if revision not in (None, "main", "v1", commit):
            self._send(404, b"no", {"X-Error-Code": "RevisionNotFound"})
            return None
        return commit

    def _info(self, found: Any, _body: bytes, _query: Any) -> None:
        if commit := self._known(found, found["kind"]):
            files = self.hub.repos[found["kind"], found["repo"]]
            siblings = [{"rfilename": name, "size": len(each), "blobId": _oid(each)} for name, each in files.items()]
            self._json({"id": found["repo"], "sha": commit, "siblings": siblings, "private": False, "downloads": 0,
                        "likes": 0, "tags": []})  # fmt: skip

    def _tree(self, found: Any, _body: bytes, _query: Any) -> None:
        if self._known(found, found["kind"]):
            files = self.hub.repos[found["kind"], found["repo"]]
            self._json(
                [{"type": "file", "path": name, "size": len(each), "oid": _oid(each)} for name, each in files.items()]
            )

    def _resolve(self, found: Any, _body: bytes, _query: Any) -> None:
        kind = found["kind"] or "models"
        if commit := self._known(found, kind):
            content = self.hub.repos[kind, found["repo"]].get(found["file"])
            if content is None:
                self._send(404, b"no", {"X-Error-Code": "EntryNotFound"})
            else:
                self._send(200, content, {"X-Repo-Commit": commit, "ETag": f'"{_oid(content)}"'})

    def _json(self, value: Any, kind: str = "application/json") -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": kind})

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@contextmanager
def running() -> Iterator[FakeHub]:
    """Serve a hub in the body of the `with`."""
    hub = FakeHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
