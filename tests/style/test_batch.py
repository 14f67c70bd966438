"""Folders of pictures and styles, sweeps, and what is painted only once."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ganvas.cli import main
from ganvas.config import StyleConfig
from ganvas.errors import GanvasError
from ganvas.events import Done, Event, Iteration, Note
from ganvas.image_io import read_metadata
from ganvas.models.vgg import VGGWeights, save_slim_vgg
from ganvas.style import contact_sheet
from ganvas.style.batch import is_batch, paint_many
from ganvas.style.cells import shortened
from ganvas.style.contact_sheet import CELL_SIZE, GAP, LABEL_HEIGHT
from ganvas.style.objective import Losses
from ganvas.style.optimize import LBFGS, OPTIMIZERS
from ganvas.style.plan import FIXED_BYTES

QUICK = StyleConfig(size=32, iterations=1, device="cpu")
pytestmark = [pytest.mark.usefixtures("tiny_packaged"), pytest.mark.slow]


@pytest.fixture
def folders(draw: Callable[..., Path], tmp_path: Path) -> tuple[Path, Path]:
    """Return a folder with three contents, and one with two styles and a file that is not a picture."""
    contents, styles = tmp_path / "contents", tmp_path / "styles"
    for folder, names in ((contents, "abc"), (styles, "xy")):
        folder.mkdir()
        for seed, name in enumerate(names):
            (folder / f"{name}.png").write_bytes(draw("any.png", seed=seed + len(names)).read_bytes())
    (styles / "notes.txt").write_text("no picture")
    return contents, styles


def notes(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Note)]


def test_each_picture_in_each_style_and_a_sheet(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    out = tmp_path / "out"
    done = list(paint_many(contents, [styles], out, QUICK))[-1]
    expected = [f"{content}--{style}.png" for content in "abc" for style in "xy"]
    assert sorted(path.name for path in out.iterdir()) == [*expected, "sheet.jpg"]
    assert isinstance(done, Done)
    assert (done.step, done.path) == (6, str(out / "sheet.jpg"))
    with Image.open(out / "sheet.jpg") as sheet:
        assert sheet.width / sheet.height == pytest.approx(3 / 4, abs=0.1), "a column for contents, a row for styles"


def test_what_is_there_is_not_painted_again_unless_it_is_another(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    out = tmp_path / "out"
    list(paint_many(contents, [styles], out, QUICK))
    (out / "a--x.png").unlink()
    again = list(paint_many(contents, [styles], out, QUICK))
    assert notes(again).count("Already painted.") == 5
    assert (out / "a--x.png").exists()
    other = list(paint_many(contents, [styles], out, replace(QUICK, strength=0.7)))
    assert "Already painted." not in notes(other)


def test_a_folder_run_that_was_stopped_goes_on(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    out = tmp_path / "out"
    events = paint_many(contents, [styles], out, QUICK)
    while len(list(out.glob("*.png"))) < 3 if out.exists() else True:
        next(events)
    events.close()
    before = {path.name: path.read_bytes() for path in out.glob("*.png")}
    done = list(paint_many(contents, [styles], out, QUICK))
    whole = [name for name in before if read_metadata(out / name)["reason"] == "finished"]
    assert notes(done).count("Already painted.") >= 2
    assert len(list(out.glob("*.png"))) == 6
    assert all((out / name).read_bytes() == before[name] for name in whole[:2])
    assert not list(out.glob(".*")), "something unfinished was left"


def test_a_folder_run_that_is_killed_goes_on(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    out = tmp_path / "out"
    code = """
import os, signal, sys
from pathlib import Path
from ganvas.config import StyleConfig
from ganvas.style.batch import paint_many

contents, styles, out = map(Path, sys.argv[1:])
for event in paint_many(contents, [styles], out, StyleConfig(size=32, iterations=1, device="cpu")):
    if len([*out.glob("*--*.png")]) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
"""
    where = [str(contents), str(styles), str(out)]
    assert subprocess.run([sys.executable, "-c", code, *where], check=False).returncode == -signal.SIGKILL
    before = {path.name: path.stat().st_mtime_ns for path in out.glob("*--*.png")}
    assert len(before) == 3
    code = code.replace("os.kill(os.getpid(), signal.SIGKILL)", "pass")
    subprocess.run([sys.executable, "-c", code, *where], check=True)
    after = {path.name: path.stat().st_mtime_ns for path in out.glob("*--*.png")}
    assert len(after) == 6
    assert sum(after[name] == moment for name, moment in before.items()) >= 2, "what was finished is not painted again"
    assert {path.name for path in out.iterdir()} == {*after, "sheet.jpg"}, "something unfinished was left"


def test_styles_that_are_files_are_mixed(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    out = tmp_path / "out"
    list(paint_many(contents, [styles / "x.png", styles / "y.png"], out, QUICK))
    assert sorted(path.name for path in out.glob("*.png")) == [f"{name}--x-y.png" for name in "abc"]
    assert len(json.loads(read_metadata(out / "a--x-y.png")["styles"])) == 2


def test_broken_pictures_are_named_and_left_out(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    (contents / "b.png").write_bytes(b"no picture at all")
    events = list(paint_many(contents, [styles], tmp_path / "out", QUICK))
    assert any("b.png is left out" in note for note in notes(events))
    assert isinstance(events[-1], Done)
    assert events[-1].step == 4
    for content in "ac":
        (contents / f"{content}.png").write_bytes(b"")
    with pytest.raises(GanvasError, match="None of the 3 pictures"):
        list(paint_many(contents, [styles], tmp_path / "other", QUICK))


def test_a_sweep_paints_each_value(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    out = tmp_path / "out"
    list(paint_many(contents / "a.png", [styles / "x.png"], out, QUICK, sweep="style-scale=0.5,1,2"))
    assert sorted(path.name for path in out.glob("*.png")) == [f"a--x-style_scale-{v}.png" for v in ("0.5", "1", "2")]
    settings = json.loads(read_metadata(out / "a--x-style_scale-2.png")["settings"])
    assert settings["style_scale"] == 2


def test_shares_and_layers_are_swept_as_well(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    out, both = tmp_path / "out", [styles / "x.png", styles / "y.png"]
    list(paint_many(contents / "a.png", both, out, QUICK, sweep="blend=3:1,1:3"))
    assert sorted(path.name for path in out.glob("*.png")) == [f"a--x-y-blend-{v}.png" for v in ("1-3", "3-1")]
    assert json.loads(read_metadata(out / "a--x-y-blend-3-1.png")["settings"])["blend"] == [3.0, 1.0]
    sweep = "style-layers=relu1_1:relu2_1=2,relu3_1"
    list(paint_many(contents / "a.png", [styles / "x.png"], tmp_path / "layers", QUICK, sweep=sweep))
    layers = [
        json.loads(read_metadata(path)["settings"])["style_layers"] for path in (tmp_path / "layers").glob("*.png")
    ]
    assert sorted(layers) == [["relu1_1", "relu2_1=2"], ["relu3_1"]]


@pytest.mark.parametrize(
    ("sweep", "message"),
    [
        ("strenght=0.1", "Did you mean 'strength'"),
        ("strength", "not a setting with values"),
        ("strength=much", "strength cannot be 'much'"),
        ("strength=0.5,7", "strength cannot be 7"),
        ("blend=1:2,much:1", "blend cannot be 'much:1'"),
        ("blend=1:2:3", "blend"),
        ("vgg19-weights=a,b", "not a setting with values"),
        ("statistics=gram,grams", "Did you mean 'gram'"),
    ],
)
def test_sweeps_that_make_no_sense(folders: tuple[Path, Path], tmp_path: Path, sweep: str, message: str) -> None:
    contents, styles = folders
    with pytest.raises(GanvasError, match=message):
        list(paint_many(contents / "a.png", [styles / "x.png"], tmp_path / "out", QUICK, sweep=sweep))
    assert not (tmp_path / "out").exists(), "it was noticed only while painting"


def test_pictures_of_the_same_name_do_not_overwrite_each_other(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    Image.open(contents / "a.png").save(contents / "a.bmp")
    list(paint_many(contents, [styles / "x.png"], tmp_path / "out", QUICK))
    assert len(list((tmp_path / "out").glob("*.png"))) == 4


def test_places_and_folders_that_cannot_be(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    (tmp_path / "file").touch()
    with pytest.raises(GanvasError, match="is a file"):
        list(paint_many(contents, [styles], tmp_path / "file", QUICK))
    (tmp_path / "empty").mkdir()
    with pytest.raises(GanvasError, match="no pictures in"):
        list(paint_many(tmp_path / "empty", [styles], tmp_path / "out", QUICK))
    for folder in folders:
        with pytest.raises(GanvasError, match="is one of the folders to paint from"):
            list(paint_many(contents, [styles], folder, QUICK))


def test_one_painting_is_not_many(folders: tuple[Path, Path]) -> None:
    contents, styles = folders
    assert not is_batch(contents / "a.png", [styles / "x.png"], "")
    assert is_batch(contents, [styles / "x.png"], "")
    assert is_batch(contents / "a.png", [styles], "")
    assert is_batch(contents / "a.png", [styles / "x.png"], "strength=1")


def test_ctrl_c_ends_all_of_them(folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents, styles = folders
    steps: list[LBFGS] = []

    class Interrupted(LBFGS):
        """Ctrl-C is pressed at the second step of the second painting."""

        def step(self) -> Losses | None:
            steps.append(self)
            if len({id(each) for each in steps}) == 2 and steps.count(self) == 2:
                raise KeyboardInterrupt
            return super().step()

    monkeypatch.setitem(OPTIMIZERS, "lbfgs", Interrupted)
    events = list(paint_many(contents, [styles], tmp_path / "out", replace(QUICK, iterations=3)))
    assert isinstance(events[-1], Done)
    assert (events[-1].reason, events[-1].step) == ("interrupted", 2)
    painted = {
        path.name: read_metadata(path)["reason"] for path in (tmp_path / "out").iterdir() if path.suffix == ".png"
    }
    assert painted == {"a--x.png": "finished", "a--y.png": "interrupted"}


def test_from_the_command_line(folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contents, styles = folders
    words = ["style", str(contents), str(styles), "--out", str(tmp_path / "out"), "--size", "32", "--iterations", "1"]
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["path"].endswith("sheet.jpg")


def test_another_mask_or_picture_is_another_painting(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    out, mask = tmp_path / "out", tmp_path / "mask.png"
    both = [styles / "x.png", styles / "y.png"]
    Image.new("L", (8, 8), 255).save(mask)
    list(paint_many(contents, both, out, QUICK, [mask]))
    Image.new("L", (8, 8), 0).save(mask)
    assert "Already painted." not in notes(list(paint_many(contents, both, out, QUICK, [mask])))
    here = replace(QUICK, memory=3.0)
    assert notes(list(paint_many(contents, both, out, here, [mask]))).count("Already painted.") == 3


def test_what_began_as_another_picture_is_known_again(
    folders: tuple[Path, Path], tmp_path: Path, draw: Callable[..., Path]
) -> None:
    contents, styles = folders
    begun = replace(QUICK, start=str(draw("begun.png", seed=7)))
    for expected in (0, 3):
        events = list(paint_many(contents, [styles / "x.png"], tmp_path / "out", begun))
        assert notes(events).count("Already painted.") == expected


def test_styles_that_cannot_be_read_are_named_and_equal_names_kept_apart(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    contents, styles = folders
    Image.open(styles / "x.png").save(styles / "x.bmp")
    (styles / "._x.jpg").write_bytes(b"a Mac was here")
    (styles / "broken.jpg").write_bytes(b"no picture")
    events = list(paint_many(contents / "a.png", [styles], tmp_path / "out", QUICK))
    (told,) = [note for note in notes(events) if "is left out" in note]
    assert told.startswith("broken.jpg is left out")
    assert "not a picture" in told, "the reason is in hand"
    assert len(list((tmp_path / "out").glob("*.png"))) == 3


def test_other_colours_are_no_other_painting(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    out, kept = tmp_path / "out", replace(QUICK, colors="luma")
    list(paint_many(contents, [styles / "x.png"], out, QUICK))
    events = list(paint_many(contents, [styles / "x.png"], out, kept))
    assert notes(events).count("Already painted.") == 3
    assert not [event for event in events if isinstance(event, Iteration)], "it was painted again"
    assert json.loads(read_metadata(out / "a--x.png")["settings"])["colors"] == "luma"
    assert notes(list(paint_many(contents, [styles / "x.png"], out, QUICK))).count("Already painted.") == 3
    list(paint_many(contents, [styles / "x.png"], out, kept))
    (out / "a--x.png.free.png").unlink()
    again = list(paint_many(contents, [styles / "x.png"], out, replace(QUICK, colors="oklab")))
    assert notes(again).count("Already painted.") == 2, "its own colours are gone"


def test_another_network_paints_another_painting(folders: tuple[Path, Path], tmp_path: Path, tiny: VGGWeights) -> None:
    contents, styles = folders
    gone, other = tmp_path / "gone.safetensors", tmp_path / "other.safetensors"
    save_slim_vgg(tiny, other)
    for file, expected in ((gone, 0), (gone, 3), (other, 0), (other, 3)):
        config = replace(QUICK, network="vgg19", vgg19_weights=str(file))
        events = list(paint_many(contents, [styles / "x.png"], tmp_path / "out", config))
        assert notes(events).count("Already painted.") == expected, file.name
        looked = sum("The packaged VGG-16 is used instead." in note for note in notes(events))
        assert looked == (file == gone), "a network is read once"


def test_many_paintings_have_several_sheets(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents, styles = folders
    monkeypatch.setattr(contact_sheet, "MAX_CELLS", 2)
    list(paint_many(contents, [styles], tmp_path / "out", QUICK))
    assert sorted(path.name for path in (tmp_path / "out").glob("*.jpg")) == ["sheet-2.jpg", "sheet.jpg"]
    assert (contact_sheet.CELL_SIZE + contact_sheet.LABEL_HEIGHT + contact_sheet.GAP) * (100 + 1) < 65_500, (
        "a JPEG's side"
    )


def test_nobody_s_sheet_is_written_over(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    (tmp_path / "out").mkdir()
    Image.new("RGB", (40, 30)).save(tmp_path / "out" / "sheet.jpg")
    before = (tmp_path / "out" / "sheet.jpg").read_bytes()
    with pytest.raises(GanvasError, match="would be overwritten"):
        list(paint_many(contents, [styles], tmp_path / "out", QUICK))
    assert (tmp_path / "out" / "sheet.jpg").read_bytes() == before


def test_paintings_can_be_painted_from_without_their_by_products(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    list(paint_many(contents, [styles / "x.png"], tmp_path / "out", replace(QUICK, colors="luma")))
    list(paint_many(tmp_path / "out", [styles / "y.png"], tmp_path / "second", QUICK))
    assert sorted(path.name for path in (tmp_path / "second").glob("*.png")) == [f"{n}--x--y.png" for n in "abc"]


def test_a_picture_that_does_not_fit_leaves_the_others(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    Image.new("RGB", (6000, 5000)).save(contents / "b.png")  # 120 MB once it is read
    config = replace(QUICK, memory=(FIXED_BYTES + (64 << 20)) / 2**30)
    events = list(paint_many(contents, [styles / "x.png"], tmp_path / "out", config))
    assert any("b.png is left out: A painting of" in note for note in notes(events))
    assert isinstance(events[-1], Done)
    assert (events[-1].step, events[-1].reason) == (2, "finished")


def test_progress_is_that_of_all_of_them(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    events = list(paint_many(contents, [styles], tmp_path / "out", QUICK))
    progress = [event.progress for event in events if isinstance(event, Iteration)]
    assert progress == sorted(progress)
    assert progress[0] < 1 / 6 + 1e-9
    assert progress[-1] == pytest.approx(1)


def test_a_style_that_all_need_has_to_be_there(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    (styles / "x.png").write_bytes(b"no picture")
    with pytest.raises(GanvasError, match=r"x\.png cannot be used"):
        list(paint_many(contents, [styles / "x.png"], tmp_path / "out", QUICK))


def test_a_new_picture_takes_no_other_s_name(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    list(paint_many(contents, [styles / "x.png"], tmp_path / "out", QUICK))
    Image.open(contents / "a.png").save(contents / "a.bmp")
    events = list(paint_many(contents, [styles / "x.png"], tmp_path / "out", QUICK))
    assert notes(events).count("Already painted.") == 2, "b and c"


def test_a_start_that_is_a_picture_is_swept_in_the_folder_itself(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    out, start, other = tmp_path / "out", styles / ".." / "styles" / "x.png", styles / "..-styles-x.png"
    other.write_bytes((styles / "y.png").read_bytes())
    list(paint_many(contents / "a.png", [styles / "x.png"], out, QUICK, sweep=f"start=noise,{start},{other}"))
    assert len([path for path in out.iterdir() if path.suffix == ".png"]) == 3, "each has a name of its own"


def test_colours_are_those_of_the_picture_that_is_asked_for(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """The folder of contents was moved, and its old place is gone."""
    contents, styles = folders
    out, moved = tmp_path / "out", tmp_path / "moved"
    list(paint_many(contents, [styles / "x.png"], out, QUICK))
    contents.rename(moved)
    events = list(paint_many(moved, [styles / "x.png"], out, replace(QUICK, colors="luma")))
    assert not any(isinstance(event, Iteration) for event in events), "nothing is painted again"
    assert json.loads(read_metadata(out / "a--x.png")["settings"])["colors"] == "luma"


def test_a_painting_that_cannot_be_read_leaves_its_place_on_the_sheet_empty(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    """It may be larger than pictures that can be read, or damaged."""
    contents, styles = folders
    out = tmp_path / "out"
    events: list[Event] = []

    def place_of_first() -> Image.Image:
        events.extend(paint_many(contents, [styles / "x.png"], out, QUICK))
        done = events[-1]
        assert isinstance(done, Done)
        assert (done.reason, done.step) == ("finished", 3)
        width, height = CELL_SIZE + GAP, CELL_SIZE + LABEL_HEIGHT + GAP
        with Image.open(out / "sheet.jpg") as sheet:
            return sheet.crop((width + 20, height + 60, 2 * width - 20, 2 * height - 60)).convert("L")

    assert place_of_first().getextrema()[0] < 200
    assert not any("is empty" in note for note in notes(events))
    first = out / "a--x.png"
    first.write_bytes(first.read_bytes()[:-200])  # its metadata, before its pixels, say that it is finished
    assert place_of_first().getextrema()[0] > 250
    assert any("place on the sheet is empty" in note and "a--x.png cannot be used" in note for note in notes(events))


def test_pictures_in_sub_folders_are_painted_but_not_the_paintings(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    nested = tmp_path / "nested"
    for sub in ("one", "two"):
        (nested / sub).mkdir(parents=True)
        (nested / sub / "a.png").write_bytes((contents / "a.png").read_bytes())
    out = nested / "styled"
    for _ in range(2):  # the second time, paintings lie beside the pictures
        list(paint_many(nested, [styles / "x.png"], out, QUICK))
        assert sorted(path.name for path in out.iterdir()) == ["one-a-png--x.png", "sheet.jpg", "two-a-png--x.png"]


def test_long_names_are_shortened_and_stay_different(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    long = tmp_path / "long"
    long.mkdir()
    names = ["ü" * 100 + end for end in "ab"]
    for name in names:
        (long / f"{name}.png").write_bytes((contents / "a.png").read_bytes())
    style = styles / f"{'s' * 200}.png"
    (styles / "x.png").rename(style)
    done = list(paint_many(long, [style], tmp_path / "out", replace(QUICK, colors="luma")))[-1]
    assert isinstance(done, Done)
    assert done.step == 2
    paintings = [path for path in (tmp_path / "out").iterdir() if path.suffix == ".png"]
    assert len({path.name for path in paintings}) >= 2
    assert shortened("short") == "short"
    assert len({shortened("x" * 300 + end) for end in "ab"}) == 2


def test_what_cannot_be_painted_is_told(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    (contents / "photo.nef").write_bytes(b"II*")
    events = list(paint_many(contents, [styles / "x.png"], tmp_path / "out", QUICK))
    assert any(text.startswith("Files that Ganvas cannot read are left out (1 .nef)") for text in notes(events))
    (tmp_path / "raw").mkdir()
    (contents / "photo.nef").rename(tmp_path / "raw" / "photo.nef")
    with pytest.raises(GanvasError, match="no pictures") as caught:
        list(paint_many(tmp_path / "raw", [styles / "x.png"], tmp_path / "out2", QUICK))
    assert "export them as PNG or JPEG" in caught.value.hint


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="this system does not tell a process its memory")
def test_memory_does_not_grow_over_a_folder(folders: tuple[Path, Path], tmp_path: Path) -> None:
    contents, styles = folders
    picture = Image.effect_noise((600, 600), 60).convert("RGB")
    for number in range(10):
        picture.save(contents / f"more{number}.png")
    resident = []
    config = replace(QUICK, size=400)
    for event in paint_many(contents, [styles / "x.png"], tmp_path / "out", config):
        if isinstance(event, Done | Note) and " of 13: " in getattr(event, "text", ""):
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            resident.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
    assert len(resident) == 13
    assert resident[-1] - resident[5] < 30, f"in MB, one after the other: {resident}"


@pytest.mark.parametrize("name", ["c--y.png", "c--y.png.free.png", "sheet-2.jpg"])
def test_nobodys_picture_is_painted_over_and_that_is_known_before_the_first(
    name: str, folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents, styles = folders
    monkeypatch.setattr(contact_sheet, "MAX_CELLS", 2)
    theirs = tmp_path / "out" / name
    theirs.parent.mkdir()
    Image.new("RGB", (8, 8)).save(theirs)
    before = theirs.read_bytes()
    with pytest.raises(GanvasError, match=f"{name} was not written by ganvas"):
        next(paint_many(contents, [styles], tmp_path / "out", replace(QUICK, colors="luma")))
    assert [path.name for path in theirs.parent.iterdir()] == [name]
    assert theirs.read_bytes() == before


def test_a_painting_that_cannot_be_read_now_is_not_painted_again(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents, styles = folders
    out, opened = tmp_path / "out", Path.open
    list(paint_many(contents, [styles / "x.png"], out, QUICK))

    def denied(path: Path, *args: Any, **options: Any) -> Any:
        if path.name == "a--x.png":
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **options)

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(GanvasError, match=r"a--x\.png cannot be read now"):
        list(paint_many(contents, [styles / "x.png"], out, QUICK))
