"""A run on the Hugging Face hub: what is sent of it. `hub:owner/name` is read where runs and pictures are opened."""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from .. import checkpoint
from ..config import Config, to_dict
from ..errors import GanvasError, ganvas_command
from ..evaluation import read_evaluation
from ..formatting import basename
from ..hub_client import PREFIX, is_hub, parse_place, send
from ..latents.model_file import MODEL_FILE
from ..report import hub_card
from ..runs import Run
from ..translation import _


def push(run: Run, repo: str, private: bool = False) -> str:
    """Send a run to the hub, and return its address there: weights, configuration, the last samples, and a model card.

    Of checkpoints, the newest is sent, so that others can begin with it (`--from`). Paths of this machine are not.

    Args:
        repo: "owner/name".
        private: whether only its owner may read it; of a repository that is there already, that is left as it is.

    Raises:
        GanvasError: there is no model yet, `repo` is no name, or the hub does not take it.
    """
    place = parse_place(repo if is_hub(repo) else f"{PREFIX}{repo}")
    if place.revision is not None:
        raise GanvasError(
            _("A run is sent as the newest revision, not as {revision}.").format(revision=place.revision),
            _("Try: {command}").format(command=ganvas_command("push", run.folder, place.repo)),
        )
    config = shareable(run.read_config())
    if not (run.model / MODEL_FILE).is_file():
        raise GanvasError(
            _("{run} has no trained generator yet.").format(run=run.folder),
            _("Continue the training: {command}").format(command=ganvas_command("train", "--out", run.folder)),
        )
    with tempfile.TemporaryDirectory() as folder:
        texts = {
            "README.md": hub_card(run, read_evaluation(run), config, str(place)),
            "config.json": json.dumps(to_dict(config), indent=2) + "\n",
        }
        for name, text in texts.items():
            (Path(folder) / name).write_bytes(text.encode("utf-8", "backslashreplace"))
        return send(place.repo, [*((name, Path(folder) / name) for name in texts), *_files(run)], private)


def shareable(config: Config) -> Config:
    """Return a configuration without the paths of this machine: of those, the last names are left."""
    data = replace(config.data, path=_last_name(config.data.path) or "")
    requested = config.requested and replace(config.requested, init_from=_last_name(config.requested.init_from))
    init_from = _last_name(config.init_from) or ""
    return replace(config, data=data, init_from=init_from, requested=requested, relative_path="")


def _last_name(path: str | None) -> str | None:
    return path if path is None or is_hub(path) else basename(path)


def _files(run: Run) -> Iterator[tuple[str, Path]]:
    """Yield what else of a run is sent: its name on the hub, and its file."""
    yield f"model/{MODEL_FILE}", run.model / MODEL_FILE
    whole = [path for path in checkpoint.list_checkpoints(run.checkpoints) if (path / checkpoint.MANIFEST).is_file()]
    for path in whole[-1:]:
        for name in (checkpoint.STATE, checkpoint.FACTS, checkpoint.MANIFEST):
            yield f"checkpoints/{path.name}/{name}", path / name
    for grid in sorted(run.samples.glob("*.png"))[-1:]:
        yield f"samples/{grid.name}", grid
