"""The choice of a device, free memory, and random generators seeded by a key."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ganvas.device import (
    DeviceChoice,
    available_cores,
    choose_device,
    free_memory,
    seeded_rng,
    torch_device,
)
from ganvas.errors import GanvasError

CORES = available_cores()


@pytest.fixture(autouse=True)
def cpu_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that this machine has no GPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)


def pretend_gpus(count: int, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(torch.cuda, "is_available", lambda: True)
    patch.setattr(torch.cuda, "device_count", lambda: count)
    patch.setattr(torch.cuda, "get_device_name", lambda index: f"Card {index}")


def test_the_cpu_with_all_cores_and_why() -> None:
    choice = choose_device()
    assert (choice.device, choice.threads) == ("cpu", CORES)
    assert f"{CORES} thread{'s' if CORES > 1 else ''}, one for each core" in choice.reason
    assert "no GPU found" in choice.reason


@pytest.mark.parametrize(("asked", "threads"), [("1", 1), (f"{CORES}", CORES), (f"{CORES + 60}", CORES)])
def test_omp_num_threads_is_respected(asked: str, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    choice = choose_device("cpu")
    assert choice.threads == threads
    assert "as OMP_NUM_THREADS says" in choice.reason


@pytest.mark.parametrize("asked", ["", "0", "-2", "many", "4,2"])
def test_an_invalid_omp_num_threads_is_ignored(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    choice = choose_device("cpu")
    assert choice.threads == CORES
    assert "OMP" not in choice.reason


def test_the_first_gpu_is_found_automatically(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_gpus(2, monkeypatch)
    assert choose_device().device == "cuda:0"
    assert "Card 0" in choose_device().reason
    assert choose_device("cuda").device == "cuda:0"
    assert choose_device("cuda:1").device == "cuda:1"
    assert choose_device("cpu").device == "cpu"


@pytest.mark.parametrize("requested", ["cuda", "cuda:0", "mps", "tpu", "", "CPU "])
def test_a_device_that_is_not_there(requested: str) -> None:
    with pytest.raises(GanvasError, match=rf"There is no device '{requested}' on this machine, only cpu") as caught:
        choose_device(requested)
    assert caught.value.hint == "Try: ganvas env"


def test_a_second_gpu_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_gpus(1, monkeypatch)
    with pytest.raises(GanvasError, match="only cpu, cuda:0"):
        choose_device("cuda:1")


def test_torch_device_sets_the_threads() -> None:
    before = torch.get_num_threads()
    try:
        assert torch_device(DeviceChoice("cpu", 1, "")) == torch.device("cpu")
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_cores_are_at_least_one() -> None:
    assert available_cores() >= 1


keys = st.lists(st.one_of(st.integers(), st.text()), min_size=1).map(tuple)


@given(keys, keys)
def test_random_numbers_depend_on_the_key_alone(one: tuple[int | str, ...], other: tuple[int | str, ...]) -> None:
    def draws(key: tuple[int | str, ...]) -> list[float]:
        return torch.rand(4, generator=seeded_rng(*key)).tolist()

    assert draws(one) == draws(one)
    assert (draws(one) == draws(other)) == (one == other)


def test_the_global_generator_does_not_change() -> None:
    before = torch.get_rng_state()
    seeded_rng(1, "x")
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="only Linux has these files")
def test_the_memory_limit_of_a_container_counts(tmp_path: Path) -> None:
    without = free_memory("cpu", tmp_path)
    assert without > 1 << 20, "there is no limit"
    files = {"memory.max": "4000\n", "memory.current": "1500\n", "memory.stat": "anon 900\ninactive_file 500\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert free_memory("cpu", tmp_path) == 3000, "the page cache can be reclaimed"
    (tmp_path / "memory.current").write_text("9000\n")
    assert free_memory("cpu", tmp_path) == 0, "more than the limit is in use"
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory("cpu", tmp_path) == pytest.approx(without, rel=0.5), "there is no limit"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only glibc has this setting")
def test_freed_memory_is_returned_in_spite_of_gaps() -> None:
    code = """
import os, sys
from pathlib import Path
import torch
from ganvas.device import return_freed_memory_to_os

def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20

if sys.argv[1] == "with":
    return_freed_memory_to_os()
torch.ones(6 << 20).sum()  # once something larger was freed, glibc keeps what is smaller
before = held()
arrays = [torch.ones(2 << 20) for _ in range(24)]  # 8 MB each, usually kept while one behind them lives
full = held()
del arrays[:-1]
print(full - before, held() - before)
"""
    memory = {}
    for setting in ("with", "without"):
        command = [sys.executable, "-c", code, setting]  # a new process: memory freed by others would be reused first
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        memory[setting] = [int(line) for line in lines]
    assert min(full for full, _ in memory.values()) > 180
    assert memory["with"][1] < 30
    assert memory["without"][1] > 100, "freed memory is returned anyway: the setting does nothing"


SAY = "import os; print(os.environ.get('GOMP_SPINCOUNT'))"


@pytest.mark.parametrize(
    ("first", "environment", "expected"),
    [
        ("from ganvas.cli import main; main(['env'])", {}, "3000"),
        ("import ganvas; ganvas.train('nowhere', 'run')", {}, "3000"),
        ("import ganvas; ganvas.train('nowhere', 'run')", {"GOMP_SPINCOUNT": "7"}, "7"),
        ("import ganvas; ganvas.train('nowhere', 'run')", {"OMP_WAIT_POLICY": "ACTIVE"}, "None"),
    ],
    ids=["command", "python", "set by the user", "policy set by the user"],
)
def test_threads_that_wait_leave_the_cores_to_others(
    first: str, environment: dict[str, str], expected: str, tmp_path: Path
) -> None:
    ours = {name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    words = [sys.executable, "-c", f"{first}; {SAY}"]
    done = subprocess.run(words, env=ours | environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == expected
