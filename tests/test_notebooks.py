"""The lesson's notebooks: they run, their numbers can be made small, and each becomes a page with its pictures."""

import ast
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
pytestmark = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="not in a checkout")
NAMES = sorted(path.stem for path in EXAMPLES.glob("[0-9][0-9]_*.py"))
PARAMETER = re.compile(r"^([A-Z0-9_]+) = ", re.M)


@pytest.fixture(scope="module")
def notebooks() -> ModuleType:
    """Return scripts/notebooks.py as a module."""
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        import notebooks
    finally:
        sys.path.remove(str(ROOT / "scripts"))
    return notebooks


def test_there_are_eight() -> None:
    assert [name[:2] for name in NAMES] == [f"{number:02}" for number in range(1, 9)]


@pytest.mark.parametrize("name", NAMES)
def test_the_text_is_a_notebook_without_outputs(name: str, notebooks: ModuleType) -> None:
    notebook = notebooks.read(EXAMPLES / f"{name}.py")
    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.cells[0].source.startswith(f"# {int(name[:2])}. "), "a page needs a title"
    for cell in notebooks.code_cells(notebook):
        assert not cell.outputs
        ast.parse(cell.source)


@pytest.mark.parametrize("name", NAMES)
def test_the_fast_mode_changes_numbers_that_are_there(name: str, notebooks: ModuleType) -> None:
    notebook = notebooks.read(EXAMPLES / f"{name}.py")
    known = PARAMETER.findall(notebook.cells[notebooks.parameters_at(notebook)].source)
    assert known
    assert set(notebooks.FAST[name]) <= set(known)


@pytest.mark.parametrize("name", NAMES)
def test_details_are_closed(name: str) -> None:
    text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    assert text.count("<details>") == text.count("</details>") == text.count("</summary>") > 0


@pytest.mark.parametrize("language", ["en", "id"])
def test_each_page_has_its_pictures(language: str, notebooks: ModuleType, tmp_path: Path) -> None:
    notebooks.write_pages(tmp_path, language, images=notebooks.PICTURES.as_posix())
    assert sorted(page.stem for page in tmp_path.iterdir()) == [path.stem for path in notebooks.sources(language)]
    for page in tmp_path.iterdir():
        pictures = re.findall(r"^!\[(.+)\]\((.+)\)$", page.read_text(encoding="utf-8"), re.M)
        assert pictures, f"{page.name} shows nothing"
        for _, picture in pictures:
            assert Path(picture).is_file(), f"python scripts/notebooks.py run {page.stem[:2]}"


def test_no_picture_is_left_over_or_large(notebooks: ModuleType, tmp_path: Path) -> None:
    notebooks.write_pages(tmp_path, images="")
    pages = "".join(page.read_text(encoding="utf-8") for page in tmp_path.iterdir())
    for picture in notebooks.PICTURES.glob("*.webp"):
        assert f"(/{picture.name})" in pages, f"no cell with an alt text draws {picture.name}"
        assert picture.stat().st_size <= notebooks.LARGEST_PICTURE


def test_notebooks_are_made_without_outputs(notebooks: ModuleType, tmp_path: Path) -> None:
    import nbformat

    notebooks.make(tmp_path)
    made = sorted(tmp_path.glob("*.ipynb"))
    assert [path.stem for path in made] == NAMES
    for path in made:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        assert not any(cell.get("outputs") for cell in notebook.cells)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of jupyter_client and pyzmq
@pytest.mark.parametrize("name", NAMES)
def test_it_runs(name: str, notebooks: ModuleType) -> None:
    notebook, *_ = notebooks.execute(EXAMPLES / f"{name}.py", notebooks.FAST[name])
    for number, cell in enumerate(notebooks.code_cells(notebook), start=1):
        drawn = [output for output in cell.outputs if notebooks.picture_of(output)]
        assert len(drawn) == ("alt" in cell.metadata), f"code cell {number} draws {len(drawn)} pictures"
