"""Latents as files, and w again from pictures."""

import errno
import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

import tiny
from ganvas.errors import GanvasError
from ganvas.events import run_to_end
from ganvas.image_io import save_image, to_image
from ganvas.latents import latent_files
from ganvas.latents.latent_files import latent_metadata, read_latents, write_latent
from ganvas.latents.request import PictureRequest
from ganvas.latents.sample import GeneratorModel
from ganvas.latents.write import write_pictures, write_sheet
from ganvas.models import build_generator


def model(recipe: str = "stylegan2", seed: int = 0, name: str = "mine", **changes: object) -> GeneratorModel:
    torch.manual_seed(seed)
    config = tiny.config(recipe, **changes)  # type: ignore[arg-type]
    return GeneratorModel(build_generator(config), config, torch.device("cpu"), name)


@pytest.fixture
def mine() -> GeneratorModel:
    return model()


def some_w(of: GeneratorModel, count: int = 3) -> Tensor:
    return torch.randn(count, *of.w_shape, generator=torch.Generator().manual_seed(1))


def test_latents_come_back_to_the_bit(mine: GeneratorModel, tmp_path: Path) -> None:
    w, path = some_w(mine), tmp_path / "new" / "w.safetensors"
    write_latent(path, w, mine)
    assert torch.equal(read_latents(path, mine), w)
    write_latent(path, w[:1], mine)
    assert torch.equal(read_latents(path, mine), w[:1]), "its own file may be written anew"


@pytest.mark.parametrize("suffix", [".png", ".webp", ".jpeg"])
def test_a_picture_gives_the_latent_in_its_metadata(suffix: str, mine: GeneratorModel, tmp_path: Path) -> None:
    w, path = some_w(mine, 1), tmp_path / f"picture{suffix}"
    save_image(to_image(mine.synthesize(w)[0]), path, {"run": "mine", **latent_metadata(w[0], mine)})
    assert torch.equal(read_latents(path, mine), w)


@pytest.mark.parametrize("classes", [(), ("cat", "dog")])
@pytest.mark.parametrize("label", [None, "dog"])
def test_a_picture_is_found_again_by_seed_and_index(
    classes: tuple[str, ...], label: str | None, tmp_path: Path
) -> None:
    if label and not classes:
        label = None
    mine = model("dcgan", classes=classes)
    folder = tmp_path / "out"
    run_to_end(write_pictures(mine, folder, PictureRequest(count=3, seed=7, truncation=0.6, label=label)))
    for index in range(3):
        w = read_latents(folder / f"{index:06d}.png", mine)
        with Image.open(folder / f"{index:06d}.png") as image:
            assert image.tobytes() == to_image(mine.synthesize(w)[0]).tobytes()


def test_a_latent_of_another_run_is_refused(mine: GeneratorModel, tmp_path: Path) -> None:
    w, path, picture = some_w(mine, 1), tmp_path / "w.safetensors", tmp_path / "picture.png"
    write_latent(path, w, mine)
    save_image(to_image(mine.synthesize(w)[0]), picture, {"run": "mine", **latent_metadata(w[0], mine)})
    theirs, later = model(seed=1, name="theirs"), model(seed=1)
    for file in (path, picture):
        with pytest.raises(GanvasError, match="was drawn by another run, mine") as caught:
            read_latents(file, theirs)
        assert "ganvas project RUN PICTURE" in caught.value.hint
        with pytest.raises(GanvasError, match="before it was trained further"):
            read_latents(file, later)
    run_to_end(write_pictures(mine, tmp_path / "out", PictureRequest(count=1, seed=7)))
    old = tmp_path / "out" / "000000.png"
    with pytest.raises(GanvasError, match="was drawn by another run, mine"):
        read_latents(old, theirs)


def test_pictures_without_a_latent(mine: GeneratorModel, tmp_path: Path) -> None:
    photograph = tmp_path / "my photo.png"
    Image.new("RGB", (16, 16)).save(photograph)
    with pytest.raises(GanvasError, match="does not say from which latent") as caught:
        read_latents(photograph, mine)
    assert f"ganvas project RUN '{photograph}'" in caught.value.hint
    run_to_end(write_sheet(mine, tmp_path / "sheet.png", PictureRequest(count=4)))
    with pytest.raises(GanvasError, match="is a sheet of several pictures"):
        read_latents(tmp_path / "sheet.png", mine)
    with pytest.raises(GanvasError, match="is no file"):
        read_latents(tmp_path / "nowhere.png", mine)
    with pytest.raises(GanvasError, match="is no file"):
        read_latents(tmp_path, mine)
    (tmp_path / "notes.txt").write_text("w")
    with pytest.raises(GanvasError, match="neither a file of latents nor a picture"):
        read_latents(tmp_path / "notes.txt", mine)


@pytest.mark.parametrize("content", [b"", b"rubbish" * 50, b"\x80\x04K\x01."])
def test_a_damaged_file_of_latents_is_refused(content: bytes, mine: GeneratorModel, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(GanvasError, match="is no file of latents, or is damaged"):
        read_latents(path, mine)


def test_files_with_other_contents_are_refused(mine: GeneratorModel, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    facts = json.dumps({"run": "mine", "network": mine.fingerprint})
    num_ws, w_dim = mine.w_shape
    for tensors, metadata in (
        ({"w": torch.zeros(1, num_ws, w_dim)}, None),
        ({"w": torch.zeros(1, num_ws, w_dim)}, {"ganvas": "[" * 50_000}),
        ({"w": torch.zeros(1, num_ws, w_dim)}, {"ganvas": "[1]"}),
        ({"other": torch.zeros(1, num_ws, w_dim)}, {"ganvas": facts}),
        ({"w": torch.zeros(())}, {"ganvas": facts}),
        ({"w": torch.zeros(num_ws, w_dim)}, {"ganvas": facts}),
        ({"w": torch.zeros(1, num_ws, w_dim + 1)}, {"ganvas": facts}),
        ({"w": torch.zeros(1, num_ws, w_dim, dtype=torch.int32)}, {"ganvas": facts}),
        ({"w": torch.zeros(0, num_ws, w_dim)}, {"ganvas": facts}),
        ({"w": torch.full((1, num_ws, w_dim), torch.nan)}, {"ganvas": facts}),
    ):
        save_file(tensors, path, metadata)
        with pytest.raises(GanvasError, match="damaged"):
            read_latents(path, mine)


@pytest.mark.parametrize(
    "text", ["", "x", "6x8:", "6x8:!!!!", "8:AAAA", "1e9x8:AAAA", "6x8:AAAA", "6x8:" + "AAAA" * 63, "ü" * 20]
)
def test_a_damaged_latent_in_a_picture_is_refused(text: str, mine: GeneratorModel, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    save_image(Image.new("RGB", (16, 16)), path, {"run": "mine", "network": mine.fingerprint, "latent": text})
    with pytest.raises(GanvasError, match=r"latent in .* is damaged"):
        read_latents(path, mine)


@pytest.mark.parametrize("wrong", [{"seed": "x"}, {"index": "1.5"}, {"truncation": ""}, {"truncation": None}])
def test_a_picture_with_odd_numbers_is_refused(
    wrong: dict[str, str | None], mine: GeneratorModel, tmp_path: Path
) -> None:
    metadata = {"run": "mine", "seed": "1", "index": "0", "truncation": "1.0"} | wrong
    path = tmp_path / "picture.png"
    save_image(Image.new("RGB", (16, 16)), path, {key: text for key, text in metadata.items() if text is not None})
    with pytest.raises(GanvasError, match="damaged"):
        read_latents(path, mine)


def test_somebody_elses_weights_are_not_overwritten(mine: GeneratorModel, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_file({"w": torch.zeros(3)}, path)
    before = path.read_bytes()
    with pytest.raises(GanvasError, match="was not written by ganvas"):
        write_latent(path, some_w(mine), mine)
    assert path.read_bytes() == before


def test_latents_that_cannot_be_read_now_are_not_called_somebody_elses(
    mine: GeneratorModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w.safetensors"
    write_latent(path, some_w(mine), mine)

    def failing(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(latent_files, "safe_open", failing)
    with pytest.raises(GanvasError, match="cannot be read now"):
        write_latent(path, some_w(mine), mine)
