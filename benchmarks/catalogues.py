"""The two catalogues of sicknesses, and where their pictures, runs and results lie."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sickness
import unplanned
from ganvas.config import Config, DataConfig
from ganvas.data import PreparedDataset
from ganvas.runs import Run
from rows import Row, read_rows
from sickness import Case


@dataclass(frozen=True)
class Catalogue:
    """The cases of a catalogue, and how they are made.

    Args:
        configure: returns the configuration of a case for its pictures and the coach's part.
        results, unseen: names of the files with the results; of cases that are kept aside perhaps another one.
        copies: whether an acting run is copied from the watched one where the coach would leave it alone.
    """

    cases: tuple[Case, ...]
    configure: Callable[[Case, PreparedDataset, DataConfig, str], Config]
    results: str
    unseen: str
    copies: bool


CATALOGUES = {
    "planted": Catalogue(sickness.CASES, sickness.configure, "rescue.jsonl", "rescue.jsonl", copies=False),
    "unplanned": Catalogue(
        unplanned.CASES, unplanned.configure, "unplanned.jsonl", "unplanned-unseen.jsonl", copies=True
    ),
}


@dataclass(frozen=True)
class Places:
    """Say which catalogue it is, and where pictures, runs and results lie."""

    catalogue: Catalogue
    assets: Path
    work: Path
    results: Path

    def run(self, case: Case, mode: str) -> Run:
        """Return the run folder of a case."""
        return Run(self.work / "runs" / f"{case.name}.{mode}")

    def file(self, case: Case) -> Path:
        """Return where the results of a case stand."""
        return self.results / (self.catalogue.unseen if case.aside else self.catalogue.results)

    def is_secret(self, case: Case) -> bool:
        """Tell whether nothing but totals may be told about a case."""
        return case.aside and self.catalogue.unseen != self.catalogue.results

    def rows(self) -> list[Row]:
        """Return the results so far."""
        files = dict.fromkeys((self.catalogue.results, self.catalogue.unseen))
        return [row for name in files for row in read_rows(self.results / name)]

    def row(self, case: Case, mode: str) -> Row | None:
        """Return this result, if it stands there."""
        return next((row for row in self.rows() if (row["case"], row["mode"]) == (case.name, mode)), None)

    @contextmanager
    def claimed(self, case: Case, mode: str) -> Iterator[bool]:
        """Hold the case for this process; false if another lane is at it."""
        lock = self.work / "locks" / f"{case.name}.{mode}"
        lock.parent.mkdir(parents=True, exist_ok=True)
        with lock.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
