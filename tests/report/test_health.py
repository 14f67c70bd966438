"""What the coach saw and did: complete, escaped, and of bearable size whatever the events are."""

import math
import re
from dataclasses import replace
from pathlib import Path

import example_runs
import pytest
from test_html import Reader

import tiny
from ganvas.events import Done, Event, Evidence, Step, Treatment, Verdict
from ganvas.report import write_card, write_report
from ganvas.report.health import MAX_BARS, health_section
from ganvas.report.history import read_history
from ganvas.report.summary import health_sentences, summary_sentences


def section(tmp_path: Path, events: list[Event], coach: str = "act") -> str:
    run = example_runs.write_run(tmp_path / "run", events, replace(tiny.config("quick"), coach=coach))
    return "".join(health_section(example_runs.summary_of(run)))


def text(markup: str) -> str:
    return Reader(markup).text.replace("\u00a0", " ")


def test_verdicts_say_when_what_and_why(tmp_path: Path) -> None:
    section_text = text(section(tmp_path, example_runs.coached_events()))
    assert "checked the training's health 14 times and stepped in 2 times." in section_text
    assert "Near-copies among the samples: 60 % (5 % after 56 s)." in section_text
    assert "from 1 min 4 s to 1 min 44 s256 to 416 pictures seen" in section_text
    assert "It found one picture that fools the discriminator" in section_text, "a problem needs its reason"


def test_the_timeline_has_a_bar_for_each_stretch_and_a_mark_for_each_treatment(tmp_path: Path) -> None:
    markup = section(tmp_path, example_runs.coached_events("stalled"))
    bars = re.findall(r'<span class="(\w+)" title="([\w ]+)" style="left:([\d.]+)%;width:([\d.]+)%">', markup)
    places = {(float(left), name): (kind, float(width)) for kind, name, left, width in bars}
    assert places[53.33, "Mode collapse"] == ("problem", 33.33)
    assert [(places[place][0], place[1]) for place in sorted(places)] == [
        ("warmup", "Warming up"), ("healthy", "Healthy"), ("problem", "Mode collapse"), ("healthy", "Healthy"),
        ("problem", "Stalled"),
    ]  # fmt: skip
    assert max(left + width for (left, _), (_, width) in places.items()) == pytest.approx(100)
    assert re.findall(r'href="#(treatment-\d)"', markup) == re.findall(r'<li id="(treatment-\d)"', markup)
    assert 'aria-label="Verdicts over the training: Warming up from' in markup


def test_a_treatment_shows_its_outcome_and_the_grids_before_and_after(tmp_path: Path) -> None:
    markup = section(tmp_path, example_runs.coached_events())
    first, second = (part for part in markup.split("<li id=")[1:])
    assert "outcome failed" in first
    assert "It did not help." in first
    assert "Still alike." not in first, "the treatment is described twice"
    assert "outcome helped" in second
    assert re.findall(r"Step (\d+),", first) == ["30", "45"], "the last grid before, the first one after the judgement"
    assert re.findall(r"Step (\d+),", second) == ["30", "60"]
    assert first.count("<img") == 2
    assert 'alt="Before the treatment: Sample grid from fixed latents at step 30"' in first


def test_a_treatment_without_judgement_or_grids(tmp_path: Path) -> None:
    events = [
        example_runs.step(10, "sharpen", {"generator": 1.0}),
        example_runs.verdict(5, "stalled"),
        example_runs.treatment(5, "Doubled."),
    ]
    markup = section(tmp_path, events)
    assert "Its effect was not judged." in markup
    assert "<img" not in markup


@pytest.mark.parametrize(("coach", "words"), [("watch", "It only watched"), ("off", "switched off later")])
def test_a_coach_that_may_not_act_says_so(coach: str, words: str, tmp_path: Path) -> None:
    events = [each for each in example_runs.coached_events() if not isinstance(each, Treatment)]
    assert words in text(section(tmp_path, events, coach))


def test_a_run_without_a_coach_has_no_such_section(tmp_path: Path) -> None:
    assert section(tmp_path, example_runs.two_phase_events()) == ""
    assert health_sentences(read_history(example_runs.write_run(tmp_path / "old"))) == []


@pytest.mark.parametrize(
    ("ending", "words"),
    [("healthy", "The coach stepped in 2 times (mode collapse). Its last verdict: healthy."),
     ("stalled", "The coach stepped in 2 times (mode collapse, stalled). Its last verdict: stalled.")],
)  # fmt: skip
def test_page_and_card_say_in_a_sentence_how_it_went(ending: str, words: str, tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run", example_runs.coached_events(ending))
    assert words in write_report(run, None).read_text(encoding="utf-8")
    assert words in write_card(run, None).read_text(encoding="utf-8")


def test_a_run_that_the_coach_ended_says_so(tmp_path: Path) -> None:
    *events, done = example_runs.coached_events("converged")
    assert isinstance(done, Done)
    run_summary = example_runs.summary_of(
        example_runs.write_run(tmp_path / "run", [*events, replace(done, reason="stopped")])
    )
    assert "The coach stopped it at step 60, after 100" in summary_sentences(run_summary)[0]
    assert summary_sentences(run_summary)[1].endswith("Its last verdict: converged.")


def test_a_problem_without_a_treatment_is_reported_too(tmp_path: Path) -> None:
    events = [example_runs.step(10, "sharpen", {"generator": 1.0}), example_runs.verdict(5, "mode collapse")]
    history = read_history(example_runs.write_run(tmp_path / "run", events))
    assert health_sentences(history) == ["The coach saw mode collapse. Its last verdict so far: mode collapse."]


def test_what_is_hostile_is_text(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>\"'&"
    evidence = (Evidence(hostile, math.nan, math.inf, 10**300), Evidence("near_copies", -math.inf, 1e308, -5))
    events: list[Event] = [
        example_runs.step(10, "sharpen", {"generator": 1e308, "discriminator": -1e308}),
        example_runs.step(20, "sharpen", {"generator": -1e308, "discriminator": math.nan}),
        Step(10**300, 10**300, 1, math.nan, 1e300, hostile, {}),
        example_runs.health_check(5, **{hostile: 1e308, "diversity": math.nan, "feature_distance": -1e308}),
        example_runs.health_check(10**300, **{hostile: -1e308, "diversity": math.inf, "feature_distance": 1e308}),
        Verdict(-3, -24, hostile, math.nan, evidence, hostile, hostile, math.inf),
        Verdict(10**300, 8, "", -1.0, (), "", ""),
        Treatment(5, 40, hostile, (), "", hostile),
        Treatment(6, 48, hostile, (), hostile, hostile),
    ]
    markup = section(tmp_path, events)
    assert "<script>" not in markup
    assert "&lt;script&gt;" in markup
    write_report(example_runs.write_run(tmp_path / "again", events), None)


@pytest.mark.slow
def test_thousands_of_verdicts_make_a_page_of_bearable_size(tmp_path: Path) -> None:
    names = ("healthy", "mode collapse", "stalled")
    events: list[Event] = [example_runs.step(at, "sharpen", {"generator": 1.0}) for at in range(10, 60, 10)]
    events += [example_runs.verdict(at % 60, names[at % 3]) for at in range(5000)]
    events += [example_runs.treatment(at % 60, f"Deed {at}.") for at in range(500)]
    events += [
        example_runs.health_check(at, **{f"sign_{name}": float(at * name) for name in range(300)})
        for at in range(1, 20)
    ]
    markup = section(tmp_path, events)
    assert len(markup) < 2_000_000
    assert markup.count("<span class=") <= MAX_BARS
    assert "4,992 more verdicts" in markup
    assert "and 488 more in events.jsonl" in markup
