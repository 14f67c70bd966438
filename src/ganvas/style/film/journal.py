"""An unfinished film, in a folder beside it: its segments, and what the next frame needs."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from ...atomic_write import remove_half_written, write_atomically
from ...errors import GanvasError
from ...file_lock import try_lock
from ...translation import _
from ...typed_json import parse_json
from ...video.reader import BrokenPart
from ...video.segments import SEGMENT_SUFFIX
from .steady import Carried

STATE_NAME, LOCK_NAME = "state.safetensors", "lock"


@dataclass
class Journal:
    """What is painted of a film, as far as it is safe on the disk.

    A segment counts once the state tells of it: it is written last, and whole or not at all.

    Args:
        folder: where it is kept.
        mark: hash of the film, the styles and the settings.
        segments: how many there are.
        begins: when each painted frame is shown, in the film's units of time.
        last: how long the last one is shown.
        numbers: how many frames of the film are done with.
        broken: places that could not be decoded.
        carried: what the next frame needs; None before the first one.
    """

    folder: Path
    mark: str
    segments: int = 0
    begins: list[int] = field(default_factory=list)
    last: int = 0
    numbers: int = 0
    broken: list[BrokenPart] = field(default_factory=list)
    carried: Carried | None = None

    def segment_path(self, number: int) -> Path:
        """Return where a segment lies; numbers begin at 0."""
        return self.folder / f"{number:06d}{SEGMENT_SUFFIX}"

    @property
    def segment_paths(self) -> list[Path]:
        """Return where all of them lie."""
        return [self.segment_path(number) for number in range(self.segments)]

    def save(self) -> None:
        """Write the state.

        Raises:
            OSError: it cannot be written.
        """
        assert self.carried is not None
        facts = {"mark": self.mark, "segments": self.segments, "last": self.last, "numbers": self.numbers}
        facts["broken"] = [asdict(part) for part in self.broken]
        tensors = {f"carried.{name}": tensor for name, tensor in self.carried.tensors().items()}
        tensors["begins"] = torch.tensor(self.begins, dtype=torch.int64)
        write_atomically(self.folder / STATE_NAME, save(tensors, {"facts": json.dumps(facts)}))

    def remove(self) -> None:
        """Remove it: the film is done. What somebody else has put there stays."""
        remove_half_written(self.folder)
        for path in (self.folder / STATE_NAME, self.folder / LOCK_NAME, *self.folder.glob(f"[0-9]*{SEGMENT_SUFFIX}")):
            path.unlink(missing_ok=True)
        with suppress(OSError):  # it is not empty
            self.folder.rmdir()


@contextmanager
def alone_with(out: Path) -> Iterator[None]:
    """Keep other processes away from the unfinished film of `out`.

    Raises:
        GanvasError: another one paints it.
    """
    folder = journal_folder(out)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_NAME).open("ab") as file:
        if try_lock(file) is False:
            raise GanvasError(
                _("Another process is painting {out} now.").format(out=out),
                _("Wait until it has ended, or give --out another name."),
            )
        yield


def journal_folder(out: Path) -> Path:
    """Return the folder where the unfinished film of `out` is kept."""
    return out.with_name(f".{out.name}.unfinished")


def open_journal(out: Path, mark: str) -> tuple[Journal, bool]:
    """Return what was begun of a film, or an empty journal; and whether there was something of no use.

    Raises:
        OSError: it is there, but cannot be read now.
    """
    folder = journal_folder(out)
    state = folder / STATE_NAME
    if not state.exists():
        return Journal(folder, mark), False
    with state.open("rb"):
        pass  # safetensors does not tell why it cannot open a file
    try:
        with safe_open(state, "pt") as file:
            facts = parse_json((file.metadata() or {})["facts"])
            if facts["mark"] != mark:
                return Journal(folder, mark), True
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
        begins = tensors.pop("begins").tolist()
        carried = Carried.of({name.removeprefix("carried."): tensor for name, tensor in tensors.items()})
        broken = [BrokenPart(**part) for part in facts["broken"]]
        journal = Journal(folder, mark, facts["segments"], begins, facts["last"], facts["numbers"], broken, carried)
    except (SafetensorError, KeyError, ValueError, TypeError):
        return Journal(folder, mark), True
    is_whole = all(path.is_file() for path in journal.segment_paths)
    return (journal, False) if is_whole else (Journal(folder, mark), True)


def film_mark(settings: object, files: Iterable[Path]) -> str:
    """Return a hash of settings, which JSON must hold, and of the bytes of files."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for path in files:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
