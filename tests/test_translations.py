"""Each page and notebook has its Indonesian twin, and that is of the same revision."""

from pathlib import Path

import pytest

from test_docs import ROOT, script

pytestmark = pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="not in a checkout")
translations = script("translations") if (ROOT / "scripts").is_dir() else None
TWINS = translations.twins() if translations else {}


def test_there_is_something_to_translate() -> None:
    names = {english.relative_to(ROOT).as_posix() for english in TWINS}
    assert {"README.md", "docs/lesson/index.md", "docs/lesson/quiz-before.md", "docs/lesson/quiz-after.md"} <= names


@pytest.mark.parametrize("english", TWINS, ids=lambda english: english.relative_to(ROOT).as_posix())
def test_it_has_a_twin_of_the_same_revision(english: Path) -> None:
    assert translations.problem(english, TWINS[english]) == ""


def test_no_twin_is_left_of_a_page_that_went() -> None:
    there = {*(ROOT / "docs" / "id" / "lesson").glob("*.md"), *(ROOT / "examples" / "id").glob("*.py")}
    assert there - set(TWINS.values()) == set()


def test_a_twin_is_told_to_be_missing_unstamped_and_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    english, twin = tmp_path / "README.md", tmp_path / "README.id.md"
    english.write_text("# Hello\n", encoding="utf-8")
    assert translations.problem(english, twin) == "README.id.md is missing: translate README.md."
    twin.write_text("# Halo\n", encoding="utf-8")
    assert "does not say" in translations.problem(english, twin)
    translations.stamp(twin)
    assert translations.problem(english, twin) == ""
    english.write_text("# Hello, you\n", encoding="utf-8")
    assert "is behind" in translations.problem(english, twin)
    translations.stamp(twin)
    assert translations.problem(english, twin) == ""
    assert twin.read_text(encoding="utf-8").count("translated from") == 1, "an old stamp has to go"
    assert twin.read_text(encoding="utf-8").endswith("# Halo\n")


def test_the_stamp_of_a_notebook_is_inside_of_its_first_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    english, twin = tmp_path / "examples" / "01_gan.py", tmp_path / "examples" / "id" / "01_gan.py"
    twin.parent.mkdir(parents=True)
    english.write_text("# %% [markdown]\n# # What a GAN is\n", encoding="utf-8")
    twin.write_text("# %% [markdown]\n# # Apa itu GAN\n", encoding="utf-8")
    translations.stamp(twin)
    translations.stamp(twin)
    first, second, third = twin.read_text(encoding="utf-8").splitlines()
    assert (first, third) == ("# %% [markdown]", "# # Apa itu GAN")
    assert second.startswith("# <!-- translated from examples/01_gan.py at ")
    assert translations.problem(english, twin) == ""
