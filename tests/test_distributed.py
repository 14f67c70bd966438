"""What several processes share: each takes its own rows of the same random numbers."""

import pytest
import torch

from ganvas import distributed
from ganvas.distributed import alone, own_rows, process_count, rank, world_size


def test_one_process_is_alone() -> None:
    assert (world_size(), rank(), process_count()) == (1, 0, 1)
    assert distributed.is_main()


def test_rows_of_all_processes_are_those_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(count: int) -> torch.Tensor:
        return own_rows(torch.randn, (count, 3), generator=torch.Generator().manual_seed(0))

    whole, parts = drawn(12), []
    monkeypatch.setattr(distributed, "world_size", lambda: 3)
    for number in range(3):
        monkeypatch.setattr(distributed, "rank", lambda number=number: number)
        parts.append(drawn(4))
    assert torch.equal(torch.cat(parts), whole)


def test_what_is_done_alone_is_not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 1)
    assert (world_size(), rank()) == (2, 1)
    with alone():
        assert (world_size(), rank(), process_count()) == (1, 0, 2)
    assert world_size() == 2
