"""Directions that a user names by two folders of pictures."""

import errno
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image
from saved_runs import OTHER, draw, saved, varied

import ganvas
import tiny
from ganvas.errors import GanvasError
from ganvas.events import DirectionFound, Done, Note, Projected
from ganvas.latents import latent_files
from ganvas.latents.direction_files import read_direction
from ganvas.latents.named import find_between
from ganvas.latents.projection.project import Options
from ganvas.latents.projection.search import Schedule
from ganvas.latents.sample import GeneratorModel, load
from ganvas.runs import Run


def sort_by_brightness(model: GeneratorModel, folder: Path, count: int = 60) -> tuple[Path, Path]:
    """Draw pictures and sort them by program, as a user would by eye: the darker half, the brighter half."""
    draw(model, folder / "all", count, 1)
    darkest_first = model.sample(count, seed=1).float().mean((1, 2, 3)).argsort()
    dark, bright = folder / "dark", folder / "bright"
    for kind in (dark, bright):
        kind.mkdir()
    for rank, index in enumerate(darkest_first.tolist()):
        shutil.copy(folder / "all" / f"{index:06d}.png", dark if rank < count // 2 else bright)
    return dark, bright


def brightness(model: GeneratorModel, step: torch.Tensor, strength: float) -> float:
    w = model.map(*model.latents(range(100, 132)))
    return float(model.synthesize(w + strength * step).float().mean())


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["stylegan2", "quick", "dcgan", "r3gan"])
def test_pictures_follow_the_slider(recipe: str, tmp_path: Path) -> None:
    """The attribute is measured by program, on other pictures than those that were sorted."""
    run = saved(tmp_path / "mine", varied(recipe))
    model = load(run.folder, "cpu")
    dark, bright = sort_by_brightness(model, tmp_path, 100)
    events = list(ganvas.directions(run.folder, name="light", from_folder=dark, to_folder=bright, device="cpu"))
    (found,) = (event for event in events if isinstance(event, DirectionFound))
    assert found.name == "light"
    assert found.text == "from dark (50 pictures) to bright (50)"
    assert isinstance(events[-1], Done)
    step = read_direction(run, "light", model).step
    lights = [brightness(model, step, strength) for strength in (-2, -1, 0, 1, 2)]
    assert lights == sorted(lights), "brightness does not follow the slider"
    assert lights[-1] > lights[0]


def test_a_direction_with_layers_moves_these_alone(tmp_path: Path) -> None:
    run = saved(tmp_path / "mine", varied("stylegan2"))
    model = load(run.folder, "cpu")
    dark, bright = sort_by_brightness(model, tmp_path, 20)
    options = {"from_folder": dark, "to_folder": bright, "device": "cpu"}
    list(ganvas.directions(run.folder, name="light", layers="fine", **options))
    direction = read_direction(run, "light", model)
    assert (direction.step.abs().sum(1) > 0).tolist() == [False] * 4 + [True] * 2
    assert direction.found["pictures"] == [10, 10]
    assert (direction.found["from"], direction.found["to"]) == ("dark", "bright"), "a run tells no paths"
    list(ganvas.directions(run.folder, name="light", layers="fine", **options))
    with pytest.raises(GanvasError, match="another direction 'light' already"):
        list(ganvas.directions(run.folder, name="light", **options))


def test_a_direction_never_changes_the_class(tmp_path: Path) -> None:
    run = saved(tmp_path / "mine", varied("dcgan", OTHER))
    model = load(run.folder, "cpu")
    dark, bright = sort_by_brightness(model, tmp_path, 30)
    list(ganvas.directions(run.folder, name="light", from_folder=dark, to_folder=bright, device="cpu"))
    step = read_direction(run, "light", model).step
    assert not step[:, model.config.z_dim :].any()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return saved(tmp_path / "mine", varied("fc"))


@pytest.fixture
def sorted_folders(run: Run, tmp_path: Path) -> tuple[Path, Path]:
    return sort_by_brightness(load(run.folder, "cpu"), tmp_path, 20)


def test_what_nothing_differs_in_is_said(run: Run, tmp_path: Path) -> None:
    model = load(run.folder, "cpu")
    draw(model, tmp_path / "all", 40, 1)
    for index in range(40):
        kind = tmp_path / ("heads" if index % 2 else "tails")
        kind.mkdir(exist_ok=True)
        shutil.copy(tmp_path / "all" / f"{index:06d}.png", kind)
    folders = {"from_folder": tmp_path / "heads", "to_folder": tmp_path / "tails"}
    notes = [e.text for e in ganvas.directions(run.folder, name="coin", device="cpu", **folders) if isinstance(e, Note)]
    assert any("by chance it is half" in note for note in notes), notes


def test_folders_that_are_none_or_too_empty(run: Run, sorted_folders: tuple[Path, Path], tmp_path: Path) -> None:
    dark, bright = sorted_folders
    few = tiny.write_pictures(tmp_path / "few", 2)
    (tmp_path / "empty").mkdir()
    for start, end, message in (
        (tmp_path / "nowhere", bright, "nowhere does not exist"),
        (dark, tmp_path / "empty", "empty has 0 pictures"),
        (few, bright, "few has 2 pictures"),
        (dark / "000000.png", bright, "is not a folder|does not exist"),
        (dark, dark, "nothing differs"),
    ):
        with pytest.raises(GanvasError, match=message) as caught:
            list(ganvas.directions(run.folder, name="light", from_folder=start, to_folder=end, device="cpu"))
        assert caught.value.hint
    assert not run.directions.exists()


@pytest.mark.parametrize("name", ["a/b", "../light", "", "light.png"])
def test_a_name_that_is_a_path(name: str, run: Run, sorted_folders: tuple[Path, Path]) -> None:
    dark, bright = sorted_folders
    with pytest.raises(GanvasError, match="cannot be called"):
        list(ganvas.directions(run.folder, name=name, from_folder=dark, to_folder=bright, device="cpu"))


def test_a_picture_of_the_users_is_not_taken_for_the_sheet(run: Run, sorted_folders: tuple[Path, Path]) -> None:
    dark, bright = sorted_folders
    run.directions.mkdir()
    Image.new("RGB", (8, 8)).save(run.directions / "light.png")
    with pytest.raises(GanvasError, match="was not written by ganvas"):
        list(ganvas.directions(run.folder, name="light", from_folder=dark, to_folder=bright, device="cpu"))


def test_pictures_of_others_are_projected_once(run: Run, tmp_path: Path) -> None:
    """Of another run, or photographs: what they were drawn from is found, kept, and not searched again."""
    other = load(saved(tmp_path / "other", varied("fc"), seed=1).folder, "cpu")
    folders = draw(other, tmp_path / "drawn by another", 5, 0), tiny.write_pictures(tmp_path / "photographs", 5)
    brief = Options(device="cpu", samples=16, schedule=Schedule(rounds=((1, 2),)))
    for projected in (5, 0):
        events = list(find_between(load(run.folder, "cpu"), run, "photo", *folders, projection=brief))
        assert sum(isinstance(event, Projected) for event in events) == 2 * projected
    notes = [event.text for event in events if isinstance(event, Note)]
    assert any("5 of the 5 pictures" in note and "photographs" in note for note in notes), notes
    direction = read_direction(run, "photo", load(run.folder, "cpu"))
    assert direction.found["pictures"] == [5, 5]
    assert len(list((run.directions / "photo-pictures" / "to").glob("*.safetensors"))) == 5


def test_a_picture_that_cannot_be_read_now_is_not_projected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A drive that fails for a moment would cost hours: all pictures would be searched for."""
    run = saved(tmp_path / "mine", varied("fc"))
    dark, bright = sort_by_brightness(load(run.folder, "cpu"), tmp_path, 20)

    def failing(path: Path) -> dict[str, str]:
        raise OSError(errno.EIO, "Input/output error", str(path))

    monkeypatch.setattr(latent_files, "read_metadata", failing)
    with pytest.raises(GanvasError, match="cannot be read now"):
        list(ganvas.directions(run.folder, name="light", from_folder=dark, to_folder=bright, device="cpu"))
