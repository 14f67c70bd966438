"""Several processes train one run: it is the training of one, and machines that end or are lost do it no harm."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

import ganvas
import tiny
from ganvas.checkpoint import checkpoint_path
from ganvas.data.write_shards import write_shards
from ganvas.events import run_to_end
from ganvas.latents.model_file import MODEL_FILE
from ganvas.runs import Run

WORKER, TREATED = (Path(__file__).with_name(name) for name in ("together.py", "treated_together.py"))
OPTIONS = ["--recipe", "dcgan", "--size", "16", "--channel-mult", "0.1", "--batch", "16", "--device", "cpu"]
STEPS = 200  # enough to be interrupted in
Trained = dict[str, tuple[dict[str, Tensor], list[Tensor]]]
Start = Callable[..., list[subprocess.Popen[str]]]

pytestmark = pytest.mark.slow


def run_worker(worker: Path, pictures: Path, out: Path, processes: int) -> None:
    """Run a script in so many processes, to its end."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", f"{processes}"]
    command = [sys.executable, *(launcher if processes > 1 else []), str(worker), str(pictures), str(out)]
    folders = os.pathsep.join([str(Path(tiny.__file__).parent), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": folders, "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Trained]:
    """Return what one, two and four processes have trained."""
    folder = tmp_path_factory.mktemp("together")
    pictures = tiny.write_pictures(folder / "pictures")
    found = {}
    for count in (1, 2, 4):
        run_worker(WORKER, pictures, folder / f"{count}.pt", count)
        found[count] = torch.load(folder / f"{count}.pt")
    return found


@pytest.mark.parametrize("processes", [2, 4])
def test_a_training_by_several_processes_is_that_of_one(trained: dict[int, Trained], processes: int) -> None:
    assert len(trained[1]) > 12
    for case, (state, losses) in trained[1].items():
        shared_state, shared_losses = trained[processes][case]
        for step, (one, several) in enumerate(zip(losses, shared_losses, strict=True)):
            torch.testing.assert_close(several, one, rtol=1e-7, atol=1e-8, msg=f"{case}: losses of step {step}")
        for name, tensor in state.items():
            torch.testing.assert_close(shared_state[name], tensor, rtol=1e-6, atol=1e-7, msg=f"{case}: {name}")


def test_what_the_coach_treats_is_treated_in_all_processes(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run_worker(TREATED, tiny.write_pictures(tmp_path / "pictures"), run.folder, 2)  # it compares weights at each step
    events = [json.loads(line) for line in run.events_file.read_text(encoding="utf-8").splitlines()]
    given = {item["kind"] for event in events if event["event"] == "Treatment" for item in event["prescriptions"]}
    assert given - {"lr"}, "nothing but rates was changed: not worth the test"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts a training as platforms do that set RANK and so on themselves."""
    started: list[subprocess.Popen[str]] = []

    def begin(out: Path, *options: str, processes: int = 2) -> list[subprocess.Popen[str]]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "ganvas", "train", str(tmp_path / "pictures"), "--out", str(out), *options]
        for rank in range(processes):
            names = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": processes, "MASTER_PORT": port}
            environment = os.environ | {name: f"{value}" for name, value in names.items()}
            environment |= {"MASTER_ADDR": "127.0.0.1", "OMP_NUM_THREADS": "1"}
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
            )
            started.append(process)
        return started[-processes:]

    tiny.write_pictures(tmp_path / "pictures")
    yield begin
    for process in started:
        process.kill()
        process.communicate()


def end(processes: list[subprocess.Popen[str]]) -> list[str]:
    """Wait for the end of processes, and return what each wrote."""
    return [process.communicate(timeout=300)[0] for process in processes]


def wait_for(run: Run, kind: str, processes: list[subprocess.Popen[str]]) -> None:
    """Wait until a run has written an event of this kind."""
    while not run.events_file.is_file() or f'"{kind}"' not in run.events_file.read_text(encoding="utf-8"):
        assert all(process.poll() is None for process in processes), end(processes)
        time.sleep(0.05)


def weights(run: Run) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    newest = max(run.checkpoints.iterdir(), key=lambda path: path.name)
    return load_file(newest / "state.safetensors")


@pytest.mark.parametrize("rank", [0, 1])
def test_who_is_left_alone_at_the_beginning_gives_up_in_time(rank: int) -> None:
    program = """
import ganvas.distributed
from datetime import timedelta
ganvas.distributed.JOIN_TIMEOUT = timedelta(seconds=2)
try:
    with ganvas.distributed.process_group():
        print("joined")
except ganvas.GanvasError as error:
    print(error.message)
"""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    names = {"RANK": f"{rank}", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": f"{port}"}
    ended = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | names, capture_output=True, text=True, timeout=80, check=False
    )
    assert "Another process of this training has ended or cannot be reached" in ended.stdout, ended.stderr[-2000:]


def test_one_process_writes_and_the_others_are_silent(start: Start, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    processes = start(run.folder, *OPTIONS, "--images", "320", "--log", "tensorboard")
    told, silent = end(processes)
    assert [process.returncode for process in processes] == [0, 0], told + silent
    assert "Done" in told
    assert silent.strip() == ""
    events = [json.loads(line) for line in run.events_file.read_text(encoding="utf-8").splitlines()]
    assert sum(event["event"] == "Done" for event in events) == 1
    assert (run.model / MODEL_FILE).is_file()
    assert len(list(run.tensorboard.iterdir())) == 1, "each process has a log of its own"


def test_if_any_is_asked_to_stop_all_save_and_end_and_go_on_to_the_bit(start: Start, tmp_path: Path) -> None:
    whole, run = Run(tmp_path / "whole"), Run(tmp_path / "run")
    options = [*OPTIONS, "--images", f"{16 * STEPS}", "--coach", "off"]
    end(start(whole.folder, *options))
    processes = start(run.folder, *options)
    wait_for(run, "Step", processes)
    processes[1].send_signal(signal.SIGTERM)
    told = end(processes)
    assert [process.returncode for process in processes] == [130, 0], told
    assert 0 < max(int(path.name) for path in run.checkpoints.iterdir()) < STEPS, "nothing was interrupted"
    end(start(run.folder, *options))
    again, once = weights(run), weights(whole)
    assert again.keys() == once.keys()
    assert all(torch.equal(again[name], once[name]) for name in once), "it did not go on where it stopped"


@pytest.fixture
def sharded(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have shards in place of the pictures, more than the cache may hold."""
    pictures = tmp_path / "pictures"
    run_to_end(write_shards(tiny.write_pictures(tmp_path / "many", 300), tmp_path / "shards", 40_000))
    shutil.rmtree(pictures)
    (tmp_path / "shards").rename(pictures)
    monkeypatch.setenv("GANVAS_CACHE_LIMIT", "80KB")  # of 300 pictures of 768 bytes


@pytest.mark.usefixtures("sharded")
def test_processes_that_read_shards_in_windows_end_together_and_go_on_to_the_bit(start: Start, tmp_path: Path) -> None:
    whole, run = Run(tmp_path / "whole"), Run(tmp_path / "run")
    options = [*OPTIONS, "--images", "960", "--coach", "off"]  # several windows of each process
    told = end(start(whole.folder, *options))
    assert "read in windows" in told[0], told
    assert "Done" in told[0], told
    processes = start(run.folder, *options)
    wait_for(run, "Step", processes)
    processes[1].send_signal(signal.SIGTERM)
    told = end(processes)
    assert [process.returncode for process in processes] == [130, 0], told
    end(start(run.folder, *options))
    again, once = weights(run), weights(whole)
    assert all(torch.equal(again[name], once[name]) for name in once), "it did not go on where it stopped"


@pytest.mark.usefixtures("sharded")
def test_more_processes_than_shards_are_told_how_to_make_more(start: Start, tmp_path: Path) -> None:
    count = len(list((tmp_path / "pictures").glob("*.tar")))
    for path in sorted((tmp_path / "pictures").glob("*"))[3:]:
        path.unlink()  # the list of them as well
    assert count > 3
    processes = start(tmp_path / "run", *OPTIONS, "--images", "320", processes=4)
    told = end(processes)
    assert processes[0].returncode == 1, told
    assert "4 processes need one each" in told[0]
    assert "ganvas shard PICTURES --out SHARDS --size" in told[0]


@pytest.mark.parametrize("killed", [0, 1])
def test_a_process_that_is_gone_ends_the_others_and_fewer_go_on(killed: int, start: Start, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    processes = start(run.folder, *OPTIONS, "--images", f"{16 * STEPS}", "--coach", "off")
    wait_for(run, "CheckpointSaved", processes)
    processes[killed].kill()
    told = end(processes)
    assert processes[1 - killed].returncode == 1
    assert "Another process of this training has ended" in told[1 - killed]
    assert "Traceback" not in told[1 - killed]
    if killed == 1:
        list(ganvas.train(None, run.folder))
        assert checkpoint_path(run.checkpoints, STEPS).exists()


def test_processes_that_cannot_share_the_batch_are_told_which_they_can(start: Start, tmp_path: Path) -> None:
    processes = start(tmp_path / "run", *OPTIONS, "--images", "320", processes=3)
    told = end(processes)
    assert processes[0].returncode == 1
    assert "3 processes cannot share a batch of 16" in told[0]
    assert "--batch 24" in told[0]
    assert [process.returncode for process in processes[1:]] == [0, 0], told
