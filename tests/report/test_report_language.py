"""Report and model card in Indonesian: nothing of the page's own English is left, and nothing else has changed."""

import re
from pathlib import Path

import example_runs
import pytest
from babel.messages.pofile import read_po
from test_html import Reader

from ganvas.report import write_card, write_report
from ganvas.translation import FOLDER, language

RUN = "hasil"  # no English word
HEADING = re.compile(r"<(h[1-3]|th|dt|summary|strong)\b[^>]*>(.*?)</\1>", re.DOTALL)
PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def written(folder: Path) -> tuple[str, str]:
    """Return the report and the model card of a run that has everything that they show.

    What an evaluation has written in sentences is in the language of that day, so it is left out.
    """
    run = example_runs.write_run(folder / language() / RUN, example_runs.coached_events("stalled"))
    run.skipped_file.write_text("a.png\tdamaged (no end)\n")
    evaluation = example_runs.write_evaluation(run) | {"summary": []}
    evaluation["memorisation"]["text"] = ""
    return (
        write_report(run, evaluation).read_text(encoding="utf-8"),
        write_card(run, evaluation).read_text(encoding="utf-8"),
    )


def headings(page: str) -> list[str]:
    return [Reader(content).text for _name, content in HEADING.findall(page)]


def own_texts() -> set[str]:
    """Return the English texts of more than one word that have a translation, cut where something is filled in."""
    with (FOLDER / "id" / "LC_MESSAGES" / "ganvas.po").open("rb") as lines:
        messages = [message for message in read_po(lines) if message.id and message.string != message.id]
    originals = [text for each in messages for text in (each.id if isinstance(each.id, tuple) else (each.id,))]
    parts = {part.strip(" .,:;()") for original in originals for part in PLACEHOLDER.split(original)}
    return {part for part in parts if len(part.split()) > 1 and len(part) > 9}


def test_the_page_says_which_language_it_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert '<html lang="en">' in written(tmp_path)[0]
    monkeypatch.setenv("GANVAS_LANG", "id")
    assert '<html lang="id">' in written(tmp_path)[0]


def test_no_english_heading_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    english = headings(written(tmp_path)[0])
    monkeypatch.setenv("GANVAS_LANG", "id")
    indonesian = headings(written(tmp_path)[0])
    assert len(english) == len(indonesian) > 30
    same = {one for one, other in zip(english, indonesian, strict=True) if one == other and re.search("[a-z]", one)}
    assert same == {RUN}
    assert {"Seberapa bagus hasilnya?", "Apa yang dilihat dan dilakukan pendamping", "Skor", "Resep"} <= {*indonesian}


@pytest.mark.parametrize("which", [0, 1], ids=["report", "card"])
def test_no_text_of_ours_is_left_in_english(which: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    english = Reader(written(tmp_path)[which]).text
    own = own_texts()
    assert sum(text in english for text in own) > 10, "the texts are not those of the page"
    monkeypatch.setenv("GANVAS_LANG", "id")
    indonesian = written(tmp_path)[which]
    attributes = [value or "" for _name, all_of in Reader(indonesian).tags for value in dict(all_of).values()]
    told = "\n".join([Reader(indonesian).text, *(value for value in attributes if not value.startswith("data:"))])
    left = {text for text in own if re.search(rf"\b{re.escape(text)}\b", told)}
    assert left <= {"mode collapse"}, "that is told once in brackets"


def test_the_stored_names_and_commands_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANVAS_LANG", "id")
    page, card = written(tmp_path)
    for text in (page, card):
        assert "ganvas evaluate" in text
        assert example_runs.NETWORK in text
    assert "A picture could not be read." in page, "a note is as it was recorded"
    assert "library_name: ganvas" in card


def test_why_a_picture_was_skipped_is_told_in_indonesian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANVAS_LANG", "id")
    assert "a.png: rusak (no end)" in Reader(written(tmp_path)[0]).text
