"""Fixtures that every test may use."""

import os
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # several processes share the cores; torch, imported later, reads this
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.pop("COLUMNS", None)  # of no terminal; rich would take it for a width that was asked for
os.environ["GANVAS_LANG"] = "en"  # whatever this machine speaks
# No test fails because the machine is busy.
hypothesis.settings.register_profile("ganvas", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("ganvas")


@pytest.fixture(scope="session")
def shared_assets() -> Path:
    """Return the folder of real data that lies beside a developer's checkout, or skip."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "assets"
    if not folder.is_dir():
        pytest.skip("the real data sets in ../shared/assets are not here")
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Start Chromium, or skip where there is none; all tests share it, since Playwright starts once in a process."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
    with sync_api.sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if path is None and not Path(playwright.chromium.executable_path).is_file():
            pytest.skip("no Chromium here: apt-get install chromium, or: playwright install chromium")
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep prepared pictures of this test away from the user's and from those of other tests."""
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def narrow_recipes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every recipe narrow, so that a whole training takes a second."""
    import tiny
    from ganvas.recipes import RECIPES

    for name, recipe in tiny.NARROW.items():
        monkeypatch.setitem(RECIPES, name, recipe)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Return a folder of 24 pictures of 16 px."""
    import tiny

    return tiny.write_pictures(tmp_path / "pictures")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let every download of this test fail: what would go to the internet goes to a port where nobody listens."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    urllib.request.install_opener(None)  # type: ignore[arg-type]  # the next one reads these names, whoever opened a page before
    yield
    urllib.request.install_opener(None)  # type: ignore[arg-type]


@pytest.fixture
def largest_file() -> Callable[[int], AbstractContextManager[None]]:
    """Return a context in which no file of this process may be larger than so many bytes, as if the disk were full."""
    resource = pytest.importorskip("resource")

    @contextmanager
    def limited(size: int) -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited
