"""What the studio costs: a training that is watched by nobody, by one and by five; memory after an hour of events.

    python benchmarks/studio.py --only viewers --rounds 3
    python benchmarks/studio.py --only following      # the studio's part alone, where the machine is not quiet
    python benchmarks/studio.py --only memory --run RUN

Processor seconds are counted, of the training and of the studio, so that other programs matter little. A viewer does
what the page does: it reads the history, follows the events, and asks for the run's state every three seconds.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

from ganvas import builtin
from ganvas.event_log import to_json
from ganvas.events import SampleGrid, Step

VIEWERS = (0, 1, 5)
RUN = "run"
STEPS = 3600  # events of a training's hour, one a second
POLL_SECONDS = 3.0


@contextmanager
def studio(folder: Path) -> Iterator[tuple[int, int, str]]:
    """Open a studio; yield its process, its port and a cookie."""
    command = [sys.executable, "-m", "ganvas", "studio", str(folder), "--no-browser", "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    link = re.search(r":(\d+)(/enter\S+)", process.stderr.readline())
    assert link
    try:
        connection = HTTPConnection("127.0.0.1", int(link[1]))
        connection.request("GET", link[2])
        cookie = (connection.getresponse().getheader("Set-Cookie") or "").partition(";")[0]
        yield process.pid, int(link[1]), cookie
    finally:
        process.terminate()
        process.wait()


def processor_seconds(pid: int) -> float:
    """Return what a process that is still there has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """Return a process's memory in MB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


class Viewer(threading.Thread):
    """One who watches the run, until `stop`."""

    def __init__(self, port: int, cookie: str) -> None:
        super().__init__(daemon=True)
        self.port, self.cookie, self.stop = port, cookie, threading.Event()

    def run(self) -> None:
        """Follow the events, and ask for the state now and then."""
        following = self._ask(f"/api/runs/{RUN}/events?offset=0")
        threading.Thread(target=following.read, daemon=True).start()
        while not self.stop.wait(POLL_SECONDS):
            self._ask(f"/api/runs/{RUN}").read()

    def _ask(self, path: str):  # type: ignore[no-untyped-def]
        connection = HTTPConnection("127.0.0.1", self.port, timeout=600)
        connection.request("GET", path, headers={"Cookie": self.cookie})
        return connection.getresponse()


def watched(viewers: int, images: int) -> tuple[float, float]:
    """Train with so many viewers; return processor seconds of the training and of the studio."""
    with tempfile.TemporaryDirectory() as scratch, studio(Path(scratch) / "studio") as (pid, port, cookie):
        watching = [Viewer(port, cookie) for _each in range(viewers)]
        before = processor_seconds(pid)
        for each in watching:
            each.start()
        out = Path(scratch) / "studio" / "runs" / RUN
        options = ["--recipe", "dcgan", "--size", "32", "--images", str(images), "--device", "cpu"]
        began = os.times()
        command = [sys.executable, "-m", "ganvas", "train", str(builtin.people()), "--out", str(out), *options]
        subprocess.run(command, check=True, capture_output=True)
        ended = os.times()
        for each in watching:
            each.stop.set()
        training = ended.children_user + ended.children_system - began.children_user - began.children_system
        return training, processor_seconds(pid) - before


def followed(viewers: int, seconds: int, run: Path) -> float:
    """Write an event a second, as a training does; return the processor seconds of the studio with so many viewers."""
    with tempfile.TemporaryDirectory() as scratch, studio(Path(scratch) / "studio") as (pid, port, cookie):
        out = Path(scratch) / "studio" / "runs" / RUN
        shutil.copytree(run, out)
        watching = [Viewer(port, cookie) for _each in range(viewers)]
        before = processor_seconds(pid)
        for each in watching:
            each.start()
        lines = (run / "events.jsonl").read_text().splitlines(keepends=True)
        for second in range(seconds):
            with (out / "events.jsonl").open("a") as file:
                file.write(lines[second % len(lines)])
            time.sleep(1)
        for each in watching:
            each.stop.set()
        return processor_seconds(pid) - before


def an_hour(events: Path) -> None:
    """Append the events of an hour's training."""
    with events.open("a") as file:
        for number in range(1, STEPS + 1):
            losses = dict.fromkeys(("generator", "discriminator", "real_logits", "fake_logits"), 0.5 + number / STEPS)
            step = Step(number, 64 * number, 64 * STEPS, number / STEPS, float(number), "adversarial", losses, losses)
            file.write(f"{to_json(step)}\n")
            if number % 60 == 0:
                file.write(f"{to_json(SampleGrid(number, 64 * number, 'samples/000000000.png'))}\n")
            if number % 10 == 0:
                file.flush()
                time.sleep(0.05)


def memory(run: Path) -> dict[str, list[float]]:
    """Return MB of the studio and of the heap of its page: before, and after each of three hours of events."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as scratch, studio(Path(scratch) / "studio") as (pid, port, cookie):
        out = Path(scratch) / "studio" / "runs" / RUN
        shutil.copytree(run, out)
        (out / "events.jsonl").write_text("")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            context = browser.new_context()
            name, _equals, value = cookie.partition("=")
            context.add_cookies([{"name": name, "value": value, "url": f"http://127.0.0.1:{port}"}])
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{port}/#/watch/{RUN}")
            page.wait_for_selector("h1")
            session = context.new_cdp_session(page)

            def heap() -> float:
                session.send("HeapProfiler.collectGarbage")
                return float(session.send("Runtime.getHeapUsage")["usedSize"] / 2**20)

            page.wait_for_timeout(5000)
            found = {"studio": [resident(pid)], "page": [heap()]}
            for _hour in range(3):
                writer = threading.Thread(target=an_hour, args=(out / "events.jsonl",))
                writer.start()
                while writer.is_alive():
                    page.wait_for_timeout(500)
                page.wait_for_timeout(3000)
                found["studio"].append(resident(pid))
                found["page"].append(heap())
            browser.close()
    return found


def main() -> None:
    """Measure, and print a table as JSON lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, default=6000)
    parser.add_argument("--run", type=Path, help="a finished run, but for --only viewers")
    parser.add_argument("--only", choices=("viewers", "following", "memory"), required=True)
    parser.add_argument("--seconds", type=int, default=60)
    arguments = parser.parse_args()
    if arguments.only == "following":
        for viewers in VIEWERS:
            used = followed(viewers, arguments.seconds, arguments.run)
            print(json.dumps({"viewers": viewers, "share of a core": used / arguments.seconds}), flush=True)
    if arguments.only == "viewers":
        found: dict[int, list[tuple[float, float]]] = {viewers: [] for viewers in VIEWERS}
        for _round in range(arguments.rounds):
            for viewers in VIEWERS:
                found[viewers].append(watched(viewers, arguments.images))
                print(json.dumps({"viewers": viewers, "training, studio": found[viewers][-1]}), flush=True)
        for viewers in VIEWERS[1:]:
            ratios = [one[0] / none[0] for one, none in zip(found[viewers], found[0], strict=True)]
            shares = [studio / training for training, studio in found[viewers]]
            print(json.dumps({"viewers": viewers, "ratio": median(ratios), "studio's share": median(shares)}))
    if arguments.only == "memory":
        print(json.dumps(memory(arguments.run)))


if __name__ == "__main__":
    main()
