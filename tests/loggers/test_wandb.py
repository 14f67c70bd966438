"""Logs of Weights & Biases that are kept on this machine, read back by its own messages; nothing goes to a network."""

import gc
import json
import os
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import wandb
from logged_events import done, everything, make_run, started, step, steps
from wandb.proto.wandb_internal_pb2 import Record

from ganvas.event_log import to_json
from ganvas.events import Event
from ganvas.loggers import WandbLogger
from ganvas.runs import Run

HEADER, BLOCK = 7, 32_768  # of a .wandb file, whose records are framed as in LevelDB's logs
WHOLE, LAST = 1, 4  # kinds of piece that end a record

pytestmark = pytest.mark.slow  # wandb takes a second to begin


def processes() -> list[subprocess.Popen[bytes]]:
    """Return wandb's process, if there is one."""
    found = (each for each in gc.get_objects() if type(each) is subprocess.Popen)
    return [each for each in found if "wandb-core" in str(each.args)]


def end_wandb() -> None:
    """End wandb's process, which reads settings once, and writes the last when it ends."""
    ending = processes()
    wandb.teardown()
    for process in ending:
        process.wait(timeout=30)


@pytest.fixture(autouse=True)
def wandb_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let wandb know of nothing on this machine, and stay there."""
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path / "settings"))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    wandb.teardown()
    yield
    end_wandb()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a run folder."""
    return make_run(tmp_path / "run")


def log(run: Run, events: list[Event]) -> list[str]:
    """Log events as a training does, and return what is told."""
    told: list[str] = []
    logger = WandbLogger(run.folder, told.append)
    for event in events:
        run.append_event(event)
        logger(event)
    logger.close()
    return told


def records(file: Path) -> Iterator[Record]:
    """Yield what a .wandb file holds."""
    data, place, pieces = file.read_bytes(), HEADER, b""
    while place + 7 <= len(data):
        left = BLOCK - place % BLOCK
        if left < 7:
            place += left
            continue
        _crc, length, kind = struct.unpack_from("<IHB", data, place)
        pieces += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (WHOLE, LAST):
            yield Record.FromString(pieces)
            pieces = b""


def files(run: Run) -> list[Path]:
    """Return the log's files, the oldest first, once all is written."""
    end_wandb()
    return sorted(run.wandb.glob("*-run-*/*.wandb"), key=lambda path: path.stat().st_mtime_ns)


def history(run: Run) -> dict[int, dict[str, Any]]:
    """Return what was logged at each number of images seen.

    Raises:
        AssertionError: something stands twice.
    """
    found: dict[int, dict[str, Any]] = {}
    for file in files(run):
        for record in records(file):
            if record.HasField("history"):
                seen = record.history.step.num
                assert seen not in found, f"{seen} images stand twice"
                found[seen] = {}
                for item in record.history.item:
                    name, *of_picture = item.nested_key or [item.key]
                    place = found[seen].setdefault(name, {}) if of_picture else found[seen]
                    place[(of_picture or [name])[0]] = json.loads(item.value_json)
                found[seen] = {name: value for name, value in found[seen].items() if not name.startswith("_")}
    return found


def test_everything_is_logged_at_the_images_seen(run: Run) -> None:
    assert log(run, everything()) == []
    found = history(run)
    assert list(found) == [8, 16, 24]
    assert found[8] == {"losses/generator": 0.5, "losses/discriminator": 1.5}
    assert found[16]["health/diversity"] == pytest.approx(0.2)
    assert found[24]["scores/frechet_distance_plain"] == 12.5
    picture = found[16]["samples"]
    assert (picture["_type"], picture["width"], picture["height"]) == ("image-file", 24, 16)
    here = files(run)[0].parent / "files"
    assert (here / picture["path"]).read_bytes() == (run.samples / "000000002.png").read_bytes()
    finding = (here / found[16]["coach/finding"]["path"]).read_text(encoding="utf-8")
    assert "The samples are &lt;b&gt;alike&lt;/b&gt;. One fools it. Evidence: diversity" in finding
    assert "coach/finding" not in found[24], "the same verdict again"
    assert "Halved a rate." in (here / found[16]["coach/action"]["path"]).read_text(encoding="utf-8")
    assert "It helped." in (here / found[24]["coach/outcome"]["path"]).read_text(encoding="utf-8")


def test_the_options_are_the_configuration(run: Run) -> None:
    log(run, everything())
    (of_run,) = [record.run for record in records(files(run)[0]) if record.HasField("run")]
    values = {item.key: json.loads(item.value_json) for item in of_run.config.update}
    assert (values["recipe"], values["size"], values["seed"]) == ("dcgan", "16x16", 5)
    assert (of_run.project, of_run.display_name) == ("ganvas", "run")


def ids(run: Run) -> set[str]:
    """Return the ids of a log's files."""
    return {record.run.run_id for file in files(run) for record in records(file) if record.HasField("run")}


def test_a_run_that_goes_on_has_the_same_id_and_no_step_twice(run: Run) -> None:
    log(run, [started(), *steps(8, 80, 1.0)])  # killed at 80; the last checkpoint was at 48
    told = []
    logger = WandbLogger(run.folder, told.append)
    run.events_file.write_text("".join(to_json(event) + "\n" for event in steps(8, 48)))  # as a training goes on
    for event in [started(48), *steps(56, 96, 2.0), done(96)]:
        logger(event)
    assert told == []
    assert len(files(run)) == 2
    assert len(ids(run)) == 1
    expected = {seen: 1.0 if seen <= 80 else 2.0 for seen in range(8, 97, 8)}  # what was sent cannot be taken back
    assert {seen: values["losses/generator"] for seen, values in history(run).items()} == expected


def test_a_run_that_was_not_logged_before_is_logged_from_the_beginning(run: Run) -> None:
    for event in everything():
        run.append_event(event)
    log(run, everything())
    assert list(history(run)) == [8, 16, 24]


def test_the_log_says_how_to_send_it(run: Run) -> None:
    logger = WandbLogger(run.folder)
    logger(started())
    logger.close()
    assert logger.where == f"To send the log: wandb sync {run.wandb}"


@pytest.mark.parametrize(("last", "code"), [(done(16), 0), (step(16), 1)])
def test_a_training_that_did_not_end_is_told_from_one_that_did(run: Run, last: Event, code: int) -> None:
    log(run, [started(), step(8), last])
    (end,) = [record.exit for record in records(files(run)[0]) if record.HasField("exit")]
    assert end.exit_code == code


def test_who_is_not_logged_in_is_not_asked_and_keeps_the_log(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "online")
    end_wandb()
    (told,) = log(run, everything())
    assert "nobody is logged in" in told
    assert list(history(run)) == [8, 16, 24]


def test_without_a_network_the_log_is_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(**options: Any) -> bool:
        raise wandb.errors.CommError("no such host")

    monkeypatch.setenv("WANDB_MODE", "online")
    end_wandb()
    monkeypatch.setattr(wandb, "login", unreachable)  # in truth it gives up after 10 s
    (told,) = log(run, everything())
    assert told == "Weights & Biases cannot be reached: no such host. The log is kept on this machine."
    assert list(history(run)) == [8, 16, 24]


def test_switched_off_it_stays_off(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    end_wandb()
    assert log(run, everything()) == []
    assert files(run) == []


def test_when_its_process_dies_that_is_told_once(run: Run) -> None:
    told: list[str] = []
    logger = WandbLogger(run.folder, told.append)
    logger(started())
    logger(step(8))
    (process,) = [each for each in processes() if each.poll() is None]
    process.kill()
    process.wait()
    for event in [*steps(16, 800), done(800)]:
        logger(event)
    logger.close()
    assert len(told) == 1, told
    assert told[0].startswith("Weights & Biases has failed: ")
    assert log(run, [started(800), step(808), done(808)]) == [], "the next training has a log again"
    assert list(history(run))[-1] == 808
