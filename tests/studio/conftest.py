"""A studio with a tiny run, served by a thread of the tests; what sends requests to it; and a browser's page."""

import asyncio
import json
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import tiny
from ganvas.recipes import RECIPES

if find_spec("fastapi") is None:  # pip install -e ".[studio]"
    collect_ignore_glob = ["test_*.py"]
else:
    from ganvas.studio import sets
    from ganvas.studio.context import Studio, new_studio
    from ganvas.studio.serve import Server, listen

RUN, SET = "discs", "discs"  # what is in each studio of the tests
HERE = "127.0.0.1"
PASSWORD = "the password"


@dataclass(frozen=True)
class Answer:
    """What the studio answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        """Return the JSON in it."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Opened:
    """A studio that is served, and a session in it."""

    studio: "Studio"
    port: int
    cookie: str

    @property
    def address(self) -> str:
        """Return where it is."""
        return f"http://{HERE}:{self.port}"

    @property
    def link(self) -> str:
        """Return what opens it."""
        return f"{self.address}/enter?token={self.studio.access.token}"

    def ask(self, method: str, path: str, body: Any = None, **headers: str | None) -> Answer:
        """Send a request as the page does; `headers` (Host=..., Origin=...) replace the page's, None leaves one out.

        `body` is sent as JSON, but for bytes.
        """
        is_file = isinstance(body, bytes)
        sent: dict[str, str | None] = {"Host": f"{HERE}:{self.port}", "Cookie": self.cookie}
        if method not in ("GET", "HEAD"):
            sent |= {"Origin": self.address, "Content-Type": f"application/{'octet-stream' if is_file else 'json'}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if is_file else b"" if body is None else json.dumps(body).encode()
        connection = HTTPConnection(HERE, self.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                if value is not None:
                    connection.putheader(name, value)
            if content or method not in ("GET", "HEAD"):
                connection.putheader("Content-Length", str(len(content)))
            connection.endheaders(content)
            answer = connection.getresponse()
            return Answer(answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with pictures/, 24 of 16 px, and run/, a finished training on them."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE", str(folder / "cache"))
        for name, recipe in tiny.NARROW.items():
            patch.setitem(RECIPES, name, recipe)
        tiny.train(tiny.write_pictures(folder / "pictures"), folder / "run", recipe="dcgan")
    return folder


@pytest.fixture
def opened(tmp_path: Path, trained: Path) -> Iterator[Opened]:
    """Serve a studio that has a set of pictures and a finished run, both called "discs"."""
    with serving(new_studio(tmp_path / "studio"), trained) as opened:
        yield opened


@pytest.fixture
def opened_to_others(tmp_path: Path, trained: Path) -> Iterator[Opened]:
    """Serve the same with the password "the password", as with --host."""
    with serving(new_studio(tmp_path / "studio", PASSWORD, is_local=False), trained) as opened:
        yield opened


class serving:
    """Serve a studio with the tiny run in it for the body of the `with`."""

    def __init__(self, studio: "Studio", trained: Path) -> None:
        self.studio, self.trained = studio, trained
        self.is_open = threading.Event()

    def __enter__(self) -> Opened:
        self.listener = listen(HERE, 0)
        port = self.listener.getsockname()[1]
        self.lock = self.studio.workspace.open(f"http://{HERE}:{port}/")
        self.lock.__enter__()
        shutil.copytree(self.trained / "run", self.studio.workspace.run(RUN).folder)
        sets.name_folder(self.studio.workspace, SET, str(self.trained / "pictures"))
        self.server = Server(self.studio, ("localhost",), self.is_open.set)
        self.thread = threading.Thread(target=lambda: asyncio.run(self.server.serve(sockets=[self.listener])))
        self.thread.start()
        assert self.is_open.wait(30), "the studio did not open"
        access = self.studio.access
        session = access.enter(PASSWORD if access.needs_password else access.token, "tests")
        return Opened(self.studio, port, f"ganvas_studio_{port}={session}")

    def __exit__(self, *error: object) -> None:
        self.server.should_exit = True
        self.thread.join(30)
        self.listener.close()
        self.lock.__exit__(None, None, None)


@pytest.fixture(params=[390, 1440])
def page(request: pytest.FixtureRequest, browser: Any, opened: Opened) -> Iterator[Any]:
    """Return a page of a browser that has come into the studio, on a phone and on a wide screen.

    A request to another machine, and an error in the page, fail the test.
    """
    context = browser.new_context(
        viewport={"width": request.param, "height": 844}, color_scheme="dark" if request.param == 390 else "light"
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    seen: list[str] = []
    errors: list[str] = []
    page.on("request", lambda each: seen.append(each.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(opened.link)
    page.wait_for_selector("h1")
    yield page
    context.close()
    assert errors == []
    assert [url for url in seen if not url.startswith((opened.address, "blob:", "data:"))] == []


@pytest.fixture(autouse=True)
def trainings_know_this_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes that the studio starts import what is tested here, with one thread each."""
    source = str(Path(__file__).resolve().parents[2] / "src")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (source, os.environ.get("PYTHONPATH")))))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
