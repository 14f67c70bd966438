"""A chunk's result goes through a pipe, and one picture of it can be decoded alone."""

from pathlib import Path

import numpy as np
from bad_files import good_folder

from ganvas.config import DataConfig
from ganvas.data.chunks import ChunkDecoder, ChunkResult, Job
from ganvas.data.index import CHUNK_SIZE, write_index
from ganvas.data.sources import open_source


def test_result_goes_to_json_and_back() -> None:
    result = ChunkResult(3, {200: "truncated", 201: "empty"}, unread=[201])
    result.notes.update(["turned", "turned"])
    assert ChunkResult.from_json(result.to_json()) == result


def test_job_goes_to_json_and_back() -> None:
    job = Job(DataConfig("pictures", 8, 8, 3), Path("index"), Path("target"), 1000)
    assert Job.from_json(job.to_json()) == job


def test_one_picture_alone_comes_to_the_same_place(tmp_path: Path) -> None:
    folder = good_folder(tmp_path / "pictures", CHUNK_SIZE + 5)
    (folder / "good0066.png").write_bytes(b"broken")
    config = DataConfig(str(folder), 8, 8, 3)
    index = write_index(open_source(folder), config, tmp_path / "index")
    whole, single = ChunkResult(1), ChunkResult(1)
    for target, places, result in (("a", [None], whole), ("b", [4, 2, 0, 1, 3], single)):
        (tmp_path / target).touch()
        decoder = ChunkDecoder(Job(config, index.path, tmp_path / target, 0))
        for only in places:
            result.add(decoder.run(1, index.starts[1], only))
        decoder.close()
    assert (whole.skipped.keys(), whole.hashes) == (single.skipped.keys(), single.hashes)
    pictures = [np.fromfile(tmp_path / target, np.uint8) for target in "ab"]
    assert np.array_equal(*pictures)
