"""Two machines and a cable between them: network namespaces, in which two processes train one run."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny
import torch
from exchange import Exchange, bytes_on_wire
from namespaces import COUNT, Network, NoNamespacesError
from network import cost

from ganvas.checkpoint import checkpoint_path
from ganvas.runs import Run

WORKER = Path(__file__).resolve().parents[1] / "training" / "together.py"
OPTIONS = ["--recipe", "dcgan", "--size", "16", "--channel-mult", "0.1", "--batch", "16", "--device", "cpu"]


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
def test_two_machines_train_as_one_does_and_send_what_is_on_paper(network: Network, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    pictures = tiny.write_pictures(tmp_path / "pictures")
    found, _ = cost(network, pictures, tmp_path, 160, *OPTIONS, "--coach", "off")
    assert abs(found.error) < 0.05, found
