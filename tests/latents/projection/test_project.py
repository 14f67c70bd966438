"""The whole of `ganvas project`: what is written, what is refused, and how it goes on."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from search_tiny import KINDS, SHORT, projected, saved_run

import ganvas
import tiny
from ganvas.cli import main
from ganvas.errors import GanvasError
from ganvas.events import Done, Note, Progress, Projected
from ganvas.image_io import open_written, read_metadata
from ganvas.latents.latent_files import read_latents
from ganvas.latents.projection.project import Options, project
from ganvas.latents.sample import load
from ganvas.recipes import RECIPES

CASES = [(recipe, "plain") for recipe in RECIPES]
CASES += [(recipe, kind) for recipe in ("dcgan", "quick", "stylegan2") for kind in KINDS if kind != "plain"]


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "kind"), CASES)
def test_every_recipe_finds_pictures_and_can_be_tuned(recipe: str, kind: str, tmp_path: Path) -> None:
    run = saved_run(tmp_path / "run", recipe, **KINDS[kind])  # type: ignore[arg-type]
    pictures, out = tiny.write_pictures(tmp_path / "mine", 1, size=20), tmp_path / "out"
    model_file = (run.model / "generator.safetensors").read_bytes()
    events = projected(run, pictures, out, tune=True)
    found, tuned = (event for event in events if isinstance(event, Projected))
    assert found.distance <= found.nearest * 1.01
    assert tuned.tuned is not None
    assert tuned.tuned < found.distance
    assert found.label in (run.read_config().classes or ("",))
    for folder, name in ((run.folder, "000"), (out / "tuned", "000-tuned")):
        model = load(folder, "cpu")
        w = read_latents(out / f"{name}.safetensors", model)
        assert torch.equal(w, read_latents(out / f"{name}.png", model))
        with open_written(out / f"{name}.png") as image:
            drawn = model.synthesize(w)[0]
            assert image.tobytes() == drawn.permute(1, 2, 0).contiguous().numpy().tobytes()
    assert (run.model / "generator.safetensors").read_bytes() == model_file, "the run itself was changed"
    with open_written(out / "000-film.webp") as film:
        assert film.n_frames >= (3 if recipe == "dcgan" else 1)  # equal ones are one that lasts longer
    assert isinstance(events[-1], Done)
    assert (events[-1].reason, events[-1].step) == ("finished", 1)


def test_the_same_command_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    run, out = saved_run(tmp_path / "run"), tmp_path / "out"
    pictures = tiny.write_pictures(tmp_path / "mine", 2)
    projected(run, pictures, out)
    first = {path: path.read_bytes() for path in out.iterdir()}
    for color in ("red", "teal"):
        Image.new("RGB", (16, 16), color).save(pictures / f"new-{color}.png")
    (out / "001-film.webp").unlink()
    events = projected(run, pictures, out)
    names = [Path(event.path).name for event in events if isinstance(event, Projected)]
    assert names == ["001.png", "new-red.png", "new-teal.png"]
    assert Note("1 of 4 pictures were found already.") in events
    assert all(path.read_bytes() == content for path, content in first.items()), (
        "it depends on what is searched with it"
    )
    again = projected(run, pictures, out)
    assert not any(isinstance(event, Progress | Projected) for event in again)


def test_a_picture_that_was_changed_is_searched_again(tmp_path: Path) -> None:
    run, out = saved_run(tmp_path / "run"), tmp_path / "out"
    pictures = tiny.write_pictures(tmp_path / "mine", 1)
    projected(run, pictures, out)
    Image.new("RGB", (16, 16), "red").save(pictures / "000.png")
    assert any(isinstance(event, Projected) for event in projected(run, pictures, out))


@pytest.mark.parametrize("how", ["interrupt", "close"])
def test_an_interruption_keeps_the_best_so_far(how: str, tmp_path: Path) -> None:
    run, out = saved_run(tmp_path / "run"), tmp_path / "out"
    pictures = tiny.write_pictures(tmp_path / "mine", 2)
    events = project(run.folder, pictures, out, Options(samples=16, device="cpu", schedule=SHORT, tune=True))
    for event in events:
        if isinstance(event, Progress) and event.what == "pictures" and event.done == 3:
            break
    if how == "close":
        events.close()
    else:
        rest = [events.throw(KeyboardInterrupt), *events]
        assert isinstance(rest[0], Projected)
        assert isinstance(rest[-1], Done)
        assert rest[-1].reason == "interrupted"
    assert read_metadata(out / "000.png")["reason"] == "interrupted"
    assert read_latents(out / "000.png", load(run.folder, "cpu")).shape[0] == 1
    assert read_metadata(out / "001.png")["reason"] == "interrupted", "both were searched at once"
    names = [Path(event.path).name for event in projected(run, pictures, out) if isinstance(event, Projected)]
    assert names == ["000.png", "001.png"], "what was cut short is searched again"


def test_the_self_test_is_told(tmp_path: Path) -> None:
    run = saved_run(tmp_path / "run")
    events = projected(run, tiny.write_pictures(tmp_path / "mine", 1), tmp_path / "out")
    (text,) = (event.text for event in events if isinstance(event, Note) and "drawn itself" in event.text)
    assert "the nearest of 16 random samples is at" in text


def test_a_label_may_be_given(tmp_path: Path) -> None:
    run = saved_run(tmp_path / "run", classes=("cat", "dog"))
    pictures = tiny.write_pictures(tmp_path / "mine", 1)
    events = projected(run, pictures, tmp_path / "out", label="dog")
    assert [event.label for event in events if isinstance(event, Projected)] == ["dog"]
    with pytest.raises(GanvasError, match="has no label 'dgo'"):
        projected(run, pictures, tmp_path / "other", label="dgo")


def test_bad_input(tmp_path: Path) -> None:
    run, pictures = saved_run(tmp_path / "run"), tiny.write_pictures(tmp_path / "mine", 1)
    (tmp_path / "file").write_text("")
    for options, message in (
        ({"samples": 3}, "3 samples are too few"),
        ({"label": "cat"}, "was trained without labels"),
    ):
        with pytest.raises(GanvasError, match=message) as caught:
            projected(run, pictures, tmp_path / "out", **options)
        assert caught.value.hint
    for out, message in ((tmp_path / "file", "is a file"), (pictures, "holds pictures that Ganvas did not write")):
        with pytest.raises(GanvasError, match=message):
            projected(run, pictures, out)
    with pytest.raises(GanvasError, match="does not exist"):
        next(iter(ganvas.project(tmp_path / "nowhere", pictures, tmp_path / "out")))
    theirs = tmp_path / "out" / "000.safetensors"
    theirs.parent.mkdir(exist_ok=True)
    theirs.write_bytes(b"their weights")
    with pytest.raises(GanvasError, match="was not written by ganvas"):
        projected(run, pictures, theirs.parent)
    assert theirs.read_bytes() == b"their weights"


def test_a_full_disk_is_told_and_the_next_time_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno
    import os

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    run, pictures, out = saved_run(tmp_path / "run"), tiny.write_pictures(tmp_path / "mine", 1), tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(GanvasError, match="No space left on device") as caught:
            projected(run, pictures, out)
    assert "type the same command again" in caught.value.hint
    assert any(isinstance(event, Projected) for event in projected(run, pictures, out))


def test_the_command_line_says_where_things_are(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run, pictures, out = saved_run(tmp_path / "run"), tiny.write_pictures(tmp_path / "mine", 1), tmp_path / "out"
    projected(run, pictures, out)
    arguments = ["project", str(run.folder), str(pictures), "--out", str(out), "--device", "cpu", "--json"]
    assert main(arguments) == 0
    shown = capfd.readouterr()
    assert "1 of 1 pictures were found already" in shown.err
    assert json.loads(shown.out)["path"] == str(out)
    assert main([*arguments[:2], str(tmp_path / "none"), *arguments[3:]]) == 1
    assert "There is no picture" in capfd.readouterr().err
