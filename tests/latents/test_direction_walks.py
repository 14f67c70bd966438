"""Films of one picture that goes in a direction and back."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from saved_runs import saved, varied

import ganvas
from ganvas.config import WalkConfig
from ganvas.errors import GanvasError
from ganvas.image_io import read_metadata
from ganvas.latents.direction_files import Direction, write_direction
from ganvas.latents.sample import GeneratorModel, load
from ganvas.runs import Run

SHORT = WalkConfig(seconds=1.2, fps=10, size=16, device="cpu")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = saved(tmp_path / "mine", varied("stylegan2"))
    model = load(run.folder, "cpu")
    for name in ("smile", "age"):
        write_direction(run, model, Direction(name=name, step=torch.randn(model.w_shape), found={"method": "pca"}))
    return run


@pytest.fixture
def model(run: Run) -> GeneratorModel:
    return load(run.folder, "cpu")


def frames(folder: Path) -> list[torch.Tensor]:
    files = sorted(folder.glob("*.png"))
    return [torch.from_numpy(np.asarray(Image.open(file)).copy()).permute(2, 0, 1) for file in files]


def step(run: Run, name: str, model: GeneratorModel) -> torch.Tensor:
    from ganvas.latents.direction_files import read_direction

    return read_direction(run, name, model).step


@pytest.mark.parametrize(("word", "end"), [("smile", 3.0), ("smile=1.5", 1.5), ("smile=-2", -2.0)])
def test_a_picture_goes_from_end_to_end_and_back(
    word: str, end: float, run: Run, model: GeneratorModel, tmp_path: Path
) -> None:
    list(ganvas.walk(run.folder, tmp_path / "film", SHORT, seeds=[5], directions=[word]))
    shown = frames(tmp_path / "film")
    assert len(shown) == 12
    w = model.map(*model.latents([5]))
    for number, sign in ((0, -1), (6, 1)):
        assert torch.equal(shown[number], model.synthesize(w + sign * end * step(run, "smile", model))[0])
    for number in range(1, 6):
        assert torch.equal(shown[number], shown[12 - number]), "the way back is another one"
    first = sorted((tmp_path / "film").glob("*.png"))[0]
    assert read_metadata(first)["direction"] == word


def test_several_directions_follow_each_other(run: Run, model: GeneratorModel, tmp_path: Path) -> None:
    list(ganvas.walk(run.folder, tmp_path / "film", SHORT, seeds=[5], directions=["smile=1", "age=2"]))
    shown, w = frames(tmp_path / "film"), model.map(*model.latents([5]))
    ends = [sign * size * step(run, name, model) for name, size in (("smile", 1), ("age", 2)) for sign in (-1, 1)]
    for number, end in enumerate(ends):
        assert torch.equal(shown[3 * number], model.synthesize(w + end)[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"directions": ["smlie"]}, r"no direction 'smlie'\. Did you mean 'smile'"),
        ({"directions": ["smile=x"]}, "does not say how far"),
        ({"directions": ["smile"], "config": WalkConfig(kind="noise", device="cpu")}, "no direction"),
        ({"directions": ["smile"], "seeds": [1, 2]}, "2 pictures do not fill a grid of 1"),
    ],
)
def test_what_cannot_be_walked_is_told(options: dict[str, object], message: str, run: Run, tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match=message) as caught:
        list(ganvas.walk(run.folder, tmp_path / "film", **{"config": SHORT} | options))
    assert caught.value.hint
    assert not (tmp_path / "film").exists()
