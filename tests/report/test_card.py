"""The model card: the facts of the report, in Markdown that no name can break."""

from dataclasses import replace
from pathlib import Path

import example_runs
from torch import nn

import tiny
from ganvas.coach.model_health import Health
from ganvas.config import DataConfig
from ganvas.latents.sample import save_network
from ganvas.report.card import code_block, escape_markdown, inline_code, model_card


def test_the_front_matter_is_what_hubs_read(tmp_path: Path) -> None:
    lines = model_card(example_runs.summary_of(example_runs.write_run(tmp_path / "run"))).splitlines()
    assert lines[:6] == ["---", "library_name: ganvas", "tags:", "- gan", "- image-generation", "- ganvas"]
    assert lines[6] == "---"


def test_the_facts_are_there(tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run")
    text = model_card(example_runs.summary_of(run, example_runs.write_evaluation(run)))
    assert "| Frechet distance | efficientnet-lite0 | 448 | 431 to 466 | 12.3 | lower is better |" in text
    assert "**Some samples are near-copies.**" in text
    assert f"ganvas sample {run.folder} --count 64 --seed 0" in text
    assert f"ganvas.load({str(run.folder)!r})" in text
    assert "uint8 (16, 3, 16, 16)" in text
    assert "## Limitations" in text
    assert "FID" not in text


def test_a_bad_end_is_told_first(tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run", example_runs.coached_events("mode collapse"))
    lines = model_card(example_runs.summary_of(run)).splitlines()
    title = lines.index("# run")
    assert lines[title + 2].startswith("**Not healthy at its end: mode collapse. ")
    save_network(run, nn.Linear(1, 1), 9, 72, Health("healthy", 0.8))
    assert "The model is from before that.**" in model_card(example_runs.summary_of(run))
    well = example_runs.write_run(tmp_path / "well", example_runs.coached_events("healthy"))
    assert "Not healthy" not in model_card(example_runs.summary_of(well))
    save_network(well, nn.Linear(1, 1), 9, 72, Health("mode collapse", 0.9))
    assert "**The model is from a time when the training was not healthy" in model_card(example_runs.summary_of(well))


def test_without_an_evaluation_it_says_how_to_get_one(tmp_path: Path) -> None:
    text = model_card(example_runs.summary_of(example_runs.write_run(tmp_path / "run")))
    assert "Not evaluated yet" in text
    assert "copy" not in text


def test_names_stay_names(tmp_path: Path) -> None:
    data = DataConfig("/x/`*pictures*`", 16, 16)
    config = replace(tiny.config("quick"), data=data, classes=("<script>", "a|b", *(f"c{n}" for n in range(60))))
    text = model_card(example_runs.summary_of(example_runs.write_run(tmp_path / "my_run*", config=config)))
    assert "# my\\_run\\*" in text
    assert "`` `*pictures*` ``" in text
    assert "&lt;script&gt;, a\\|b" in text
    assert "<script>" not in text
    assert "and 12 more" in text


def test_markup_in_scores_and_phases_stays_text(tmp_path: Path) -> None:
    evil = "<img src=http://elsewhere/x>"
    phases = tuple(replace(phase, name=evil) for phase in tiny.config("quick").phases)
    config = replace(tiny.config("quick"), phases=phases)
    run = example_runs.write_run(tmp_path / "run", config=config)
    evaluation = example_runs.write_evaluation(run)
    for row in evaluation["scores"]:
        row |= {"value": evil, "low": evil, "high": evil, "real": evil, "better": evil}
    evaluation["memorisation"] |= {"near_copies": evil, "baseline_near_copies": evil}
    text = model_card(example_runs.summary_of(run, evaluation))
    assert text.count("&lt;img") >= 6
    assert "<img" not in text


def test_escapes() -> None:
    assert escape_markdown("a_b\n# <i>&amp;") == "a\\_b \\# &lt;i&gt;&amp;amp;"
    assert inline_code("plain") == "`plain`"
    assert inline_code("a``b") == "``` a``b ```"
    assert code_block("x ```` y", "sh") == ("`````sh", "x ```` y", "`````", "")
