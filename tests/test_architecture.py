"""The house: imports point downwards, the library is silent, modules stay small."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ganvas

SOURCE = Path(ganvas.__file__).parent
ROOT = SOURCE.parents[1]
MODULES = sorted(SOURCE.rglob("*.py"))


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
    assert len(text.splitlines()) <= 320, "a module fits into a reader's head"


def test_public_names_can_be_had() -> None:
    assert all(hasattr(ganvas, name) for name in ganvas.__all__)
    assert len(ganvas.__all__) <= 12
