"""The examples in the docstrings of all that is public: each is run as it stands."""

import doctest
import shutil
from pathlib import Path

import pytest

import ganvas
import tiny
from ganvas.latents.projection.search import Schedule
from ganvas.recipes import RECIPES


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with what the examples name: pictures, a trained run, a photograph and a painting."""
    folder = tmp_path_factory.mktemp("studio")
    pictures = tiny.write_pictures(folder / "pictures", count=64)
    for name in ("photo.png", "painting.png"):
        shutil.copyfile(pictures / "000.png", folder / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANVAS_CACHE", str(folder / "cache"))
        patch.setitem(RECIPES, "dcgan", tiny.changed("dcgan", images_per_health_check=100))
        tiny.train(pictures, folder / "runs" / "mine", "dcgan", images=400)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in ganvas.__all__ if name != "__version__"])
def test_its_example_runs(name: str, studio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shutil.copytree(studio, tmp_path / "studio"))
    monkeypatch.setitem(RECIPES, "dcgan", tiny.NARROW["dcgan"])
    monkeypatch.setattr(Schedule.__init__, "__defaults__", (((2, 5),), 5, 5))  # a search takes a quarter of a minute
    found = doctest.DocTestFinder(recurse=False).find(getattr(ganvas, name), f"ganvas.{name}", globs={})
    (example,) = found
    assert example.examples, f"ganvas.{name} has no example"
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert runner.run(example, out=said.append).failed == 0, "".join(said)


def test_the_release_is_a_number_of_three_parts() -> None:
    assert [part.isdigit() for part in ganvas.__version__.split(".")] == [True] * 3
