"""A training from shards: the same as from a folder where the order is, and exactly resumed from the middle."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import ganvas
import tiny
from ganvas.checkpoint import checkpoint_path
from ganvas.data.write_shards import write_shards
from ganvas.errors import GanvasError
from ganvas.events import CheckpointSaved, Done, Event, Note, run_to_end
from ganvas.latents.model_file import MODEL_FILE
from ganvas.runs import Run

LIMIT = "150KB"  # of 200 pictures of 768 bytes, so that they do not fit
IMAGES = 480

pytestmark = pytest.mark.usefixtures("narrow_recipes")


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Return a folder of 200 pictures."""
    return tiny.write_pictures(tmp_path / "many", 200)


@pytest.fixture
def shards(many: Path, tmp_path: Path) -> Path:
    run_to_end(write_shards(many, tmp_path / "shards", 60_000))
    return tmp_path / "shards"


def train(pictures: Path | None, out: Path, images: int = IMAGES, **options: object) -> list[Event]:
    return tiny.train(pictures, out, "dcgan", images, **options)  # type: ignore[arg-type]


def weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "model" / MODEL_FILE)


def assert_same(one: Path, other: Path) -> None:
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    assert [name for name, tensor in first.items() if not torch.equal(tensor, second[name])] == []


def test_one_shard_gives_the_training_of_the_folder_to_the_bit(many: Path, tmp_path: Path) -> None:
    run_to_end(write_shards(many, tmp_path / "one", 10**9))
    train(many, tmp_path / "folder")
    train(tmp_path / "one", tmp_path / "shard")
    assert_same(tmp_path / "folder", tmp_path / "shard")
    train(tmp_path / "one", tmp_path / "folder")  # the run goes on with its pictures at their new place


@pytest.mark.slow
def test_a_training_in_windows_goes_on_from_the_middle_to_the_bit(
    shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANVAS_CACHE_LIMIT", LIMIT)
    events = train(shards, tmp_path / "whole")
    notes = [event.text for event in events if isinstance(event, Note)]
    assert any("which are read in windows of" in text for text in notes), notes
    assert any(text.startswith("Scores and health are measured on a sample") for text in notes), notes
    config = Run(tmp_path / "whole").read_config()
    assert config.data.window
    for steps in (13, 31, 47):
        train(shards, tmp_path / "parts", stop=tiny.stop_after(steps))
        monkeypatch.setenv("GANVAS_CACHE_LIMIT", "1GB")  # another machine, or another day
    assert isinstance(train(None, tmp_path / "parts", images=None)[-1], Done)  # type: ignore[arg-type]
    assert_same(tmp_path / "whole", tmp_path / "parts")


@pytest.mark.slow
def test_what_was_learned_is_saved_where_a_shard_cannot_be_read(
    shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANVAS_CACHE_LIMIT", LIMIT)
    train(shards, tmp_path / "whole")
    hidden = [(path, path.with_suffix(".away")) for path in sorted(shards.glob("*.tar"))[1:]]
    run = tmp_path / "run"
    events = ganvas.train(shards, run, recipe="dcgan", images=IMAGES, size="16", device="cpu")
    next(event for event in events if isinstance(event, ganvas.events.Started))
    for path, away in hidden:
        path.rename(away)
    with pytest.raises(GanvasError, match=r"shard-0000\d.tar"):
        list(events)
    saved = [json.loads(line) for line in Run(run).events_file.read_text().splitlines()]
    steps = [each["step"] for each in saved if each["event"] == CheckpointSaved.__name__]
    assert steps, "nothing was saved"
    assert checkpoint_path(Run(run).checkpoints, steps[-1]).exists()
    for path, away in hidden:
        away.rename(path)
    train(shards, run)
    assert_same(tmp_path / "whole", run)


@pytest.mark.slow
def test_scores_are_of_the_sample(
    shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GANVAS_CACHE_LIMIT", LIMIT)
    train(shards, tmp_path / "run", images=16)
    evaluation = ganvas.evaluate(tmp_path / "run", count=20)
    assert evaluation.real_count < 100


def test_pictures_at_an_address_or_a_pattern_keep_their_place(shards: Path, tmp_path: Path) -> None:
    place = f"{shards}/shard-{{00000..00002}}.tar"
    train(place, tmp_path / "run", images=16)  # type: ignore[arg-type]
    assert Run(tmp_path / "run").read_config().data.path == place
    assert isinstance(train(None, tmp_path / "run", images=16)[-1], Done)
