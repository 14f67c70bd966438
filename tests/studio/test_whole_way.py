"""A whole way: upload, plan, train; reload, close and open again; kill the studio, kill the training, go on."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import tiny
from ganvas.studio.processes import owner_of
from ganvas.studio.workspace import Workspace

pytestmark = pytest.mark.slow

MINUTES = "1"
PATIENCE = 240_000  # milliseconds, on a machine that does other things too


@contextmanager
def studio_process(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start `ganvas studio`; yield its process and the link that it prints."""
    command = [sys.executable, "-m", "ganvas", "studio", str(folder), "--no-browser", "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    link = re.search(r"http://\S+", process.stderr.readline())
    assert link, "it prints its link first"
    try:
        yield process, link[0]
    finally:
        process.kill()
        process.stderr.close()
        process.wait()


def until(is_so: Callable[[], object], what: str, seconds: float = 120) -> Any:
    """Wait until something is so, and return what was found."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := is_so():
            return found
        time.sleep(0.2)
    raise AssertionError(f"it never came to this: {what}")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """Return a workspace; what still trains in it is killed in the end."""
    workspace = Workspace(tmp_path / "studio")
    yield workspace
    for run in workspace.runs.glob("*"):
        if owner := owner_of(workspace.run(run.name)):
            os.kill(owner.pid, signal.SIGKILL)


@pytest.mark.parametrize("width", [390, 1440])
def test_a_persons_whole_way(width: int, browser: Any, workspace: Workspace, tmp_path: Path) -> None:
    pictures = tiny.write_pictures(tmp_path / "mine", 40)
    (pictures / "broken.png").write_bytes(b"no picture")
    seen: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 844})
    context.set_default_timeout(PATIENCE)
    context.on("request", lambda each: seen.append(each.url))

    with studio_process(workspace.folder) as (_process, link):
        page = context.new_page()
        page.goto(link)
        page.locator("input[type=file]").first.set_input_files([str(path) for path in sorted(pictures.iterdir())])
        page.get_by_text("1 was not taken").wait_for()
        page.get_by_role("link", name="Go on with the others").click()
        page.locator(".thumbnail").first.click()
        page.get_by_text("1 is left out.").wait_for()
        page.get_by_role("link", name="Train on these").click()
        page.get_by_text("More", exact=True).click()
        page.get_by_label("Minutes").fill(MINUTES)
        page.get_by_label("Minutes").press("Tab")
        page.wait_for_selector(".plan:not(.old) .headline")
        page.get_by_role("button", name="Begin").click()
        page.wait_for_selector(".growth img")
        page.reload()
        page.wait_for_selector(".growth img")
        page.close()
        address = re.sub(r"/enter.*", "", link)
        page = context.new_page()
        page.goto(f"{address}/#/watch/My%20pictures")
        page.get_by_role("button", name="Pause").click()
        page.get_by_text("Paused", exact=True).wait_for()
        page.get_by_role("button", name="Go on").click()
        page.get_by_text("Training", exact=True).wait_for()
        page.close()

    run = workspace.run("My pictures")  # the studio was killed, as by kill -9
    training = owner_of(run)
    assert training is not None, "the training goes on without the studio"
    size = run.events_size()
    until(lambda: run.events_size() > size, "it trains")

    with studio_process(workspace.folder) as (_process, link):
        page = context.new_page()
        page.goto(link)
        page.goto(f"{re.sub(r'/enter.*', '', link)}/#/watch/My%20pictures")
        page.wait_for_selector(".growth img")
        if owner := owner_of(run):
            os.kill(owner.pid, signal.SIGKILL)
            page.get_by_text("Ended unexpectedly; goes on from its last save").wait_for()
            page.get_by_role("button", name="Go on").click()
        page.get_by_text("Finished", exact=True).wait_for()
        assert page.get_by_text("100%").is_visible()
    context.close()
    assert {re.sub(r":\d+/.*", "", url) for url in seen if not url.startswith(("blob:", "data:"))} == {
        "http://127.0.0.1"
    }
    assert [run.name for run in workspace.runs.iterdir()] == ["My pictures"]
    assert not run.read_config().data.path.endswith("mine"), "it is trained without the picture that was left out"
