import subprocess
import sys
from pathlib import Path

import hostile_pickles
import pytest

from ganvas.inert_pickle import Opaque, PickleError, read_pickle

pytest.importorskip("resource")


def test_hostile_pickles_run_nothing_and_stay_within_memory_and_time(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    script = Path(hostile_pickles.__file__)
    done = subprocess.run([sys.executable, script, canary], capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert not canary.exists(), "something in a pickle was executed"
    assert done.returncode == 0, f"reading ended badly after {lines[-1:]}: {done.stderr[-2000:]}"
    assert len(lines) == len(hostile_pickles.handmade("")) + 2200
    assert len(hostile_pickles.handmade("")) >= 60


def test_the_canary_would_be_there_if_pickle_had_read_it(tmp_path: Path) -> None:
    import pickle

    canary = tmp_path / "canary"
    pickle.loads(hostile_pickles.calls(str(canary))["os.system"])
    assert canary.exists()


def test_what_must_be_refused_is_refused() -> None:
    lies = {name: data for name, data in hostile_pickles.sizes().items() if not name.startswith(("memo", "frame"))}
    for name, data in lies.items():
        with pytest.raises(PickleError):
            pytest.fail(f"{name} was read as {read_pickle(data)!r}")


def test_what_would_be_called_is_opaque() -> None:
    read = read_pickle(hostile_pickles.calls("x")["os.system"])
    assert isinstance(read, Opaque)
    assert (str(read.kind), read.args) == ("os.system", ("touch x",))


def test_every_opcode_of_python_is_known() -> None:
    import pickletools

    from ganvas.inert_pickle.interpret import OPCODES, STOP

    assert {ord(each.code) for each in pickletools.opcodes} == {*OPCODES, STOP}
