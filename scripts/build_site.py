"""Build the documentation as a site: python scripts/build_site.py, then open site/index.html.

The pages are those of docs/ and of the root as they lie there, so that they read well on a code host too. They are
copied to a folder of their own, links are moved along, pages that follow from the code are added (`site_pages.py`), and
Sphinx makes HTML of them, once for each language. A link that leads nowhere ends it with an error.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import notebooks
from site_map import LANGUAGES, ROOT, SECTIONS, pages
from site_pages import command_pages, python_pages, section_page

LINK = re.compile(r"(!?\[(?:[^\[\]]|\[[^\]]*\])*\])\(([^)#\s]*)(#[^)\s]*)?\)")
CODE = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)


def stage(language: str, folder: Path) -> None:
    """Write all pages of a language, and the files that they link to, to `folder` as Sphinx reads them."""
    for source, text in read_pages(language).items():
        name = pages(language)[source]
        _write(folder / f"{name}.md", with_moved_links(text, source, name, language, folder))
    if language == "en":
        for name, text in {**command_pages(), **python_pages()}.items():
            _write(folder / f"{name}.md", text)
    for section in SECTIONS[language]:
        if section.below:
            _write(folder / f"{section.page}.md", section_page(section))
    tree = ["", "```{toctree}", ":hidden:", "", *(each.page for each in SECTIONS[language]), "```", ""]
    _write(folder / "index.md", (folder / "index.md").read_text(encoding="utf-8") + "\n".join(tree))


def read_pages(language: str) -> dict[Path, str]:
    """Return the text of each page that lies in the checkout; that of a notebook as Markdown."""
    texts = {source: source.read_text(encoding="utf-8") for source in pages(language) if source.suffix == ".md"}
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(os.path.relpath(notebooks.PICTURES, notebooks.SOURCES[language])).as_posix()
        notebooks.write_pages(Path(folder), language=language, images=pictures)
        for page in sorted(Path(folder).glob("*.md")):
            texts[notebooks.SOURCES[language] / f"{page.stem}.py"] = page.read_text(encoding="utf-8")
    return texts


def with_moved_links(text: str, source: Path, name: str, language: str, folder: Path) -> str:
    """Return the text of a page with its links leading to where their targets lie in the site.

    A file that is no page is copied into the site. A page that there is in another language only is linked to there.
    """
    own, up = pages(language), "../" * name.count("/")
    top = up if language == LANGUAGES[0] else f"{up}../"

    def move(link: re.Match[str]) -> str:
        words, target, anchor = link[1], link[2], link[3] or ""
        if not target or re.match(r"[a-z]+:", target):
            return link[0]
        path = Path(os.path.normpath(source.parent / target))
        if path in own:
            return f"{words}({up}{own[path]}.md{anchor})"
        for other in LANGUAGES:
            if path in pages(other):
                place = pages(other)[path] if other == LANGUAGES[0] else f"{other}/{pages(other)[path]}"
                return f"{words}({top}{place}.html{anchor}){{.external}}"
        place = path.relative_to(ROOT).as_posix().removeprefix("docs/")
        if path.is_file():
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / place)
        return f"{words}({up}{place}{anchor})"

    return "".join(part if CODE.match(part) else LINK.sub(move, part) for part in CODE.split(text))


def build(out: Path) -> int:
    """Build the site in all languages to `out`; return 0, or another number if Sphinx warned of anything."""
    status = 0
    with tempfile.TemporaryDirectory() as work:
        folders = {language: Path(work) / language for language in LANGUAGES}
        for language, folder in folders.items():
            stage(language, folder)
        names = {language: _names(folder) for language, folder in folders.items()}
        for language, folder in folders.items():
            shutil.copytree(ROOT / "docs" / "site", folder, dirs_exist_ok=True)
            others = {other: names[other] for other in folders if other != language}
            _write(folder / "site.json", json.dumps({"language": language, "others": others}))
            target = out if language == LANGUAGES[0] else out / language
            flags = ["--quiet", "--fail-on-warning", "--doctree-dir", f"{work}/{language}-trees"]
            status |= subprocess.run([sys.executable, "-m", "sphinx", *flags, folder, target], check=False).returncode
    return status


def _names(folder: Path) -> list[str]:
    return sorted(page.relative_to(folder).with_suffix("").as_posix() for page in folder.rglob("*.md"))


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "site", help="folder of the site")
    out = parser.parse_args().out
    shutil.rmtree(out, ignore_errors=True)
    sys.exit(build(out))
