"""Event files of TensorBoard, read back by its own reader."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from google.protobuf.json_format import MessageToDict
from logged_events import done, everything, make_run, started, step, steps
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from tensorboard.summary.writer import event_file_writer

from ganvas.events import Event, SampleGrid
from ganvas.loggers import TensorBoardLogger
from ganvas.runs import Run


@pytest.fixture(autouse=True)
def a_second_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a second pass from one event file to the next: they are read in the order of their names."""
    clock = count(1_000_000_000)
    monkeypatch.setattr(event_file_writer, "time", SimpleNamespace(time=lambda: float(next(clock))))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a run folder."""
    return make_run(tmp_path / "run")


def log(run: Run, events: list[Event]) -> list[str]:
    """Log events, and return what is told."""
    told: list[str] = []
    logger = TensorBoardLogger(run.folder, told.append)
    for event in events:
        logger(event)
    logger.close()
    return told


def read(run: Run) -> EventAccumulator:
    """Return what TensorBoard finds in the log of a run."""
    found = EventAccumulator(str(run.tensorboard), size_guidance={"images": 0, "scalars": 0, "tensors": 0})
    return found.Reload()


def points(found: EventAccumulator, curve: str) -> list[tuple[int, float]]:
    """Return the points of a curve: images seen, and value."""
    return [(point.step, point.value) for point in found.Scalars(curve)]


def test_losses_signs_and_scores_are_curves_over_the_images_seen(run: Run) -> None:
    assert log(run, everything()) == []
    found = read(run)
    assert points(found, "losses/generator") == [(8, 0.5), (16, 0.5), (24, 0.5)]
    assert points(found, "losses/discriminator") == [(8, 1.5), (16, 1.5), (24, 1.5)]
    assert points(found, "health/diversity") == [(16, pytest.approx(0.2))]
    assert points(found, "scores/frechet_distance_plain") == [(24, 12.5)]


def test_a_sample_grid_is_a_picture(run: Run) -> None:
    log(run, everything())
    (picture,) = read(run).Images("samples")
    assert (picture.step, picture.width, picture.height) == (16, 24, 16)
    assert picture.encoded_image_string == (run.samples / "000000002.png").read_bytes()


def texts(found: EventAccumulator, name: str) -> list[tuple[int, str]]:
    events = found.Tensors(f"{name}/text_summary")
    return [(event.step, event.tensor_proto.string_val[0].decode()) for event in events]


def test_what_the_coach_finds_and_does_is_text(run: Run) -> None:
    log(run, everything())
    found = read(run)
    ((seen, finding),) = texts(found, "coach/finding")  # the same verdict again is not told again
    assert seen == 16
    assert "The samples are <b>alike</b>. One fools it. Evidence: diversity" in finding
    assert texts(found, "coach/action") == [(16, "Halved a rate.")]
    assert texts(found, "coach/outcome") == [(24, "It helped.")]


def test_the_options_are_hyper_parameters(run: Run) -> None:
    log(run, everything())
    content = read(run).summary_metadata["_hparams_/session_start_info"].plugin_data.content
    values = MessageToDict(HParamsPluginData.FromString(content))["sessionStartInfo"]["hparams"]
    assert (values["recipe"], values["size"], values["seed"]) == ("dcgan", "16x16", 5)
    assert values["augment"] == "none", "several words are one text"


def test_a_run_that_goes_on_has_no_step_twice(run: Run) -> None:
    log(run, [started(), *steps(8, 80, 1.0)])  # killed at 80; the last checkpoint was at 48
    log(run, [started(48), *steps(56, 96, 2.0), done(96)])
    expected = [(seen, 1.0 if seen <= 48 else 2.0) for seen in range(8, 97, 8)]
    assert points(read(run), "losses/generator") == expected


def test_a_run_that_begins_again_forgets_what_was_before(run: Run) -> None:
    log(run, [started(), *steps(8, 80, 1.0)])  # killed before there was a checkpoint
    log(run, [started(), *steps(8, 24, 2.0), done(24)])
    assert points(read(run), "losses/generator") == [(8, 2.0), (16, 2.0), (24, 2.0)]


def test_one_logger_may_listen_twice(run: Run) -> None:
    told: list[str] = []
    logger = TensorBoardLogger(run.folder, told.append)
    for event in [started(), *steps(8, 16, 1.0), started(8), *steps(16, 24, 2.0), done(24), started(24), step(32)]:
        logger(event)
    logger.close()
    assert points(read(run), "losses/generator") == [(8, 1.0), (16, 2.0), (24, 2.0), (32, 0.5)]
    assert told == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # TensorBoard's writer has a thread
def test_a_full_disk_is_told_once(run: Run, largest_file: Callable[[int], AbstractContextManager[None]]) -> None:
    with largest_file(4096):
        told = log(run, [started(), *steps(8, 8000), done(8000)])
    assert len(told) == 1, told
    assert told[0].startswith("TensorBoard has failed: ")
    assert told[0].endswith("The training goes on without it.")


def test_a_log_that_cannot_be_opened_is_told_once(run: Run) -> None:
    run.tensorboard.write_text("a file where the folder should be")
    assert len(log(run, everything())) == 1


def test_without_somebody_to_tell_it_warns(run: Run) -> None:
    run.tensorboard.write_text("a file where the folder should be")
    logger = TensorBoardLogger(run.folder)
    with pytest.warns(UserWarning, match="TensorBoard has failed"):
        logger(started())


def test_only_pictures_of_the_run_itself_are_logged(run: Run, tmp_path: Path) -> None:
    (run.samples / "000000002.png").rename(tmp_path / "private.png")
    (run.samples / "000000003.png").symlink_to(tmp_path / "private.png")
    for path in ("samples/000000003.png", "../private.png", str(tmp_path / "private.png")):
        (told,) = log(run, [started(), SampleGrid(3, 24, path)])
        assert "TensorBoard has failed" in told
    assert read(run).Tags()["images"] == []
