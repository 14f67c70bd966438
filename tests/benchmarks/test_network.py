"""Two machines and a cable between them: network namespaces, in which two processes train one run."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import tiny
from exchange import Exchange, bytes_on_wire
from namespaces import Network, NoNamespacesError
from network import cost, run_on_both
from network_faults import Stage

TESTS = Path(__file__).resolve().parents[1]
OPTIONS = ["--recipe", "dcgan", "--size", "16", "--channel-mult", "0.1", "--batch", "16", "--device", "cpu"]
# The command line, where a process that does not answer is given up after 30 seconds
IMPATIENT = """
import sys
from datetime import timedelta
from ganvas import distributed
from ganvas.training import followers
distributed.TIMEOUT, followers.SECONDS_BETWEEN = timedelta(seconds=30), 2.0
from ganvas.cli import main
sys.exit(main())
"""
CASES = ("dcgan", "stylegan2")  # with batch norms, and with what looks at a whole batch


@pytest.fixture
def network() -> Iterator[Network]:
    try:
        with Network() as joined:
            yield joined
    except NoNamespacesError as error:
        pytest.skip(str(error))


def test_a_ring_sends_what_gloo_and_ethernet_add_too() -> None:
    long, short = Exchange(250_000, 4), Exchange(64, 4)
    assert 1.04e6 < bytes_on_wire(long, 2) < 1.1e6, "half of it is sent twice, with headers"
    assert bytes_on_wire(long, 4) == pytest.approx(1.5 * bytes_on_wire(long, 2), rel=0.02)
    assert bytes_on_wire(short, 2) == 256 + 4 * (3 * (48 + 66))
    assert bytes_on_wire(Exchange(2, 8), 2) == 16 + 2 * (3 * (48 + 66)), "two numbers fill two of the four segments"


@pytest.mark.slow
def test_two_machines_send_what_is_on_paper(network: Network, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    found, _ = cost(network, tiny.write_pictures(tmp_path / "pictures"), tmp_path, 160, *OPTIONS, "--coach", "off")
    assert abs(found.error) < 0.05, found


@pytest.mark.slow
def test_two_machines_train_as_one_does(network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")]))
    command = [sys.executable, str(TESTS / "training" / "together.py"), str(tiny.write_pictures(tmp_path / "pictures"))]
    one, both = tmp_path / "one.pt", tmp_path / "both.pt"
    subprocess.run([*command, str(one), *CASES], check=True)
    run_on_both(network, [*command, str(both), *CASES], both)
    trained, trained_by_both = torch.load(one), torch.load(both)
    assert trained.keys() == set(CASES)
    for case, (state, _) in trained.items():
        for name, tensor in state.items():
            found = trained_by_both[case][0][name]
            torch.testing.assert_close(found, tensor, rtol=1e-6, atol=1e-7, msg=f"{case}: {name}")


@pytest.mark.slow
def test_faults_end_as_documented_and_the_run_goes_on_to_the_bit(network: Network, tmp_path: Path) -> None:
    stage = Stage(network, tmp_path, 240, (sys.executable, "-c", IMPATIENT))
    for fault in ("cut", "unplugged"):
        assert stage.play(fault, random.Random(0)) == [], fault
