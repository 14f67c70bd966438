"""How good is it: of a run and of a folder, against the pictures trained on or others, and what cannot be judged."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import ganvas
import tiny
from ganvas import evaluation as module
from ganvas.data import Prepared
from ganvas.errors import GanvasError
from ganvas.evaluation import Evaluation, Subject, Wanted, evaluate, judge, read_evaluation
from ganvas.events import Event, Progress, drain
from ganvas.latents.sample import GeneratorModel, save_network
from ganvas.latents.write import write_pictures
from ganvas.metrics.real_features import Reals
from ganvas.runs import Run

pytestmark = pytest.mark.usefixtures("narrow_recipes")
FEW = Wanted(count=40, device="cpu")


@pytest.fixture
def run(pictures: Path, tmp_path: Path) -> Path:
    tiny.train(pictures, tmp_path / "run", "fc")
    return tmp_path / "run"


def values(found: Evaluation) -> dict[str, float]:
    return {each.key: each.value for each in found.scores}


def test_a_run_is_scored_and_the_sheets_are_written(run: Path, pictures: Path) -> None:
    found = drain(evaluate(run, None, FEW))
    where = Run(run).evaluation
    assert {path.name for path in where.iterdir()} == {"scores.json", "samples.png", "real.png", "nearest.png"}
    written = json.loads((where / "scores.json").read_text())
    assert written == json.loads(json.dumps(found.to_dict())), "the file does not say what was returned"
    assert (found.count, found.real_count, found.network) == (40, tiny.COUNT, "efficientnet-lite0")
    assert found.against == str(pictures)
    assert found.step is not None, "a model should know how long it was trained"
    assert all(each["name"] and each["about"] and each["better"] for each in written["scores"])
    assert found.summary[-1] == found.memorisation.text


def test_an_evaluation_counts_for_the_model_that_it_saw(run: Path) -> None:
    assert read_evaluation(Run(run)) is None, "there is none yet"
    drain(evaluate(run, None, FEW))
    assert (read_evaluation(Run(run)) or {})["count"] == 40
    model = Run(run).model / "generator.safetensors"
    model.write_bytes(model.read_bytes()[:-1] + b"x")
    assert read_evaluation(Run(run)) is None, "scores of another model were taken for this one's"


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", "null"])
def test_a_damaged_evaluation_is_none(run: Path, damage: str) -> None:
    drain(evaluate(run, None, FEW))
    (Run(run).evaluation / "scores.json").write_text(damage)
    assert read_evaluation(Run(run)) is None


def test_progress_is_told(run: Path) -> None:
    told: list[Event] = list(evaluate(run, None, FEW))
    done = {each.what: (each.done, each.total) for each in told if isinstance(each, Progress)}
    assert done["samples drawn"] == done["samples looked at"] == (40, 40)
    assert done["real pictures looked at"][0] == done["real pictures looked at"][1]


def test_samples_written_as_png_score_the_same(run: Path, pictures: Path, tmp_path: Path) -> None:
    of_run = drain(evaluate(run, None, FEW))
    write_pictures(ganvas.load(run, "cpu"), tmp_path / "samples", 40, seed=FEW.seed)
    of_folder = drain(evaluate(tmp_path / "samples", pictures, FEW, tmp_path / "found"))
    expected, got = values(of_run), values(of_folder)
    for key in ("frechet_plain", "kid", "precision", "coverage", "diversity", "detail", "brightness"):
        assert got[key] == pytest.approx(expected[key], rel=1e-4, abs=1e-6), f"{key} depends on the file format"
    assert of_folder.memorisation.near_copies == of_run.memorisation.near_copies
    assert (tmp_path / "found" / "nearest.png").is_file()
    assert of_folder.step is None


def test_copies_of_the_pictures_are_found_out(pictures: Path, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    shutil.copytree(pictures, copies)
    found = drain(evaluate(copies, pictures, FEW))
    assert values(found)["frechet_plain"] == pytest.approx(0, abs=1e-3)
    assert found.memorisation.near_copies == 1
    assert found.memorisation.verdict in ("much", "unknown"), "24 copies of 24 pictures went unnoticed"


def test_a_fault_is_said_in_words(pictures: Path) -> None:
    data = tiny.prepared(pictures)
    real = torch.from_numpy(data.pictures.copy())
    darker = (real * 0.5).to(torch.uint8)
    found, _ = drain(judge(Subject("dark", "real", darker, data), Reals(data), FEW))
    assert any("darker" in sentence for sentence in found.summary)
    clean, _ = drain(judge(Subject("real", "real", real, data), Reals(data), FEW))
    assert not any("darker" in sentence for sentence in clean.summary)


def test_held_out_pictures_are_not_among_those_trained_on(pictures: Path) -> None:
    data: Prepared = tiny.prepared(pictures)
    reals = Reals(data, held_out=4)
    assert len(reals.split.held_out) == 4
    assert not set(reals.some(100)) & set(reals.split.held_out), "what was held out was compared with as if trained on"


@pytest.mark.parametrize(("count", "complaint"), [(0, "too few"), (19, "too few"), (-3, "too few")])
def test_too_few_samples(run: Path, count: int, complaint: str) -> None:
    with pytest.raises(GanvasError, match=complaint):
        drain(evaluate(run, None, Wanted(count=count)))


def test_a_folder_needs_something_to_be_compared_with(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match="compared") as caught:
        drain(evaluate(pictures, None, FEW))
    assert "--against PICTURES" in caught.value.hint
    with pytest.raises(GanvasError, match="There is no"):
        drain(evaluate(tmp_path / "nowhere", None, FEW))


def test_pictures_that_are_gone_can_be_named(run: Path, pictures: Path, tmp_path: Path) -> None:
    moved = pictures.rename(tmp_path / "moved")
    with pytest.raises(GanvasError, match="no longer") as caught:
        drain(evaluate(run, None, FEW))
    assert "--against" in caught.value.hint
    found = drain(evaluate(run, moved, FEW))
    assert found.real_count == tiny.COUNT


def test_an_unknown_network(run: Path) -> None:
    with pytest.raises(GanvasError, match="Did you mean 'inception-v3'"):
        drain(evaluate(run, None, Wanted(network="inception", device="cpu")))


def test_from_python(run: Path) -> None:
    found = ganvas.evaluate(run, count=40, device="cpu")
    assert values(found)["frechet_plain"] > 0
    page = ganvas.write_report(run)
    assert "Frechet distance" in page.read_text(encoding="utf-8")
    assert (Run(run).model / "README.md").is_file()


def test_two_processes_find_what_one_does(run: Path, tmp_path: Path) -> None:
    alone = drain(evaluate(run, None, FEW))
    for path in (Run(run).evaluation, tmp_path / "cache" / "features"):
        shutil.rmtree(path)  # so that both have something to compute
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["-m", "ganvas", "evaluate", str(run), "--count", str(FEW.count), "--device", "cpu", "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    lines = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    assert len(lines) == 1, "both processes spoke"
    together = {each["key"]: each["value"] for each in json.loads(lines[0])["scores"]}
    for key, value in values(alone).items():
        assert together[key] == pytest.approx(value, rel=1e-3, abs=1e-4), f"{key} depends on the number of processes"


def test_a_comparison_with_others_does_not_pass_for_the_runs_own(run: Path, tmp_path: Path) -> None:
    drain(evaluate(run, None, FEW))
    before = (Run(run).evaluation / "scores.json").read_bytes()
    others = tiny.write_pictures(tmp_path / "others", seed=7)
    found = drain(evaluate(run, others, FEW, tmp_path / "found"))
    assert (Run(run).evaluation / "scores.json").read_bytes() == before, "other pictures' scores became the run's own"
    assert (tmp_path / "found" / "scores.json").is_file()
    assert "training picture" not in found.memorisation.text, "nobody was trained on these"


def test_a_model_that_changes_meanwhile_is_taken_with_its_own_age(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, loaded = module.load, []

    def load(folder: Path, device: str) -> GeneratorModel:
        loaded.append(real(folder, device))
        if len(loaded) == 1:  # the training writes a later model just after this one was read
            save_network(Run(folder), real(folder, device).network, 999, 7992)
        return loaded[-1]

    monkeypatch.setattr(module, "load", load)
    found = drain(evaluate(run, None, FEW))
    assert found.step == 999
    assert len(loaded) == 2, "the model that was read first was given the age of the later one"
    assert read_evaluation(Run(run)), "the scores are stamped with a model that they are not of"


def test_a_negative_seed_is_refused(pictures: Path) -> None:
    with pytest.raises(GanvasError, match="not -1"):
        drain(evaluate(pictures, pictures, Wanted(seed=-1)))


def test_pictures_too_small_for_a_spectrum(tmp_path: Path, pictures: Path) -> None:
    small = tiny.write_pictures(tmp_path / "small", size=4)
    with pytest.raises(GanvasError, match="4x4 px"):
        drain(evaluate(small, pictures, FEW))


def test_pictures_that_are_all_the_same_give_numbers(tmp_path: Path, pictures: Path) -> None:
    same = tmp_path / "same"
    same.mkdir()
    for index in range(24):
        shutil.copy(pictures / "000.png", same / f"{index}.png")
    found = drain(evaluate(same, same, FEW))
    json.dumps(found.to_dict(), allow_nan=False)
