"""Where a walk is at each frame of its film, in the space that images are drawn from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..config.walk import WalkConfig
from ..device import seeded_rng
from ..errors import GanvasError
from ..translation import _
from .direction_files import Move
from .latent_files import read_latents
from .paths import Floats, along, ease, even_positions, noise_loop, paced_positions
from .sample import GeneratorModel

WAVES = 0.43  # of noise for each picture that would be met in the time: so both kinds are as fast on average
SLOWEST, QUIETEST = 0.25, 0.5  # of the pace between two onsets, and of the distance from the mean picture in silence
LOOKS = 128  # at each way from picture to picture, to learn how long it is

Track = Callable[[Floats], Tensor]  # positions (N,) along a closed path to w (N, num_ws, w_dim)


@dataclass(frozen=True)
class Passed:
    """The pictures that a walk passes: by seed, or from files; with neither, those of the walk's own seed.

    Or `directions` such as "smile=2", in which it goes from one picture, and back.
    """

    seeds: tuple[int, ...] = ()
    files: tuple[Path, ...] = ()
    directions: tuple[str, ...] = ()

    def draw(self, model: GeneratorModel, config: WalkConfig, count: int) -> tuple[Tensor, Tensor | None]:
        """Return z (N, Z) and class indices (N,), or None, of the seeds; of the first `count` samples without seeds."""
        drawn = [(seed, 0) for seed in self.seeds] or [(config.seed, index) for index in range(count)]
        return model.latents_at(drawn, config.label or None)

    def metadata(self, config: WalkConfig) -> dict[str, object]:
        """Return what a film says of its walk, so that it can be made again."""
        facts: dict[str, object] = {"kind": config.kind, "fps": config.fps, "truncation": config.truncation}
        if self.files:
            facts["through"] = ", ".join(path.name for path in self.files)
        elif self.seeds:
            facts["seeds"] = ",".join(map(str, self.seeds))
        else:
            facts["seed"] = config.seed
        if self.directions:
            facts["direction"] = ",".join(self.directions)
        if config.open:
            facts["open"] = "yes"
        return facts | {"label": config.label} if config.label else facts


@dataclass(frozen=True, eq=False)
class Rhythm:
    """What a sound does to a walk, at each frame: `onsets` and `loudness`, both (frames,) in [0, 1]."""

    onsets: Floats
    loudness: Floats


@dataclass(frozen=True, eq=False)
class Walk:
    """One or several pictures on their ways, side by side.

    Args:
        tracks: one for each picture.
        positions: of all pictures at each frame, (frames,).
        distance: from the mean picture, at each frame, in [0, 1]; None is 1.
        center: (1, num_ws, w_dim), the mean picture.
    """

    tracks: Sequence[Track]
    positions: Floats
    distance: Floats | None
    center: Tensor

    def latents(self, numbers: Sequence[int]) -> Tensor:
        """Return w (N, pictures, num_ws, w_dim) of frames by their numbers; after the last comes the first again."""
        inside = np.array(numbers) % len(self.positions)
        w = torch.stack([track(self.positions[inside]) for track in self.tracks], dim=1)
        if self.distance is None:
            return w
        distance = torch.tensor(self.distance[inside], dtype=w.dtype)[:, None, None, None]
        return self.center + distance * (w - self.center)


def plan_walk(
    model: GeneratorModel,
    config: WalkConfig,
    frames: int,
    pictures: int,
    passed: Passed,
    rhythm: Rhythm | None = None,
    moves: Sequence[Move] = (),
) -> Walk:
    """Return a walk: a closed one, or one that ends at the last picture.

    Args:
        model: the generator.
        config: the settings, which have been checked.
        frames: of the film.
        pictures: that a frame shows.
        passed: seeds or files of the pictures that are passed.
        rhythm: of a sound; None without one.
        moves: if any, each picture stays itself, and goes from the far end of each to the other one.

    Raises:
        GanvasError: what is passed cannot be divided among the pictures or the frames, or is of another run.
    """
    if config.kind == "noise":
        tracks, center, length = *_through_noise(model, config, frames, pictures), 1
    elif moves:
        tracks, center, length = _there_and_back(model, config, pictures, passed, moves)
    else:
        tracks, center, length = _through_pictures(model, config, frames, pictures, passed)
    moving, ways = (frames - 1, length - 1) if config.open else (frames, length)
    if not ways:
        raise GanvasError(
            _("An open walk goes from one picture to another."), _("Name two at least, or leave out --open.")
        )
    if rhythm is None or not rhythm.onsets.any():
        positions = even_positions(moving, ways)
    else:
        positions = paced_positions(SLOWEST + rhythm.onsets[:moving], ways)
    if config.open:
        positions = np.append(positions, ways)
    if config.kind == "pictures":
        positions = ease(positions, config.easing)
    distance = None if rhythm is None or not rhythm.loudness.any() else QUIETEST + (1 - QUIETEST) * rhythm.loudness
    return Walk(tracks, positions, distance, center)


def _there_and_back(
    model: GeneratorModel, config: WalkConfig, pictures: int, passed: Passed, moves: Sequence[Move]
) -> tuple[list[Track], Tensor, int]:
    """Return the tracks from end to end of each move, the mean picture, and the ends on each track."""
    if passed.files:
        w = torch.cat([read_latents(path, model) for path in passed.files])
    else:
        w = model.map(*passed.draw(model, config, pictures), config.truncation)
    if len(w) != pictures:
        raise GanvasError(
            _("{count} pictures do not fill a grid of {pictures}, and in a direction each goes by itself.").format(
                count=len(w), pictures=pictures
            ),
            _("Name {pictures} of them, or choose another --grid.").format(pictures=pictures),
        )
    ends = torch.stack([sign * move.step for move in moves for sign in (-1, 1)])
    return [partial(along, each + ends, spherical=False) for each in w], w.mean(0, keepdim=True), len(ends)


def _through_pictures(
    model: GeneratorModel, config: WalkConfig, frames: int, pictures: int, passed: Passed
) -> tuple[list[Track], Tensor, int]:
    """Return the tracks from picture to picture, the mean picture, and the pictures on each track."""
    drawn: list[tuple[Tensor, Tensor | None]] = []
    if passed.files:
        w = torch.cat([read_latents(path, model) for path in passed.files])
    else:
        z, labels = passed.draw(model, config, pictures * pictures_passed(config, frames))
        w = model.map(z, labels, config.truncation)
        if not model.has_mapping:
            drawn = [(z, labels)]
    length, rest = divmod(len(w), pictures)
    if rest or not length:
        hint = _("Name {count} of them, or choose another --grid.").format(count=max(1, length) * pictures)
        raise GanvasError(
            _("{count} pictures cannot be shared out among the {pictures} of the grid.").format(
                count=len(w), pictures=pictures
            ),
            hint,
        )
    if length > frames:
        raise GanvasError(
            _("{frames} frames are too few to pass {length} pictures.").format(frames=frames, length=length),
            _("Try a longer film: --seconds 20"),
        )
    shares = [slice(start, start + length) for start in range(0, len(w), length)]
    tracks: list[Track] = [partial(along, w[share], spherical=not model.has_mapping) for share in shares]
    for z, labels in drawn:
        for number, share in enumerate(shares):
            label = None if labels is None else labels[share]
            if label is None or bool((label == label[0]).all()):  # between two classes there is no z
                tracks[number] = _mapped(
                    model, partial(along, z[share], spherical=True), label, config.truncation, length
                )
    return tracks, w.mean(0, keepdim=True), length


def pictures_passed(config: WalkConfig, frames: int) -> int:
    """Return how many pictures a walk of random ones passes."""
    return min(frames, max(2, round(frames / config.fps / config.pace) + config.open))


def _through_noise(model: GeneratorModel, config: WalkConfig, frames: int, pictures: int) -> tuple[list[Track], Tensor]:
    """Return the tracks through noise, and the mean picture."""
    waves = max(1, round(WAVES * frames / config.fps / config.pace))
    z, labels = model.latents([config.seed], config.label or None)
    tracks = []
    for number in range(pictures):
        rng = seeded_rng(config.seed, number, "waves")
        loop = torch.randn(waves, 2, z.shape[1], generator=rng)
        tracks.append(_mapped(model, partial(noise_loop, loop), labels, config.truncation, 1, waves))
    return tracks, model.map(z, labels, 0.0)


def _mapped(
    model: GeneratorModel,
    path: Callable[[Floats], Tensor],
    labels: Tensor | None,
    truncation: float,
    sections: int,
    detail: int = 1,
) -> Track:
    """Return the track of a path through z (N, Z) of one class, even in w within each of its sections.

    Learned flows are steep between kinds of pictures: at an even pace in z, one would be cut to the next.

    Args:
        model, labels, truncation: how z is mapped.
        path: z at positions in [0, sections).
        sections: between whole positions.
        detail: how many times finer than usual a section is looked at.
    """

    def drawn_from(positions: Floats) -> Tensor:
        z = path(positions)
        return model.map(z, None if labels is None else labels[:1].expand(len(z)), truncation)

    grid = np.linspace(0, 1, LOOKS * detail + 1)
    shares = []
    for section in range(sections):
        steps = drawn_from(section + grid).flatten(1).double().diff(dim=0).norm(dim=1).numpy()
        way = np.cumsum([0.0, *(steps + 1e-6 * steps.max(initial=0.0) + 1e-12)])
        shares.append(way / way[-1])

    def track(positions: Floats) -> Tensor:
        whole = np.floor(positions).astype(int)
        within = [np.interp(at - k, shares[k % sections], grid) for at, k in zip(positions, whole, strict=True)]
        return drawn_from(whole + np.array(within))

    return track
