"""Notes on a prepared set of pictures: stored in English, shown in the user's language."""

from collections import Counter
from collections.abc import Iterator

import pytest

from ganvas.data.notes import (
    COPY,
    MISLABELLED,
    empty_class_notes,
    limit_notes,
    reason_summary,
    shown,
    shown_part,
    summary_notes,
)

CONVERSIONS = Counter(
    {
        "turned upright, as EXIF says": 1_234,
        "only one frame or page is used, the first that is not blank": 2,
        MISLABELLED.format(format="PNG"): 1,
    }
)
SKIPPED = [f"{COPY} (of a.png)", "truncated", "damaged (no end: 3, 4)", "damaged (other)", "empty (0 bytes)"]


def notes() -> Iterator[str]:
    yield from limit_notes(2_000, 1_500, 1_500, 7)
    yield from summary_notes(CONVERSIONS, SKIPPED, 1_500)
    yield from empty_class_notes({"cats"})
    yield from empty_class_notes({"cats", "dogs"})


ENGLISH = [
    "Of 2,000 pictures, 1,500 were chosen at random, by seed 7; for all: leave out --limit.",
    "1,234 pictures: turned upright, as EXIF says.",
    "2 pictures: only one frame or page is used, the first that is not blank.",
    "1 picture: really PNG, despite the suffix.",
    "1 of 1,500 pictures are exact copies of others, which are shown once.",
    "4 of 1,500 files were skipped: 2 damaged, 1 empty, 1 truncated.",
    "No picture can be used of 1 class, left out: 'cats'.",
    "No picture can be used of 2 classes, left out: 'cats', 'dogs'.",
]
INDONESIAN = [
    "Dari 2,000 gambar, 1,500 dipilih secara acak, dengan benih 7; agar semua dipakai: jangan pakai --limit.",
    "1,234 gambar: diputar agar tegak sesuai EXIF.",
    "2 gambar: hanya satu bingkai atau halaman dipakai, yaitu yang pertama yang tidak kosong.",
    "1 gambar: sebenarnya PNG, apa pun ekstensi namanya.",
    "1 dari 1,500 gambar adalah salinan persis gambar lain; tiap gambar dipakai sekali saja.",
    "4 dari 1,500 berkas dilewati: 2 rusak, 1 kosong, 1 terpotong.",
    "1 kelas ini tidak berisi gambar yang bisa dipakai, jadi dilewati: 'cats'.",
    "2 kelas ini tidak berisi gambar yang bisa dipakai, jadi dilewati: 'cats', 'dogs'.",
]


def test_notes_are_stored_in_english_whatever_is_spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANVAS_LANG", "id")
    assert list(notes()) == ENGLISH


def test_notes_are_shown_in_the_users_language(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [shown(note) for note in notes()] == ENGLISH
    monkeypatch.setenv("GANVAS_LANG", "id")
    assert [shown(note) for note in notes()] == INDONESIAN


def test_what_no_template_made_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANVAS_LANG", "id")
    for note in ("{number} of nothing", "a note of a later release, 3 of it"):
        assert shown(note) == note
    assert shown("{0.__class__} pictures: {what}.") == "{0.__class__} gambar: {what}.", "filled in twice"


def test_reasons_are_counted_without_their_details(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANVAS_LANG", "id")
    summary = reason_summary(SKIPPED)
    assert summary == "2 damaged, 1 an exact copy, 1 empty, 1 truncated"
    assert shown_part(summary) == "2 rusak, 1 salinan persis, 1 kosong, 1 terpotong"
