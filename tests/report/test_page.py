"""The page: one file, nothing from outside, and no text that can do harm."""

import re
from dataclasses import replace
from pathlib import Path

import example_runs
import pytest
from test_html import Reader

import tiny
from ganvas.config import DataConfig
from ganvas.events import Done, Note, Started
from ganvas.report.page import page

HARM = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&"


def test_nothing_is_fetched(tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run")
    written = page(example_runs.summary_of(run, example_runs.write_evaluation(run)))
    read = Reader(written)
    links = [value or "" for _, attributes in read.tags for key, value in attributes.items() if key in ("src", "href")]
    assert len(links) >= 4
    assert all(link.startswith("data:") for link in links)
    assert not re.search(r"https?://|@import|url\((?!#)", written)
    policy = next(a["content"] for name, a in read.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_texts_of_the_run_are_harmless(tmp_path: Path) -> None:
    config = tiny.config("quick", classes=(HARM, "b"), minutes=1.0)
    config = replace(config, data=DataConfig(f"/pictures/{HARM}".replace("</", "<"), 16, 16))
    events = [Started("x", HARM, HARM, 0, 0, 1, False), Note(HARM), *example_runs.two_phase_events()[2:]]
    run = example_runs.write_run(tmp_path / "<script>alert(3)", events, config)
    run.skipped_file.write_text(f"{HARM}\t{HARM}\n")
    evaluation = example_runs.write_evaluation(run)
    evaluation["summary"] = [HARM]
    evaluation["memorisation"]["text"] = f"It is {HARM}"
    for row in evaluation["scores"]:
        row.update(name=HARM, about=HARM, network=HARM, better=HARM, value=HARM)
    harmless = [
        name for name, _ in Reader(page(example_runs.summary_of(example_runs.write_run(tmp_path / "plain")))).tags
    ]
    read = Reader(page(example_runs.summary_of(run, evaluation)))
    assert [name for name, _ in read.tags].count("script") == harmless.count("script"), "a text became a script"
    assert not [attributes for _, attributes in read.tags if any(key.startswith("on") for key in attributes)]
    assert all((a.get("src") or "").startswith("data:") for name, a in read.tags if name == "img")
    assert HARM in read.text, "it is shown as text"


def test_the_first_screen_shows_the_essentials(tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run")
    read = Reader(page(example_runs.summary_of(run, example_runs.write_evaluation(run))))
    assert ("div", {"class": "badge some"}) in read.tags
    assert "Some samples are near-copies" in read.text
    assert "60 steps, 480 pictures seen" in read.text
    assert [name for name, _ in read.tags if name == "h1"] == ["h1"]


@pytest.mark.parametrize("ending", ["mode collapse", "healthy"])
def test_a_bad_end_stands_in_a_box_at_the_top(ending: str, tmp_path: Path) -> None:
    events = example_runs.coached_events(ending)
    read = Reader(page(example_runs.summary_of(example_runs.write_run(tmp_path / "run", events))))
    boxes = [name for name, attributes in read.tags if attributes.get("class") == "warning"]
    assert boxes == (["p"] if ending == "mode collapse" else [])
    assert ("Not healthy at its end: mode collapse." in read.text) == bool(boxes)
    unfinished = [event for event in events if not isinstance(event, Done)]
    read = Reader(page(example_runs.summary_of(example_runs.write_run(tmp_path / "unfinished", unfinished))))
    assert ("Not healthy so far: mode collapse." in read.text) == bool(boxes)


def test_every_picture_and_chart_has_a_description(tmp_path: Path) -> None:
    run = example_runs.write_run(tmp_path / "run")
    read = Reader(page(example_runs.summary_of(run, example_runs.write_evaluation(run))))
    assert all(attributes.get("alt") for name, attributes in read.tags if name == "img")
    charts = [attributes for name, attributes in read.tags if name == "svg" and attributes.get("role") == "img"]
    names = [name for name, _ in read.tags]
    assert len(charts) >= 6
    assert names.count("desc") == len(charts)
