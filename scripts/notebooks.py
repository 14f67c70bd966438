"""The lesson's notebooks: from text under examples/ to .ipynb, run, and to pages of the docs.

python scripts/notebooks.py make FOLDER           # .ipynb without outputs
python scripts/notebooks.py run [--fast] [NAMES]  # execute; without --fast, draw the pictures of docs/images/lesson too
python scripts/notebooks.py pages FOLDER          # a Markdown page each
"""

import base64
import io
import tempfile
import time
from pathlib import Path
from typing import Any, Literal

import jupytext
import nbformat
import tyro
from nbclient import NotebookClient
from nbformat import NotebookNode
from PIL import Image, ImageSequence

ROOT = Path(__file__).resolve().parents[1]
SOURCES = {"en": ROOT / "examples", "id": ROOT / "examples" / "id"}
PICTURES = ROOT / "docs" / "images" / "lesson"
LARGEST_PICTURE = 60_000  # bytes
FORMATS = ("image/gif", "image/png", "image/jpeg")
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
# Processor seconds and peak memory in MB of the kernel; Linux counts memory in KB, macOS in bytes.
COST = """import resource, sys
usage = resource.getrusage(resource.RUSAGE_SELF)
print(round(usage.ru_utime + usage.ru_stime), usage.ru_maxrss >> (20 if sys.platform == "darwin" else 10))"""
# What the fast mode puts in place of the numbers in each parameters cell: all cells run, and the pictures are mud.
FAST: dict[str, dict[str, float]] = {
    "02_dcgan": {"STEPS": 20},
    "03_vae_against_gan": {"SECONDS": 1, "IMAGES": 640},
    "04_how_gans_fall_ill": {"STEPS": 2},
    "05_growing_pictures": {"STEPS_8": 4, "STEPS_16": 4, "STEPS_32": 4, "STEPS_64": 4},
    "06_style_transfer": {"SIZE": 64, "STEPS": 2, "LARGE": 64},
    "07_your_own_pictures": {"MINUTES": 0.2, "SAMPLES": 32, "FILM_SECONDS": 1},
    "08_is_it_any_good": {"COUNT": 60},
    "01_what_a_gan_is": {"STEPS": 40, "IMAGES": 640},
}


def sources(language: str = "en") -> list[Path]:
    """Return the notebooks in their order."""
    return sorted(SOURCES[language].glob("[0-9][0-9]_*.py"))


def read(source: Path) -> NotebookNode:
    """Return a notebook from its text, without outputs."""
    notebook = jupytext.read(source)
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL})
    return notebook


def parameters_at(notebook: NotebookNode) -> int:
    """Return the index of the cell with the numbers that the fast mode replaces."""
    return next(at for at, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", []))


def make(folder: tyro.conf.Positional[Path], /, language: Literal["en", "id"] = "en") -> None:
    """Write the notebooks into a folder as .ipynb without outputs."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in sources(language):
        nbformat.write(read(source), folder / f"{source.stem}.ipynb")


def run(names: tyro.conf.Positional[tuple[str, ...]] = (), /, fast: bool = False) -> None:
    """Execute all notebooks, or those whose names begin like this, and print the time and memory of each.

    Args:
        names: such as 01 or 02_dcgan.
        fast: with next to no training, and without writing the pictures of the docs.
    """
    print("| notebook | seconds | of the processor | peak memory in MB |\n| --- | ---: | ---: | ---: |")
    for source in sources():
        if names and not source.stem.startswith(names):
            continue
        began = time.monotonic()
        notebook, seconds, megabytes = execute(source, FAST[source.stem] if fast else {})
        print(f"| `{source.stem}` | {time.monotonic() - began:.0f} | {seconds} | {megabytes} |", flush=True)
        if not fast:
            write_pictures(notebook, source.stem)


def execute(source: Path, numbers: dict[str, float]) -> tuple[NotebookNode, int, int]:
    """Run a notebook in a folder of its own, with `numbers` in place of its parameters.

    Returns:
        the notebook, the seconds of the processor that it took, and the MB of memory.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed.
    """
    notebook = read(source)
    changed = "\n".join(f"{name} = {value}" for name, value in numbers.items())
    at = parameters_at(notebook) + 1
    notebook.cells.insert(at, nbformat.v4.new_code_cell(changed))
    notebook.cells.append(nbformat.v4.new_code_cell(COST))
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(notebook, timeout=None, resources={"metadata": {"path": folder}}).execute()
    seconds, megabytes = map(int, "".join(each.text for each in notebook.cells.pop().outputs).split())
    del notebook.cells[at]
    return notebook, seconds, megabytes


def write_pictures(notebook: NotebookNode, stem: str) -> None:
    """Write what the cells drew and printed into the docs, in place of what lies there of this notebook."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for old in PICTURES.glob(f"{stem}-*"):
        old.unlink()
    for number, cell in enumerate(code_cells(notebook), start=1):
        place = PICTURES / f"{stem}-{number}"
        if drawn := [each for each in map(picture_of, cell.outputs) if each]:
            (picture,) = drawn  # a page has room for one
            place.with_suffix(".webp").write_bytes(_small(picture))
        if printed := "".join(
            each.text for each in cell.outputs if each.output_type == "stream" and each.name == "stdout"
        ):
            place.with_suffix(".txt").write_text(printed, encoding="utf-8")


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the cells that hold code."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def picture_of(output: NotebookNode) -> bytes | None:
    """Return the picture in an output of a cell, if there is one."""
    data = output.get("data", {})
    return next((base64.b64decode(data[name]) for name in FORMATS if name in data), None)


def _small(picture: bytes) -> bytes:
    """Return a picture or an animation as WebP, as well as the size allows."""
    frames, durations = [], []
    for frame in ImageSequence.Iterator(Image.open(io.BytesIO(picture))):
        frames.append(frame.convert("RGB"))
        durations.append(frame.info.get("duration", 0))
    options: dict[str, Any] = {"duration": durations, "loop": 0} if len(frames) > 1 else {}
    for quality in (85, 70, 50, 30, 10):
        buffer = io.BytesIO()
        frames[0].save(
            buffer, "WEBP", quality=quality, method=6, save_all=len(frames) > 1, append_images=frames[1:], **options
        )
        if buffer.tell() <= LARGEST_PICTURE:
            break
    return buffer.getvalue()


def write_pages(
    folder: tyro.conf.Positional[Path], /, language: Literal["en", "id"] = "en", images: str = "../images/lesson"
) -> None:
    """Write a Markdown page of each notebook, with the pictures that a full run drew.

    Args:
        folder: where to.
        language: English, or Indonesian: the twins in examples/id, with the same pictures.
        images: where docs/images/lesson lies, as seen from the pages.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for source in sources(language):
        (folder / f"{source.stem}.md").write_text(page(read(source), source.stem, images), encoding="utf-8")


def page(notebook: NotebookNode, stem: str, images: str) -> str:
    """Return a notebook as Markdown; what a cell drew or printed stands below it.

    A cell that draws says what is to be seen: `# %% alt="64 digits, most of them legible"`.
    """
    parts, number = [], 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        number += 1
        parts.append(f"```python\n{cell.source}\n```")
        printed = PICTURES / f"{stem}-{number}.txt"
        if printed.exists():
            parts.append(f"```text\n{printed.read_text(encoding='utf-8').rstrip()}\n```")
        if alt := cell.metadata.get("alt"):
            parts.append(f"![{alt}]({images}/{stem}-{number}.webp)")
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    tyro.extras.subcommand_cli_from_dict({"make": make, "run": run, "pages": write_pages})
