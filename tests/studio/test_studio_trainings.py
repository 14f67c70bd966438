"""Trainings of the studio: what they are doing follows from their run folders, whatever happened meanwhile."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ganvas import GanvasError
from ganvas.events import Done, Started, Step
from ganvas.studio import processes
from ganvas.studio.processes import Identity
from ganvas.studio.trainings import Request, Trainings
from ganvas.studio.workspace import Workspace, write_record

AT_WORK = """
import sys, time
sys.path.insert(0, {src!r})
from ganvas.runs import Run
with Run({run!r}).lock():
    print(flush=True)
    time.sleep(60)
"""
SRC = str(Path(__file__).resolve().parents[2] / "src")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Return a workspace with its folders."""
    workspace = Workspace(tmp_path / "studio")
    with workspace.open("tests"):
        pass
    return workspace


def begun(workspace: Workspace, trained: Path, *events: object) -> None:
    """Put a run "one" into the workspace whose last events are these."""
    run = workspace.run("one")
    shutil.copytree(trained / "run", run.folder)
    run.truncate_events(0)
    for event in events:
        run.append_event(event)  # type: ignore[arg-type]


def holder(workspace: Workspace) -> subprocess.Popen[bytes]:
    """Start a process that holds the run's lock, as a training does."""
    code = AT_WORK.format(src=SRC, run=str(workspace.run("one").folder))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    process.stdout.readline()
    return process


STARTED = Started("one", "dcgan", "cpu", 0, 0, 100, False)
STEP = Step(1, 8, 100, 0.1, 1.0, "adversarial", {"generator": 1.0})
DONE = Done("one", 1, 8, 1.0, "finished")


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([STARTED, STEP, DONE], "finished"),
        ([STARTED, STEP, replace(DONE, reason="stopped")], "finished"),
        ([STARTED, STEP, replace(DONE, reason="interrupted")], "paused"),
        ([STARTED, STEP], "broken"),
        ([STARTED, STEP, DONE, replace(STARTED, resumed=True)], "broken"),
    ],
)
def test_a_run_that_nobody_works_on_is_what_its_events_say(
    events: list[object], state: str, workspace: Workspace, trained: Path
) -> None:
    begun(workspace, trained, *events)
    assert Trainings(workspace).look("one").state == state


def test_a_training_is_at_work_while_its_process_holds_the_lock(workspace: Workspace, trained: Path) -> None:
    begun(workspace, trained, STARTED, STEP)
    process = holder(workspace)
    try:
        assert Trainings(workspace).look("one").state == "running"
        assert Trainings(Workspace(workspace.folder)).look("one").state == "running", "another studio finds it too"
        for path in (workspace.run("one").events_file, workspace.run("one").lock_file):
            os.utime(path, (1, 1))
        assert Trainings(workspace).look("one").state == "silent"
        with pytest.raises(GanvasError, match="already"):
            Trainings(workspace).ask("one", ("train",))
    finally:
        process.kill()
        process.communicate()
    assert Trainings(workspace).look("one").state == "broken", "killed, and nobody said so"


def test_a_process_with_the_number_of_an_old_one_is_not_taken_for_it(workspace: Workspace, trained: Path) -> None:
    begun(workspace, trained, STARTED, STEP)
    run = workspace.run("one")
    run.lock_file.write_text(f"process {os.getpid()}")  # alive, but it does not hold the lock
    assert processes.owner_of(run) is None
    mine = Identity(os.getpid(), processes.started_at(os.getpid()))
    assert mine.is_alive()
    assert not replace(mine, started="1").is_alive()
    assert not Identity(0, "").is_alive()


def test_pausing_asks_to_save(workspace: Workspace, trained: Path) -> None:
    begun(workspace, trained, STARTED, STEP)
    process = holder(workspace)
    try:
        Trainings(workspace).pause("one")
        assert process.wait(30) == -signal.SIGTERM
    finally:
        process.communicate()


def test_the_queue_starts_one_at_a_time_in_order(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    alive = Identity(os.getpid(), processes.started_at(os.getpid()))
    monkeypatch.setattr(processes, "start", lambda arguments, log: started.append(arguments[0]) or alive)
    trainings = Trainings(workspace)
    for name in ("b", "a", "c"):
        trainings.ask(name, (f"train {name}",), "set")
        time.sleep(0.01)
    trainings.start_waiting()
    trainings.start_waiting()
    assert started == ["train b"]
    assert [trainings.look(name).state for name in ("b", "a", "c")] == ["starting", "waiting", "waiting"]
    trainings.pause("a")
    Trainings(workspace, at_once=2).start_waiting()
    assert started == ["train b", "train c"], "what has left the queue is not started"


def test_what_could_not_start_says_why(workspace: Workspace) -> None:
    trainings = Trainings(workspace)
    trainings.ask("one", ("train", str(workspace.folder / "nowhere"), "--out", str(workspace.run("one").folder)))
    trainings.start_waiting()
    end = time.monotonic() + 120
    while trainings.look("one").state == "starting" and time.monotonic() < end:
        time.sleep(0.1)
    failed = trainings.look("one")
    assert failed.state == "failed"
    assert "There is no" in failed.log


def test_what_others_have_put_there_is_passed_over(workspace: Workspace, trained: Path) -> None:
    begun(workspace, trained, STARTED, STEP, DONE)
    shutil.copytree(trained / "run", workspace.runs / "no: name")
    (workspace.runs / "link").symlink_to(trained / "run")
    (workspace.trainings / ".x.json").write_text("{}")
    write_record(workspace.trainings / "one.json", {"arguments": 3})
    (workspace.trainings / "two.json").write_text("{")
    assert [(each.name, each.state) for each in Trainings(workspace).all()] == [("one", "finished")]
    assert Request.from_record({}) is None
