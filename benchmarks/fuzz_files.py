"""Damaged files that are given to a whole run: latents, sampled pictures, directions, signatures and sounds.

Each round damages one of them: as bytes, as tensors, with hostile values in what it says of itself, or puts a file of
another kind under its name.
"""

import io
import random
import shutil
import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bytes_damage import damage
from fuzz_pictures import FORMATS
from fuzz_runs import HOSTILE, SMALL_FILM, TRAIN, change_header, change_tensor
from trial import Tally, changes, contents, make_pictures, must, run_command, shown

# Folders in which commands may write, and those that no command is told of, which would take long to look through.
UNWATCHED = ("run", "out", "cache", "whole", "found")
SAMPLE = ("sample", "{run}", "--out", "{out}", "--device", "cpu")
WALK = ("walk", "{run}", "--out", "{out}/walk.webp", *SMALL_FILM)
# What takes each kind of file.
COMMANDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "latents": (
        (*SAMPLE, "--latent", "{file}"),
        (*WALK, "--through", "{file}", "{run}/sampled/000001.png"),
        ("mix", "{run}", "--rows", "{file}", "--columns", "1,2", "--out", "{out}/mix.png", "--device", "cpu"),
    ),
    "direction": ((*SAMPLE, "--count", "2", "--direction", "pca-1=2"), (*WALK, "--direction", "pca-1")),
    "signature": (
        (*SAMPLE, "--count", "2", "--sign", "{file}", "--sign-color", "picture"),
        (*WALK, "--sign", "{file}"),
    ),
    "sound": (
        (*WALK, "--audio", "{file}"),
        ("walk", "{run}", "--out", "{out}/walk.mp4", "--audio", "{file}", *SMALL_FILM),
    ),
}
SIGNATURES = ("alpha.png", "plain.png", "interlaced.png", "cmyk.jpg", "still.webp", "deep.tif", "animated.gif")
SOUNDS = {".wav": "pcm_s16le", ".flac": "flac", ".ogg": "libopus", ".mp3": "libmp3lame", ".m4a": "aac"}
# What names other files or addresses, or would be run: none of them may be followed.
FOREIGN = (
    b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n../outside/private.txt\n#EXT-X-ENDLIST\n",
    b"ffconcat version 1.0\nfile ../outside/private.txt\n",
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(../outside/new.txt) (w) file closefile showpage\n",
    b'<svg xmlns="http://www.w3.org/2000/svg"><image href="../outside/private.txt"/></svg>',
    b"cos\nsystem\n(S'touch ../outside/new.txt'\ntR.",
)
LATENTS = ("{}", "1x8:", "-1x-1:AAAA", "1x99999999999:AAAA", "1x8:????", "1x8:" + "A" * 44, "1x8:AADAfwAAgH8AAMB/")


def signature(name: str, rng: random.Random) -> bytes:
    """Return ink on paper in one of the formats of `SIGNATURES`."""
    pixels = np.full((rng.randint(30, 40), rng.randint(30, 60), 3), 255, np.uint8)
    pixels[10:20, 10:-10] = rng.choices(range(128), k=3)
    return FORMATS[name](pixels)


def sound(suffix: str, rng: random.Random) -> bytes:
    """Return a second of noise in one of the formats of `SOUNDS`, at a rate and with channels that differ."""
    rate, layout = rng.choice((8_000, 44_100, 48_000)), rng.choice(("mono", "stereo"))
    channels = 2 if layout == "stereo" else 1
    noise = np.random.default_rng(rng.randrange(1 << 40)).integers(-9_000, 9_000, rate * channels, np.int16)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(noise.tobytes())
    if suffix == ".wav":
        return buffer.getvalue()
    buffer.seek(0)
    coded = io.BytesIO()
    with av.open(buffer) as source, av.open(coded, "w", format={".m4a": "mp4"}.get(suffix, suffix[1:])) as target:
        stream = target.add_stream(SOUNDS[suffix], rate=48_000, layout=layout)
        for frame in source.decode(audio=0):
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return coded.getvalue()


def hostile_texts(path: Path, rng: random.Random) -> None:
    """Change one or two of the texts in a PNG that Ganvas wrote."""
    with Image.open(path) as image:
        texts, pixels = dict(image.text), image.copy()
    for _ in range(rng.randint(1, 2)):
        name = rng.choice(sorted(texts))
        value = rng.choice((*LATENTS, *map(str, HOSTILE))).encode("utf-8", "replace").decode()
        texts[name] = value
        if rng.random() < 0.3:  # then the seed has to tell the latent, or the network is not asked
            texts.pop(rng.choice(("latent", "network")), None)
    info = PngInfo()
    for name, value in texts.items():
        info.add_text(name, value)
    pixels.save(path, pnginfo=info)


class Files:
    """Rounds of damaged files beside a whole run; each follows from the seed and its number alone."""

    def __init__(self, folder: Path, tally: Tally) -> None:
        self.folder, self.tally, self.run_folder = folder, tally, folder / "run"
        pictures = make_pictures(folder / "pictures", 24)
        whole = folder / "whole"
        must(
            ["train", str(pictures), "--out", str(whole), "--recipe", "fc", "--images", "640", "--batch", "16", *TRAIN]
        )
        must(["sample", str(whole), "--count", "4", "--device", "cpu"])
        must(["directions", str(whole), "--count", "2", "--device", "cpu"])
        found = folder / "found"
        must(
            [
                "project",
                str(whole),
                str(pictures / "0000.png"),
                "--out",
                str(found),
                "--samples",
                "16",
                "--device",
                "cpu",
            ]
        )
        (folder / "given").mkdir()
        self.latents = (found / "0000.safetensors", whole / "sampled" / "000000.png")
        for kind, commands in COMMANDS.items():  # while it is whole, each is taken
            self.prepare()
            file = self.whole_file(kind, random.Random(0))
            for words in commands:
                must(self.words(words, file))

    def prepare(self) -> None:
        """Have a fresh copy of the run, and nothing from rounds before."""
        for name in ("run", "out"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        shutil.copytree(self.folder / "whole", self.run_folder)

    def run(self, count: int, seed: int, first: int) -> None:
        """Damage `count` files, from number `first` on, and put each through one command."""
        for number in range(first, first + count):
            rng = random.Random(f"{seed} {number}")
            self.prepare()
            kind = rng.choice(sorted(COMMANDS))
            file = self.whole_file(kind, rng)
            how = self.damage(file, rng)
            before = contents(self.folder, without=UNWATCHED)
            words = self.words(rng.choice(COMMANDS[kind]), file)
            outcome = run_command(words)
            self.tally.add(
                f"{shown(words, self.folder)} (round {number}: {how})",
                outcome,
                changes(before, contents(self.folder, without=UNWATCHED)),
                keep=[self.run_folder, self.folder / "given"],
            )

    def words(self, command: tuple[str, ...], file: Path) -> list[str]:
        """Return a command that takes a file."""
        return [word.format(run=self.run_folder, out=self.folder / "out", file=file) for word in command]

    def whole_file(self, kind: str, rng: random.Random) -> Path:
        """Write a whole file of a kind, and return its path."""
        if kind == "direction":
            return self.run_folder / "directions" / "pca-1.safetensors"
        shutil.rmtree(self.folder / "given")
        (self.folder / "given").mkdir()
        if kind == "latents":
            source = rng.choice(self.latents)
            return Path(shutil.copy(source, self.folder / "given" / source.name))
        name = rng.choice(SIGNATURES) if kind == "signature" else f"sound{rng.choice(sorted(SOUNDS))}"
        file = self.folder / "given" / name
        file.write_bytes(signature(name, rng) if kind == "signature" else sound(file.suffix, rng))
        return file

    def damage(self, file: Path, rng: random.Random) -> str:
        """Damage a file, and return how, in words."""
        other = rng.choice(self.latents).read_bytes()
        ways: list[Callable[[], str]] = [lambda: _write(file, *damage(file.read_bytes(), rng, other))] * 4
        ways.append(lambda: _write(file, "foreign", rng.choice((*FOREIGN, other))))
        if file.suffix == ".safetensors":
            ways += [lambda: _call(change_tensor, file, rng), lambda: _call(change_header, file, rng)] * 3
        if file.name == self.latents[1].name:
            ways += [lambda: _call(hostile_texts, file, rng)] * 6
        return f"{rng.choice(ways)()} {file.name}"


def _write(file: Path, how: str, content: bytes) -> str:
    file.write_bytes(content)
    return how


def _call(change: Callable[[Path, random.Random], None], file: Path, rng: random.Random) -> str:
    change(file, rng)
    return change.__name__
