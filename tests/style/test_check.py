"""Settings and paths that make no sense are refused before any work, and the message says what to type."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from PIL import Image

from ganvas.cli import main
from ganvas.config import StyleConfig
from ganvas.config.style import ColorMode, OptimizerName, Pooling, Statistics
from ganvas.errors import GanvasError
from ganvas.image_io import save_image
from ganvas.models.frozen_ops import POOLINGS
from ganvas.style.check import WEBP_MAX_SIDE, check_config, check_masks, check_out, layer_weights
from ganvas.style.color import COLOR_MODES
from ganvas.style.optimize import OPTIMIZERS
from ganvas.style.style_targets import STATISTICS


@pytest.mark.parametrize(
    ("settings", "message", "hint"),
    [
        ({"size": 8}, "8 pixels", "16 to 16384"),
        ({"size": 100_000}, "100000 pixels", "16 to 16384"),
        ({"iterations": 0}, "0 iterations", "--iterations 25"),
        ({"start": "noice"}, "Did you mean 'noise'", "content"),
        ({"start": "begun.png"}, "There is no picture begun.png to start from", "path"),
        ({"vgg19_weights": "vgg19.pth"}, "the network is vgg16", "--network vgg19"),
        ({"optimizer": "adm"}, "Did you mean 'adam'", "lbfgs"),
        ({"network": "vgg-16"}, "Did you mean 'vgg16'", "vgg19"),
        ({"strength": 1.5}, "strength cannot be 1.5", "--strength takes 0 to 1"),
        ({"strength": math.nan}, "strength cannot be nan", "--strength"),
        ({"style_scale": 0.0}, "style-scale cannot be 0.0", "--style-scale takes 0.05 to 8"),
        ({"smoothness": math.inf}, "smoothness cannot be inf", "--smoothness"),
        ({"memory": -1.0}, "memory cannot be -1.0", "--memory"),
        ({"pooling": "averge"}, "Did you mean 'average'", "max"),
        ({"seed": -1}, "seed cannot be -1", "--seed"),
        ({"seed": 10**20}, "seed cannot be", "--seed"),
        ({"statistics": "grams"}, "Did you mean 'gram'", "moments"),
        ({"colors": "lumen"}, "Did you mean 'luma'", "oklab"),
        ({"style_layers": ("relu1_1=much",)}, "'relu1_1=much' is not a layer with its weight", "relu1_1=2"),
        ({"content_layers": ("conv4_2=-1",)}, "is not a layer with its weight", "--content-layers"),
        ({"style_layers": ("relu1_1=0",)}, "All style_layers have weight 0", "relu1_1=2"),
        ({"style_layers": ()}, "style_layers is empty", "--style-layers"),
        ({"blend": (1.0, 2.0, 3.0)}, "2 styles but 3 shares", "--blend"),
        ({"blend": (1.0, -1.0)}, "cannot be blended", "--blend"),
        ({"blend": (0.0, 0.0)}, "cannot be blended", "--blend"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_settings_that_make_no_sense(settings: dict[str, object], message: str, hint: str) -> None:
    with pytest.raises(GanvasError) as caught:
        check_config(replace(StyleConfig(), **settings), style_count=2)
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("choices", "known"),
    [(ColorMode, COLOR_MODES), (OptimizerName, OPTIMIZERS), (Pooling, POOLINGS), (Statistics, STATISTICS)],
)
def test_the_help_shows_all_choices_that_are_known(choices: object, known: object) -> None:
    assert set(get_args(choices)) == set(known)  # type: ignore[call-overload]


def test_the_command_line_refuses_other_choices(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["style", "content.png", "style.png", "--pooling", "averge"])
    assert caught.value.code == 2
    assert "'average'" in "".join(capsys.readouterr()), "the choices are shown"


def test_the_defaults_pass_and_a_style_is_needed() -> None:
    check_config(StyleConfig(), style_count=1)
    with pytest.raises(GanvasError, match="No style picture"):
        check_config(StyleConfig(), style_count=0)


def test_layers_count_as_they_say_and_once_otherwise() -> None:
    assert layer_weights(("relu1_1", "relu2_1=3")) == {"relu1_1": 0.25, "relu2_1": 0.75}
    assert layer_weights(("relu1_1", "relu2_1=0")) == {"relu1_1": 1.0}, "what counts nothing is not looked at"


def test_a_start_may_be_a_picture_that_is_there(draw: Callable[..., Path]) -> None:
    check_config(replace(StyleConfig(), start=str(draw("begun.png"))), style_count=1)


@pytest.mark.parametrize(
    ("masks", "styles", "fits"), [(0, 1, True), (1, 2, True), (2, 2, True), (1, 3, False), (2, 1, False)]
)
def test_masks_are_as_many_as_styles_or_one_fewer(masks: int, styles: int, fits: bool) -> None:
    paths = [Path("mask.png")] * masks
    if fits:
        check_masks(paths, styles)
        return
    with pytest.raises(GanvasError, match=f"{styles} styles but {masks} masks|needs a second style"):
        check_masks(paths, styles)


def test_a_mask_needs_two_styles_and_no_blend() -> None:
    with pytest.raises(GanvasError, match="needs a second style"):
        check_masks([Path("mask.png")], 1)
    with pytest.raises(GanvasError, match="either blended or masked"):
        check_masks([Path("mask.png")], 2, (2.0, 1.0))


@pytest.mark.parametrize(
    ("name", "message"),
    [("painting.pgn", "Did you mean '.png'"), ("painting", "format ''"), ("painting.gif", "'.gif'"), ("a/.png", "''")],
)
def test_suffixes_that_name_no_format(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(GanvasError) as caught:
        check_out(tmp_path / name, [])
    assert message in caught.value.message


def test_places_that_cannot_be_written(tmp_path: Path, draw: Callable[..., Path]) -> None:
    source = draw("source.png")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").touch()
    for out, message in (
        (source, "one of the pictures to paint from"),
        (tmp_path / "folder.png", "is a folder"),
        (tmp_path / "file" / "painting.png", "cannot be created"),
    ):
        with pytest.raises(GanvasError, match=message):
            check_out(out, [source])
    check_out(tmp_path / "new" / "folder" / "painting.JPG", [source])


def test_a_folder_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(GanvasError, match="is not writable"):
        check_out(tmp_path / "painting.png", [])


def test_a_painting_too_large_for_its_format_is_refused_before_it_is_painted(tmp_path: Path) -> None:
    check_out(tmp_path / "painting.webp", [], size=WEBP_MAX_SIDE)
    check_out(tmp_path / "painting.png", [], size=WEBP_MAX_SIDE + 1)
    with pytest.raises(GanvasError, match="at most 16383 pixels") as caught:
        check_out(tmp_path / "painting.webp", [], size=WEBP_MAX_SIDE + 1)
    assert "painting.png" in caught.value.hint


def test_nobodys_picture_is_painted_over(tmp_path: Path, draw: Callable[..., Path]) -> None:
    theirs = draw("holiday.jpg")
    with pytest.raises(GanvasError, match=r"holiday\.jpg was not written by ganvas") as caught:
        check_out(theirs, [])
    assert "--out" in caught.value.hint
    assert "holiday-2.jpg" in caught.value.hint
    save_image(Image.new("RGB", (8, 8)), tmp_path / "ours.jpg", {})
    check_out(tmp_path / "ours.jpg", [])
