"""Windows of shards: what is in them follows from the shards, the seed and the epoch, and nothing is left out."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tar_shards import write_set

from ganvas.config import DataConfig
from ganvas.data import inspect
from ganvas.data import windows as module
from ganvas.data.windows import Shards, in_windows, read_shards, windows
from ganvas.errors import GanvasError

counts = st.lists(st.integers(1, 500), min_size=2, max_size=60)


def of(counts: list[int]) -> Shards:
    return Shards(tuple(f"{n}.tar" for n in range(len(counts))), tuple(counts), tuple(counts))


@given(counts, st.integers(1, 2000), st.integers(0, 9), st.integers(0, 9), st.integers(1, 4))
def test_an_epoch_has_every_shard_once(given: list[int], window: int, seed: int, epoch: int, processes: int) -> None:
    shards = of(given)
    parts = [shards.part(window, rank, processes) for rank in range(processes)]
    read = [
        number for part in parts if part for group in windows(shards, part, window, seed, epoch) for number in group
    ]
    assert sorted([*shards.sample(window), *read]) == list(range(len(given)))


@given(counts, st.integers(50, 2000))
def test_no_window_is_much_larger_than_allowed(given: list[int], window: int) -> None:
    shards = of(given)
    for group in windows(shards, range(len(given)), window, 0, 0):
        assert group
        assert sum(shards.counts[number] for number in group) <= window + max(given)


def test_windows_are_grouped_anew_in_each_epoch() -> None:
    shards = of([10] * 40)
    epochs = [windows(shards, range(40), 100, seed, epoch) for seed in (0, 1) for epoch in (0, 1)]
    assert len({tuple(each) for each in epochs}) == 4
    assert windows(shards, range(40), 100, 0, 0) == epochs[0]


def test_what_fits_into_the_cache_is_prepared_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = DataConfig(str(write_set(tmp_path / "set", 5, 100)), 16, 16)  # 500 pictures of 768 bytes
    assert in_windows(config) == config
    monkeypatch.setenv("GANVAS_CACHE_LIMIT", "300KB")
    assert in_windows(config).window == 130, "sample, window and the next one have to fit"
    assert in_windows(config, 2).window < 100
    assert in_windows(DataConfig(str(tmp_path), 16, 16)).window is None, "other pictures than shards are not read so"


def test_fewer_shards_than_processes_are_refused_with_what_makes_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANVAS_CACHE_LIMIT", "300KB")
    config = DataConfig(str(write_set(tmp_path / "set", 4, 150)), 16, 16)
    assert in_windows(config, 3).window
    with pytest.raises(GanvasError, match=r"Too few shards in .*: 4. 4 processes need one each") as caught:
        in_windows(config, 4)
    assert "ganvas shard PICTURES --out SHARDS --size 1MB" in caught.value.hint


def test_a_limit_on_pictures_is_refused_where_only_windows_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = DataConfig(str(write_set(tmp_path / "set", 5, 100)), 16, 16, limit=400)
    monkeypatch.setenv("GANVAS_CACHE_LIMIT", "200KB")
    with pytest.raises(GanvasError, match="more than the cache may hold"):
        in_windows(config)


def test_shards_are_counted_once_while_they_do_not_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_set(tmp_path / "set", 2, 5)
    first = read_shards(str(folder))
    assert first is not None
    assert first.counts == (5, 5)
    with monkeypatch.context() as patch:
        patch.setattr(module, "count_pictures", None)
        assert read_shards(str(folder)) == first, "counted again"
    write_set(folder, 1, 7)
    again = read_shards(str(folder))
    assert again is not None
    assert again.counts == (7, 5)


def test_inspection_looks_at_the_first_shards_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_set(tmp_path / "set", 5, 20)
    assert (inspect(folder).count, inspect(folder).whole) == (100, 0)
    monkeypatch.setattr(sys.modules["ganvas.data.inspect"], "SAMPLE_PICTURES", 30)
    found = inspect(folder)
    assert (found.count, found.whole, found.overview.count) == (40, 100, 100)
    assert "Only the first shards were looked at: 40 of 100 pictures." in found.warnings
