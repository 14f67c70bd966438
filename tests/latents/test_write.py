"""Samples written as files: each can be drawn again, none is drawn twice, and nothing of anybody's is overwritten."""

import errno
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

import tiny
from ganvas.config import DataConfig, SignConfig
from ganvas.errors import GanvasError
from ganvas.events import Done, Event, Note, Progress
from ganvas.image_io import read_metadata
from ganvas.latents import write
from ganvas.latents.latent_files import read_latents, write_latent
from ganvas.latents.request import PictureRequest
from ganvas.latents.sample import BATCH, GeneratorModel
from ganvas.latents.write import SUFFIXES, write_picture, write_pictures, write_sheet
from ganvas.models import build_generator
from ganvas.recipes import RECIPES
from ganvas.signature import Signature

CHANNELS = {"RGB": 3, "L": 1, "RGBA": 4}


def generator(recipe: str = "dcgan", seed: int = 0, name: str = "mine", **changes: Any) -> GeneratorModel:
    torch.manual_seed(seed)
    config = tiny.config(recipe, **changes)
    return GeneratorModel(build_generator(config), config, torch.device("cpu"), name)


@pytest.fixture
def model() -> GeneratorModel:
    return generator(classes=("cat", "dog"))


def asked(**settings: Any) -> PictureRequest:
    return PictureRequest(**{"count": 3} | settings)


def drawn(events: Iterator[Event]) -> Done:
    """Return the end of a sampling."""
    done = list(events)[-1]
    assert isinstance(done, Done)
    return done


def pixels(path: Path) -> Tensor:
    with Image.open(path) as image:
        array = np.asarray(image).copy()
    return torch.from_numpy(array if array.ndim == 3 else array[..., None]).permute(2, 0, 1)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_pictures_are_numbered_and_contain_their_metadata(model: GeneratorModel, tmp_path: Path) -> None:
    count = BATCH + 5
    request = asked(count=count, seed=5, truncation=0.5, label="dog")
    done = drawn(write_pictures(model, tmp_path / "out", request))
    assert (done.path, done.images_seen, done.reason) == (str(tmp_path / "out"), count, "finished")
    assert names(tmp_path / "out") == [f"{index:06d}.png" for index in range(count)]
    expected = model.sample(count, 5, 0.5, "dog")
    for index in range(count):
        path = tmp_path / "out" / f"{index:06d}.png"
        metadata = read_metadata(path)
        assert metadata.pop("software").startswith("ganvas ")
        assert metadata == {
            "run": "mine", "network": model.fingerprint, "seed": "5", "truncation": "0.5", "label": "dog",
            "index": str(index),
        }  # fmt: skip
        assert torch.equal(pixels(path), expected[index]), "not the image of this index"


def test_more_of_a_seed_and_one_of_each_seed(model: GeneratorModel, tmp_path: Path) -> None:
    drawn(write_pictures(model, tmp_path / "more", asked(seed=5, first=20)))
    assert names(tmp_path / "more") == ["000020.png", "000021.png", "000022.png"]
    assert torch.equal(pixels(tmp_path / "more" / "000021.png"), model.sample(1, 5, first=21)[0])
    drawn(write_pictures(model, tmp_path / "seeds", asked(seeds=(3, 2**40, -7))))
    assert names(tmp_path / "seeds") == ["seed-00007.png", "seed000003.png", "seed1099511627776.png"]
    assert torch.equal(pixels(tmp_path / "seeds" / "seed-00007.png"), model.sample(seeds=[-7])[0])
    assert torch.equal(pixels(tmp_path / "seeds" / "seed000003.png"), model.sample(1, 3)[0])


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_picture_is_found_again(recipe: str, tmp_path: Path) -> None:
    """From any format by its metadata, and from a file of latents."""
    mine = generator(recipe, classes=("cat", "dog") if recipe == "dcgan" else ())
    images = mine.sample(seeds=[4, 9], truncation=0.8)
    w = mine.map(*mine.latents([4, 9]), 0.8)
    for suffix in SUFFIXES.values():
        drawn(write_pictures(mine, tmp_path, asked(seeds=(4, 9), truncation=0.8), suffix))
        assert torch.equal(read_latents(tmp_path / f"seed000009{suffix}", mine), w[1:])
    write_latent(tmp_path / "two.safetensors", w, mine)
    request = asked(latents=read_latents(tmp_path / "two.safetensors", mine))
    drawn(write_pictures(mine, tmp_path / "latents", request))
    for number in range(2):
        path = tmp_path / "latents" / f"latent00000{number}.png"
        assert torch.equal(pixels(path), images[number])
        assert torch.equal(read_latents(path, mine), w[number : number + 1]), "a seed does not tell it"
    drawn(write_picture(mine, tmp_path / "one.webp", asked(latents=w[:1])))
    assert torch.equal(read_latents(tmp_path / "one.webp", mine), w[:1])


@pytest.mark.parametrize("mode", CHANNELS)
@pytest.mark.parametrize("suffix", SUFFIXES.values())
def test_formats(mode: str, suffix: str, tmp_path: Path) -> None:
    config = tiny.NARROW["dcgan"](DataConfig("pictures", 32, 48, CHANNELS[mode]), tiny.COUNT)
    mine = GeneratorModel(build_generator(config), config, torch.device("cpu"), "mine")
    drawn(write_pictures(mine, tmp_path, asked(), suffix))
    assert names(tmp_path) == [f"00000{index}{suffix}" for index in range(3)]
    with Image.open(tmp_path / f"000000{suffix}") as image:
        assert image.size == (48, 32)
        assert (image.mode == "RGBA") == (mode == "RGBA" and suffix != ".jpg")


def test_what_is_there_is_not_drawn_again(
    model: GeneratorModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked(count=2 * BATCH, seed=1)
    stops = iter([False, True])
    first = list(write_pictures(model, tmp_path, request, stop=lambda: next(stops), command="the same"))
    assert isinstance(first[-1], Done)
    assert (first[-1].reason, first[-1].command, first[-1].images_seen) == ("interrupted", "the same", BATCH)
    assert len(names(tmp_path)) == BATCH
    (tmp_path / "000003.png").unlink()
    before = {name: (tmp_path / name).stat().st_mtime_ns for name in names(tmp_path)}
    events = list(write_pictures(model, tmp_path, request))
    assert drawn(iter(events)).images_seen == BATCH + 1
    assert any(isinstance(event, Note) and "15 of 32" in event.text for event in events)
    assert [event.done for event in events if isinstance(event, Progress)] == [15, 31, 32]
    assert all((tmp_path / name).stat().st_mtime_ns == time for name, time in before.items())
    expected = model.sample(2 * BATCH, 1)
    assert all(torch.equal(pixels(tmp_path / f"{index:06d}.png"), expected[index]) for index in range(2 * BATCH))


def test_what_was_drawn_otherwise_is_drawn_anew(model: GeneratorModel, tmp_path: Path) -> None:
    seal = tmp_path / "seal" / "seal.png"
    seal.parent.mkdir()
    Image.new("RGBA", (9, 9), "red").resize((20, 9)).crop((0, 0, 24, 9)).save(seal)
    folder = tmp_path / "out"
    variants = [
        (model, asked(), None), (model, asked(seed=1), None), (model, asked(truncation=0.5), None),
        (model, asked(label="cat"), None), (generator(seed=9, classes=("cat", "dog")), asked(), None),
        (model, asked(), Signature(SignConfig(str(seal)))),
        (model, asked(), Signature(SignConfig(str(seal), sign_size=0.4))),
    ]  # fmt: skip
    for network, request, signature in variants:
        for expected in (3, 0):
            assert drawn(write_pictures(network, folder, request, signature=signature)).images_seen == expected


def test_signed_pictures_and_sheets(model: GeneratorModel, tmp_path: Path) -> None:
    Image.new("RGBA", (9, 9), "red").crop((0, 0, 12, 9)).save(tmp_path / "seal.png")
    signature = Signature(SignConfig(str(tmp_path / "seal.png"), sign_position="random", sign_vary=1))
    drawn(write_pictures(model, tmp_path / "out", asked(seed=4), signature=signature))
    plain = model.sample(3, 4)
    for index in range(3):
        assert torch.equal(pixels(tmp_path / "out" / f"00000{index}.png"), signature.stamp(plain[index], 4, index))
    assert torch.equal(read_latents(tmp_path / "out" / "000001.png", model), model.map(*model.latents_at([(4, 1)])))
    drawn(write_sheet(model, tmp_path / "sheet.png", asked(), signature))
    drawn(write_sheet(model, tmp_path / "plain.png", asked()))
    assert not torch.equal(pixels(tmp_path / "sheet.png"), pixels(tmp_path / "plain.png"))


@pytest.mark.parametrize(("suffix", "rest"), [(".png", "2"), (".webp", "5")])
def test_what_lies_beside_is_told(suffix: str, rest: str, model: GeneratorModel, tmp_path: Path) -> None:
    drawn(write_pictures(model, tmp_path, asked(count=5)))
    (tmp_path / "000009-mine.png").write_bytes(b"")
    assert not any(
        isinstance(event, Note) and "Beside" in event.text for event in write_pictures(model, tmp_path, asked(count=5))
    )
    notes = [event.text for event in write_pictures(model, tmp_path, asked(), suffix) if isinstance(event, Note)]
    first = "000003.png" if suffix == ".png" else "000000.png"
    assert f"Beside them lie {rest} pictures of an earlier sampling, from {first} on" in notes[-1]


def test_a_sheet_is_one_picture_with_its_metadata(model: GeneratorModel, tmp_path: Path) -> None:
    drawn(write_sheet(model, tmp_path / "sheet.png", asked(count=9, seed=5)))
    with Image.open(tmp_path / "sheet.png") as image:
        assert min(image.size) >= 3 * 16
        assert (image.text["seed"], image.text["run"], image.text["count"]) == ("5", "mine", "9")
        assert "label" not in image.text
    drawn(write_sheet(model, tmp_path / "seeds.webp", asked(seeds=(4, 9))))
    assert "seed" not in read_metadata(tmp_path / "seeds.webp")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"count": 0}, "Cannot sample 0 pictures"),
        ({"count": -3}, "Cannot sample -3"),
        ({"first": -1}, "no picture number -1"),
        ({"latents": torch.zeros(2, 1, 8), "truncation": 0.5}, "A latent is drawn as it is"),
        ({"latents": torch.zeros(2, 1, 8), "label": "cat"}, "A latent is drawn as it is"),
    ],
)
def test_what_cannot_be_asked_for(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(GanvasError, match=message) as caught:
        asked(**settings)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("sheet.txt", "no picture format '.txt'", ".png"),
        ("sheet", "no picture format ''", ".png"),
        ("file/sheet.png", "cannot be created", "--sheet FILE"),
    ],
)
def test_a_file_that_cannot_be_written(
    name: str, message: str, hint: str, model: GeneratorModel, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GanvasError, match=message) as caught:
        drawn(write_sheet(model, tmp_path / name, asked()))
    assert hint in caught.value.hint


def test_several_pictures_do_not_go_into_one_file(model: GeneratorModel, tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match="3 pictures do not go into one file") as caught:
        drawn(write_picture(model, tmp_path / "one.png", asked()))
    assert "--sheet" in caught.value.hint
    assert drawn(write_picture(model, tmp_path / "one.png", asked(count=1))).images_seen == 1
    assert drawn(write_picture(model, tmp_path / "one.png", asked(count=1))).images_seen == 0


def test_a_full_disk_is_no_matter_of_the_name(
    model: GeneratorModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for draw, option in (
        (partial(write_pictures, model, tmp_path / "out"), "--out FOLDER"),
        (partial(write_sheet, model, tmp_path / "sheet.png"), "--sheet FILE"),
    ):
        with pytest.raises(GanvasError, match=r"Cannot write .*: No space left on device") as caught:
            drawn(draw(asked()))
        assert caught.value.hint == f"Free some disk space, or name another place: {option}"


def test_a_sheet_too_large_is_told(model: GeneratorModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GanvasError, match=r"Cannot write .*sheet\.webp") as caught:
        drawn(write_sheet(model, tmp_path / "sheet.webp", asked(count=1), scale=1100))
    assert ".png" in caught.value.hint
    monkeypatch.setattr(write, "MAX_IMAGE_PIXELS", 16 * 16 * 9)
    with pytest.raises(GanvasError, match="A sheet of 10 pictures is too large"):
        drawn(write_sheet(model, tmp_path / "sheet.png", asked(count=10)))


def test_nobodys_pictures_are_drawn_over(model: GeneratorModel, tmp_path: Path) -> None:
    theirs = tmp_path / "set" / "000002.png"
    theirs.parent.mkdir()
    Image.new("RGB", (8, 8)).save(theirs)
    before = theirs.read_bytes()
    with pytest.raises(GanvasError, match="holds pictures that Ganvas did not write"):
        drawn(write_pictures(model, theirs.parent, asked(count=2)))
    with pytest.raises(GanvasError, match="was not written by ganvas") as caught:
        drawn(write_sheet(model, theirs, asked()))
    assert "--sheet" in caught.value.hint
    with pytest.raises(GanvasError, match="was not written by ganvas"):
        drawn(write_picture(model, theirs, asked(count=1)))
    assert names(theirs.parent) == [theirs.name]
    assert theirs.read_bytes() == before


def test_a_sample_that_was_retouched_is_kept(model: GeneratorModel, tmp_path: Path) -> None:
    drawn(write_pictures(model, tmp_path, asked()))
    drawn(write_pictures(model, tmp_path, asked(seed=1)))
    Image.new("RGB", (8, 8)).save(tmp_path / "000002.png")
    drawn(write_pictures(model, tmp_path, asked(count=2, seed=2)))
    with pytest.raises(GanvasError, match=r"000002\.png was not written by ganvas"):
        drawn(write_pictures(model, tmp_path, asked(seed=2)))
