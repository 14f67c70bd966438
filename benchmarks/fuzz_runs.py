"""Damaged run folders, through the commands that take one.

Each round has a fresh copy of one small run in which one or two files are damaged: as bytes, with checksums forged or
not, by the same file of another run, as a folder, a link to private files or a pipe, with hostile values and names.
"""

import copy
import hashlib
import json
import os
import random
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from bytes_damage import damage
from trial import Tally, changes, contents, make_pictures, must, run_command, shown

HOSTILE: tuple[Any, ...] = (
    None, True, -1, 0, 2, 2**70, 10**400, 1e308, -1e308, 5e-324, float("nan"), float("inf"),
    "", "x", "nan", "<b>", "\x1b]0;x\x07", "\0", "\ud800", "../..", "a" * 5000, [], [[]], {}, {"x": 1}, [-1], [10**9],
)  # fmt: skip
TRAIN = ("--size", "16", "--device", "cpu")
# How long each recipe is trained: fc until it was checked twice, quick for a few steps.
LENGTHS = {"fc": ("--images", "40000", "--batch", "128"), "quick": ("--images", "320", "--batch", "16")}
SMALL_FILM = ("--seconds", "0.2", "--size", "32", "--device", "cpu")
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("sample", "{run}", "--count", "4", "--device", "cpu"),
    ("doctor", "{run}"),
    ("report", "{run}", "--count", "20"),
    ("evaluate", "{run}", "--count", "20", "--device", "cpu"),
    ("train", "--out", "{run}", "--device", "cpu"),
    ("directions", "{run}", "--count", "2", "--device", "cpu"),
    ("sample", "{run}", "--count", "2", "--direction", "pca-1=2", "--device", "cpu"),
    ("walk", "{run}", "--out", "{out}/walk.webp", *SMALL_FILM),
    ("walk", "{run}", "--out", "{out}/walk.gif", "--direction", "pca-1", *SMALL_FILM),
    ("walk", "{run}", "--out", "{out}/walk.webp", "--through", "{run}/sampled/000000.png", *SMALL_FILM),
    ("mix", "{run}", "--rows", "1,2", "--columns", "{run}/sampled/000001.png", "--device", "cpu"),
    ("project", "{run}", "{pictures}/0000.png", "--out", "{out}/projected", "--samples", "16", "--device", "cpu"),
)
WRITTEN = ("run", "out", "cache")  # folders in which commands may write


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all values in JSON data, containers included."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in inside for found in [(*path, key), *places(item, (*path, key))]]


def hostile(text: str, rng: random.Random) -> str:
    """Return JSON text with one to three hostile values, or cut off."""
    if rng.random() < 0.1:
        return text[: rng.randrange(len(text))]
    data = json.loads(text)
    for _ in range(rng.randint(1, 3)):
        *path, last = rng.choice(places(data))
        target = data
        for key in path:
            target = target[key]
        target[last] = copy.deepcopy(rng.choice(HOSTILE))
        if not places(data):
            break
    return json.dumps(data)


def hostile_lines(text: str, rng: random.Random) -> str:
    """Return lines of JSON, of which about a tenth are damaged."""
    return "".join(f"{hostile(line, rng) if rng.random() < 0.1 else line}\n" for line in text.splitlines())


def forge_manifest(checkpoint: Path) -> None:
    """Write right checksums into a checkpoint, so that what is in it is believed."""
    files = [path for path in checkpoint.iterdir() if path.name != "manifest.json" and path.is_file()]
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    manifest = checkpoint / "manifest.json"
    if manifest.is_file() and not manifest.is_symlink():
        manifest.write_text(json.dumps(hashes))


class Rounds:
    """Rounds of damaged copies of a whole run; each follows from the seed and its number alone."""

    recipes: tuple[str, ...] = ("fc",)

    def __init__(self, folder: Path, tally: Tally) -> None:
        self.folder, self.tally = folder, tally
        pictures = make_pictures(folder / "pictures", 24)
        self.whole = [folder / "whole" / recipe for recipe in self.recipes]
        for run, recipe in zip(self.whole, self.recipes, strict=True):
            must(["train", str(pictures), "--out", str(run), "--recipe", recipe, *LENGTHS[recipe], *TRAIN])
            for words in COMMANDS:  # so that the run has all files that one can have
                if words[0] not in ("doctor", "project"):  # which write nothing into it
                    must(self.words(words, run))
        self.run_folder = folder / "run"

    def words(self, command: tuple[str, ...], run: Path) -> list[str]:
        """Return a command for a run."""
        places = {"run": run, "out": self.folder / "out", "pictures": self.folder / "pictures"}
        return [word.format(**places) for word in command]

    def run(self, count: int, seed: int, first: int) -> None:
        """Damage `count` runs, from number `first` on, and put each through one command."""
        before = contents(self.folder, without=WRITTEN)
        for number in range(first, first + count):
            rng = random.Random(f"{seed} {number}")
            shutil.rmtree(self.run_folder, ignore_errors=True)
            shutil.copytree(rng.choice(self.whole), self.run_folder)
            if rng.random() < 0.5:  # something is left to train
                shutil.rmtree(max(self.run_folder.glob("checkpoints/*")))
            how = self.damage(rng)
            shutil.rmtree(self.folder / "out", ignore_errors=True)
            words = self.words(rng.choice(COMMANDS), self.run_folder)
            outcome = run_command(words)
            after = contents(self.folder, without=WRITTEN)
            self.tally.add(
                f"{shown(words, self.folder)} (round {number}: {how})",
                outcome,
                changes(before, after),
                keep=[self.run_folder],
            )
            before = after

    def damage(self, rng: random.Random) -> str:
        """Damage the run in `run_folder` and return how, in words."""
        raise NotImplementedError


class Values(Rounds):
    """Hostile values in config.json and events.jsonl."""

    def damage(self, rng: random.Random) -> str:
        name, change = rng.choice((("config.json", hostile), ("events.jsonl", hostile_lines)))
        path = self.run_folder / name
        path.write_text(change(path.read_text(), rng))
        return name


class Runs(Rounds):
    """Any damage to any file of a run."""

    recipes = ("fc", "quick")

    def damage(self, rng: random.Random) -> str:
        done = []
        for _ in range(rng.choice((1, 1, 2))):
            files = sorted(path for path in self.run_folder.rglob("*") if path.is_file())
            # A kind of file first: there are many samples, and one config.json.
            kinds = sorted({path.suffix if path.suffix == ".png" else path.name for path in files})
            kind = rng.choice(kinds)
            path = rng.choice([path for path in files if kind in (path.name, path.suffix)])
            how = rng.choice([*OF_ANY_FILE, *OF_NAME.get(path.name, ()), *OF_NAME.get(path.suffix, ())])
            how(path, self, rng)
            forged = path.parent.parent.name == "checkpoints" and rng.random() < 0.7
            if forged and path.parent.is_dir():
                forge_manifest(path.parent)
            name = path.relative_to(self.run_folder)
            done.append(f"{how.__name__.strip('_')} {name}{', forged' if forged else ''}")
        return "; ".join(done)


Damage = Callable[[Path, Runs, random.Random], None]


def _bytes(path: Path, runs: Runs, rng: random.Random) -> None:
    other = rng.choice(sorted(each for each in runs.whole[0].rglob("*") if each.is_file() and each.stat().st_size))
    if content := path.read_bytes():
        path.write_bytes(damage(content, rng, other.read_bytes())[1])


def _empty(path: Path, runs: Runs, rng: random.Random) -> None:
    path.write_bytes(b"")


def _remove(path: Path, runs: Runs, rng: random.Random) -> None:
    path.unlink()


def _of_other_run(path: Path, runs: Runs, rng: random.Random) -> None:
    """Put the file of the same name of a run with other networks there."""
    name = path.relative_to(runs.run_folder)
    found = [run / name for run in runs.whole if (run / name).exists()]
    path.write_bytes(rng.choice(found).read_bytes() if found else b"")


def _swap(path: Path, runs: Runs, rng: random.Random) -> None:
    """Put another file of the same run there."""
    files = sorted(each for each in runs.run_folder.rglob("*") if each.is_file())
    path.write_bytes(rng.choice(files).read_bytes())


def _folder(path: Path, runs: Runs, rng: random.Random) -> None:
    path.unlink()
    path.mkdir()
    if rng.random() < 0.5:
        (path / "something").write_text("x")


def _pipe(path: Path, runs: Runs, rng: random.Random) -> None:
    path.unlink()
    os.mkfifo(path)


def _link(path: Path, runs: Runs, rng: random.Random) -> None:
    """Link to a private file, to a file that is not there, or to a folder outside."""
    path.unlink()
    outside = runs.folder / "outside"
    path.symlink_to(rng.choice((outside / "private.txt", outside / "new.txt", outside, path, Path("/dev/zero"))))


def _linked_folder(path: Path, runs: Runs, rng: random.Random) -> None:
    """Replace the file's folder by a link to one outside."""
    if path.parent == runs.run_folder:
        return _link(path, runs, rng)
    shutil.rmtree(path.parent)
    path.parent.symlink_to(runs.folder / "outside")
    return None


def _values(path: Path, runs: Runs, rng: random.Random) -> None:
    path.write_text(hostile(path.read_text(), rng))


def _lines(path: Path, runs: Runs, rng: random.Random) -> None:
    path.write_text(hostile_lines(path.read_text(), rng))


def change_tensor(path: Path, rng: random.Random) -> None:
    """Change one tensor: not finite, huge, of another shape or type, under another name, or gone."""
    tensors = load_file(path)
    name = rng.choice(sorted(tensors))
    tensor = tensors.pop(name)
    number = rng.choice((float("nan"), float("inf"), 1e38, 0.0))
    changed = rng.choice((
        lambda: {name: torch.full_like(tensor, number) if tensor.is_floating_point() else tensor - 1},
        lambda: {name: tensor.flatten()[:-1].clone()},
        lambda: {name: tensor[None].clone()},
        lambda: {name: tensor.to(rng.choice((torch.float16, torch.float64, torch.int8, torch.bool, torch.bfloat16)))},
        lambda: {rng.choice(("", "../x", "a" * 5000, "\0", "optimizer/generator/0/step", "generator/<b>")): tensor},
        dict,
    ))  # fmt: skip
    save_file(tensors | changed(), path)


def change_header(path: Path, rng: random.Random) -> None:
    """Change the JSON header of a safetensors file, or the length that it claims."""
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    if rng.random() < 0.3:
        path.write_bytes(struct.pack("<Q", rng.choice((0, 1, 2**63, 2**64 - 1, 10**8, len(content)))) + content[8:])
        return
    header = hostile(content[8 : 8 + length].decode(), rng).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + content[8 + length :])


def _tensors(path: Path, runs: Runs, rng: random.Random) -> None:
    change_tensor(path, rng)


def _header(path: Path, runs: Runs, rng: random.Random) -> None:
    change_header(path, rng)


OF_ANY_FILE: tuple[Damage, ...] = (
    _bytes, _bytes, _bytes, _empty, _remove, _of_other_run, _swap, _folder, _pipe, _link, _linked_folder,
)  # fmt: skip
OF_NAME: dict[str, tuple[Damage, ...]] = {
    **dict.fromkeys(("config.json", "facts.json", "scores.json", "manifest.json"), 4 * (_values,)),
    "events.jsonl": 4 * (_lines,),
    ".safetensors": 3 * (_tensors, _header),
}
