"""The model card: the page's facts in Markdown, beside the weights."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

from ..formatting import BETTER, interval, number, percent, size
from .summary import Facts, skipped, summary, train_command, versions

MOST_CLASSES = 50  # named
LIMITS = (
    "The samples are {size} pictures and as narrow as what was trained on: what is rare or missing there is rare or "
    "missing here, and what was wrong or unfair there is learned too.",
    "It was made to draw pictures like those, not to judge, recognise or describe anything.",
    "Scores compare it with the training pictures through a frozen network; they do not say whether a person likes it.",
)


def card(facts: Facts) -> str:
    """Return the model card, with the front matter that model hubs read."""
    parts = (_front_matter(), _about(facts), _use(facts), _data(facts), _scores(facts), _end(facts))
    return "\n".join(line for part in parts for line in part) + "\n"


def _front_matter() -> Iterator[str]:
    yield from ("---", "library_name: ganvas", "tags:", "- gan", "- image-generation", "- ganvas", "---", "")


def _about(facts: Facts) -> Iterator[str]:
    yield from (f"# {plain(facts.name)}", "")
    for sentence in summary(facts):
        yield from (plain(sentence), "")


def _use(facts: Facts) -> Iterator[str]:
    folder = str(facts.run.folder)
    yield from ("## How to use it", "")
    yield from fenced(f"ganvas sample {shlex.quote(folder)} --count 64 --seed 0", "sh")
    code = f"import ganvas\n\npictures = ganvas.load({folder!r}).sample(count=16, seed=0)  # uint8 {_shape(facts)}"
    yield from fenced(code, "python")
    yield from ("The run folder (`config.json` and `model/`) is what is loaded; it can be moved.", "")


def _shape(facts: Facts) -> str:
    return f"(16, {', '.join(str(length) for length in facts.config.shape)})"


def _data(facts: Facts) -> Iterator[str]:
    data, config = facts.config.data, facts.config
    yield from ("## Training data", "")
    made = f"made to fit by {quoted(data.fit)} on {quoted(data.background)}"
    yield f"- Pictures: {quoted(facts.pictures)}, {size(config)}, {made}."
    yield f"- Fingerprint of the prepared pictures: {quoted(config.fingerprint or 'unknown')}."
    if config.held_out:
        yield f"- Kept out of the training, to compare with: {config.held_out:,}."
    if config.classes:
        more = len(config.classes) - MOST_CLASSES
        named = ", ".join(plain(name) for name in config.classes[:MOST_CLASSES])
        yield f"- Classes: {named}{f' and {more:,} more' if more > 0 else ''}."
    if config.flip:
        yield "- Mirrored left to right at random."
    files = skipped(facts.run)
    if files:
        yield f"- Skipped because they could not be read: {len(files):,}."
    yield from ("", "## Training", "")
    phases = ", ".join(f"{phase.name} ({phase.steps:,} steps)" for phase in config.phases)
    yield f"- Recipe {quoted(config.recipe)}, planned: {phases}."
    yield f"- {facts.history.images:,} pictures seen in {facts.history.step:,} steps on {plain(facts.device)}."
    yield f"- Seed {config.seed}."
    yield ""


def _scores(facts: Facts) -> Iterator[str]:
    evaluation = facts.evaluation or {}
    yield from ("## How good it is", "")
    if not facts.scores:
        yield from ("Not evaluated yet:", "", *fenced(facts.evaluate, "sh"))
        return
    count = evaluation.get("count")
    if isinstance(count, int):
        yield from (f"{count:,} samples, 95 % intervals.", "")
    yield from (
        "| score | network | samples | interval | real pictures | |",
        "| --- | --- | ---: | ---: | ---: | --- |",
    )
    yield from (_score_row(row) for row in facts.scores)
    yield ""
    yield from _memorisation(facts)


def _score_row(row: dict[str, Any]) -> str:
    better = str(row.get("better") or "")
    cells = (
        plain(str(row.get("name") or row.get("key"))),
        plain(str(row.get("network") or "")),
        number(row.get("value")),
        interval(row.get("low"), row.get("high")),
        number(row.get("real")),
        BETTER.get(better, plain(better)),
    )
    return f"| {' | '.join(cells)} |"


def _memorisation(facts: Facts) -> Iterator[str]:
    found = facts.memorisation
    if found:
        yield from ("## Does it copy?", "", f"**{facts.verdict[2]}.** {plain(str(found.get('text') or ''))}", "")
        ours, theirs = percent(found.get("near_copies")), percent(found.get("baseline_near_copies"))
        yield from (f"Near-copies of a training picture: {ours} of the samples. {facts.baseline}: {theirs}.", "")


def _end(facts: Facts) -> Iterator[str]:
    yield from ("## Limits", "")
    yield from (f"- {line.format(size=size(facts.config))}" for line in LIMITS)
    yield from ("", "## How to repeat it", "")
    yield from fenced(f"{train_command(facts.config, facts.run.folder)}\n{facts.evaluate}", "sh")
    yield from (f"- {name.capitalize()}: {plain(told)}" for name, told in versions(facts).items())
    yield from ("", "The whole story with pictures and curves: `report.html` in the run folder.")


def plain(text: str) -> str:
    """Return text that Markdown and the HTML in it take for nothing but text, on one line."""
    escaped = re.sub(r"([\\`*_{}\[\]<>#|~&])", r"\\\1", " ".join(text.split()))
    return escaped.replace("\\<", "&lt;").replace("\\>", "&gt;").replace("\\&", "&amp;")


def quoted(text: str) -> str:
    """Return `text` as code, fenced by more backticks than it holds."""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{' '.join(text.split())}{pad}{fence}"


def fenced(code: str, language: str) -> tuple[str, ...]:
    """Return `code` as a block, fenced by more backticks than it holds."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", code)), default=0))
    return (f"{fence}{language}", code, fence, "")
