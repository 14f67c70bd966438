"""Trainings that other programs are shown: by the option `log`, on the way, and again when they go on."""

import sys
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import ganvas
import tiny
from ganvas.events import Event, Note, SampleGrid, Step
from ganvas.loggers import TensorBoardLogger
from ganvas.runs import Run

pytestmark = [pytest.mark.usefixtures("narrow_recipes"), pytest.mark.slow]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return the folder of a run to be."""
    return Run(tmp_path / "run")


def check_curve(run: Run, events: list[Event]) -> None:
    """Check that the generator's loss, as TensorBoard shows it, is that of the events: each once."""
    found = EventAccumulator(str(run.tensorboard), size_guidance={"scalars": 0}).Reload().Scalars("losses/generator")
    told = [event for event in events if isinstance(event, Step)]
    assert len(told) > 1, "nothing to compare"
    assert [point.step for point in found] == [event.images_seen for event in told]
    assert [point.value for point in found] == pytest.approx([event.losses["generator"] for event in told])


def notes(events: list[Event]) -> list[str]:
    """Return the sentences for the user."""
    return [event.text for event in events if isinstance(event, Note)]


def test_a_training_is_logged_and_trains_as_ever(pictures: Path, run: Run, tmp_path: Path) -> None:
    events = tiny.train(pictures, run.folder, "fc", log="tensorboard")
    assert f"To see the log: tensorboard --logdir {run.folder}" in notes(events)
    check_curve(run, events)
    found = EventAccumulator(str(run.tensorboard), size_guidance={"images": 0}).Reload()
    grids = [event.images_seen for event in events if isinstance(event, SampleGrid)]
    assert [picture.step for picture in found.Images("samples")] == grids
    plain = tiny.train(pictures, tmp_path / "plain", "fc")
    assert [each.losses for each in plain if isinstance(each, Step)] == [
        each.losses for each in events if isinstance(each, Step)
    ]
    assert not (tmp_path / "plain" / "tensorboard").exists()


def test_a_run_goes_on_in_its_log_without_being_told(pictures: Path, run: Run) -> None:
    events = tiny.train(pictures, run.folder, "fc", log=("tensorboard",), stop=tiny.stop_after(12))
    assert events[-1].reason == "interrupted"
    events += tiny.train(None, run.folder, images=None, size="auto")
    check_curve(run, events)
    assert len(list(run.tensorboard.iterdir())) == 2


def test_a_log_may_begin_and_end_on_the_way(pictures: Path, run: Run) -> None:
    tiny.train(pictures, run.folder, "fc", stop=tiny.stop_after(6))
    assert not run.tensorboard.exists()
    middle = tiny.train(None, run.folder, images=None, size="auto", log=["tensorboard"], stop=tiny.stop_after(15))
    tiny.train(None, run.folder, images=None, size="auto", log=["none"])
    check_curve(run, middle)


def test_without_the_program_nothing_is_begun(pictures: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)  # as if it were not installed
    with pytest.raises(ganvas.GanvasError, match="TensorBoard is not installed") as raised:
        tiny.train(pictures, run.folder, "fc", log=["tensorboard"])
    assert raised.value.hint == 'Try: pip install "ganvas[tensorboard]"; or without it: --log none'
    assert not run.folder.exists()
    with pytest.raises(ganvas.GanvasError, match="TensorBoard is not installed"):
        TensorBoardLogger(run.folder)


def test_a_log_that_fails_is_told_once_and_the_training_ends_well(pictures: Path, run: Run) -> None:
    tiny.train(pictures, run.folder, "fc", stop=tiny.stop_after(6))
    run.tensorboard.write_text("no folder")
    events = tiny.train(None, run.folder, images=None, size="auto", log=["tensorboard"])
    assert events[-1].reason == "finished"
    assert sum("TensorBoard has failed" in text for text in notes(events)) == 1


def test_a_loop_may_log_for_itself(pictures: Path, run: Run) -> None:
    log, events = TensorBoardLogger(run.folder), []
    for event in ganvas.train(pictures, run.folder, recipe="fc", images=tiny.IMAGES, size="16", device="cpu"):
        log(event)
        events.append(event)
    check_curve(run, events)
