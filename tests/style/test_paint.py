"""The whole way: events, the file and what stands in it, any size, interruption, fallback, and a better picture."""

import itertools
import json
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from ganvas import builtin
from ganvas.config import StyleConfig
from ganvas.errors import GanvasError
from ganvas.events import Done, Event, Iteration, Note
from ganvas.models import backbones
from ganvas.models.backbones import VGG, NotFetched, VGGWeights, packaged_vgg16
from ganvas.style import paint, stylize
from ganvas.style.objective import Losses, gram
from ganvas.style.paint import scales
from ganvas.style.read import read, scaled

QUICK = StyleConfig(size=48, iterations=3, device="cpu")
CPU = torch.device("cpu")


@pytest.fixture
def content(draw: Callable[..., Path]) -> Path:
    return draw("content.png", seed=1)


@pytest.fixture
def style(draw: Callable[..., Path]) -> Path:
    return draw("style.png", width=33, height=70, seed=2)


def look(path: Path) -> Image.Image:
    """Return a painting, read whole, its file closed."""
    with Image.open(path) as image:
        image.load()
    return image


def notes(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Note)]


@pytest.mark.usefixtures("tiny_packaged")
class TestPlainRun:
    def test_every_iteration_is_told_and_the_painting_has_the_content_s_shape(
        self, content: Path, style: Path, tmp_path: Path
    ) -> None:
        out = tmp_path / "new" / "painting.png"
        events = list(stylize(content, [style], out, replace(QUICK, size=200)))
        told = [event for event in events if isinstance(event, Iteration)]
        assert [(event.iteration, event.scale) for event in told] == [
            *((step, 100) for step in (1, 2, 3)),
            *((step, 200) for step in (4, 5, 6)),
        ]
        assert {event.iterations for event in told} == {6}
        done = events[-1]
        assert isinstance(done, Done)
        assert (done.path, done.step, done.reason) == (str(out), 6, "finished")
        assert look(out).size == (200, 167), "the painting is not of the content's shape"
        assert [path.name for path in out.parent.iterdir()] == ["painting.png"], "something was left beside it"
        assert any("enlarged to 200; --size 48 keeps it" in note for note in notes(events))

    def test_the_same_seed_gives_the_same_bytes_and_another_does_not(
        self, content: Path, style: Path, tmp_path: Path
    ) -> None:
        def painted(name: str, seed: int) -> bytes:
            list(stylize(content, [style], tmp_path / name, replace(QUICK, start="noise", seed=seed)))
            return look(tmp_path / name).tobytes()

        assert painted("a.png", 1) == painted("b.png", 1), "a painting cannot be repeated"
        assert painted("a.png", 1) != painted("c.png", 2), "the seed does nothing"

    @pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tiff"])
    def test_the_file_says_how_it_was_made(self, content: Path, style: Path, tmp_path: Path, suffix: str) -> None:
        config = replace(QUICK, seed=7, blend=(2.0, 1.0))
        out = tmp_path / f"painting{suffix}"
        list(stylize(content, [style, content], out, config))
        image = look(out)
        if suffix == ".png":
            facts = image.info
            assert json.loads(facts["settings"])["blend"] == [2.0, 1.0]
        else:
            facts = dict(fact.split("=", 1) for fact in image.getexif()[0x010E].split("; "))
        assert facts["content"] == "content.png"
        assert facts["styles"] == "style.png, content.png"
        assert (facts["seed"], facts["reason"], facts["network"]) == ("7", "finished", "tiny VGG")
        assert facts["software"].startswith("ganvas ")

    def test_transparency_is_kept_where_the_format_can(
        self, style: Path, tmp_path: Path, draw: Callable[..., Path]
    ) -> None:
        content = draw("see-through.png", mode="RGBA")
        for suffix, mode in ((".png", "RGBA"), (".jpg", "RGB")):
            list(stylize(content, [style], tmp_path / f"out{suffix}", QUICK))
            assert look(tmp_path / f"out{suffix}").mode == mode

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(width=st.integers(1, 200), height=st.integers(1, 200), size=st.integers(32, 200), adam=st.booleans())
    def test_any_size_and_shape(
        self, width: int, height: int, size: int, adam: bool, style: Path, tmp_path: Path
    ) -> None:
        Image.new("RGB", (width, height), "teal").save(tmp_path / "any.png")
        config = replace(QUICK, size=size, iterations=1, optimiser="adam" if adam else "lbfgs")
        list(stylize(tmp_path / "any.png", [style], tmp_path / "out.png", config))
        assert look(tmp_path / "out.png").size == scaled((width, height), size)

    def test_settings_and_pictures_are_checked_before_any_work(
        self, content: Path, style: Path, tmp_path: Path
    ) -> None:
        for arguments, message in (
            ((content, [], tmp_path / "o.png", QUICK), "No style picture"),
            ((content, [style], tmp_path / "o.pgn", QUICK), "Did you mean '.png'"),
            ((content, [tmp_path / "none.png"], tmp_path / "o.png", QUICK), "There is no picture"),
            ((content, [style], tmp_path / "o.png", replace(QUICK, style_layers=("relu9_1",))), "no layer 'relu9_1'"),
            ((content, [style], tmp_path / "o.png", replace(QUICK, pooling="mix")), "Unknown pooling"),
            ((content, [style], content, QUICK), "one of the pictures to paint from"),
        ):
            with pytest.raises(GanvasError) as caught:
                list(stylize(*arguments))
            assert message in caught.value.message
            assert not (tmp_path / "o.png").exists()

    def test_a_full_disk_is_named(
        self, content: Path, style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(paint, "save_image", full)
        with pytest.raises(GanvasError, match="No space left on device"):
            list(stylize(content, [style], tmp_path / "out.png", QUICK))


class Scripted:
    """Stand in for the objective: `end` happens at call number `at`."""

    def __init__(self, at: int, end: BaseException | float) -> None:
        self.at, self.end, self.calls = at, end, 0

    def __call__(self, picture: Tensor) -> Losses:
        self.calls += 1
        total = picture.square().mean()
        if self.calls == self.at:
            if isinstance(self.end, BaseException):
                raise self.end
            total = total * self.end
        return Losses(total, total, total, total)


@pytest.mark.usefixtures("tiny_packaged")
class TestEndings:
    def begin(
        self, monkeypatch: pytest.MonkeyPatch, content: Path, out: Path, at: int, end: BaseException | float
    ) -> Generator[Event, None, None]:
        scripted = Scripted(at, end)
        monkeypatch.setattr(paint, "Objective", lambda *_: scripted)
        return stylize(content, [content], out, replace(QUICK, size=200))

    def test_ctrl_c_keeps_the_best_so_far_at_full_size(
        self, content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        out = tmp_path / "out.png"
        done = list(self.begin(monkeypatch, content, out, 3, KeyboardInterrupt()))[-1]
        assert isinstance(done, Done)
        assert (done.reason, done.step) == ("interrupted", 2)
        image = look(out)
        assert image.size == (200, 167), "interrupted at a small scale, the painting stayed small"
        assert image.info["reason"] == "interrupted"

    def test_ctrl_c_before_the_first_stroke_writes_nothing(
        self, content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(KeyboardInterrupt):
            list(self.begin(monkeypatch, content, tmp_path / "out.png", 1, KeyboardInterrupt()))
        assert not (tmp_path / "out.png").exists()

    def test_a_listener_who_leaves_still_gets_the_best_so_far(
        self, content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        events = self.begin(monkeypatch, content, tmp_path / "out.png", 99, 1.0)
        while not isinstance(next(events), Iteration):
            pass
        events.close()
        assert look(tmp_path / "out.png").info["reason"] == "interrupted"

    def test_a_loss_that_is_no_number_keeps_the_last_good_picture(
        self, content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        events = list(self.begin(monkeypatch, content, tmp_path / "out.png", 5, float("nan")))
        assert any("After step 4 the loss is no longer a number" in note for note in notes(events))
        assert isinstance(events[-1], Done)
        assert events[-1].reason == "diverged"
        assert look(tmp_path / "out.png").size == (200, 167)

    def test_a_loss_that_never_was_a_number_is_an_error(
        self, content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(GanvasError, match="no number from the start"):
            list(self.begin(monkeypatch, content, tmp_path / "out.png", 1, float("nan")))

    def test_too_large_for_the_memory(self, content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(GanvasError, match="200 px is too large") as caught:
            list(self.begin(monkeypatch, content, tmp_path / "out.png", 2, torch.OutOfMemoryError()))
        assert "--size" in caught.value.hint


class TestNetworks:
    def test_vgg19_that_cannot_be_fetched_falls_back_and_says_so(
        self, tiny_packaged: None, content: Path, style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def offline(path: Path | None = None) -> VGGWeights:
            raise NotFetched("torchvision's VGG-19 cannot be fetched (no route to host).")

        monkeypatch.setattr(backbones, "torchvision_vgg19", offline)
        events = list(stylize(content, [style], tmp_path / "out.png", replace(QUICK, network="vgg19")))
        assert any("no route to host). The packaged VGG-16 paints" in note for note in notes(events))
        assert look(tmp_path / "out.png").info["network"] == "tiny VGG"

    def test_a_damaged_file_that_was_named_is_an_error(self, content: Path, style: Path, tmp_path: Path) -> None:
        damaged = tmp_path / "vgg19.pth"
        damaged.write_bytes(b"half a fi")
        config = replace(QUICK, network="vgg19", vgg19_weights=str(damaged))
        with pytest.raises(GanvasError, match=r"vgg19\.pth cannot be read"):
            list(stylize(content, [style], tmp_path / "out.png", config))

    @pytest.mark.parametrize("start", ["content", "noise"])
    def test_the_packaged_network_really_paints(self, start: str, tmp_path: Path) -> None:
        """From a real photograph and a real painting, small: the objective falls and the strokes become the style's."""
        config = replace(QUICK, size=64, iterations=24, start=start)
        manner = builtin.paintings()[0]
        events = list(stylize(builtin.photo(), [manner], tmp_path / "out.png", config))
        told = [event for event in events if isinstance(event, Iteration)]
        assert told[-1].loss < 0.5 * told[0].loss
        encoder = VGG(packaged_vgg16(), ["relu3_1"])

        def strokes(path: Path) -> Tensor:
            picture = read(path)
            return gram(encoder(picture.tensor(scaled(picture.colours.size, 64), CPU))["relu3_1"])

        goal = strokes(manner)
        before, after = ((strokes(path) - goal).norm().item() for path in (builtin.photo(), tmp_path / "out.png"))
        assert after < 0.6 * before, "the painting's strokes are no nearer to the style's than the photograph's"


@given(st.integers(16, 4096))
def test_scales_double_up_to_the_size_asked(size: int) -> None:
    sizes = [scale for scale, _ in scales(StyleConfig(size=size))]
    assert sizes[-1] == size
    assert sizes[0] <= paint.SMALLEST
    assert all(coarse == fine // 2 for coarse, fine in itertools.pairwise(sizes))
