"""The house: imports point downwards, the library is silent, modules stay small."""

import ast
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

import ganvas

SOURCE = Path(ganvas.__file__).parent
ROOT = SOURCE.parents[1]
MODULES = sorted(SOURCE.rglob("*.py"))
MODULE_LIMIT, FUNCTION_LIMIT = 300, 60  # lines, of a function its docstring included


@pytest.mark.skipif(not (ROOT / "pyproject.toml").is_file(), reason="not in a checkout")
def test_imports_point_downwards() -> None:
    code = "from importlinter.cli import lint_imports_command as run; run()"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "KEPT" in done.stdout


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_is_silent_and_small(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    names = {
        node.func.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and hasattr(node.func, "id")
    }
    assert "print" not in names, "the library is silent: yield an event"
    assert "breakpoint" not in names
    assert len(text.splitlines()) <= MODULE_LIMIT, "a module fits into a reader's head"


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_functions_are_small(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lengths = [(node.name, (node.end_lineno or 0) - node.lineno + 1) for node in functions]
    assert not [each for each in lengths if each[1] > FUNCTION_LIMIT], "a function fits on a screen"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_commands_in_hints_are_quoted(module: Path) -> None:
    """A folder's name may hold spaces, quotes, or what a shell would execute: `ganvas_command` quotes them."""
    for text in (node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.JoinedStr)):
        for part, following in pairwise(text.values):
            begins = isinstance(part, ast.Constant) and re.search(r"ganvas [a-z]+ ([^.]* )?$", str(part.value))
            assert not (begins and isinstance(following, ast.FormattedValue)), ast.unparse(text)
    for text in (node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Constant)):
        assert not re.search(r"ganvas [a-z]+ ([^.\n{]* )?\{(?!command)", str(text.value)), text.value


def test_public_names_can_be_had() -> None:
    assert all(hasattr(ganvas, name) for name in ganvas.__all__)
    assert len(ganvas.__all__) <= 18


def test_no_test_patches_a_private_name() -> None:
    """What is private may be rebuilt at any time; a test hands its fake in, or provokes the real thing."""
    patches = re.compile(r"""setattr\((?:[^,()]+, ["']_[a-z]|["'][\w.]+\._[a-z])""")
    tests = Path(__file__).parent.rglob("*.py")
    assert not [f"{file.name}: {found[0]}" for file in tests for found in patches.finditer(file.read_text())]


def test_pictures_are_opened_in_two_places_only() -> None:
    """Both name the formats that they open: for others, Pillow starts programs."""
    opens = {path.name for path in SOURCE.rglob("*.py") if "Image.open(" in path.read_text(encoding="utf-8")}
    assert opens == {"image_file.py", "image_io.py"}
