"""What the coach saw and did: told in full, escaped, and bearable however much or odd it is."""

import math
import re
from dataclasses import replace
from pathlib import Path

import made
import pytest
from test_html import Reader

import tiny
from ganvas.events import Done, Event, Evidence, Step, Treated, Verdict
from ganvas.report import write_card, write_report
from ganvas.report.health import MOST_SPANS, health
from ganvas.report.history import read_history
from ganvas.report.summary import how_healthy, summary


def section(tmp_path: Path, told: list[Event], coach: str = "act") -> str:
    run = made.run(tmp_path / "run", told, replace(tiny.config("quick"), coach=coach))
    return "".join(health(made.facts(run)))


def text(markup: str) -> str:
    return Reader(markup).text.replace("\u00a0", " ")


def test_verdicts_say_when_what_and_why(tmp_path: Path) -> None:
    told = text(section(tmp_path, made.coached()))
    assert "examined the training's health 14 times and stepped in 2 times." in told
    assert "Near-copies among the samples: 60 %, it was 5 % after 56 s." in told
    assert "from 1 min 4 s to 1 min 44 s256 to 416 pictures seen" in told
    assert "It found one picture that fools the discriminator" in told, "a sickness needs its reason"


def test_the_timeline_has_a_bar_for_each_stretch_and_a_mark_for_each_treatment(tmp_path: Path) -> None:
    markup = section(tmp_path, made.coached("stalled"))
    bars = re.findall(r'<span class="(\w+)" title="([\w ]+)" style="left:([\d.]+)%;width:([\d.]+)%">', markup)
    places = {(float(left), name): (kind, float(width)) for kind, name, left, width in bars}
    assert places[53.33, "Mode collapse"] == ("ill", 33.33)
    assert [(places[place][0], place[1]) for place in sorted(places)] == [
        ("early", "Warming up"), ("well", "Healthy"), ("ill", "Mode collapse"), ("well", "Healthy"), ("ill", "Stalled")
    ]  # fmt: skip
    assert max(left + width for (left, _), (_, width) in places.items()) == pytest.approx(100)
    assert re.findall(r'href="#(treatment-\d)"', markup) == re.findall(r'<li id="(treatment-\d)"', markup)
    assert 'aria-label="Verdicts along the training: Warming up from' in markup


def test_a_treatment_shows_its_outcome_and_the_sheets_about_it(tmp_path: Path) -> None:
    markup = section(tmp_path, made.coached())
    first, second = (part for part in markup.split("<li id=")[1:])
    assert "outcome failed" in first
    assert "It did not help." in first
    assert "Still alike." not in first, "what was done is said twice"
    assert "outcome helped" in second
    assert re.findall(r"Step (\d+),", first) == ["30", "45"], "the last sheet before, the first one since judged"
    assert re.findall(r"Step (\d+),", second) == ["30", "60"]
    assert first.count("<img") == 2
    assert 'alt="Before the treatment: A sheet of samples from fixed latents at step 30"' in first


def test_a_treatment_without_judgement_or_sheets(tmp_path: Path) -> None:
    told = [made.step(10, "sharpen", {"generator": 1.0}), made.verdict(5, "stalled"), made.treated(5, "Doubled.")]
    markup = section(tmp_path, told)
    assert "What came of it was not judged." in markup
    assert "<img" not in markup


@pytest.mark.parametrize(("coach", "words"), [("watch", "It only watched"), ("off", "switched off later")])
def test_a_coach_that_may_not_act_says_so(coach: str, words: str, tmp_path: Path) -> None:
    told = [each for each in made.coached() if not isinstance(each, Treated)]
    assert words in text(section(tmp_path, told, coach))


def test_a_run_that_no_coach_looked_at_has_no_such_section(tmp_path: Path) -> None:
    assert section(tmp_path, made.events()) == ""
    assert how_healthy(read_history(made.run(tmp_path / "old"))) == []


@pytest.mark.parametrize(
    ("ending", "words"),
    [("healthy", "The coach stepped in 2 times (mode collapse); in the end it was healthy."),
     ("stalled", "The coach stepped in 2 times (mode collapse, stalled); in the end it was ill: stalled.")],
)  # fmt: skip
def test_page_and_card_say_in_a_sentence_how_it_went(ending: str, words: str, tmp_path: Path) -> None:
    run = made.run(tmp_path / "run", made.coached(ending))
    assert words in write_report(run, None).read_text(encoding="utf-8")
    assert words in write_card(run, None).read_text(encoding="utf-8")


def test_a_run_that_the_coach_ended_says_so(tmp_path: Path) -> None:
    *told, done = made.coached("converged")
    assert isinstance(done, Done)
    facts = made.facts(made.run(tmp_path / "run", [*told, replace(done, reason="stopped")]))
    assert "The coach ended it at step 60, after 100" in summary(facts)[0]
    assert summary(facts)[1].endswith("in the end it was converged.")


def test_a_sickness_that_nobody_treated_is_told_too(tmp_path: Path) -> None:
    told = [made.step(10, "sharpen", {"generator": 1.0}), made.verdict(5, "mode collapse")]
    history = read_history(made.run(tmp_path / "run", told))
    assert how_healthy(history) == ["The coach saw mode collapse; at the moment it is ill: mode collapse."]


def test_what_is_hostile_is_text(tmp_path: Path) -> None:
    bad = "<script>alert(1)</script>\"'&"
    evidence = (Evidence(bad, math.nan, math.inf, 10**300), Evidence("near_copies", -math.inf, 1e308, -5))
    told: list[Event] = [
        made.step(10, "sharpen", {"generator": 1e308, "discriminator": -1e308}),
        made.step(20, "sharpen", {"generator": -1e308, "discriminator": math.nan}),
        Step(10**300, 10**300, 1, math.nan, 1e300, bad, {}),
        made.signs(5, **{bad: 1e308, "diversity": math.nan, "distance": -1e308}),
        made.signs(10**300, **{bad: -1e308, "diversity": math.inf, "distance": 1e308}),
        Verdict(-3, -24, bad, math.nan, evidence, bad, bad, math.inf),
        Verdict(10**300, 8, "", -1.0, (), "", ""),
        Treated(5, 40, bad, (), "", bad),
        Treated(6, 48, bad, (), bad, bad),
    ]
    markup = section(tmp_path, told)
    assert "<script>" not in markup
    assert "&lt;script&gt;" in markup
    write_report(made.run(tmp_path / "again", told), None)


def test_thousands_of_verdicts_make_a_page_of_bearable_size(tmp_path: Path) -> None:
    names = ("healthy", "mode collapse", "stalled")
    told: list[Event] = [made.step(at, "sharpen", {"generator": 1.0}) for at in range(10, 60, 10)]
    told += [made.verdict(at % 60, names[at % 3]) for at in range(5000)]
    told += [made.treated(at % 60, f"Deed {at}.") for at in range(500)]
    told += [made.signs(at, **{f"sign_{name}": float(at * name) for name in range(300)}) for at in range(1, 20)]
    markup = section(tmp_path, told)
    assert len(markup) < 2_000_000
    assert markup.count("<span class=") <= MOST_SPANS
    assert "4,992 more verdicts" in markup
    assert "and 488 more in events.jsonl" in markup
