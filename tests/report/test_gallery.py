"""Gallery: a time-lapse that works without scripts, and pictures with honest captions."""

import json
import re
from pathlib import Path

import example_runs

from ganvas.report.gallery import nearest_pairs, samples_beside_real, timelapse


def test_without_scripts_the_last_sample_grid_is_shown(tmp_path: Path) -> None:
    markup = timelapse(example_runs.summary_of(example_runs.write_run(tmp_path / "run")))
    (picture,) = re.findall(r"<img [^>]*>", markup)
    frames = json.loads(markup.partition('<script type="application/json">')[2].partition("</script>")[0])
    assert [frame["caption"].split(" ·")[0] for frame in frames] == ["Step 15", "Step 30", "Step 45", "Step 60"]
    assert frames[-1]["uri"] in picture
    assert frames[0]["uri"] not in picture
    assert '<div class="row" hidden>' in markup, "what needs a script is shown by the script"
    assert 'max="3" value="3"' in markup


def test_small_pictures_are_enlarged_by_a_whole_number_and_stay_crisp(tmp_path: Path) -> None:
    markup = timelapse(example_runs.summary_of(example_runs.write_run(tmp_path / "run")))
    assert 'class="picture crisp"' in markup
    assert 'width="128" height="128"' in markup


def test_a_missing_sample_grid_is_counted(tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run")
    (run.samples / "000000030.png").unlink()
    markup = timelapse(example_runs.summary_of(run))
    assert "1 of the sample grids could not be read" in markup
    assert 'max="2"' in markup


def test_one_sample_grid_needs_no_slider_and_none_gives_a_message(tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run")
    for path in sorted(run.samples.iterdir())[:-1]:
        path.unlink()
    assert "<input" not in timelapse(example_runs.summary_of(run))
    (run.samples / "000000060.png").unlink()
    assert "no sample grids yet" in timelapse(example_runs.summary_of(run))


def test_samples_lie_beside_real_pictures(tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run")
    markup = samples_beside_real(example_runs.summary_of(run, example_runs.write_evaluation(run)))
    assert len(re.findall(r'<img [^>]*alt="[^"]+"', markup)) == 2
    assert "Not hand-picked" in markup
    assert "(seed 0)" in markup


def test_pictures_of_an_outdated_evaluation_are_not_shown(tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run")
    example_runs.write_evaluation(run)
    markup = samples_beside_real(example_runs.summary_of(run, None))
    assert "<img" not in markup
    assert "ganvas evaluate" in markup


def test_no_pairs_no_picture(tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run")
    assert nearest_pairs(example_runs.summary_of(run)) == ""
    assert "training picture" in nearest_pairs(example_runs.summary_of(run, example_runs.write_evaluation(run)))
