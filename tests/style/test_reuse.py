"""Settings inside a painting: others are painted like it, and its colours changed; also those of ganvas 0.1."""

import json
import os
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from ganvas.cli import main
from ganvas.config import StyleConfig
from ganvas.errors import GanvasError
from ganvas.events import Iteration
from ganvas.image_io import read_metadata, save_image
from ganvas.models import vgg
from ganvas.models.vgg import PACKAGED
from ganvas.style import stylize
from ganvas.style.reuse import read_settings, recolor

QUICK = StyleConfig(size=48, iterations=2, device="cpu", strength=0.6, blend=(2.0, 1.0))
pytestmark = pytest.mark.usefixtures("tiny_packaged")

SETTINGS_OF_0_1 = """{"size": 48, "strength": 0.6, "style_scale": 1.0, "blend": [2.0, 1.0], "statistics": "moments",
"colours": "%s", "depth": 0, "mask_threshold": 0.0, "mask_softness": 0.02, "smoothness": 0.1, "start": "content",
"iterations": 2, "optimiser": "adam", "content_layers": ["conv3_2", "conv4_2"],
"style_layers": ["relu1_1", "relu2_1", "relu3_1", "relu4_1"], "network": "vgg16", "vgg19_weights": null,
"pooling": "average", "memory": 0.0, "seed": 0, "device": "cpu"}"""


def pixels(path: Path) -> bytes:
    with Image.open(path) as image:
        return image.convert("RGBA").tobytes()


@pytest.fixture
def sources(draw: Callable[..., Path], tmp_path: Path) -> list[Path]:
    """Return a content and two styles whose names are not easy."""
    names = ("content.png", "style; one=1, 100%.png", "ströke.png")
    for seed, name in enumerate(names):
        (tmp_path / name).write_bytes(draw("any.png", mode="RGBA" if not seed else "RGB", seed=seed).read_bytes())
    return [tmp_path / name for name in names]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tiff"])
def test_any_format_tells_it_back(sources: list[Path], tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"out{suffix}"
    list(stylize(sources[0], sources[1:], out, QUICK))
    found = read_settings(out)
    assert (found.content, found.styles, found.masks, found.config) == (sources[0], tuple(sources[1:]), (), QUICK)


def test_another_picture_is_painted_like_it(sources: list[Path], tmp_path: Path, draw: Callable[..., Path]) -> None:
    first, other, plain = tmp_path / "first.png", tmp_path / "other.png", tmp_path / "plain.png"
    list(stylize(sources[0], sources[1:], first, QUICK))
    content = str(draw("new.png", seed=9))
    assert main(["style", content, "--like", str(first), "--out", str(other)]) == 0
    list(stylize(Path(content), sources[1:], plain, QUICK))
    assert pixels(other) == pixels(plain)
    assert main(["style", content, "--like", str(first), "--out", str(other), "--strength", "0.2"]) == 0
    changed = read_settings(other)
    assert replace(changed.config, device="cpu") == replace(QUICK, strength=0.2)


def test_a_painting_of_ganvas_0_1_is_repeated_and_recoloured(sources: list[Path], tmp_path: Path) -> None:
    """Its settings are called `colours` and `optimiser`."""
    painting, again, plain = tmp_path / "painting.png", tmp_path / "again.png", tmp_path / "plain.png"
    metadata = {"content": sources[0], "styles": json.dumps([*map(str, sources[1:])]), "masks": "[]"}
    metadata |= {"reason": "finished", "mark": "a644", "network": "tiny VGG", "seed": "0", "steps": "2"}
    for path, colours in ((painting, "luma"), (tmp_path / "painting.png.free.png", "free")):
        save_image(Image.new("RGB", (48, 40), "teal"), path, metadata | {"settings": SETTINGS_OF_0_1 % colours})
    expected = replace(QUICK, optimizer="adam", colors="luma")
    assert read_settings(painting).config == expected
    assert main(["style", str(sources[0]), "--like", str(painting), "--out", str(again)]) == 0
    list(stylize(sources[0], sources[1:], plain, expected))
    assert pixels(again) == pixels(plain)
    list(recolor(painting, "oklab", painting))
    assert read_settings(painting).config == replace(expected, colors="oklab")
    assert not {"colours", "optimiser"} & json.loads(read_metadata(painting)["settings"]).keys()


def test_flags_of_ganvas_0_1_are_accepted(sources: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    words = ["style", *map(str, sources), "--out", str(out), "--size", "32", "--iterations", "1"]
    assert main([*words, "--colours", "luma", "--optimiser", "adam"]) == 0
    assert (read_settings(out).config.colors, read_settings(out).config.optimizer) == ("luma", "adam")
    assert main([*words, "--colors", "oklab", "--optimizer", "lbfgs"]) == 0
    assert (read_settings(out).config.colors, read_settings(out).config.optimizer) == ("oklab", "lbfgs")


def test_what_is_asked_for_goes_before_what_was(sources: list[Path], tmp_path: Path) -> None:
    first, other = tmp_path / "first.png", tmp_path / "other.png"
    list(stylize(sources[0], sources[1:], first, replace(QUICK, strength=0.9, memory=2.0)))
    words = ["style", str(sources[0]), "--like", str(first), "--out", str(other)]
    usual = StyleConfig()
    assert main([*words, "--seed", "3", "--strength", str(usual.strength)]) == 0
    found = read_settings(other).config
    assert found.strength == usual.strength, "what is as usual is asked for all the same"
    assert found == replace(QUICK, seed=3, strength=usual.strength, device="auto"), (
        "device and memory are this machine's"
    )


@pytest.mark.parametrize("colors", ["luma", "covariance", "oklab"])
def test_colours_changed_later_are_those_that_would_have_been_painted(
    sources: list[Path], tmp_path: Path, colors: str
) -> None:
    free, kept = tmp_path / "free.png", tmp_path / "kept.png"
    list(stylize(sources[0], sources[1:], free, QUICK))
    list(stylize(sources[0], sources[1:], kept, replace(QUICK, colors=colors)))
    original = pixels(free)
    assert main(["recolour", str(free), "--colours", colors]) == 0
    near = sum(abs(a - b) for a, b in zip(pixels(free), pixels(kept), strict=True)) / len(original)
    assert near < 1, "a rounding to bytes lies between them"
    assert json.loads(read_metadata(free)["settings"])["colors"] == colors
    assert main(["recolour", str(free), "--colours", "free"]) == 0
    assert pixels(free) == original, "its own colours were lost"


def test_it_can_go_elsewhere_and_leave_the_painting_alone(sources: list[Path], tmp_path: Path) -> None:
    painting, out = tmp_path / "painting.png", tmp_path / "out.jpg"
    list(stylize(sources[0], sources[1:], painting, QUICK))
    before = painting.read_bytes()
    list(recolor(painting, "luma", out))
    assert painting.read_bytes() == before
    assert read_settings(out).config.colors == "luma"


def test_what_cannot_be_recoloured_says_why(sources: list[Path], tmp_path: Path) -> None:
    kept = tmp_path / "kept.png"
    list(stylize(sources[0], sources[1:], kept, replace(QUICK, colors="luma")))
    (tmp_path / "kept.png.free.png").unlink()
    with pytest.raises(GanvasError, match=r"there is no kept\.png\.free\.png") as caught:
        list(recolor(kept, "oklab", kept))
    assert "--like" in caught.value.hint
    list(stylize(sources[0], sources[1:], kept, QUICK))
    sources[0].unlink()
    with pytest.raises(GanvasError, match="There is no picture"):
        list(recolor(kept, "oklab", kept))
    with pytest.raises(GanvasError, match="Unknown colors"):
        list(recolor(kept, "lume", kept))


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({}, "does not say how it was painted"),
        ({"content": "a", "styles": "[1]", "settings": "{}"}, "cannot be read"),
        ({"content": "a", "styles": "[", "settings": "{}"}, "cannot be read"),
        ({"content": "a", "styles": "[]", "settings": "x"}, "cannot be read"),
        ({"content": "a", "styles": "[]", "settings": "[" * 200_000}, "cannot be read"),
        ({"content": "a", "styles": '["/"]', "settings": "{}"}, "names a folder as its style: /"),
        ({"content": "a", "styles": "[]", "settings": '{"strenght": 1}'}, "Did you mean 'strength'"),
        ({"content": "a", "styles": "[]", "settings": '{"size": "__import__"}'}, "settings.size should be int"),
    ],
)
def test_pictures_that_tell_nothing_or_nonsense(tmp_path: Path, facts: dict[str, object], message: str) -> None:
    save_image(Image.new("RGB", (8, 8)), tmp_path / "a.png", facts)
    with pytest.raises(GanvasError, match=message):
        read_settings(tmp_path / "a.png")


def test_files_that_are_no_pictures_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"nothing")
    assert read_metadata(tmp_path / "a.png") == {}
    with pytest.raises(GanvasError, match="cannot be used"):
        read_settings(tmp_path / "a.png")
    with pytest.raises(GanvasError, match="There is no picture"):
        read_settings(tmp_path / "none.png")


@pytest.mark.slow
def test_a_mask_takes_the_place_of_a_blend_and_a_blend_that_of_masks(sources: list[Path], tmp_path: Path) -> None:
    blended, masked, mask = tmp_path / "blended.png", tmp_path / "masked.png", tmp_path / "mask.png"
    Image.new("L", (8, 8), 255).save(mask)
    list(stylize(sources[0], sources[1:], blended, QUICK))
    words = ["style", str(sources[0]), "--like", str(blended), "--out", str(masked)]
    assert main([*words, "--mask", str(mask)]) == 0
    assert (read_settings(masked).masks, read_settings(masked).config.blend) == ((mask,), ())
    words = ["style", str(sources[0]), "--like", str(masked), "--out", str(blended)]
    assert main([*words, "--blend", "3", "1"]) == 0
    assert (read_settings(blended).masks, read_settings(blended).config.blend) == ((), (3.0, 1.0))


def test_transparency_is_the_painting_s_whatever_the_colours_are_of(
    sources: list[Path], tmp_path: Path, draw: Callable[..., Path]
) -> None:
    painting, opaque = tmp_path / "painting.png", draw("opaque.png", seed=5)
    list(stylize(sources[0], sources[1:], painting, QUICK))
    with Image.open(painting) as image:
        alpha = image.getchannel("A").tobytes()
    list(recolor(painting, "oklab", painting, opaque))
    with Image.open(painting) as image:
        assert image.getchannel("A").tobytes() == alpha


def test_no_source_is_written_over(sources: list[Path], tmp_path: Path) -> None:
    painting = tmp_path / "painting.png"
    list(stylize(sources[0], sources[1:], painting, QUICK))
    with pytest.raises(GanvasError, match="one of the pictures to paint from"):
        list(recolor(painting, "luma", sources[1]))
    (tmp_path / "other.png.free.png").hardlink_to(sources[2])
    with pytest.raises(GanvasError, match="one of the pictures to paint from"):
        list(recolor(painting, "luma", tmp_path / "other.png"))
    precious = tmp_path / "new.png.free.png"
    precious.write_bytes(sources[1].read_bytes())
    with pytest.raises(GanvasError, match="one of the pictures to paint from"):
        list(stylize(sources[0], [precious, sources[2]], tmp_path / "new.png", replace(QUICK, colors="luma")))


def test_what_another_network_painted_in_vgg19s_place_is_repeated_by_that(sources: list[Path], tmp_path: Path) -> None:
    painting = tmp_path / "painting.png"
    settings = json.dumps({"network": "vgg19", "size": 48})
    metadata = {"content": sources[0], "styles": "[]", "settings": settings, "network": PACKAGED}
    save_image(Image.new("RGB", (4, 4)), painting, metadata)
    assert read_settings(painting).config == StyleConfig(size=48)


def test_an_unfinished_painting_gets_no_other_one_s_colours(
    sources: list[Path], tmp_path: Path, draw: Callable[..., Path]
) -> None:
    out, luma = tmp_path / "out.png", replace(QUICK, colors="luma")
    list(stylize(sources[0], sources[1:], out, luma))
    events = stylize(draw("new.png", seed=9), sources[1:], out, luma)
    while not isinstance(next(events), Iteration):
        pass
    events.close()
    begun = out.read_bytes()
    with pytest.raises(GanvasError, match="is not finished"):
        list(recolor(out, "oklab", out))
    assert out.read_bytes() == begun


def test_an_unfinished_painting_in_its_own_colours_is_finished_first(sources: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    events = stylize(sources[0], sources[1:], out, QUICK)
    while not isinstance(next(events), Iteration):
        pass
    events.close()
    with pytest.raises(GanvasError, match="is not finished"):
        list(recolor(out, "oklab", out))
    assert not (tmp_path / "out.png.free.png").exists()


def test_own_colours_of_another_painting_are_not_taken(sources: list[Path], tmp_path: Path) -> None:
    one, other = tmp_path / "one.png", tmp_path / "two words.png"
    for path, strength in ((one, 0.6), (other, 0.5)):
        list(stylize(sources[0], sources[1:], path, replace(QUICK, colors="luma", strength=strength)))
    (tmp_path / "two words.png.free.png").write_bytes((tmp_path / "one.png.free.png").read_bytes())
    with pytest.raises(GanvasError, match="has lost its own colors") as caught:
        list(recolor(other, "oklab", other))
    command = caught.value.hint.partition(": ")[2]
    assert main(shlex.split(command)[1:]) == 0, "the command of the hint paints it again"
    assert read_settings(other).config == replace(QUICK, colors="oklab", strength=0.5, device="auto")


@pytest.mark.parametrize("settings", [{"network": "vgg19", "vgg19_weights": "/etc/passwd"}, {"network": "vgg19"}])
def test_a_painting_names_no_weights_and_starts_no_download(
    settings: dict[str, object],
    sources: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def loaded(*_: object) -> None:
        raise AssertionError("a stranger's painting chose which weights are loaded")

    monkeypatch.setattr(vgg, "torchvision_vgg19", loaded)
    strange, out = tmp_path / "strange.png", tmp_path / "out.png"
    record = json.dumps({"size": 32, "iterations": 1} | settings)
    metadata = {"content": sources[0], "styles": json.dumps([str(sources[1])]), "settings": record}
    save_image(Image.new("RGB", (8, 8)), strange, metadata | {"network": "VGG-19 (torchvision)"})
    assert main(["style", str(sources[0]), "--like", str(strange), "--out", str(out)]) == 0
    assert "was painted with vgg19" in capsys.readouterr().err
    assert read_settings(out).config.network == "vgg16"
    with pytest.raises(AssertionError, match="chose which weights"):
        main(["style", str(sources[0]), "--like", str(strange), "--out", str(out), "--network", "vgg19"])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
def test_a_pipe_that_a_painting_names_is_not_waited_for(sources: list[Path], tmp_path: Path) -> None:
    pipe, strange = tmp_path / "pipe.png", tmp_path / "strange.png"
    os.mkfifo(pipe)
    for names in (
        {"content": pipe, "styles": json.dumps([str(sources[1])])},
        {"content": sources[0], "styles": json.dumps([str(pipe)])},
    ):
        metadata = {"settings": '{"size": 32, "iterations": 1}', "reason": "finished", "mark": "a"} | names
        save_image(Image.new("RGB", (8, 8)), strange, metadata)
        words = ["style", str(sources[0]), "--like", str(strange), "--out", str(tmp_path / "out.png")]
        assert main(words) == (0 if names["content"] == pipe else 1)
        assert main(["recolor", str(strange), "--out", str(tmp_path / "other.png")]) == (names["content"] == pipe)


def test_recoloring_writes_over_nobodys_picture(sources: list[Path], tmp_path: Path, draw: Callable[..., Path]) -> None:
    painting, theirs = tmp_path / "painting.png", tmp_path / "other.png"
    list(stylize(sources[0], sources[1:], painting, QUICK))
    theirs.write_bytes(draw("theirs.png", seed=9).read_bytes())
    with pytest.raises(GanvasError, match=r"other\.png was not written by ganvas"):
        list(recolor(painting, "luma", theirs))
    theirs.rename(tmp_path / "new.png.free.png")
    with pytest.raises(GanvasError, match=r"new\.png\.free\.png was not written by ganvas"):
        list(recolor(painting, "luma", tmp_path / "new.png"))
