"""Painting end to end: events, the file and its metadata, any size, interruption, fallbacks, and the result."""

import contextlib
import json
import math
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pillow_heif import register_heif_opener
from torch import Tensor

from ganvas import builtin
from ganvas.config import StyleConfig
from ganvas.errors import GanvasError
from ganvas.events import Done, Event, Iteration, Note
from ganvas.models import vgg
from ganvas.models.vgg import VGG, VGGWeights, packaged_vgg16
from ganvas.style import painting, stylize
from ganvas.style.color import COLOR_MODES, to_oklab
from ganvas.style.load import SourcePaths, load_picture
from ganvas.style.objective import Losses
from ganvas.style.optimize import LBFGS, OPTIMIZERS
from ganvas.style.paint import build_encoder, paint
from ganvas.style.painting import PaintingJob
from ganvas.style.plan import MemoryModel, Stage, bytes_needed, scale_to
from ganvas.style.resume import partial_path
from ganvas.style.statistics import feature_moments

pytestmark = pytest.mark.slow

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
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"seed": 3}, True),
        ({}, False),
        ({"seed": 3, "start": "noise"}, False),
        ({"seed": 3, "statistics": "patches"}, False),
    ],
)
def test_a_seed_that_changes_nothing_is_told(
    changes: dict[str, object], told: bool, content: Path, style: Path, tmp_path: Path
) -> None:
    config = replace(QUICK, iterations=1, **changes)  # type: ignore[arg-type]
    events = list(stylize(content, [style], tmp_path / "a.png", config))
    assert any(text.startswith("The seed changes nothing") for text in notes(events)) == told


@pytest.mark.usefixtures("tiny_packaged")
class TestPlainRun:
    def test_every_iteration_is_reported_and_the_painting_has_the_content_s_shape(
        self, content: Path, style: Path, tmp_path: Path
    ) -> None:
        out = tmp_path / "new" / "painting.png"
        events = list(stylize(content, [style], out, replace(QUICK, size=200)))
        iterations = [event for event in events if isinstance(event, Iteration)]
        planned = [100] * 9 + [200] * 6  # more where a step costs less
        assert [(event.iteration, event.scale) for event in iterations] == list(enumerate(planned, start=1))
        assert {event.iterations for event in iterations} == {15}
        progress = [event.progress for event in iterations]
        assert progress == sorted(progress)
        assert progress[-1] == pytest.approx(1)
        assert progress[8] < 0.3, "progress is measured by what steps cost, not by their number"
        assert [note for note in notes(events) if "Preview" in note] == [f"Preview at 100 px: {out}"]
        done = events[-1]
        assert isinstance(done, Done)
        assert (done.path, done.step, done.reason) == (str(out), 15, "finished")
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
        assert facts["content"] == str(content)
        assert json.loads(facts["styles"]) == [str(style), str(content)]
        assert (facts["seed"], facts["reason"], facts["network"]) == ("7", "finished", "tiny VGG")
        assert facts["software"].startswith("ganvas ")

    def test_transparency_is_kept_where_the_format_can(
        self, style: Path, tmp_path: Path, draw: Callable[..., Path]
    ) -> None:
        content = draw("see-through.png", mode="RGBA")
        for suffix, mode in ((".png", "RGBA"), (".jpg", "RGB")):
            list(stylize(content, [style], tmp_path / f"out{suffix}", QUICK))
            assert look(tmp_path / f"out{suffix}").mode == mode

    def test_what_is_transparent_hides_nothing_that_is_painted(self, style: Path, tmp_path: Path) -> None:
        figures = []
        for name, hidden in (("black", 0), ("white", 255)):
            figure = Image.new("RGBA", (48, 40), (hidden, hidden, hidden, 0))
            figure.paste((200, 30, 30, 255), (10, 8, 30, 30))
            figure.save(tmp_path / f"{name}.png")
            list(stylize(tmp_path / f"{name}.png", [style], tmp_path / f"{name}-out.png", QUICK))
            figures.append(np.asarray(look(tmp_path / f"{name}-out.png")))
        assert np.array_equal(*figures)
        list(stylize(tmp_path / "black.png", [style], tmp_path / "same.png", replace(QUICK, strength=0.0)))
        seen = np.asarray(look(tmp_path / "same.png"))
        inside = seen[seen[..., 3] > 0][:, :3].astype(int)
        assert np.abs(inside - (200, 30, 30)).max() < 12, "the edge has a fringe of what is not there"

    def test_strokes_are_counted_where_something_is_seen(self, style: Path, tmp_path: Path) -> None:
        figure = Image.new("RGBA", (144, 40), (0, 0, 0, 0))
        figure.paste((200, 30, 30, 255), (0, 0, 24, 40))
        figure.save(tmp_path / "half.png")
        stage = Stage((144, 40), 1, "lbfgs", 0)
        sources = SourcePaths(tmp_path / "half.png", (style,), (), None)
        encoder = build_encoder(QUICK, vgg.packaged_vgg16())
        painting = PaintingJob(sources, sources.load(), QUICK, encoder, [stage], tmp_path / "out.png", "tiny VGG")
        objective = painting._build_objective(stage)
        seen = sources.load().content.tensor((144, 40), CPU)
        noise = torch.rand(1, 3, 40, 20, generator=torch.Generator().manual_seed(0))
        far, near = seen.clone(), seen.clone()
        far[..., 124:], near[..., :20] = noise, noise
        found = [objective(each)[0].style for each in (seen, far, near)]
        assert found[1] == pytest.approx(found[0], rel=1e-5), "transparent pixels have changed the style loss"
        assert found[2] != pytest.approx(found[0], rel=1e-2)

    def test_a_transparent_style_is_what_is_seen_of_it(self, content: Path, tmp_path: Path) -> None:
        colours = Image.effect_noise((64, 64), 90).convert("RGB")
        painted = []
        for name, alpha in (("whole", 255), ("half", 0), ("none", 0)):
            style = colours.copy()
            style.putalpha(Image.new("L", (64, 64), alpha))
            if name == "half":
                style.paste((*colours.getpixel((0, 0)), 255), (0, 0, 32, 64))
            style.save(tmp_path / f"{name}.png")
            list(stylize(content, [tmp_path / f"{name}.png"], tmp_path / "out.png", replace(QUICK, strength=1.0)))
            painted.append(np.asarray(look(tmp_path / "out.png").convert("RGB")).astype(int))
        whole, half, _ = painted
        assert np.abs(whole - half).mean() > 5
        assert all(np.isfinite(each).all() for each in painted), "a style of which nothing is seen is plain white"

    @settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(width=st.integers(1, 200), height=st.integers(1, 200), size=st.integers(32, 200), adam=st.booleans())
    def test_any_size_and_shape(
        self, width: int, height: int, size: int, adam: bool, style: Path, tmp_path: Path
    ) -> None:
        Image.new("RGB", (width, height), "teal").save(tmp_path / "any.png")
        config = replace(QUICK, size=size, iterations=1, optimizer="adam" if adam else "lbfgs")
        list(stylize(tmp_path / "any.png", [style], tmp_path / "out.png", config))
        assert look(tmp_path / "out.png").size == scale_to((width, height), size)

    @pytest.mark.parametrize("statistics", ["gram", "moments", "patches"])
    @pytest.mark.parametrize("kind", ["one pixel", "huge", "flat", "palette", "animated", "16 bit ramp", "phone"])
    def test_odd_contents_and_styles_are_painted(
        self, kind: str, statistics: str, content: Path, style: Path, tmp_path: Path
    ) -> None:
        odd = tmp_path / "odd.png"
        colors = look(style).convert("RGB")
        if kind == "one pixel":
            Image.new("RGB", (1, 1), "orange").save(odd)
        elif kind == "huge":
            colors.resize((4000, 4000)).save(odd, compress_level=1)
        elif kind == "flat":
            Image.new("RGB", (40, 30), "white").save(odd)
        elif kind == "palette":
            colors.quantize(8).save(odd, transparency=0)
        elif kind == "animated":
            odd = tmp_path / "odd.gif"
            colors.save(odd, save_all=True, append_images=[colors.transpose(Image.Transpose.ROTATE_180)])
        elif kind == "16 bit ramp":
            Image.fromarray(np.linspace(0, 65535, 900).reshape(30, 30).astype(np.uint16)).save(odd)
        else:
            register_heif_opener()
            odd = tmp_path / "odd.heic"
            colors.save(odd)
        config = replace(QUICK, size=32, iterations=1, statistics=statistics)
        for number, (of, by) in enumerate(((content, odd), (odd, style))):
            list(stylize(of, [by], tmp_path / f"{number}.png", config))
            assert np.isfinite(np.asarray(look(tmp_path / f"{number}.png"))).all()
            assert max(look(tmp_path / f"{number}.png").size) == 32

    def test_settings_and_pictures_are_checked_before_any_work(
        self, content: Path, style: Path, tmp_path: Path
    ) -> None:
        for arguments, message in (
            ((content, [], tmp_path / "o.png", QUICK), "No style picture"),
            ((content, [style], tmp_path / "o.pgn", QUICK), "Did you mean '.png'"),
            ((content, [tmp_path / "none.png"], tmp_path / "o.png", QUICK), "There is no picture"),
            ((content, [style], tmp_path / "o.png", replace(QUICK, style_layers=("relu9_1",))), "no layer 'relu9_1'"),
            ((content, [style], tmp_path / "o.png", replace(QUICK, pooling="mix")), "Unknown pooling 'mix'"),
            ((content, [style], content, QUICK), "one of the pictures to paint from"),
        ):
            with pytest.raises(GanvasError) as caught:
                list(stylize(*arguments))
            assert message in caught.value.message
            assert not (tmp_path / "o.png").exists()

    def test_a_full_disk_is_named(
        self,
        content: Path,
        style: Path,
        tmp_path: Path,
        largest_file: Callable[[int], AbstractContextManager[None]],
    ) -> None:
        with largest_file(1000), pytest.raises(GanvasError, match=r"out\.png cannot be written \(File too large\)"):
            list(stylize(content, [style], tmp_path / "out.png", QUICK))


class TestEndings:
    @pytest.fixture
    def weights(self, tiny: VGGWeights) -> VGGWeights:
        """Return weights of the tiny network that may be spoilt."""
        return replace(tiny, tensors={name: tensor.clone() for name, tensor in tiny.tensors.items()})

    def begin(self, content: Path, out: Path, weights: VGGWeights, steps: int) -> Generator[Event, None, None]:
        """Return a painting of which so many steps are done."""
        config = replace(QUICK, size=200, statistics="gram")
        events = paint(SourcePaths(content, (content,), (), None), out, config, weights)
        for _ in range(steps):
            while not isinstance(next(events), Iteration):
                pass
        return events

    def spoil(self, weights: VGGWeights) -> None:
        """Let all further losses be no number."""
        weights.tensors["conv1_1.bias"].fill_(math.nan)

    def test_ctrl_c_keeps_the_best_so_far_at_full_size(
        self, content: Path, tmp_path: Path, weights: VGGWeights
    ) -> None:
        out = tmp_path / "out.png"
        events = self.begin(content, out, weights, 2)
        done = [events.throw(KeyboardInterrupt()), *events][-1]
        assert isinstance(done, Done)
        assert (done.reason, done.step) == ("interrupted", 2)
        image = look(out)
        assert image.size == (200, 167), "interrupted at a small scale, the painting stayed small"
        assert image.info["reason"] == "interrupted"

    def test_ctrl_c_before_the_first_stroke_writes_nothing(
        self, content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weights: VGGWeights
    ) -> None:
        class Interrupted(LBFGS):
            def step(self) -> Losses | None:
                raise KeyboardInterrupt

        monkeypatch.setitem(OPTIMIZERS, "lbfgs", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            self.begin(content, tmp_path / "out.png", weights, 1)
        assert not (tmp_path / "out.png").exists()

    def test_a_listener_who_leaves_still_gets_the_best_so_far(
        self, content: Path, tmp_path: Path, weights: VGGWeights
    ) -> None:
        self.begin(content, tmp_path / "out.png", weights, 1).close()
        assert look(tmp_path / "out.png").info["reason"] == "interrupted"

    def test_a_loss_that_is_no_number_keeps_the_last_good_picture(
        self, content: Path, tmp_path: Path, weights: VGGWeights
    ) -> None:
        events = self.begin(content, tmp_path / "out.png", weights, 4)
        self.spoil(weights)
        rest = list(events)
        assert any("After step 4 the loss is not finite" in note for note in notes(rest))
        assert isinstance(rest[-1], Done)
        assert rest[-1].reason == "diverged"
        assert look(tmp_path / "out.png").size == (200, 167)

    def test_a_loss_that_never_was_a_number_is_an_error(
        self, content: Path, tmp_path: Path, weights: VGGWeights
    ) -> None:
        self.spoil(weights)
        with pytest.raises(GanvasError, match="not finite at the first step"):
            self.begin(content, tmp_path / "out.png", weights, 1)

    def test_too_large_for_the_memory(self, content: Path, tmp_path: Path, weights: VGGWeights) -> None:
        events = self.begin(content, tmp_path / "out.png", weights, 1)
        with pytest.raises(GanvasError, match="200 px is too large") as caught:
            events.throw(torch.OutOfMemoryError())
        assert "--size" in caught.value.hint


class TestNetworks:
    @pytest.mark.usefixtures("tiny_packaged", "offline")
    def test_vgg19_that_cannot_be_fetched_falls_back_and_says_so(
        self, content: Path, style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        events = list(stylize(content, [style], tmp_path / "out.png", replace(QUICK, network="vgg19")))
        assert any("refused>). The packaged VGG-16 is used instead" in note for note in notes(events))
        assert look(tmp_path / "out.png").info["network"] == "tiny VGG"

    def test_a_named_file_of_weights_that_is_gone_falls_back_and_says_so(
        self, tiny_packaged: None, content: Path, style: Path, tmp_path: Path
    ) -> None:
        config = replace(QUICK, network="vgg19", vgg19_weights=str(tmp_path / "gone.pth"))
        events = list(stylize(content, [style], tmp_path / "out.png", config))
        assert any("gone.pth. The packaged VGG-16 is used instead" in note for note in notes(events))
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
        style = builtin.paintings()[0]
        events = list(stylize(builtin.photo(), [style], tmp_path / "out.png", config))
        iterations = [event for event in events if isinstance(event, Iteration)]
        assert iterations[-1].loss < 0.5 * iterations[0].loss
        encoder = VGG(packaged_vgg16(), ["relu3_1"])

        def strokes(path: Path) -> Tensor:
            picture = load_picture(path)
            return (
                feature_moments(encoder(picture.tensor(scale_to(picture.colors.size, 64), CPU))["relu3_1"])
                .mean()
                .second
            )

        goal = strokes(style)
        before, after = ((strokes(path) - goal).norm().item() for path in (builtin.photo(), tmp_path / "out.png"))
        assert after < 0.6 * before, "the painting's strokes are no nearer to the style's than the photograph's"


@pytest.mark.usefixtures("tiny_packaged")
class TestGoingOn:
    def interrupted(self, content: Path, style: Path, out: Path, config: StyleConfig, steps: int) -> None:
        """Paint so many steps and leave."""
        events = stylize(content, [style], out, config)
        iterations = (event for event in events if isinstance(event, Iteration))
        for _ in range(steps):
            next(iterations)
        events.close()

    @pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
    @pytest.mark.parametrize("steps", [2, 9, 11])
    def test_the_same_command_goes_on_where_it_stopped(
        self, content: Path, style: Path, tmp_path: Path, optimizer: str, steps: int
    ) -> None:
        out, config = tmp_path / "out.png", replace(QUICK, size=200, optimizer=optimizer)
        self.interrupted(content, style, out, config, steps)
        assert partial_path(out).exists()
        assert look(out).info["reason"] == "interrupted"
        events = list(stylize(content, [style], out, config))
        iterations = [event for event in events if isinstance(event, Iteration)]
        assert [event.iteration for event in iterations] == list(range(steps + 1, 16)), "steps were lost, or done again"
        assert any("Resuming" in note for note in notes(events))
        assert look(out).info["reason"] == "finished"
        assert not partial_path(out).exists(), "something was left beside it"

    def test_another_painting_starts_over(self, content: Path, style: Path, tmp_path: Path) -> None:
        out, config = tmp_path / "out.png", replace(QUICK, size=200)
        self.interrupted(content, style, out, config, 10)
        events = list(stylize(content, [style], out, replace(config, strength=0.7)))
        assert next(event for event in events if isinstance(event, Iteration)).iteration == 1

    def test_going_on_is_no_worse_than_not_stopping(self, content: Path, style: Path, tmp_path: Path) -> None:
        config = replace(QUICK, size=100, iterations=20)
        through = list(stylize(content, [style], tmp_path / "a.png", config))
        self.interrupted(content, style, tmp_path / "b.png", config, 30)
        on = list(stylize(content, [style], tmp_path / "b.png", config))
        last = [[event.loss for event in events if isinstance(event, Iteration)][-1] for events in (through, on)]
        assert last[1] < 1.2 * last[0]

    @pytest.mark.parametrize(
        "error", [KeyboardInterrupt(), RuntimeError("MPS backend out of memory"), torch.OutOfMemoryError("CUDA")]
    )
    @pytest.mark.parametrize("after", [11, 15])
    def test_whatever_ends_it_what_there_is_is_kept(
        self,
        error: BaseException,
        after: int,
        content: Path,
        style: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Also in the last moment, while the painting is written at its full size."""
        out, config = tmp_path / "out.png", replace(QUICK, size=200)
        left, steps = [error], []

        def end_once() -> None:
            if len(steps) == after and left:
                raise left.pop()

        class Ending(LBFGS):
            def step(self) -> Losses | None:
                end_once()
                steps.append(1)
                return super().step()

        def ending(painting: Tensor, *_: object) -> Tensor:
            end_once()
            return painting

        monkeypatch.setitem(OPTIMIZERS, "lbfgs", Ending)
        monkeypatch.setitem(COLOR_MODES, "free", ending)  # painted already, it is about to be written
        events: list[Event] = []
        by_hand = isinstance(error, KeyboardInterrupt)
        with contextlib.nullcontext() if by_hand else pytest.raises(GanvasError, match="too large"):
            events += stylize(content, [style], out, config)
        assert not left, "nothing was ended"
        assert ("Run the same command again to continue from here." in notes(events)) == by_hand
        assert look(out).info["reason"] == "interrupted"
        on = [event for event in stylize(content, [style], out, config) if isinstance(event, Iteration)]
        assert [event.iteration for event in on] == list(range(after + 1, 16)), "steps were lost, or done again"
        assert look(out).info["reason"] == "finished"

    def test_a_long_size_is_kept_on_the_way(
        self, content: Path, style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(painting, "AUTOSAVE_SECONDS", 0)
        out, config = tmp_path / "out.png", replace(QUICK, size=100)
        events = stylize(content, [style], out, config)
        while not isinstance(next(events), Iteration):
            pass
        next(events)
        assert partial_path(out).exists(), "a kill would have cost all"
        events.close()

    def test_a_name_that_is_not_utf_8_is_escaped(self, style: Path, content: Path, tmp_path: Path) -> None:
        odd = tmp_path / "caf\udce9.png"
        odd.write_bytes(content.read_bytes())
        list(stylize(odd, [style], tmp_path / "out.png", QUICK))
        assert look(tmp_path / "out.png").info["content"].endswith("caf\\xe9.png")

    def test_whoever_waits_sees_something_after_ten_steps(self, content: Path, style: Path, tmp_path: Path) -> None:
        out = tmp_path / "painting.png"
        for event in stylize(content, [style], out, replace(QUICK, iterations=9)):  # 48 px: more steps than ten
            if isinstance(event, Iteration) and event.iteration == 10:
                assert look(out).info["reason"] == "preview"
                assert look(out).size[0] == 48, "it is written at full size"
                return
            assert not out.exists()
        raise AssertionError("it took fewer steps")

    def test_a_process_that_is_killed_leaves_the_last_size_that_was_done(
        self, content: Path, style: Path, tmp_path: Path
    ) -> None:
        out, config = tmp_path / "out.png", replace(QUICK, size=200)
        events = stylize(content, [style], out, config)
        while not (isinstance(event := next(events), Note) and event.text.startswith("Preview")):
            pass
        assert look(out).info["reason"] == "preview", "what lies there now is what a kill would leave"
        assert partial_path(out).exists()
        events.close()


@pytest.mark.usefixtures("tiny_packaged")
class TestSettings:
    def painted(self, content: Path, styles: list[Path], out: Path, masks: tuple[Path, ...] = (), **settings) -> Tensor:
        """Return the painting, (1, 3, H, W)."""
        list(stylize(content, styles, out, replace(QUICK, iterations=8, **settings), masks))
        picture = load_picture(out)
        return picture.tensor(picture.colors.size, CPU)

    def test_kept_colours_are_the_content_s_and_the_free_painting_lies_beside(
        self, content: Path, style: Path, tmp_path: Path
    ) -> None:
        kept = self.painted(content, [style], tmp_path / "kept.png", colors="luma")
        original = load_picture(content).tensor((48, 40), CPU)
        inner = original.abs().amax(1, keepdim=True) < 0.9
        apart = (to_oklab(kept) - to_oklab(original))[:, 1:].abs() * inner
        assert apart.mean() < 0.03
        free = self.painted(content, [style], tmp_path / "free.png")
        beside = load_picture(tmp_path / "kept.png.free.png").tensor((48, 40), CPU)
        torch.testing.assert_close(beside, free)

    def test_strength_leads_from_the_picture_to_the_style(self, content: Path, style: Path, tmp_path: Path) -> None:
        original = load_picture(content).tensor((48, 40), CPU)
        apart = [
            (self.painted(content, [style], tmp_path / "out.png", strength=strength) - original).square().mean().item()
            for strength in (0.0, 0.3, 1.0)
        ]
        assert apart[0] < 0.01
        assert apart == sorted(apart)

    def test_masks_paint_each_style_in_its_place(self, content: Path, tmp_path: Path) -> None:
        red, blue, mask = tmp_path / "red.png", tmp_path / "blue.png", tmp_path / "mask.png"
        Image.new("RGB", (40, 40), "red").save(red)
        Image.new("RGB", (40, 40), "blue").save(blue)
        left = Image.new("L", (48, 40), 0)
        left.paste(255, (0, 0, 24, 40))
        left.save(mask)
        found = self.painted(content, [red, blue], tmp_path / "out.png", (mask,), strength=1.0, start="noise")
        redness = (found[:, 0] - found[:, 2])[0]
        assert redness[:, :16].mean() > redness[:, 32:].mean() + 0.3

    @pytest.mark.parametrize("start", ["style", "picture"])
    def test_it_may_begin_as_the_style_or_as_any_picture(
        self, content: Path, style: Path, tmp_path: Path, start: str
    ) -> None:
        given = str(style) if start == "picture" else start
        found = self.painted(content, [style], tmp_path / "out.png", start=given, strength=0.0)
        assert found.shape[2:] == (40, 48)

    def test_the_size_of_strokes_matters(self, content: Path, style: Path, tmp_path: Path) -> None:
        out = tmp_path / "out.png"
        one, other = (self.painted(content, [style], out, style_scale=scale, strength=1.0) for scale in (0.5, 2.0))
        assert not torch.equal(one, other)

    def test_what_does_not_fit_into_memory_is_painted_in_blocks_and_that_is_said(
        self, content: Path, style: Path, tmp_path: Path
    ) -> None:
        memory = (bytes_needed(Stage((700, 583), 1, "lbfgs", 256), MemoryModel(48, 1000.0, 24.0, 96.0)) + 1) / 2**30
        config = replace(QUICK, size=700, iterations=1, memory=memory)
        events = list(stylize(content, [style], tmp_path / "out.png", config))
        assert any("in blocks of 256 pixels" in note for note in notes(events))
        with pytest.raises(GanvasError, match="may be used") as caught:
            list(stylize(content, [style], tmp_path / "out.png", replace(config, memory=0.1)))
        assert "--size" in caught.value.hint
