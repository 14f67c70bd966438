"""The command line: exit codes, what goes to stdout, and what goes to stderr."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

import ganvas
import tiny
from ganvas.cli import main
from ganvas.cli.commands import COMMANDS, Command
from ganvas.cli.options import command_of
from ganvas.cli.sample import Sample
from ganvas.cli.terminal import stop_on_signals
from ganvas.coach.model_health import Health
from ganvas.config import SignConfig
from ganvas.errors import GanvasError
from ganvas.latents import write
from ganvas.latents.sample import save_network
from ganvas.runs import Run

pytestmark = pytest.mark.usefixtures("narrow_recipes")


def train_arguments(pictures: Path, out: Path, *more: str) -> list[str]:
    return [
        *("train", str(pictures), "--out", str(out), "--recipe", "fc", "--size", "16", "--images", "100"),
        *("--device", "cpu", *more),
    ]


@pytest.fixture
def run(pictures: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Path:
    assert main(train_arguments(pictures, tmp_path / "run")) == 0
    capfd.readouterr()
    return tmp_path / "run"


def test_train_puts_one_json_object_last_on_stdout(
    pictures: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(train_arguments(pictures, tmp_path / "run", "--json")) == 0
    captured = capfd.readouterr()
    facts = json.loads(captured.out.splitlines()[-1])
    assert captured.out.count("\n") == 1, "something else on stdout"
    config = Run(tmp_path / "run").read_config()
    assert (facts["reason"], facts["step"], facts["images_seen"]) == ("finished", config.steps, config.images)
    assert "recipe fc" in captured.err
    assert "on cpu (" in captured.err.replace("\n", " ")
    assert f"Next: ganvas sample {tmp_path / 'run'}\n" in captured.err, "a command that cannot be copied"


@pytest.mark.slow
def test_without_json_stdout_is_empty(pictures: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(train_arguments(pictures, tmp_path / "run")) == 0
    assert capfd.readouterr().out == ""


@pytest.mark.slow
def test_a_finished_run_says_so(run: Path, pictures: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(train_arguments(pictures, run)) == 0
    assert "Done" in capfd.readouterr().err


def test_going_on_with_out_alone(run: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--out", str(run), "--device", "cpu"]) == 0


def test_the_run_is_named_after_the_pictures(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["train", "pictures", "--recipe", "fc", "--size", "16", "--images", "50", "--device", "cpu"]
    assert main(arguments) == 0
    assert Run(tmp_path / "runs" / "pictures").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "named", "hint"),
    [
        (["train"], "No pictures were named", "ganvas demo"),
        (["train", "nowhere"], "nowhere", "Try"),
        (["train", "pictures", "--recipe", "quikc"], "Did you mean 'quick'", "quick"),
        (["train", "pictures", "--size", "2999"], "2999x2999", "--size 256"),
        (["train", "pictures", "--minutes", "1", "--images", "5"], "Both --minutes and --images", "one"),
        (["train", "pictures", "--conditional", "--images", "50"], "has no classes", "sub-folder"),
        (["train", "pictures", "--recipe", "vae", "--d-lr", "0.1"], "no discriminator", "--recipe quick"),
        (["train", "pictures", "--freeze", "0.5"], "nothing to freeze", "--from RUN"),
        (["train", "pictures", "--batch", "1"], "--batch must be between 2 and 4096, not 1", "--batch 32"),
        (["sample", "nowhere"], "nowhere does not exist", "ganvas train"),
        (["walk", "nowhere", "--out", "a.webp"], "nowhere does not exist", "ganvas train"),
        (["walk", "run", "--seeds", "9-3"], "ends before it begins", "--seeds 3-9"),
        (["inspect", "nowhere"], "nowhere", ""),
    ],
)
def test_errors_say_what_to_type_next(
    arguments: list[str],
    named: str,
    hint: str,
    pictures: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "Error: " in captured.err
    assert named in captured.err
    assert hint in captured.err
    assert "Traceback" not in captured.err


def test_sample_writes_numbered_pictures(run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["sample", str(run), "--count", "3", "--seed", "7", "--device", "cpu"]
    assert main([*arguments, "--out", str(tmp_path / "one"), "--json"]) == 0
    facts = json.loads(capfd.readouterr().out)
    assert (facts["count"], facts["seed"], facts["path"]) == (3, 7, str(tmp_path / "one"))
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == ["000000.png", "000001.png", "000002.png"]
    with Image.open(tmp_path / "one" / "000002.png") as image:
        assert image.size == (16, 16)
        assert (image.text["run"], image.text["seed"], image.text["index"]) == ("run", "7", "2")
        assert image.text["software"] == f"ganvas {ganvas.__version__}"
    assert main([*arguments, "--out", str(tmp_path / "two")]) == 0
    for index in range(3):
        name = f"{index:06d}.png"
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert main(arguments) == 0
    assert (run / "sampled" / "000000.png").is_file()


def test_walk_writes_a_film(run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    film = tmp_path / "film.webp"
    arguments = ["walk", str(run), "--seeds", "3,7-8", "--seconds", "0.5", "--fps", "10", "--out", str(film)]
    assert main([*arguments, "--device", "cpu", "--json"]) == 0
    captured = capfd.readouterr()
    facts = json.loads(captured.out)
    assert (facts["path"], facts["step"], facts["reason"]) == (str(film), 5, "finished")
    assert "frames drawn" in captured.err
    assert str(film) in captured.err.replace("\n", "")
    with Image.open(film) as image:
        assert (image.n_frames, image.size) == (5, (256, 256))


def test_pictures_of_a_longer_sampling_are_told(run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["sample", str(run), "--device", "cpu", "--out", str(tmp_path / "out")]
    assert main([*arguments, "--count", "5"]) == 0
    (tmp_path / "out" / "000009-mine.png").write_bytes(b"")
    assert "earlier" not in capfd.readouterr().err
    assert main([*arguments, "--count", "3"]) == 0
    text = " ".join(capfd.readouterr().err.split())
    assert "2 pictures of an earlier sampling, from 000003.png on" in text
    assert len(list((tmp_path / "out").iterdir())) == 6, "nothing is removed"


def test_whatever_shows_samples_tells_that_a_training_ended_ill(
    run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    network = ganvas.load(run, "cpu").network
    film, sheet, single = (str(tmp_path / name) for name in ("film.gif", "sheet.png", "one.png"))
    sample, evaluate = ["sample", str(run), "--count", "1"], ["evaluate", str(run), "--count", "40"]
    walk = ["walk", str(run), "--out", film, "--seconds", "0.1"]
    commands = (sample, [*sample, "--sheet", sheet], [*sample, "--out", single], walk, evaluate)
    for health, told in ((None, False), (Health("healthy", 0.8), False), (Health("mode collapse", 0.9), True)):
        save_network(Run(run), network, 3, 24, health)
        for command in commands:
            assert main([*command, "--device", "cpu"]) == 0
            said = " ".join(capfd.readouterr().err.split())
            assert said.count("This model is not healthy: mode collapse.") == told, f"{command[0]}, {health}"


def test_sample_writes_a_sheet(run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "sheet.png"
    for flag in ("--sheet", "--grid"):
        assert main(["sample", str(run), "--count", "4", flag, str(sheet), "--device", "cpu"]) == 0
        with Image.open(sheet) as image:
            assert image.text["run"] == "run"
        assert ("--grid is now called --sheet" in capfd.readouterr().err) == (flag == "--grid")
    assert not (run / "sampled").exists()


def test_sample_by_seeds_and_by_the_latent_of_a_picture(
    run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sample = ["sample", str(run), "--device", "cpu"]
    assert main([*sample, "--seeds", "3,7-8", "--format", "webp", "--out", str(tmp_path / "out"), "--json"]) == 0
    facts = json.loads(capfd.readouterr().out)
    assert facts == {"count": 3, "drawn": 3, "path": str(tmp_path / "out"), "reason": "finished"}
    assert sorted(path.stem for path in (tmp_path / "out").iterdir()) == ["seed000003", "seed000007", "seed000008"]
    assert main([*sample, "--seeds", "7", "--truncation", "0.5", "--out", str(tmp_path / "seven.png")]) == 0
    assert main([*sample, "--latent", str(tmp_path / "seven.png"), "--out", str(tmp_path / "again.png")]) == 0
    with Image.open(tmp_path / "seven.png") as seven, Image.open(tmp_path / "again.png") as again:
        assert seven.tobytes() == again.tobytes()
    assert main([*sample, "--count", "1", "--first", "12", "--out", str(tmp_path / "more")]) == 0
    assert [path.name for path in (tmp_path / "more").iterdir()] == ["000012.png"]


def test_a_command_is_typed_again_as_it_was_given() -> None:
    given = Sample(Path("my run"), count=3, seed=-1, signature=SignConfig("me.png", sign_rotation=-5.0), json=True)
    words = [
        "ganvas",
        "sample",
        "my run",
        "--count",
        "3",
        "--seed=-1",
        "--sign",
        "me.png",
        "--sign-rotation=-5.0",
        "--json",
    ]
    assert command_of("sample", given) == shlex.join(words)


def test_an_interrupted_sampling_says_how_to_go_on(
    run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save = write.save_image

    def interrupting(image: Image.Image, path: Path, metadata: dict[str, object]) -> None:
        save(image, path, metadata)
        if path.stem == "000003":
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(write, "save_image", interrupting)
    command = ["sample", str(run), "--count", "40", "--seed", "-1", "--out", str(tmp_path / "my pictures")]
    assert main([*command, "--json"]) == 130
    captured = capfd.readouterr()
    assert json.loads(captured.out)["reason"] == "interrupted"
    (line,) = (line for line in captured.err.splitlines() if "To continue: " in line)
    words = shlex.split(line.partition("To continue: ")[2])
    assert words[0] == "ganvas"
    done = len(list((tmp_path / "my pictures").iterdir()))
    assert 4 <= done < 40
    assert main(words[1:]) == 0
    assert json.loads(capfd.readouterr().out)["drawn"] == 40 - done
    assert len(list((tmp_path / "my pictures").iterdir())) == 40


REFUSED = [
    ["--label", "cat"], ["--count", "0"], ["--truncation", "2"], ["--device", "tpu"], ["--grid", "a.txt"],
    ["--seeds", "3-"], ["--seeds", "9-3"], ["--seeds", "0-99999999"], ["--seeds", "1", "--count", "2"],
    ["--seeds", "1", "--latent", "a.png"], ["--first", "-1"], ["--latent", "nowhere.png"],
    ["--latent", "config.json"], ["--out", "two.png", "--count", "2"], ["--sheet", "a.png", "--out", "b"],
    ["--sign", "nowhere.png"], ["--sign-size", "0.5"], ["--sign", "config.json"],
]  # fmt: skip


@pytest.mark.slow
def test_sample_refuses(run: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run)
    before = sorted(run.rglob("*"))
    for more in REFUSED:
        assert main(["sample", str(run), "--device", "cpu", *more]) == 1, more
        error = capfd.readouterr().err
        assert "Error: " in error, more
        assert len(error.strip().splitlines()) >= 2, f"no hint: {error}"
        assert sorted(run.rglob("*")) == before, f"something was written: {more}"


def test_inspect(pictures: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(pictures), "--json"]) == 0
    captured = capfd.readouterr()
    assert json.loads(captured.out.splitlines()[-1])["count"] == tiny.COUNT
    assert "ganvas train" in captured.err


def test_inspect_plans_what_is_asked_for_and_names_the_command(
    pictures: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = ["--size", "16x16", "--conditional", "--minutes", "3", "--recipe", "vae", "--channel-mult", "0.5"]
    asked += ["--batch", "8", "--g-lr", "0.001", "--flip", "no"]
    assert main(["inspect", str(pictures), *asked, "--json"]) == 0
    captured = capfd.readouterr()
    plan = json.loads(captured.out.splitlines()[-1])["plan"]
    assert (plan["recipe"], plan["width"], plan["height"], plan["batch"]) == ("vae", 16, 16, 8)
    text = " ".join(captured.err.split())
    assert f"Next: ganvas train {pictures} {' '.join(asked)} " in f"{text} "
    assert main(["inspect", str(pictures), "--recipe", "vea"]) == 1
    assert "Did you mean 'vae'" in capfd.readouterr().err


def test_env(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "--json"]) == 0
    captured = capfd.readouterr()
    facts = json.loads(captured.out)
    assert {"ganvas", "python", "torch", "device", "why", "threads"} <= set(facts)
    assert facts["torch"] in captured.err


def test_an_interrupted_run_exits_with_130(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    real = ganvas.train

    def signalled(*arguments: object, **options: object):  # type: ignore[no-untyped-def]
        for event in real(*arguments, **options):  # type: ignore[arg-type]
            yield event
            if isinstance(event, ganvas.events.Started) and not event.resumed:
                os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(ganvas, "train", signalled)
    out = tmp_path / "a run"
    assert main(train_arguments(pictures, out)) == 130
    text = capfd.readouterr().err
    assert f"ganvas train --out '{out}'" in text.replace("\n", ""), "a path with a space must be quoted"
    assert main(train_arguments(pictures, out)) == 0


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [(KeyboardInterrupt(), 130, "\nInterrupted.\n"), (GanvasError("It broke."), 1, "Error: It broke.\n")],
    ids=["interrupted", "an error without a hint"],
)
def test_how_a_command_ended_is_in_its_status(
    error: BaseException,
    status: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    @dataclass(frozen=True)
    class Failing:
        def execute(self) -> None:
            raise error

    class FailingCommand(Command):
        def load(self) -> type[Failing]:
            return Failing

    monkeypatch.setitem(COMMANDS, "fail", FailingCommand("", "", "Fail."))
    assert main(["fail"]) == status
    assert capfd.readouterr().err == said


@pytest.fixture
def heard() -> Iterator[None]:
    """Let SIGINT raise KeyboardInterrupt, as at a terminal; to a process in the background it may mean nothing."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
def test_the_first_signal_is_a_wish_and_the_second_acts() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stop_on_signals() as stop:
        assert not stop()
        signal.raise_signal(signal.SIGINT)
        assert stop()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.slow
def test_evaluate_puts_its_scores_on_the_last_line(run: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(run), "--count", "30", "--device", "cpu", "--json"]) == 0
    captured = capfd.readouterr()
    found = json.loads(captured.out.splitlines()[-1])
    assert found["count"] == 30
    assert {"frechet", "kid", "coverage", "near_duplicates", "checkerboard"} <= {
        each["key"] for each in found["scores"]
    }
    assert "Frechet distance" in captured.err
    assert f"ganvas report {run}" in captured.err


@pytest.mark.slow
def test_report_evaluates_first_and_names_the_page(run: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(run), "--device", "cpu", "--count", "30", "--json"]) == 0
    page = Path(json.loads(capfd.readouterr().out.splitlines()[-1])["path"])
    assert page == run / "report.html"
    assert (Run(run).evaluation / "scores.json").is_file()
    written = page.read_text(encoding="utf-8")
    assert "data:image" in written, "the page should hold its pictures"


def test_report_without_the_pictures_goes_without_scores(
    run: Path, pictures: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pictures.rename(pictures.with_name("moved"))
    assert main(["report", str(run), "--device", "cpu"]) == 0
    assert "will have no scores" in capfd.readouterr().err
    assert "ganvas evaluate" in (run / "report.html").read_text(encoding="utf-8")


def test_evaluate_of_what_is_not_there(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(tmp_path / "nowhere")]) == 1
    assert "Error: There is no" in capfd.readouterr().err
    assert main(["report", str(tmp_path / "nowhere")]) == 1
    assert "ganvas train PICTURES" in capfd.readouterr().err


def record(run: Path) -> None:
    """Put one examination into the record of a run, in which nothing has gone wrong yet."""
    Run(run).append_event(ganvas.events.HealthCheck(4, 32, 0.1, "adversarial", {"near_copies": 0.0}))


def test_doctor_examines_a_run_and_its_events_alone(run: Path, capfd: pytest.CaptureFixture[str]) -> None:
    record(run)
    assert main(["doctor", str(run), "--json"]) == 0
    captured = capfd.readouterr()
    found = json.loads(captured.out.splitlines()[-1])
    assert found["health_checks"] == 1
    assert {"name", "confidence", "evidence", "what", "why"} <= set(found["verdict"])
    assert "Last verdict: " in captured.err
    assert f"Next: ganvas report {run}\n" in captured.err
    assert main(["doctor", str(run / "events.jsonl")]) == 0
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "Last verdict: " in captured.err


@pytest.mark.slow
def test_doctor_of_what_it_cannot_examine(run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(tmp_path / "nowhere")]) == 1
    assert "ganvas doctor RUN" in capfd.readouterr().err
    assert main(["doctor", str(run)]) == 1
    assert "has no health checks" in capfd.readouterr().err


@pytest.mark.slow
def test_doctor_needs_no_torch(tmp_path: Path) -> None:
    Run(tmp_path).append_event(ganvas.events.HealthCheck(4, 32, 0.1, "adversarial", {"near_copies": 0.0}))
    code = "import sys; from ganvas.cli import main; main(sys.argv[1:]); sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, "doctor", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, "an examination has imported torch, which takes longer than the examination"


def test_sampling_into_a_set_of_pictures_is_refused_with_another_place(
    run: Path, pictures: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in pictures.iterdir()}
    assert main(["sample", str(run), "--count", "2", "--device", "cpu", "--out", str(pictures)]) == 1
    assert f"Try: --out {pictures}-2" in capfd.readouterr().err
    assert {path.name: path.read_bytes() for path in pictures.iterdir()} == before


def test_report_on_a_run_that_cannot_be_written_says_to_copy_it_before_it_computes(
    run: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    assert main(["report", str(run), "--device", "cpu", "--json"]) == 1
    captured = capfd.readouterr()
    assert f"cp -r {run} run-copy && ganvas report run-copy" in captured.err
    assert "will have no scores" not in captured.err, "it has tried to score it"


def test_numbers_that_json_does_not_know_are_words_in_the_result(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    @dataclass(frozen=True)
    class Measuring:
        json: bool = False

        def execute(self) -> dict[str, object]:
            return {"loss": float("nan"), "scores": [{"low": float("-inf"), "high": float("inf"), "value": 1.5}]}

    class MeasuringCommand(Command):
        def load(self) -> type[Measuring]:
            return Measuring

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    monkeypatch.setitem(COMMANDS, "measure", MeasuringCommand("", "", "Measure."))
    assert main(["measure", "--json"]) == 0
    found = json.loads(capfd.readouterr().out, parse_constant=refuse)
    assert found == {"loss": "nan", "scores": [{"low": "-inf", "high": "inf", "value": 1.5}]}
