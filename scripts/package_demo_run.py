"""Pack a finished run for `ganvas studio --demo`: python scripts/package_demo_run.py RUN

    ganvas train src/ganvas/builtin/people.zip --size 64 --recipe keen --upsample 2 --images 22000 --out RUN
    ganvas evaluate RUN

It takes what the pages show: the configuration, the events, some of the sheets of samples, the model in half precision,
and the scores. Checkpoints are too large, so the packed run does not go on.
"""

import json
import sys
import zipfile
from pathlib import Path

from safetensors.torch import load, save

from ganvas.builtin import demo_run
from ganvas.latents.model_file import MODEL_FILE
from ganvas.runs import Run

SHEETS = 6  # of samples, the last always
TEXTS = (".json", ".jsonl", ".md")


def main(run: Run) -> None:
    """Write the archive."""
    sheets = sorted(run.samples.glob("*.png"))
    chosen = {sheets[round(place * (len(sheets) - 1) / (SHEETS - 1))].name for place in range(SHEETS)}
    events = [line for line in run.events_file.read_text("utf-8").splitlines() if is_shown(json.loads(line), chosen)]
    files = [run.config_file, run.events_file, *(sheet for sheet in sheets if sheet.name in chosen)]
    files += [*sorted(run.model.iterdir()), *sorted(run.evaluation.iterdir())]
    pictures = run.read_config().data.path
    with zipfile.ZipFile(demo_run(), "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for path in files:
            content = "\n".join([*events, ""]).encode() if path == run.events_file else path.read_bytes()
            content = halved(content) if path.name == MODEL_FILE else content
            if path.suffix in TEXTS:  # where it was made is nobody's concern
                content = content.replace(pictures.encode(), b"people.zip").replace(str(run.folder).encode(), b"people")
            packed.writestr(path.relative_to(run.folder).as_posix(), content)


def is_shown(event: dict[str, object], sheets: set[str]) -> bool:
    """Return whether an event is packed: not those of sheets that are left out."""
    return event["event"] != "SampleGrid" or Path(str(event["path"])).name in sheets


def halved(content: bytes) -> bytes:
    """Return weights in half precision; what is said about them stays."""
    length = int.from_bytes(content[:8], "little")
    about = json.loads(content[8 : 8 + length]).get("__metadata__", {})
    tensors = {name: each.half() if each.is_floating_point() else each for name, each in load(content).items()}
    return save(tensors, about)


if __name__ == "__main__":
    main(Run(sys.argv[1]))
