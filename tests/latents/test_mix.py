"""Pictures mixed from others."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from saved_runs import OTHER, VARIANTS, draw, saved, varied

import ganvas
from ganvas.errors import GanvasError
from ganvas.latents.mix import between_corners, mix_halfway, mix_layers
from ganvas.latents.sample import GeneratorModel, load
from ganvas.latents.table import GAP, SOURCE_GAP
from ganvas.recipes import RECIPES


def test_a_cell_is_its_rows_with_layers_of_its_columns() -> None:
    rows, columns = torch.zeros(2, 6, 4), torch.ones(3, 6, 4)
    rows[1] = 5
    table = mix_layers(rows, columns, (0, 1, 4))
    assert table.shape == (2, 3, 6, 4)
    assert table[1, 2, :, 0].tolist() == [1, 1, 5, 5, 1, 5]
    assert table[0, 0, :, 3].tolist() == [1, 1, 0, 0, 1, 0]


def test_halfway_is_as_far_from_both_and_as_long() -> None:
    rows, columns = torch.randn(2, 1, 64), torch.randn(3, 1, 64)
    table = mix_halfway(rows, columns, spherical=True)
    assert table.shape == (2, 3, 1, 64)
    cosine = torch.nn.functional.cosine_similarity
    assert torch.allclose(cosine(table[1, 2], rows[1]), cosine(table[1, 2], columns[2]), atol=1e-5)
    assert float(table[0, 0].norm()) == pytest.approx(float(rows[0].norm() + columns[0].norm()) / 2, rel=1e-4)


@pytest.mark.parametrize("spherical", [True, False])
def test_corners_are_the_pictures_that_were_named(spherical: bool) -> None:
    corners = torch.randn(4, 1, 16)
    grid = between_corners(corners, 5, spherical)
    assert grid.shape == (5, 5, 1, 16)
    for cell, corner in zip((grid[0, 0], grid[0, -1], grid[-1, 0], grid[-1, -1]), corners, strict=True):
        assert torch.equal(cell, corner), "a corner is another picture"
    if not spherical:
        assert torch.allclose(grid[2, 2], corners.mean(0), atol=1e-6)


def cell(sheet: Image.Image, row: int, column: int, size: tuple[int, int], scale: int, sources: bool) -> torch.Tensor:
    """Return a picture of a sheet at its own size, (3, H, W)."""
    width, height = size
    left = GAP + column * (width * scale + GAP) + (SOURCE_GAP if sources and column else 0)
    top = GAP + row * (height * scale + GAP) + (SOURCE_GAP if sources and row else 0)
    box = (left, top, left + width * scale, top + height * scale)
    return pixels(sheet.crop(box).resize(size, Image.Resampling.NEAREST))


def pixels(image: Image.Image) -> torch.Tensor:
    return torch.tensor(list(image.convert("RGB").tobytes())).view(image.height, image.width, 3).permute(2, 0, 1)


def test_a_table_shows_its_sources_and_what_is_made_of_them(tmp_path: Path) -> None:
    run = saved(tmp_path / "mine", varied("stylegan2"))
    sheet = Image.open(ganvas.mix(run.folder, rows="3,7", columns="1,2,20-21", layers="fine", device="cpu"))
    assert Path(sheet.filename) == run.folder / "sampled" / "mix.png"
    assert {sheet.text[key] for key in ("run", "rows", "columns", "layers")} == {"mine", "3,7", "1,2,20-21", "4,5"}
    model = load(run.folder, "cpu")
    shown = [cell(sheet, 0, column, (16, 16), 4, True) for column in range(5)]
    assert (shown[0] == 255).all(), "the corner is not empty"
    for column, picture in zip(shown[1:], model.sample(seeds=[1, 2, 20, 21]), strict=True):
        assert torch.equal(column.byte(), picture)
    assert torch.equal(cell(sheet, 2, 0, (16, 16), 4, True).byte(), model.sample(seeds=[7])[0])
    row, column = (model.map(*model.latents([seed])) for seed in (7, 20))
    mixed = row.clone()
    mixed[:, 4:] = column[:, 4:]
    assert torch.equal(cell(sheet, 2, 3, (16, 16), 4, True).byte(), model.synthesize(mixed)[0])


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("recipe", RECIPES)
def test_every_run_can_be_mixed(recipe: str, variant: str, tmp_path: Path) -> None:
    run = saved(tmp_path / "mine", varied(recipe, variant))
    options = {"label": "dog"} if variant == OTHER else {}
    height, width = varied(recipe, variant).data.height, varied(recipe, variant).data.width
    for out, sources, across, down in (
        ("corners.png", {"corners": ["0,1", "5,6"], "steps": 3}, 3, 3),
        ("table.webp", {"rows": "1", "columns": "2-3"}, 3, 2),
    ):
        with Image.open(ganvas.mix(run.folder, tmp_path / out, device="cpu", **sources, **options)) as sheet:
            scale = -(-64 // min(height, width))
            assert abs(sheet.width - across * width * scale) < 30
            assert abs(sheet.height - down * height * scale) < 30
            assert sheet.convert("L").getextrema()[0] < 255, "an empty sheet"


@pytest.mark.parametrize(
    ("recipe", "options", "message", "hint"),
    [
        ("dcgan", {"layers": "coarse"}, "from one latent", "stylegan2"),
        ("stylegan2", {"layers": "0-99"}, "There are no layers '0-99'", "--layers"),
        ("dcgan", {"corners": "1,2,3"}, "four corners, and these are 3", "--corners 0,1,2,3"),
        ("dcgan", {"corners": "1-4", "rows": "1"}, "either a table or the grid", "--corners"),
        ("dcgan", {"corners": "1-4", "steps": 1}, "not 1", "--steps 7"),
        ("dcgan", {"rows": "5-2", "columns": "1"}, "ends before it begins", "--rows"),
        ("dcgan", {"rows": "1", "columns": "1,,2"}, "is not a list of seeds", "--columns"),
        ("dcgan", {"rows": "1", "columns": "nowhere.png"}, "nowhere.png", ""),
        ("dcgan", {"rows": "1-400", "columns": "1-400"}, "too large", "fewer"),
        ("dcgan", {"out": "mix.txt"}, "no picture format", ".png"),
        ("dcgan", {"label": "cat"}, "without labels", "--label"),
        ("dcgan", {"truncation": 2.0}, "Truncation 2.0", "--truncation"),
    ],
)
def test_what_cannot_be_mixed_is_told(
    recipe: str, options: dict[str, object], message: str, hint: str, tmp_path: Path
) -> None:
    run = saved(tmp_path / "mine", varied(recipe))
    with pytest.raises(GanvasError, match=message) as caught:
        ganvas.mix(run.folder, device="cpu", **{"out": tmp_path / "mix.png"} | options)
    assert hint in caught.value.hint
    assert not (tmp_path / "mix.png").exists()


def test_nobodys_picture_is_mixed_over(tmp_path: Path) -> None:
    run = saved(tmp_path / "mine", varied("dcgan"))
    theirs = tmp_path / "mix.png"
    Image.new("RGB", (8, 8)).save(theirs)
    before = theirs.read_bytes()
    with pytest.raises(GanvasError, match="was not written by ganvas"):
        ganvas.mix(run.folder, theirs, device="cpu")
    assert theirs.read_bytes() == before


def test_a_picture_that_was_drawn_stands_for_its_latent(tmp_path: Path) -> None:
    run = saved(tmp_path / "mine", varied("stylegan2"))
    model: GeneratorModel = load(run.folder, "cpu")
    folder = draw(model, tmp_path / "drawn", 2, 5)
    by_picture = ganvas.mix(
        run.folder, tmp_path / "a.png", rows=[str(folder / "000000.png")], columns="1", device="cpu"
    )
    by_seed = ganvas.mix(run.folder, tmp_path / "b.png", rows="5", columns="1", device="cpu")
    with Image.open(by_picture) as first, Image.open(by_seed) as second:
        assert first.tobytes() == second.tobytes()
