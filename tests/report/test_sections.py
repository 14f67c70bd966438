"""Sections: scores and verdict with all that a reader needs, notes, how to repeat the run."""

from pathlib import Path
from typing import Any

import example_runs
from test_html import Reader

from ganvas.report.sections import definition_list, sections


def text(tmp_path: Path, evaluation: dict[str, Any] | None = None, skipped: str = "") -> str:
    run = example_runs.write_run(tmp_path / "run")
    if skipped:
        run.skipped_file.write_text(skipped)
    return Reader("".join(sections(example_runs.summary_of(run, evaluation)))).text.replace("\u00a0", " ")


def test_a_score_names_value_interval_reference_network_and_direction(tmp_path: Path) -> None:
    page_text = text(tmp_path, example_runs.write_evaluation(example_runs.write_run(tmp_path / "run")))
    assert (
        "Frechet distanceHow far the two sets are from each other.on efficientnet-lite0 · lower is better" in page_text
    )
    assert "448431 to 46612.3" in page_text
    assert "closer to real pictures is better" in page_text
    assert "FID" not in page_text, "only Inception's Frechet distance is FID"
    assert "Measured at step 60 on 2,000 samples, 900 real pictures, 97 held-out pictures." in page_text


def test_the_verdict_has_its_evidence(tmp_path: Path) -> None:
    page_text = text(tmp_path, example_runs.write_evaluation(example_runs.write_run(tmp_path / "run")))
    assert "Some samples are near-copies. 3 % are near-copies, of unseen pictures 1 %." in page_text
    assert "Near-copies of a training picture3 %1 %" in page_text
    assert "Held-out real pictures" in page_text


def test_without_an_evaluation_the_page_says_how_to_get_one(tmp_path: Path) -> None:
    page_text = text(tmp_path)
    assert page_text.count(f"ganvas evaluate {tmp_path / 'run'}") == 4, "samples, scores, copies, and how to repeat it"


def test_an_empty_evaluation_is_no_error(tmp_path: Path) -> None:
    assert "has not been evaluated yet" in text(tmp_path, {"scores": None, "memorisation": None, "summary": None})


def test_notes_and_skipped_files(tmp_path: Path) -> None:
    page_text = text(tmp_path, skipped="".join(f"{n}.png\tis cut off\n" for n in range(30)))
    assert "A picture could not be read." in page_text
    assert "Files that were skipped: 30" in page_text
    assert "19.png: is cut off" in page_text
    assert "20.png" not in page_text
    assert "and 10 more in skipped.txt" in page_text


def test_how_to_repeat_it(tmp_path: Path) -> None:
    page_text = text(tmp_path)
    assert f"ganvas train pictures --out {tmp_path / 'run'}-again --size 16x16" in page_text
    assert "--recipe quick" in page_text
    assert "Seed3" in page_text
    assert '"code_noise_std": 0.2' in page_text, "the full configuration is there"


def test_definitions_without_a_text_are_left_out() -> None:
    assert definition_list({"a": "1", "b": ""}) == "<dl><dt>a</dt><dd>1</dd></dl>"
