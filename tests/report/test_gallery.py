"""Gallery: a film that works without scripts, and stills that are what they say."""

import json
import re
from pathlib import Path

import made

from ganvas.report.gallery import film, nearest, samples_and_real


def test_without_scripts_the_last_sheet_is_shown(tmp_path: Path) -> None:
    shown = film(made.facts(made.run(tmp_path / "run")))
    (picture,) = re.findall(r"<img [^>]*>", shown)
    frames = json.loads(shown.partition('<script type="application/json">')[2].partition("</script>")[0])
    assert [frame["told"].split(" ·")[0] for frame in frames] == ["Step 15", "Step 30", "Step 45", "Step 60"]
    assert frames[-1]["uri"] in picture
    assert frames[0]["uri"] not in picture
    assert '<div class="row" hidden>' in shown, "what needs a script is shown by the script"
    assert 'max="3" value="3"' in shown


def test_small_pictures_are_enlarged_by_a_whole_number_and_stay_crisp(tmp_path: Path) -> None:
    shown = film(made.facts(made.run(tmp_path / "run")))
    assert 'class="sheet crisp"' in shown
    assert 'width="128" height="128"' in shown


def test_a_missing_sheet_is_counted(tmp_path: Path) -> None:
    run = made.run(tmp_path / "run")
    (run.samples / "000000030.png").unlink()
    shown = film(made.facts(run))
    assert "1 of the sheets could not be read" in shown
    assert 'max="2"' in shown


def test_one_sheet_needs_no_slider_and_none_is_no_film(tmp_path: Path) -> None:
    run = made.run(tmp_path / "run")
    for path in sorted(run.samples.iterdir())[:-1]:
        path.unlink()
    assert "<input" not in film(made.facts(run))
    (run.samples / "000000060.png").unlink()
    assert "no sheets" in film(made.facts(run))


def test_samples_lie_beside_real_pictures(tmp_path: Path) -> None:
    run = made.run(tmp_path / "run")
    shown = samples_and_real(made.facts(run, made.evaluation(run)))
    assert len(re.findall(r'<img [^>]*alt="[^"]+"', shown)) == 2
    assert "Not picked" in shown
    assert "(seed 0)" in shown


def test_pictures_of_an_evaluation_that_no_longer_holds_are_not_shown(tmp_path: Path) -> None:
    run = made.run(tmp_path / "run")
    made.evaluation(run)
    shown = samples_and_real(made.facts(run, None))
    assert "<img" not in shown
    assert "ganvas evaluate" in shown


def test_no_pairs_no_picture(tmp_path: Path) -> None:
    run = made.run(tmp_path / "run")
    assert nearest(made.facts(run)) == ""
    assert "training picture" in nearest(made.facts(run, made.evaluation(run)))
