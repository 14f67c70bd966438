"""The documents say what is so: links resolve, flags and modules exist, generated pages are up to date."""

import importlib.util
import io
import re
import shlex
import sys
import tomllib
from contextlib import redirect_stdout
from functools import cache
from itertools import chain
from pathlib import Path
from types import ModuleType

import pytest

from ganvas.cli import main, parse
from ganvas.cli.commands import COMMANDS
from ganvas.cli.old_names import FLAGS
from ganvas.cli.options import options_of

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("docs", "benchmarks", "examples")
PAGES = sorted([*ROOT.glob("*.md"), *chain(*((ROOT / folder).rglob("*.md") for folder in FOLDERS))])
pytestmark = pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="not in a checkout")
HISTORY = {"CHANGELOG.md", "NOTES.md", "decisions.md"}  # pages that speak of what was


def page_name(page: Path) -> str:
    """Return how a page is named in the checkout."""
    return page.relative_to(ROOT).as_posix()


def script(name: str) -> ModuleType:
    """Return a script of the checkout as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_the_map_is_that_of_the_code() -> None:
    written = (ROOT / "docs" / "images" / "architecture.svg").read_text(encoding="utf-8")
    assert script("draw_architecture").draw() == written, "python scripts/draw_architecture.py"


def test_the_table_of_options_is_that_of_the_code() -> None:
    written = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
    assert script("write_options").page() == written, "python scripts/write_options.py"


def test_the_table_of_dependencies_is_that_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    declared = {re.match(r"[\w-]+", each)[0] for each in [*project["dependencies"], *chain(*extras)]} - {"ganvas"}
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([\w-]+)`", page, re.M)) == declared


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_resolve(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in HISTORY], ids=page_name)
def test_commands_and_flags_exist(page: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = page.read_text(encoding="utf-8")
    for name in set(re.findall(r"`ganvas ([a-z-]+)|^ganvas ([a-z-]+)", text, re.M)):
        command = name[0] or name[1]
        assert command in COMMANDS or command.startswith("--"), f"{page.name} speaks of ganvas {command}"
    old = {flag for flags in FLAGS.values() for flag in flags} - {"--colours", "--optimiser", "--sign-colour"}
    for line in text.splitlines():
        if line.strip("` ").startswith("ganvas "):
            assert not old & set(line.split()), f"{page.name} types an old flag: {line}"


@cache
def flags_of(command: str) -> set[str]:
    """Return the flags that the help of a command lists."""
    said = io.StringIO()
    with redirect_stdout(said), pytest.raises(SystemExit):
        main([command, "--help"])
    return {*re.findall(r"--[a-z][a-z-]*", said.getvalue()), "--colours", "--optimiser"}


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in HISTORY], ids=page_name)
def test_flags_are_those_of_the_command(page: Path) -> None:
    text = re.sub(r"(ganvas launch [^`\n]*) -- ", r"\1; ganvas ", page.read_text(encoding="utf-8"))  # and its training
    typed = re.findall(r"(?:^|`|&& |; )ganvas ([a-z-]+)([^`&;#\n]*)", text, re.M)
    for command, words in typed:
        unknown = {word.partition("=")[0] for word in re.findall(r"(?<= )--[a-z][a-z=-]*", words)} - flags_of(command)
        assert not unknown, f"{page.name} types {unknown} after ganvas {command}"


def test_the_commands_of_a_story_are_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command of a page without placeholders is read by the command line itself; job files are written."""
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "art-in-the-cloud.md").read_text(encoding="utf-8")
    typed = [shlex.split(line) for line in re.findall(r"^ganvas (.+)$", text, re.M)]
    assert {words[0] for words in typed} >= {"inspect", "train", "launch", "sample", "report", "walk"}
    for command, *words in typed:
        if command == "launch":
            assert main([command, *words]) == 0
        else:
            parsed = parse(command, COMMANDS[command], words)
            if command in ("inspect", "train"):
                options_of(parsed)  # values too
    submitted = {path.name for path in tmp_path.iterdir()}
    assert submitted == set(re.findall(r"^(?:sky|az) .* (\S+\.yml)$", text, re.M))


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in HISTORY], ids=page_name)
def test_named_modules_exist(page: Path) -> None:
    """A path such as `planning/plan.py` is one of the package, of the tests or of the checkout."""
    for path in set(re.findall(r"`((?:[a-z_0-9]+/)+[a-z_0-9]+\.py)`", page.read_text(encoding="utf-8"))):
        places = [ROOT / path, ROOT / "src" / "ganvas" / path, ROOT / "src" / path]
        training = ROOT / "src" / "ganvas" / "training" / path
        assert any(place.exists() for place in [*places, training]), f"{page.name} speaks of {path}"
