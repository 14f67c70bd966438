"""Where each page of the site comes from, and in which section it stands."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import notebooks

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("en", "id")  # the first at the top of the site, each other one in a folder of its name


@dataclass(frozen=True)
class Section:
    """One entry of the bar at the top: its page, what that says, and the pages below it, by their names in the site.

    A name that ends in "*" stands for all pages that begin so.
    """

    page: str
    title: str
    about: str
    below: tuple[str, ...]


# Pages that lie elsewhere than in docs/, and what they are called in the site.
ELSEWHERE = {
    "en": {
        "README.md": "index",
        "CONTRIBUTING.md": "contributing",
        "CHANGELOG.md": "changelog",
        "SECURITY.md": "security",
        "examples/README.md": "lesson/notebooks",
        "benchmarks/README.md": "benchmark-scripts",
        "benchmarks/NOTES.md": "benchmark-notes",
        "src/ganvas/builtin/LICENSES.md": "licenses",
    },
    "id": {"README.id.md": "index", "examples/id/README.md": "lesson/notebooks"},
}

SECTIONS = {
    "en": (
        Section(
            "tutorials",
            "Tutorials",
            "Begin here. The first hour with pictures of your own, and a course that you learn GANs by.",
            ("first-steps", "lesson/index", "lesson/quiz-before", "lesson/0*", "lesson/quiz-after", "lesson/notebooks"),
        ),
        Section(
            "how-tos",
            "How-tos",
            "What to type for what you want.",
            (
                "data",
                "training",
                "scaling",
                "art-in-the-cloud",
                "latents",
                "import",
                "export",
                "hub",
                "style",
                "report",
                "studio",
                "troubleshooting",
                "own-loop",
                "contributing",
                "adding-a-recipe",
            ),
        ),
        Section(
            "explanation",
            "Explanation",
            "How it works, why it was built so, and how good it is.",
            (
                "recipes",
                "coach",
                "coach-rules",
                "evaluation",
                "fast-style-card",
                "benchmarks",
                "benchmark-scripts",
                "benchmark-notes",
                "architecture",
                "decisions",
                "dependencies",
                "security",
            ),
        ),
        Section(
            "reference",
            "Reference",
            "Every command, every option, every name in Python.",
            ("commands", "options", "python", "python-types", "deprecation", "changelog", "licenses", "commands/*"),
        ),
        Section("gallery", "Gallery", "", ()),
        Section("glossary", "Glossary", "", ()),
        Section(
            "coming-from",
            "Coming from",
            "You know another program. Here is what you type there, and what you type here.",
            ("coming-from/*",),
        ),
    ),
    "id": (
        Section(
            "pelajaran",
            "Pelajaran",
            "Delapan notebook yang bisa dijalankan, dan dua kuis.",
            ("lesson/index", "lesson/quiz-before", "lesson/0*", "lesson/*"),
        ),
    ),
}


@cache
def pages(language: str) -> dict[Path, str]:
    """Return the pages of a language that lie in the checkout, notebooks among them: file to name in the site."""
    folder = ROOT / "docs" if language == LANGUAGES[0] else ROOT / "docs" / language
    others = {ROOT / "docs" / other for other in LANGUAGES[1:]} - {folder}
    found = {
        page: page.relative_to(folder).with_suffix("").as_posix()
        for page in sorted(folder.rglob("*.md"))
        if not others & set(page.parents)
    }
    found |= {source: f"lesson/{source.stem}" for source in notebooks.sources(language)}
    return found | {ROOT / page: name for page, name in ELSEWHERE[language].items() if (ROOT / page).exists()}
