"""Sections: scores and verdict with all that a reader needs, notes, how to repeat it."""

from pathlib import Path
from typing import Any

import made
from test_html import Reader

from ganvas.report.sections import definitions, sections


def text(tmp_path: Path, found: dict[str, Any] | None = None, skipped: str = "") -> str:
    run = made.run(tmp_path / "run")
    if skipped:
        run.skipped_file.write_text(skipped)
    return Reader("".join(sections(made.facts(run, found)))).text.replace("\u00a0", " ")


def test_a_score_names_value_interval_reference_network_and_direction(tmp_path: Path) -> None:
    told = text(tmp_path, made.evaluation(made.run(tmp_path / "run")))
    assert "Frechet distanceHow far the two sets are from each other.on efficientnet-lite0 · lower is better" in told
    assert "448431 to 46612.3" in told
    assert "the nearer to real, the better" in told
    assert "FID" not in told, "only Inception's Frechet distance is FID"
    assert "2,000 samples, 900 real pictures, 97 pictures kept out of the training, at step 60" in told


def test_the_verdict_has_its_evidence(tmp_path: Path) -> None:
    told = text(tmp_path, made.evaluation(made.run(tmp_path / "run")))
    assert "Some samples are near-copies. 3 % are near-copies, of unseen pictures 1 %." in told
    assert "Near-copies of a training picture3 %1 %" in told
    assert "Real pictures kept out of the training" in told


def test_without_an_evaluation_the_page_says_how_to_get_one(tmp_path: Path) -> None:
    told = text(tmp_path)
    assert told.count(f"ganvas evaluate {tmp_path / 'run'}") == 4, "samples, scores, copies, and how to repeat it"


def test_an_evaluation_with_nothing_in_it_is_no_fault(tmp_path: Path) -> None:
    assert "has not been evaluated" in text(tmp_path, {"scores": None, "memorisation": None, "summary": None})


def test_notes_and_skipped_files(tmp_path: Path) -> None:
    told = text(tmp_path, skipped="".join(f"{n}.png\tis cut off\n" for n in range(30)))
    assert "A picture could not be read." in told
    assert "were skipped: 30" in told
    assert "19.png: is cut off" in told
    assert "20.png" not in told
    assert "and 10 more in skipped.txt" in told


def test_how_to_repeat_it(tmp_path: Path) -> None:
    told = text(tmp_path)
    assert f"ganvas train pictures --out {tmp_path / 'run'}-again --recipe quick --size 16x16" in told
    assert "Seed3" in told
    assert '"code_noise": 0.2' in told, "the complete configuration is there"


def test_definitions_leave_out_what_is_not_known() -> None:
    assert definitions({"a": "1", "b": ""}) == "<dl><dt>a</dt><dd>1</dd></dl>"
