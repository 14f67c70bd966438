"""Films of walks: closed to the bit, the same frames in any batch, of every recipe; and what cannot be walked."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import ganvas
import tiny
from films import probe, write_sound
from ganvas.config import Config, SignConfig, WalkConfig
from ganvas.config.parts import DataConfig
from ganvas.errors import GanvasError
from ganvas.events import Done, Event, Note, Progress
from ganvas.image_io import read_metadata, save_image, to_image
from ganvas.latents.latent_files import latent_metadata, write_latent
from ganvas.latents.sample import GeneratorModel, save_network
from ganvas.latents.walk import PICTURES_AT_ONCE, RANDOM, Painter, walk
from ganvas.latents.walk_plan import Passed, Rhythm, plan_walk
from ganvas.models import build_generator
from ganvas.recipes import RECIPES
from ganvas.runs import Run
from ganvas.signature import load_signature

SHORT = WalkConfig(seconds=1, fps=10, pace=0.5, size=16)
KINDS = ("pictures", "noise")
CASES = [
    *((recipe, {}) for recipe in RECIPES),
    ("stylegan2", {"classes": ("cat", "dog")}),
    ("dcgan", {"classes": ("cat", "dog")}),
    ("quick", {"classes": ("cat", "dog")}),
    ("quick", {"channels": 4}),
    ("fc", {"channels": 1}),
]


def config(recipe: str, channels: int = 3, **changes: object) -> Config:
    return tiny.config(recipe, channels=channels, **changes)


def oblong(recipe: str) -> Config:
    """Return a narrow configuration for pictures of 48 x 32."""
    return tiny.narrow(RECIPES[recipe](DataConfig("pictures", 32, 48), tiny.COUNT))


def model(config: Config) -> GeneratorModel:
    torch.manual_seed(0)
    network = build_generator(config)
    for name, parameter in network.named_parameters():  # what begins at zero would draw always the same
        if not parameter.any():
            torch.nn.init.normal_(parameter, 0, 0.3)
        assert parameter.isfinite().all(), name
    return GeneratorModel(network, config, torch.device("cpu"), "mine")


def saved(folder: Path, config: Config | None = None) -> Path:
    """Write a run with a network that was never trained, and return its folder."""
    run, trained = Run(folder), model(config or tiny.config())
    run.write_config(trained.config)
    save_network(run, trained.network, 3, 24)
    return folder


def painter(sampler: GeneratorModel, settings: WalkConfig, pictures: int = 1, passed: Passed = RANDOM) -> Painter:
    frames = round(settings.seconds * settings.fps)
    return Painter(sampler, plan_walk(sampler, settings, frames, pictures, passed), pictures, settings.size)


def notes(events: list[Event]) -> str:
    return "\n".join(event.text for event in events if isinstance(event, Note))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("recipe", "changes"), CASES)
def test_a_walk_is_a_loop_to_the_bit_whatever_the_batch(recipe: str, changes: dict[str, object], kind: str) -> None:
    sampler = model(config(recipe, **changes))
    walking = painter(sampler, replace(SHORT, kind=kind))
    frames = list(walking.frames(range(13)))
    assert frames[0].shape == (16, 16, 4 if changes.get("channels") == 4 else 3)
    for number in range(3):
        assert np.array_equal(frames[number], frames[10 + number]), "it does not end where it begins"
    for number in (0, 4, 9):
        assert np.array_equal(frames[number], *walking.frames([number])), "a frame depends on those drawn with it"
    assert len({frame.tobytes() for frame in frames[:10]}) > 5, "it stands still"


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES)
def test_films_of_runs_of_every_recipe(recipe: str, tmp_path: Path) -> None:
    variants = {
        "plain": tiny.config(recipe),
        "classes": tiny.config(recipe, classes=("cat", "dog")),
        "clear": tiny.config(recipe, channels=4),
        "oblong": oblong(recipe),
    }
    for name, wanted in variants.items():
        run, out = saved(tmp_path / name, wanted), tmp_path / f"{name}.webp"
        done = list(walk(run, out, replace(SHORT, seconds=0.5, size=48, grid="2x1")))[-1]
        assert isinstance(done, Done)
        with Image.open(out) as image:
            assert (image.n_frames, image.size) == (5, (96, 32 if name == "oblong" else 48))


def test_an_enlarging_network_is_walked() -> None:
    walking = painter(model(tiny.upsampled()), replace(SHORT, size=32))
    first, again, one = *walking.frames([0, 10]), *walking.frames([3])
    assert np.array_equal(first, again)
    assert one.shape == (32, 32, 3)


@pytest.mark.parametrize("recipe", ["quick", "stylegan2", "dcgan"])
def test_oblong_pictures_and_grids(recipe: str) -> None:
    walking = painter(model(oblong(recipe)), replace(SHORT, size=96), 2)
    (frame,) = walking.frames([3])
    assert frame.shape == (64, 192, 3)
    assert not np.array_equal(frame[:, :96], frame[:, 96:]), "both are on the same way"


@pytest.mark.parametrize("recipe", ["stylegan2", "dcgan", "quick", "vae"])
def test_seeds_are_passed_in_order(recipe: str) -> None:
    sampler = model(tiny.config(recipe))
    walking = painter(sampler, SHORT, passed=Passed((7, 3, 20, 3, 8)))
    expected = sampler.sample(seeds=[7, 3, 20, 3, 8]).permute(0, 2, 3, 1).numpy()
    frames = list(walking.frames(range(10)))
    for index, number in enumerate(range(0, 10, 2)):
        assert np.array_equal(frames[number], np.broadcast_to(expected[index], frames[number].shape))


def test_an_open_walk_ends_at_its_last_picture() -> None:
    sampler = model(tiny.config("dcgan"))
    walking = painter(sampler, replace(SHORT, open=True), passed=Passed((7, 3, 20)))
    expected = sampler.sample(seeds=[7, 3, 20]).permute(0, 2, 3, 1).numpy()
    first, *between, last = walking.frames(range(10))
    assert np.array_equal(first, np.broadcast_to(expected[0], first.shape))
    assert np.array_equal(last, np.broadcast_to(expected[2], last.shape))
    assert sum(np.array_equal(frame, np.broadcast_to(expected[1], frame.shape)) for frame in between) == 1
    quiet = Rhythm(np.zeros(10), np.zeros(10))
    beat = Rhythm(np.eye(10)[4], np.ones(10))
    for rhythm in (quiet, beat):
        moved = plan_walk(sampler, replace(SHORT, open=True), 10, 1, Passed((7, 3, 20)), rhythm).positions
        assert (moved[0], moved[-1]) == (0, 2)
        assert (np.diff(moved) >= 0).all()


def test_between_two_latents_it_is_a_line_in_w_and_a_sphere_in_z() -> None:
    settings, passed = replace(SHORT, easing="linear"), Passed((1, 2))
    line = plan_walk(model(tiny.config("stylegan2")), settings, 10, 1, passed).latents(range(10))
    assert torch.allclose(line[1], 0.8 * line[0] + 0.2 * line[5], atol=1e-5)
    sphere = plan_walk(model(tiny.config("dcgan")), settings, 10, 1, passed).latents(range(10))
    lengths = sphere.flatten(1).norm(dim=1)
    assert lengths.min() >= 0.99 * min(lengths[0], lengths[5]), "spheres are left: pictures there are mud"


@pytest.mark.parametrize("kind", KINDS)
def test_a_steep_map_makes_no_cuts(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sampler = model(tiny.config("dcgan"))
    real = sampler.map

    def steep(z: torch.Tensor, labels: torch.Tensor | None = None, truncation: float = 1.0) -> torch.Tensor:
        return torch.tanh(20 * real(z, labels, truncation))

    monkeypatch.setattr(sampler, "map", steep)
    settings = replace(SHORT, seconds=8, pace=2, kind=kind, easing="linear")
    w = plan_walk(sampler, settings, 80, 1, Passed()).latents(range(81)).flatten(1)
    steps = w.diff(dim=0).norm(dim=1)
    assert torch.equal(w[0], w[80])
    assert steps.max() < 3 * steps.median(), "one picture is cut to the next"


@pytest.mark.parametrize("classes", [(), ("cat", "dog")])
@pytest.mark.parametrize("recipe", ["stylegan2", "dcgan", "quick"])
def test_kept_latents_are_passed(recipe: str, classes: tuple[str, ...], tmp_path: Path) -> None:
    sampler = model(tiny.config(recipe, classes=classes))
    w = sampler.map(*sampler.latents([7, 9]), 0.7)
    images = sampler.synthesize(w)
    save_image(to_image(images[0]), tmp_path / "a.png", latent_metadata(w[0], sampler))
    write_latent(tmp_path / "b.safetensors", w.flip(0), sampler)
    walking = painter(sampler, SHORT, passed=Passed(files=(tmp_path / "a.png", tmp_path / "b.safetensors")))
    for number, image in zip((0, 3, 6), (0, 1, 0), strict=True):
        assert np.array_equal(*walking.frames([number]), images[image].permute(1, 2, 0).numpy()), "another picture"


def test_random_pictures_are_those_of_sample() -> None:
    sampler = model(tiny.config())
    settings = replace(SHORT, seed=4, truncation=0.6)
    (first,) = painter(sampler, settings).frames([0])
    assert np.array_equal(first, sampler.sample(1, 4, 0.6)[0].permute(1, 2, 0).numpy())


def test_the_label_is_drawn() -> None:
    sampler = model(tiny.config(classes=("cat", "dog")))
    for kind in KINDS:
        walks = (painter(sampler, replace(SHORT, kind=kind, label=label)) for label in ("cat", "dog"))
        cat, dog = (list(walking.frames([2])) for walking in walks)
        assert not np.array_equal(cat, dog)
    with pytest.raises(GanvasError, match="no label 'cow'"):
        painter(sampler, replace(SHORT, label="cow"))


def test_a_sound_sets_pace_and_distance() -> None:
    sampler, frames = model(tiny.config("stylegan2")), 20
    beat, loud = np.zeros(frames), np.linspace(0, 1, frames)
    beat[8:11] = 1
    settings = replace(SHORT, seconds=2, easing="linear")
    still = plan_walk(sampler, settings, frames, 1, Passed(), Rhythm(np.zeros(frames), np.zeros(frames)))
    moved = plan_walk(sampler, settings, frames, 1, Passed(), Rhythm(beat, loud))
    assert torch.equal(
        still.latents(range(frames)), plan_walk(sampler, settings, frames, 1, Passed()).latents(range(frames))
    )
    steps = np.diff(moved.positions)
    assert steps[8:10].min() > 3 * steps[:7].max(), "a beat does not quicken it"
    assert moved.distance is not None
    assert (moved.distance[0], moved.distance[-1]) == (0.5, 1)
    w, center = moved.latents([0, frames]), moved.center
    assert torch.equal(w[0], w[1])
    assert torch.allclose(w[0] - center, 0.5 * (still.latents([0])[0] - center), atol=1e-5)


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.webp", "a.gif", "a"])
def test_a_film_of_a_run(name: str, tmp_path: Path) -> None:
    if name.endswith((".mp4", ".webm")):
        pytest.importorskip("av", reason="PyAV, the extra video, is not installed")
    run, out = saved(tmp_path / "run", tiny.config(channels=4)), tmp_path / name
    events = list(ganvas.walk(run, out, SHORT, seeds=[3, 4]))
    assert [event.done for event in events if isinstance(event, Progress)] == list(range(1, 11))
    done = events[-1]
    assert isinstance(done, Done)
    assert (done.path, done.step, done.reason) == (str(out), 10, "finished")
    if name == "a":
        assert len(list(out.iterdir())) == 10
        with Image.open(out / "000003.png") as image:
            assert (image.mode, image.text["seeds"], image.text["run"]) == ("RGBA", "3,4", "run")
    elif name.endswith((".mp4", ".webm")):
        assert probe(out)["video"]["nb_read_frames"] == "10"
    else:
        with Image.open(out) as image:
            assert image.n_frames == 10
            assert image.convert("RGBA").getextrema()[3][0] < 255, "transparency is lost"
        assert read_metadata(out)["seeds"] == "3,4"
    again = list(ganvas.walk(run, out, SHORT))
    assert isinstance(again[-1], Done), "its own film is not replaced"


def test_a_small_picture_is_enlarged_and_a_size_is_kept(tmp_path: Path) -> None:
    sampler = model(tiny.config())
    assert painter(sampler, replace(SHORT, size=0)).picture_size == (256, 256)
    assert painter(model(oblong("dcgan")), replace(SHORT, size=600)).picture_size == (600, 400)
    (frame,) = painter(sampler, replace(SHORT, size=64)).frames([0])
    (own,) = painter(sampler, SHORT).frames([0])
    smaller = np.asarray(Image.fromarray(frame).resize((16, 16), Image.Resampling.BOX)).astype(int)
    assert np.abs(smaller - own).mean() < 8, "another picture"


def test_stopped_it_leaves_a_film_of_what_is_drawn(tmp_path: Path) -> None:
    run, out = saved(tmp_path / "run"), tmp_path / "a.webp"
    asked: list[None] = []
    events = list(walk(run, out, SHORT, stop=lambda: asked.append(None) or len(asked) >= 4))
    assert isinstance(events[-1], Done)
    assert (events[-1].reason, events[-1].step) == ("interrupted", 4)
    assert "holds the first 4 of 10 frames" in notes(events)
    for event in walk(run, tmp_path / "b.webp", SHORT):
        if isinstance(event, Progress) and event.done == 3:
            break
    for file, count in ((out, 4), (tmp_path / "b.webp", 3)):
        with Image.open(file) as image:
            assert image.n_frames == count


def test_frames_of_an_earlier_film_are_told(tmp_path: Path) -> None:
    run, out = saved(tmp_path / "run"), tmp_path / "stills"
    list(walk(run, out, SHORT))
    assert "earlier" not in notes(list(walk(run, out, SHORT)))
    assert "From 000005.png on" in notes(list(walk(run, out, replace(SHORT, seconds=0.5))))
    assert len(list(out.iterdir())) == 10, "nothing is removed"


def test_the_film_is_as_long_as_its_sound(tmp_path: Path) -> None:
    pytest.importorskip("av", reason="PyAV, the extra video, is not installed")
    run, sound = saved(tmp_path / "run"), write_sound(tmp_path / "a.wav", 1.5)
    events = list(walk(run, tmp_path / "a.mp4", replace(SHORT, seconds=0), audio=sound))
    assert (probe(tmp_path / "a.mp4")["video"]["nb_read_frames"], "audio" in probe(tmp_path / "a.mp4")) == ("15", True)
    assert "silent" not in notes(events)
    events = list(walk(run, tmp_path / "a.gif", replace(SHORT, seconds=2), audio=sound))
    assert events[-1].step == 20  # type: ignore[attr-defined]
    assert "Only .mp4 and .webm hold sound" in notes(events)
    assert "ends after 1.5 s" in notes(events)
    silent = write_sound(tmp_path / "silent.wav", 1.0, hertz=0.0)
    assert "is silent" in notes(list(walk(run, tmp_path / "b.mp4", replace(SHORT, seconds=0), audio=silent)))


@pytest.mark.parametrize(
    ("changes", "passed", "message", "hint"),
    [
        ({"seconds": -1.0}, Passed(), "seconds cannot be -1", "0.04 to 3600"),
        ({"seconds": float("nan")}, Passed(), "seconds cannot be nan", "--seconds"),
        ({"fps": 0}, Passed(), "fps cannot be 0", "1 to 120"),
        ({"size": 5}, Passed(), "size cannot be 5", "8 to 4096"),
        ({"pace": 0.0}, Passed(), "pace cannot be 0", "--pace"),
        ({"truncation": 1.5}, Passed(), "truncation cannot be 1.5", "0 to 1"),
        ({"kind": "nosie"}, Passed(), "no kind of walk 'nosie'. Did you mean 'noise'", "pictures"),
        ({"easing": "x"}, Passed(), "no easing 'x'", "smooth"),
        ({"grid": "3"}, Passed(), "'3' is not a grid", "3x2"),
        ({"grid": "0x2"}, Passed(), "is not a grid", "3x2"),
        ({"grid": "99x99"}, Passed(), "is not a grid of at most 400", "3x2"),
        ({"grid": "2x1"}, Passed((1, 2, 3)), "3 pictures cannot be shared out among the 2", "Name 2"),
        ({"seconds": 0.2}, Passed((1, 2, 3)), "2 frames are too few to pass 3", "--seconds"),
        ({}, Passed((1,), (Path("a.png"),)), "seeds or pictures, not both", "--seeds"),
        ({}, Passed((), (Path("a.png"),)), "a.png is no file", "picture of run"),
        ({"kind": "noise"}, Passed((1,)), "passes no pictures", "--kind noise"),
        ({"kind": "noise", "open": True}, Passed(), "always a loop", "--open"),
        ({"open": True}, Passed((1,)), "goes from one picture to another", "Name two"),
        ({"label": "cat"}, Passed(), "trained without labels", "--conditional"),
        ({"label": "cat"}, Passed((), (Path("a.png"),)), "have their classes", "--label"),
        ({"size": 4096, "grid": "3x1"}, Passed(), "too large for players", "--size"),
    ],
)
def test_what_cannot_be_walked(
    changes: dict[str, object], passed: Passed, message: str, hint: str, tmp_path: Path
) -> None:
    run = saved(tmp_path / "run")
    with pytest.raises(GanvasError, match=message) as caught:
        list(walk(run, tmp_path / "a.webp", replace(SHORT, **changes), passed))  # type: ignore[arg-type]
    assert hint in caught.value.hint
    assert not (tmp_path / "a.webp").exists()


def test_nobodys_film_is_overwritten(tmp_path: Path) -> None:
    run = saved(tmp_path / "run")
    for name in ("a.mp4", "a.webm", "a.gif", "a.webp"):
        theirs = tmp_path / name
        theirs.write_bytes(b"GIF89a, or another film of theirs")
        with pytest.raises(GanvasError, match="was not written by ganvas"):
            list(walk(run, theirs, SHORT))
        assert theirs.read_bytes() == b"GIF89a, or another film of theirs"
    Image.new("RGB", (8, 8)).save(tmp_path / "mine.png")
    with pytest.raises(GanvasError, match="holds pictures that Ganvas did not write"):
        list(walk(run, tmp_path, SHORT))


def test_a_film_does_not_take_the_place_of_what_it_is_made_from(tmp_path: Path) -> None:
    run = saved(tmp_path / "run")
    out = tmp_path / "a.webp"
    list(walk(run, out, SHORT))
    with pytest.raises(GanvasError, match="would take its place"):
        list(walk(run, out, SHORT, Passed(files=(out,))))


def test_memory_does_not_grow_with_the_length(monkeypatch: pytest.MonkeyPatch) -> None:
    sampler = model(tiny.config())
    drawn: list[int] = []
    real = sampler.synthesize
    monkeypatch.setattr(sampler, "synthesize", lambda w: drawn.append(len(w)) or real(w))
    walking = painter(sampler, replace(SHORT, seconds=5), 3)
    assert sum(1 for _ in walking.frames(range(50))) == 50
    assert max(drawn) <= PICTURES_AT_ONCE


def test_a_walk_is_signed_at_one_place(tmp_path: Path) -> None:
    ink = Image.new("RGBA", (40, 20))
    ink.paste((255, 0, 0, 255), (4, 4, 36, 16))
    ink.save(tmp_path / "me.png")
    run, out = saved(tmp_path / "run"), tmp_path / "stills"
    sign = SignConfig(sign=str(tmp_path / "me.png"), sign_position="random", sign_vary=1.0)
    settings = replace(SHORT, size=64)
    list(walk(run, out, settings, signature=load_signature(sign)))
    frames = np.stack([np.asarray(Image.open(file)) for file in sorted(out.iterdir())]).astype(int)
    red = (np.abs(frames - [255, 0, 0]).max(3) < 30).sum(0)
    assert (red == len(frames)).sum() > 20, "it is not signed, or the signature moves"
    flickering = replace(sign, sign_color="picture")
    with pytest.raises(GanvasError, match="flickers") as caught:
        list(walk(run, tmp_path / "a.webp", settings, signature=load_signature(flickering)))
    assert "--sign-color" in caught.value.hint
