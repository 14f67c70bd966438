"""Do repainted films flicker? Films made by program, whose true motion is known, painted in several ways.

A still scene with noise, a pan, a cut, an object that moves, and light that changes. Each is painted frame by frame,
then with each part of what steadies, and with all. Two controls win the warping error alone: the film itself, of which
nothing is painted, and the frames painted alone and blurred. So beside that error stand

- sharpness: mean gradient of the painted frames, as a multiple of that of frames painted alone;
- style: distance from the painting by a network that did not paint (EfficientNet-lite0);
- ghost: at a cut, how far the first frame is from itself painted alone (of 255).

The warping error is the mean difference (of 255) between a frame and the one before, moved by the true motion, where
the same thing is seen in both.

    python benchmarks/film_steadiness.py                  # the table: about ten minutes of one core
    python benchmarks/film_steadiness.py --sheet FOLDER   # consecutive frames of each, enlarged, one below the other
    python benchmarks/film_steadiness.py --speed 1920x1080   # processor seconds of a frame, by parts
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from ganvas import builtin
from ganvas.config import StyleConfig
from ganvas.image_io import save_image, to_float
from ganvas.style.fast_paint import FastPainter
from ganvas.style.film.flow import Floats, find_motion
from ganvas.style.film.painter import FilmPainter
from ganvas.style.film.preview import to_bytes
from ganvas.style.film.steady import Carried, Steadying, paint_steadily
from ganvas.style.load import load_picture, to_uint8_tensor
from ganvas.style.quality import measure_quality

WIDTH, HEIGHT, FRAMES = 320, 240, 16
NOISE = 0.025  # standard deviation of a camera's noise in a room, in [0, 1]
BLUR = 1.5  # pixels, standard deviation of the control's blur

Moves = Callable[[int], tuple[Floats, Floats]]
"""For frame n: where each pixel was in the frame before, (H, W, 2), and whether it was seen there, (H, W)."""


@dataclass(frozen=True)
class Film:
    """Frames made by program, and their true motion; `cut` is the first frame of another scene, 0 for none."""

    frames: list[Floats]
    motion: Moves
    cut: int = 0


WAYS = {
    "alone": Steadying(source_share=0, painted_share=0, holds=False),
    "held statistics": Steadying(source_share=0, painted_share=0),
    "carried painting": Steadying(source_share=0, holds=False),
    "averaged source": Steadying(painted_share=0, holds=False),
    "all (as it is)": Steadying(),
}


def picture(path: Path, size: tuple[int, int]) -> Floats:
    """Return a picture at a size (width, height), (H, W, 3) in [0, 1]."""
    image = load_picture(path).colors.resize(size, Image.Resampling.LANCZOS)
    return np.asarray(image, np.float32) / 255


def places() -> Floats:
    """Return x and y of each pixel, (H, W, 2)."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return np.stack((x, y), 2).astype(np.float32)


def noisy(frame: Floats, number: int) -> Floats:
    """Return a frame with a camera's noise."""
    noise = np.random.default_rng(number).normal(0, NOISE, frame.shape).astype(np.float32)
    return (frame + noise).clip(0, 1)


def make_films() -> dict[str, Film]:
    """Return the films by name."""
    astronaut, coffee, raccoon = (
        picture(builtin.photo().with_name(f"{name}.webp"), (3 * WIDTH // 2, 3 * HEIGHT // 2))
        for name in ("astronaut", "coffee", "raccoon")
    )
    everywhere, here = np.ones((HEIGHT, WIDTH), np.float32), places()
    still, other = astronaut[60:300, 80:400], coffee[60:300, 80:400]

    def window(number: int) -> Floats:
        shift = np.float32([[1, 0, 3.3 * number], [0, 1, 1.7 * number]])
        return cv2.warpAffine(raccoon, shift, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)

    def panned(number: int) -> tuple[Floats, Floats]:
        came = here + np.float32([3.3, 1.7])
        return came, ((came[..., 0] <= WIDTH - 1) & (came[..., 1] <= HEIGHT - 1)).astype(np.float32)

    disc = np.hypot(here[..., 0] - 60, here[..., 1] - 120) < 45
    ball = picture(builtin.paintings()[1], (WIDTH, HEIGHT))

    def move(image: Floats, number: int) -> Floats:
        return cv2.warpAffine(image, np.float32([[1, 0, 8 * number], [0, 1, 0]]), (WIDTH, HEIGHT))

    def covers(number: int) -> Floats:
        return move(disc.astype(np.float32), number)

    def moved(number: int) -> tuple[Floats, Floats]:
        now, before = covers(number) > 0.5, covers(number - 1) > 0.5
        came = here - np.where(now[..., None], np.float32([8, 0]), np.float32(0))
        return came, (now | ~before).astype(np.float32)

    objects = [np.where(covers(n)[..., None] > 0.5, move(ball, n), still).astype(np.float32) for n in range(FRAMES)]
    half = FRAMES // 2
    scenes = [still] * half + [other] * (FRAMES - half)
    stands = lambda number: (here, everywhere)  # noqa: E731
    return {
        "still, noise": Film([noisy(still, n) for n in range(FRAMES)], stands),
        "pan": Film([window(n).clip(0, 1) for n in range(FRAMES)], panned),
        "pan, noise": Film([noisy(window(n).clip(0, 1), n) for n in range(FRAMES)], panned),
        "object, noise": Film([noisy(frame, n) for n, frame in enumerate(objects)], moved),
        "cut, noise": Film([noisy(frame, n) for n, frame in enumerate(scenes)], stands, half),
        "light fades": Film([still * np.float32(1 - 0.03 * n) for n in range(FRAMES)], stands),
    }


def paint_film(film: Film, paint: FilmPainter, steadying: Steadying) -> list[Floats]:
    """Return the painted frames of a film."""
    carried: Carried | None = None
    painted = []
    for frame in film.frames:
        shown, carried = paint_steadily(frame, carried, paint, steadying)
        painted.append(shown)
    return painted


def warping_error(frames: list[Floats], film: Film) -> float:
    """Return how much a frame differs from the one before where the same thing is seen, of 255."""
    errors = []
    for number in range(1, len(frames)):
        if number == film.cut:
            continue
        came, seen = film.motion(number)
        moved = cv2.remap(frames[number - 1], came, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        difference = np.abs(frames[number] - moved).mean(2)
        errors.append(float((difference * seen).sum() / seen.sum()))
    return 255 * float(np.mean(errors))


def sharpness(frames: list[Floats]) -> float:
    """Return the mean difference of neighbours in the later half of a film."""
    later = frames[len(frames) // 2 :]
    return float(np.mean([np.abs(np.diff(frame, axis=axis)).mean() for frame in later for axis in (0, 1)]))


def style_distance(frame: Floats, content: Floats, style: torch.Tensor) -> float:
    """Return how far a painted frame is from the style."""
    images = [to_float(torch.from_numpy(to_bytes(each)).permute(2, 0, 1)[None]) for each in (frame, content)]
    return measure_quality(images[0], images[1], [style]).style


def measured(film: Film, paint: FilmPainter, style: torch.Tensor) -> Iterator[tuple[str, list[Floats], list[str]]]:
    """Yield each way, its frames, and its cells of the table."""
    alone = paint_film(film, paint, WAYS["alone"])
    ways = {
        "the film itself": film.frames,
        "alone, blurred": [cv2.GaussianBlur(frame, None, BLUR) for frame in alone],
        "alone": alone,
    } | {name: paint_film(film, paint, steadying) for name, steadying in WAYS.items() if name != "alone"}
    for name, frames in ways.items():
        ghost = 255 * float(np.abs(frames[film.cut] - alone[film.cut]).mean()) if film.cut else 0.0
        yield name, frames, [
            f"{warping_error(frames, film):.2f}",
            f"{sharpness(frames) / sharpness(alone):.2f}",
            f"{style_distance(frames[-1], film.frames[-1], style):.3f}",
            f"{ghost:.1f}" if film.cut else "",
        ]  # fmt: skip


def write_sheet(path: Path, rows: dict[str, list[Floats]]) -> None:
    """Write consecutive frames of each way, the middle of them at twice their size, a row a way."""
    middle = FRAMES // 2
    lines = []
    for frames in rows.values():
        cells = [cv2.resize(frame[40:200, 60:280], None, fx=1.5, fy=1.5) for frame in frames[middle - 2 : middle + 3]]
        lines.append(np.hstack(cells))
    save_image(Image.fromarray(to_bytes(np.vstack(lines))), path, {"rows": ", ".join(rows)})


def time_parts(size: tuple[int, int], paint: FilmPainter) -> None:
    """Print processor seconds of a frame, by parts."""
    film = make_films()["pan, noise"]
    frames = [cv2.resize(frame, size, interpolation=cv2.INTER_CUBIC) for frame in film.frames[:4]]
    painted, held = paint(frames[0], None)
    carried: Carried | None = Carried(frames[0], frames[0], painted, held)

    def all_of_it(frame: Floats) -> None:
        nonlocal carried
        carried = paint_steadily(frame, carried, paint)[1]

    parts: dict[str, Callable[[Floats], object]] = {
        "painting": lambda frame: paint(frame, held),
        "motion": lambda frame: find_motion(frames[0], frame),
        "all": all_of_it,
    }
    for name, part in parts.items():
        begun, wall = time.process_time(), time.monotonic()
        for frame in frames[1:]:
            part(frame)
        count = len(frames) - 1
        used, passed = (time.process_time() - begun) / count, (time.monotonic() - wall) / count
        print(f"{name}: {used:.3f} processor s, {passed:.3f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sheet", type=Path, help="folder for a sheet of each film")
    parser.add_argument("--speed", help="WIDTHxHEIGHT of frames to time")
    parser.add_argument("--style", type=Path, default=builtin.paintings()[0])
    parser.add_argument("--threads", type=int, default=1)
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    cv2.setNumThreads(wanted.threads)
    config = StyleConfig(size=WIDTH)
    paint = FilmPainter.load(FastPainter(), [wanted.style], config, torch.device("cpu"))
    if wanted.speed:
        width, height = map(int, wanted.speed.split("x"))
        time_parts((width, height), paint)
        return
    style_image = load_picture(wanted.style).colors.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    style = to_float(to_uint8_tensor(style_image))
    print("| film | way | warping error | sharpness | style distance | ghost at the cut |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    for name, film in make_films().items():
        rows = {}
        for way, frames, cells in measured(film, paint, style):
            rows[way] = frames
            print(f"| {name} | {way} | {' | '.join(cells)} |", flush=True)
        if wanted.sheet:
            wanted.sheet.mkdir(parents=True, exist_ok=True)
            write_sheet(wanted.sheet / f"{name.replace(', ', '-').replace(' ', '-')}.png", rows)


if __name__ == "__main__":
    main()
