"""Evaluation of runs and of folders, against the training pictures or others, and what is refused."""

import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import ganvas
import tiny
from ganvas.errors import GanvasError
from ganvas.evaluation import (
    Evaluation,
    EvaluationInputs,
    EvaluationOptions,
    evaluate,
    evaluate_samples,
    read_evaluation,
)
from ganvas.events import Event, Progress, run_to_end
from ganvas.latents.request import PictureRequest
from ganvas.latents.sample import save_network
from ganvas.latents.write import write_pictures
from ganvas.metrics.real_features import RealImages
from ganvas.models import GENERATORS
from ganvas.models.conditional import GeneratorFactory
from ganvas.models.fc import FCGenerator
from ganvas.runs import Run

pytestmark = [pytest.mark.usefixtures("narrow_recipes"), pytest.mark.slow]
FEW = EvaluationOptions(count=40, device="cpu")


@pytest.fixture
def run(pictures: Path, tmp_path: Path) -> Path:
    tiny.train(pictures, tmp_path / "run", "fc")
    return tmp_path / "run"


def values(evaluation: Evaluation) -> dict[str, float]:
    return {score.key: score.value for score in evaluation.scores}


def test_a_run_is_scored_and_the_files_are_written(run: Path, pictures: Path) -> None:
    evaluation = run_to_end(evaluate(run, None, FEW))
    folder = Run(run).evaluation
    assert {path.name for path in folder.iterdir()} == {"scores.json", "samples.png", "real.png", "nearest.png"}
    written = json.loads((folder / "scores.json").read_text())
    assert written == json.loads(json.dumps(evaluation.to_dict())), "the file does not contain what was returned"
    assert (evaluation.count, evaluation.real_count, evaluation.network) == (40, tiny.COUNT, "efficientnet-lite0")
    assert evaluation.against == str(pictures)
    assert evaluation.step is not None, "the model does not say how long it was trained"
    assert all(score["name"] and score["about"] and score["better"] for score in written["scores"])
    assert evaluation.summary[-1] == evaluation.memorisation.text


def test_an_evaluation_is_valid_only_for_its_model(run: Path) -> None:
    assert read_evaluation(Run(run)) is None, "there is no evaluation yet"
    run_to_end(evaluate(run, None, FEW))
    assert (read_evaluation(Run(run)) or {})["count"] == 40
    model = Run(run).model / "generator.safetensors"
    model.write_bytes(model.read_bytes()[:-1] + b"x")
    assert read_evaluation(Run(run)) is None, "scores of another model were returned"


SCORES_OF_0_1 = """{
  "subject": "runs/people", "against": "/pictures/people.zip", "network": "efficientnet-lite0", "step": 812,
  "images": 51968, "model": "MODEL", "count": 2000, "real_count": 948, "held_out_count": 49, "seed": 1,
  "version": "0.1.0",
  "scores": [
    {"name": "Frechet distance", "better": "lower", "about": "How far the samples as a whole are from the real ones.",
     "key": "frechet", "value": 677.4, "low": 624.1, "high": 733.0, "network": "efficientnet-lite0", "real": 0.0},
    {"name": "Different pictures (birthday estimate)", "better": "higher", "about": "About how many there are.",
     "key": "support", "value": 6320.0, "low": 4400.0, "high": null, "network": "", "real": 4981.0}
  ],
  "memorisation": {
    "verdict": "some", "text": "210 of 2,000 samples (10.5%) are near-copies of a training picture.",
    "near_copies": 0.105, "baseline_near_copies": 0.07, "median_distance": 14.2, "baseline_median_distance": 15.1,
    "baseline": "training", "held_out_near_copies": 0.061,
    "pairs": [{"sample": 3, "picture": 77, "distance": 1.5, "mirrored": true}]
  },
  "summary": ["The samples are paler than real pictures.", "210 of 2,000 samples (10.5%) are near-copies."]
}"""


def test_scores_written_by_0_1_are_read(run: Path) -> None:
    """The keys of the file are the fields of today, so that old evaluations are read and shown without translation."""
    model = (Run(run).model / "generator.safetensors").read_bytes()
    text = SCORES_OF_0_1.replace("MODEL", hashlib.blake2b(model, digest_size=16).hexdigest())
    Run(run).evaluation.mkdir()
    (Run(run).evaluation / "scores.json").write_text(text)
    record = json.loads(text)
    assert read_evaluation(Run(run)) == record
    assert "Different pictures (birthday estimate)" in ganvas.write_report(run).read_text(encoding="utf-8")
    today = run_to_end(evaluate(run, None, FEW)).to_dict()
    assert today.keys() == record.keys() | {"width", "height"}
    assert today["scores"][0].keys() == record["scores"][0].keys()
    assert today["memorisation"].keys() == record["memorisation"].keys()
    assert today["memorisation"]["pairs"][0].keys() == record["memorisation"]["pairs"][0].keys()


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", "null", "[" * 200_000, '{"model":' * 200_000, "1" * 5000])
def test_a_damaged_evaluation_is_none(run: Path, damage: str) -> None:
    run_to_end(evaluate(run, None, FEW))
    (Run(run).evaluation / "scores.json").write_text(damage)
    assert read_evaluation(Run(run)) is None


def test_progress_is_reported(run: Path) -> None:
    events: list[Event] = list(evaluate(run, None, FEW))
    done = {event.what: (event.done, event.total) for event in events if isinstance(event, Progress)}
    assert done["samples generated"] == done["samples measured"] == (40, 40)
    assert done["real pictures measured"] == (3, 3)


def test_samples_written_as_png_score_the_same(run: Path, pictures: Path, tmp_path: Path) -> None:
    of_run = run_to_end(evaluate(run, None, FEW))
    request = PictureRequest(count=40, seed=FEW.seed)
    run_to_end(write_pictures(ganvas.load(run, "cpu"), tmp_path / "samples", request))
    of_folder = run_to_end(evaluate(tmp_path / "samples", pictures, FEW, tmp_path / "found"))
    expected, got = values(of_run), values(of_folder)
    for key in ("frechet_plain", "kid", "precision", "coverage", "diversity", "detail", "brightness"):
        assert got[key] == pytest.approx(expected[key], rel=1e-4, abs=1e-6), f"{key} depends on the file format"
    assert of_folder.memorisation.near_copies == of_run.memorisation.near_copies
    assert (tmp_path / "found" / "nearest.png").is_file()
    assert of_folder.step is None


def test_copies_of_the_pictures_are_detected(pictures: Path, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    shutil.copytree(pictures, copies)
    evaluation = run_to_end(evaluate(copies, pictures, FEW))
    assert values(evaluation)["frechet_plain"] == pytest.approx(0, abs=1e-3)
    assert evaluation.memorisation.near_copies == 1
    assert evaluation.memorisation.verdict in ("much", "unknown"), "24 copies of 24 pictures went unnoticed"


def test_a_fault_is_named_in_the_summary(pictures: Path) -> None:
    data = tiny.prepared(pictures)
    real = torch.from_numpy(data.images.copy())
    darker = (real * 0.5).to(torch.uint8)
    for name, samples in {"dark": darker, "real": real}.items():
        inputs = EvaluationInputs(name=name, against="real", samples=samples, real_data=data)
        evaluation, _ = run_to_end(evaluate_samples(inputs, RealImages(data), FEW))
        assert any("darker" in sentence for sentence in evaluation.summary) == (name == "dark")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"count": 0}, "too few"),
        ({"count": 19}, "too few"),
        ({"count": -3}, "too few"),
        ({"seed": -1}, "not -1"),
        ({"network": "inception"}, "Did you mean 'inception-v3'"),
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any], complaint: str, pictures: Path) -> None:
    with pytest.raises(GanvasError, match=complaint):
        run_to_end(evaluate(pictures, pictures, EvaluationOptions(device="cpu", **options)))


def test_a_folder_needs_real_pictures(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match="is no run") as caught:
        run_to_end(evaluate(pictures, None, FEW))
    assert "--against PICTURES" in caught.value.hint
    with pytest.raises(GanvasError, match="There is no"):
        run_to_end(evaluate(tmp_path / "nowhere", None, FEW))


def test_a_new_place_of_the_training_pictures_can_be_given(run: Path, pictures: Path, tmp_path: Path) -> None:
    moved = pictures.rename(tmp_path / "moved")
    with pytest.raises(GanvasError, match="no longer") as caught:
        run_to_end(evaluate(run, None, FEW))
    assert "--against" in caught.value.hint
    evaluation = run_to_end(evaluate(run, moved, FEW))
    assert evaluation.real_count == tiny.COUNT


def test_from_python(run: Path) -> None:
    evaluation = ganvas.evaluate(run, count=40, device="cpu")
    assert values(evaluation)["frechet_plain"] > 0
    page = ganvas.write_report(run)
    assert "Frechet distance" in page.read_text(encoding="utf-8")
    assert (Run(run).model / "README.md").is_file()


def test_two_processes_get_the_scores_of_one(run: Path, tmp_path: Path) -> None:
    alone = run_to_end(evaluate(run, None, FEW))
    for path in (Run(run).evaluation, tmp_path / "cache" / "features"):
        shutil.rmtree(path)  # so that both have something to compute
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["-m", "ganvas", "evaluate", str(run), "--count", str(FEW.count), "--device", "cpu", "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    lines = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    assert len(lines) == 1, "both processes printed"
    together = {score["key"]: score["value"] for score in json.loads(lines[0])["scores"]}
    for key, value in values(alone).items():
        assert together[key] == pytest.approx(value, rel=1e-3, abs=1e-4), f"{key} depends on the number of processes"


def test_a_comparison_with_other_pictures_does_not_replace_the_runs_scores(run: Path, tmp_path: Path) -> None:
    run_to_end(evaluate(run, None, FEW))
    before = (Run(run).evaluation / "scores.json").read_bytes()
    others = tiny.write_pictures(tmp_path / "others", seed=7)
    evaluation = run_to_end(evaluate(run, others, FEW, tmp_path / "found"))
    assert (Run(run).evaluation / "scores.json").read_bytes() == before, (
        "scores against other pictures replaced those of the run"
    )
    assert (tmp_path / "found" / "scores.json").is_file()
    assert "training picture" not in evaluation.memorisation.text, "the run was not trained on these"


def test_a_model_written_meanwhile_is_used_with_its_own_training_length(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []

    class Overtaken(FCGenerator):
        """A generator that has been built to be loaded when the training writes a new model."""

        def __init__(self, *shapes: Any) -> None:
            super().__init__(*shapes)
            if not written and not any(parameter.is_meta for parameter in self.parameters()):
                written.append(True)
                save_network(Run(run), self, 999, 7992)

    monkeypatch.setitem(GENERATORS, "fc", GeneratorFactory(Overtaken, embeds_labels=True))
    evaluation = run_to_end(evaluate(run, None, FEW))
    assert evaluation.step == 999, "the new model got the training length of the one before"
    assert read_evaluation(Run(run)), "the scores have the hash of another model"


def test_pictures_too_small_for_a_spectrum(tmp_path: Path, pictures: Path) -> None:
    small = tiny.write_pictures(tmp_path / "small", size=4)
    with pytest.raises(GanvasError, match="4x4 px"):
        run_to_end(evaluate(small, pictures, FEW))


def test_identical_pictures_give_finite_scores(tmp_path: Path, pictures: Path) -> None:
    same = tmp_path / "same"
    same.mkdir()
    for index in range(24):
        shutil.copy(pictures / "000.png", same / f"{index}.png")
    evaluation = run_to_end(evaluate(same, same, FEW))
    json.dumps(evaluation.to_dict(), allow_nan=False)


def test_samples_are_compared_at_the_pictures_own_size(tmp_path: Path) -> None:
    pictures = tiny.write_pictures(tmp_path / "pictures", size=48)
    tiny.train(pictures, tmp_path / "run", "dcgan")
    own = run_to_end(evaluate(tmp_path / "run", None, FEW))
    assert (own.width, own.height) == (48, 48)
    assert own.held_out_count == 0
    assert json.loads((tmp_path / "run/evaluation/scores.json").read_text())["width"] == 48
    asked = run_to_end(evaluate(tmp_path / "run", None, replace(FEW, at="16")))
    assert (asked.width, asked.height) == (16, 16)
    assert values(asked)["frechet_plain"] != values(own)["frechet_plain"]
    assert "training pictures" in own.memorisation.text or "training picture" in own.memorisation.text


@pytest.mark.parametrize(("at", "message"), [("huge", "'huge' is not a size"), ("32x16", "the shape differs")])
def test_a_size_that_makes_no_sense_is_refused(run: Path, at: str, message: str) -> None:
    with pytest.raises(GanvasError, match=message) as caught:
        run_to_end(evaluate(run, None, replace(FEW, at=at)))
    assert "--at" in str(caught.value)


def test_copies_in_two_classes_do_not_move_the_split(tmp_path: Path) -> None:
    """A conditional run keeps them; so does its evaluation, or training pictures would be taken for held-out ones."""
    for seed, name in enumerate(("cats", "dogs")):
        tiny.write_pictures(tmp_path / "pictures" / name, count=20, seed=seed)
    shutil.copy(tmp_path / "pictures/cats/003.png", tmp_path / "pictures/dogs/same.png")
    tiny.train(tmp_path / "pictures", tmp_path / "run", "dcgan", conditional=True)
    found = run_to_end(evaluate(tmp_path / "run", None, FEW))
    assert found.real_count == 41
    assert run_to_end(evaluate(tmp_path / "run", tmp_path / "pictures", FEW)).real_count == 41


def test_nobodys_files_are_overwritten_and_that_is_known_before_anything_is_computed(
    run: Path, pictures: Path, tmp_path: Path
) -> None:
    with pytest.raises(GanvasError, match="holds pictures that Ganvas did not write"):
        next(evaluate(run, None, FEW, pictures))
    out = tmp_path / "results"
    run_to_end(evaluate(run, None, FEW, out))
    run_to_end(evaluate(run, None, FEW, out))
    for name, content in (("scores.json", b'{"scores": [1, 2]}'), ("real.png", b"mine")):
        ours = (out / name).read_bytes()
        (out / name).write_bytes(content)
        with pytest.raises(GanvasError, match=f"{name} was not written by ganvas") as caught:
            next(evaluate(run, None, FEW, out))
        assert caught.value.hint.startswith("Try: --out ")
        (out / name).write_bytes(ours)


def test_a_run_that_cannot_be_written_is_not_scored_in_vain(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(GanvasError, match="is not writable") as caught:
        next(evaluate(run, None, FEW))
    assert "--out FOLDER" in caught.value.hint
