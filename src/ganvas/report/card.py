"""The model card: the facts of the report in Markdown, beside the weights."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..config.numbers import range_text
from ..errors import ganvas_command
from ..formatting import BETTER_TEXT, format_interval, format_number, format_percent, format_size
from ..translation import N_, _
from .summary import RunSummary, compared_at, health_warning, skipped_files, summary_sentences, train_command, versions

MAX_CLASSES = 50  # whose names are listed
LIMITATIONS = (
    N_(
        "Samples have the format of the training pictures ({size}). What is rare or missing among these is rare or "
        "missing here, and their errors and biases are learned too."
    ),
    N_("The model generates pictures like the training pictures. It cannot recognise, judge or describe pictures."),
    N_(
        "The scores compare samples with real pictures through a frozen network. They do not say whether a person "
        "would like the samples."
    ),
)


def model_card(summary: RunSummary) -> str:
    """Return the model card as Markdown, with the front matter that model hubs read."""
    parts = (
        _front_matter(),
        _about(summary),
        _usage(summary),
        _data(summary),
        _scores(summary),
        _limits_and_repetition(summary),
    )
    return "\n".join(line for part in parts for line in part) + "\n"


def _front_matter() -> Iterator[str]:
    yield from ("---", "library_name: ganvas", "tags:", "- gan", "- image-generation", "- ganvas", "---", "")


def _about(summary: RunSummary) -> Iterator[str]:
    yield from (f"# {escape_markdown(summary.name)}", "")
    if warning := health_warning(summary):
        yield from (f"**{escape_markdown(warning)}**", "")
    for sentence in summary_sentences(summary):
        yield from (escape_markdown(sentence), "")
    if summary.place and summary.history.sample_grids:
        about = _("Samples")
        yield from (f"![{about}](samples/{summary.history.sample_grids[-1].path.name})", "")


def _usage(summary: RunSummary) -> Iterator[str]:
    folder = summary.shown_place
    yield from _heading(_("How to use it"))
    yield from code_block(ganvas_command("sample", folder, "--count", 64, "--seed", 0), "sh")
    code = f"import ganvas\n\npictures = ganvas.load({folder!r}).sample(count=16, seed=0)  # uint8 {_shape(summary)}"
    yield from code_block(code, "python")
    loads = _("This loads the run folder (`config.json` and `model/`), which can be moved.")
    if summary.place:
        loads = _("This fetches the run, once: `pip install {package}` brings what it needs.").format(
            package='"ganvas[hub]"'
        )
    yield from (loads, "")


def _shape(summary: RunSummary) -> str:
    return f"(16, {', '.join(str(length) for length in summary.config.shape)})"


def _data(summary: RunSummary) -> Iterator[str]:
    data, config = summary.config.data, summary.config
    yield from _heading(_("Training data"))
    name, fit, background = (inline_code(text) for text in (summary.dataset_name, data.fit, data.background))
    text = _("- Pictures: {name}, {format}, fit {fit}, background {background}.")
    yield text.format(name=name, format=format_size(config), fit=fit, background=background)
    if data.aspect:
        yield _("- Only pictures whose width over height is {range}.").format(range=range_text(data.aspect))
    if data.limit:
        text = _("- At most {count:,} pictures, chosen at random by seed {seed}.")
        yield text.format(count=data.limit, seed=data.limit_seed)
    fingerprint = inline_code(config.fingerprint or _("unknown"))
    yield _("- Fingerprint of the prepared pictures: {fingerprint}.").format(fingerprint=fingerprint)
    if config.held_out:
        yield _("- Held out from the training, for comparison: {count:,}.").format(count=config.held_out)
    if config.classes:
        names, more = ", ".join(map(escape_markdown, config.classes[:MAX_CLASSES])), len(config.classes) - MAX_CLASSES
        names = _("{names} and {count:,} more").format(names=names, count=more) if more > 0 else names
        yield _("- Classes: {names}.").format(names=names)
    if config.flip:
        yield _("- Flipped left to right at random.")
    if config.turn:
        yield _("- Turned at random.")
    files = skipped_files(summary.run)
    if files:
        yield _("- Files that were skipped: {count:,}.").format(count=len(files))
    yield ""
    yield from _training(summary)


def _training(summary: RunSummary) -> Iterator[str]:
    config, history = summary.config, summary.history
    yield from _heading(_("Training"))
    phase_text = _("{phase} ({steps:,} steps)")
    phases = [phase_text.format(phase=escape_markdown(phase.name), steps=phase.steps) for phase in config.phases]
    text = _("- Recipe {recipe}, planned phases: {phases}.")
    yield text.format(recipe=inline_code(config.recipe), phases=", ".join(phases))
    text = _("- {images:,} pictures seen in {steps:,} steps on {device}.")
    yield text.format(images=history.images_seen, steps=history.step, device=escape_markdown(summary.device))
    yield _("- Seed {seed}.").format(seed=config.seed)
    yield ""


def _heading(text: str) -> Iterator[str]:
    yield from (f"## {text}", "")


def _scores(summary: RunSummary) -> Iterator[str]:
    evaluation = summary.evaluation or {}
    yield from _heading(_("How good is it?"))
    if not summary.scores:
        yield from (_("Not evaluated yet. To evaluate it, type:"), "", *code_block(summary.evaluate_command, "sh"))
        return
    count = evaluation.get("count")
    if isinstance(count, int):
        samples = _("{count:,} samples").format(count=count) + compared_at(evaluation)
        yield from (_("{samples}, 95 % intervals.").format(samples=samples), "")
    yield from (
        _("| score | network | samples | interval | real pictures | |"),
        "| --- | --- | ---: | ---: | ---: | --- |",
    )
    yield from (_score_row(row) for row in summary.scores)
    yield ""
    yield from _memorization(summary)


def _score_row(row: dict[str, Any]) -> str:
    better = str(row.get("better") or "")
    cells = (
        _(str(row.get("name") or row.get("key"))),
        str(row.get("network") or ""),
        format_number(row.get("value")),
        format_interval(row.get("low"), row.get("high")),
        format_number(row.get("real")),
        _(BETTER_TEXT.get(better, better)),
    )
    return f"| {' | '.join(map(escape_markdown, cells))} |"


def _memorization(summary: RunSummary) -> Iterator[str]:
    memorization = summary.memorization
    if memorization:
        text = escape_markdown(str(memorization.get("text") or ""))
        yield from _heading(_("Does it copy?"))
        yield from (f"**{summary.copying_verdict[2]}.** {text}", "")
        sample_share, baseline_share = (
            escape_markdown(format_percent(memorization.get(key))) for key in ("near_copies", "baseline_near_copies")
        )
        shares = _("Near-copies of a training picture: {samples} of the samples. {baseline}: {others}.")
        yield from (shares.format(samples=sample_share, baseline=summary.baseline_name, others=baseline_share), "")


def _limits_and_repetition(summary: RunSummary) -> Iterator[str]:
    yield from _heading(_("Limitations"))
    size = format_size(summary.config)
    yield from (f"- {line}" for line in (_(text).format(size=size) for text in LIMITATIONS))
    yield ""
    yield from _heading(_("How to repeat this run"))
    folder = Path(summary.name) if summary.place else summary.run.folder
    yield from code_block(f"{train_command(summary.config, folder)}\n{summary.evaluate_command}", "sh")
    yield from (f"- {name.capitalize()}: {escape_markdown(text)}" for name, text in versions(summary).items())
    if not summary.place:
        yield from ("", _("Full report with pictures and curves: `report.html` in the run folder."))


def escape_markdown(text: str) -> str:
    """Return `text` on one line, with everything escaped that Markdown or its HTML would interpret."""
    escaped = re.sub(r"([\\`*_{}\[\]<>#|~&])", r"\\\1", " ".join(text.split()))
    return escaped.replace("\\<", "&lt;").replace("\\>", "&gt;").replace("\\&", "&amp;")


def inline_code(text: str) -> str:
    """Return `text` as inline code, with enough backticks around it."""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{' '.join(text.split())}{pad}{fence}"


def code_block(code: str, language: str) -> tuple[str, ...]:
    """Return the lines of a code block, with enough backticks around it."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", code)), default=0))
    return (f"{fence}{language}", code, fence, "")
