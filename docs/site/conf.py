"""Settings of Sphinx for the site.

`scripts/build_site.py` copies this beside the pages of a language, with what the language is and which pages there are
in the others.
"""

import json
import re
from pathlib import Path

from sphinx.application import Sphinx

from ganvas.version import __version__

project = "Ganvas"
author = "The Ganvas developers"
version = release = __version__
root_doc = "index"
html_context = json.loads((Path(__file__).parent / "site.json").read_text(encoding="utf-8"))
language = html_context.pop("language")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

myst_heading_anchors = 4  # the same anchors as on a code host
myst_enable_extensions = ["attrs_inline"]
default_role = "code"  # `name` in a docstring is code
highlight_language = "text"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"

locale_dirs = ["locale"]
# docutils has no words in Indonesian, and warns of it.
suppress_warnings = ["docutils"] if language == "id" else []

html_theme = "pydata_sphinx_theme"
html_title = "Ganvas"
html_static_path = ["static"]
html_css_files = ["site.css"]
templates_path = ["templates"]
html_sidebars = {"gallery": [], "glossary": []}  # sections of one page
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "navbar_end": ["languages.html", "theme-switcher.html"],
    "header_links_before_dropdown": 7,
    "show_prev_next": True,
    "footer_start": [],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


def fields_as_list(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Make a list of the lines "field: what it is" that docstrings of dataclasses have, with those that go on."""
    out: list[str] = []
    in_field = False
    for line in lines:
        if field := re.match(r"([a-z_]+(?:, [a-z_]+)*): (.*)", line):
            out += [*([] if in_field else [""]), f"* ``{field[1]}``: {field[2]}"]
            in_field = True
        else:
            in_field = in_field and line.startswith("    ")
            out.append(line[2:] if in_field else line)
    lines[:] = out


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", fields_as_list, priority=100)  # before napoleon reads it
