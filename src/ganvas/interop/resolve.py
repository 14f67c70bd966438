"""What people name as a run: its folder, or a file of another program that is imported first."""

import hashlib
from pathlib import Path

from ..data.cache import make_cache_folder
from ..latents.model_file import MODEL_FILE
from ..runs import Run
from .importing import import_run

IMPORTED = "imported"  # folder in the cache


def resolve_run(name: str | Path) -> Path:
    """Return the run folder of what was named.

    A file is imported into the cache, under a name that follows from its content, unless it is there already.

    Raises:
        GanvasError: the file holds no network that we have.
    """
    path = Path(name)
    if not path.is_file():
        return path
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    run = Run(make_cache_folder() / IMPORTED / digest[:16])
    if not (run.model / MODEL_FILE).is_file():
        import_run(path, run.folder)
    return run.folder
