"""The page's sections below the first screen: samples, scores, copies, training, coach, notes, how to repeat it."""

import json
from collections.abc import Iterator
from typing import Any

from ..config import to_dict
from ..formatting import BETTER_TEXT, format_duration, format_interval, format_number, format_percent
from ..translation import N_, _, stored
from .charts import loss_charts, score_charts
from .gallery import nearest_pairs, samples_beside_real
from .health import health_section
from .histograms import logit_charts
from .html import Html, join, table, tag
from .summary import RunSummary, compared_at, skipped_files, train_command, versions

SCORE_COLUMNS = (N_("Score"), N_("Samples"), N_("Real pictures"))
MAX_LISTED_FILES = 20
UNFOLDED_CHARTS = 3  # of scores; more are folded away
SCORES_HINT = N_(
    "Quick scores on few samples. They show whether this run is getting better. Compare them only with each other, not "
    "with the scores of an evaluation."
)
LOSSES_HINT = N_(
    "Lines are means over about 100 steps; bands show one standard deviation. Losses tell whether the training was "
    "healthy, not how good the pictures are."
)
LOGITS_HINT = N_(
    "A logit is the discriminator's answer for one picture: high for real, low for generated. If the two hills are "
    "apart, it tells real from generated; where they overlap, it is fooled."
)
IMAGE_BUDGET_HINT = N_(
    "The budget is a number of pictures, so the command repeats the run bit for bit on a CPU with the same number of "
    "threads."
)
MINUTE_BUDGET_HINT = N_(
    "The budget is a number of minutes, so the number of steps depends on the speed of the machine. Expect a similar "
    "result, not the same one."
)


def sections(summary: RunSummary) -> Iterator[Html]:
    """Yield the sections in their order on the page."""
    yield tag("section", tag("h2", _("Random samples and real pictures")), samples_beside_real(summary))
    yield tag("section", tag("h2", _("How good is it?")), *_scores(summary))
    yield tag("section", tag("h2", _("Does it copy?")), *_memorization(summary))
    yield tag("section", tag("h2", _("How the training went")), *_training(summary))
    coach_parts = list(health_section(summary))
    if coach_parts:
        yield tag("section", tag("h2", _("What the coach saw and did")), *coach_parts)
    notes = list(_notes(summary))
    if notes:
        yield tag("section", tag("h2", _("Notes")), *notes)
    yield tag("section", tag("h2", _("How to repeat this run")), *_reproduction(summary))


def _scores(summary: RunSummary) -> Iterator[Html]:
    if summary.scores:
        network_rows = [_score_row(row) for row in summary.scores if row.get("network")]
        pixel_rows = [_score_row(row) for row in summary.scores if not row.get("network")]
        yield tag("p", _measured_on(summary.evaluation or {}), class_="soft")
        columns = tuple(_(name) for name in SCORE_COLUMNS)
        yield table(network_rows, columns, _("Scores"))
        if pixel_rows:
            heading = tag("summary", _("{count} more, measured on the pixels").format(count=len(pixel_rows)))
            yield tag("details", heading, table(pixel_rows, columns, _("Scores measured on the pixels")))
    else:
        yield tag("p", _("This run has not been evaluated yet. To get scores with intervals, type:"))
        yield tag("pre", tag("code", summary.evaluate_command))
    charts = score_charts(summary.history)
    if charts:
        yield tag("h3", _("Scores during training"))
        yield tag("p", _(SCORES_HINT), class_="soft")
        yield tag("div", *charts[:UNFOLDED_CHARTS], class_="charts")
        more = charts[UNFOLDED_CHARTS:]
        if more:
            heading = tag("summary", _("{count} more scores during training").format(count=len(more)))
            yield tag("details", heading, tag("div", *more, class_="charts"))


def _measured_on(evaluation: dict[str, Any]) -> str:
    counts = {
        "count": _("{count:,} samples"),
        "real_count": _("{count:,} real pictures"),
        "held_out_count": _("{count:,} held-out pictures"),
    }
    amounts = [text.format(count=evaluation[key]) for key, text in counts.items() if _is_count(evaluation.get(key))]
    interval = _("The 95\u00a0% interval is below each value.")
    if not amounts:
        return interval
    step = evaluation.get("step")
    measured = _("Measured at step {step:,} on {amounts}.") if _is_count(step) else _("Measured on {amounts}.")
    told = measured.format(step=step, amounts=", ".join(amounts) + compared_at(evaluation))
    return f"{told} {interval}"


def _is_count(value: object) -> bool:
    return isinstance(value, int)


def _score_row(row: dict[str, Any]) -> tuple[Html, Html, Html]:
    network, better = str(row.get("network") or ""), str(row.get("better") or "")
    on_network = _("on {network}").format(network=network) if network else ""
    note = " · ".join(part for part in (on_network, _(BETTER_TEXT.get(better, better))) if part)
    score, about = _(str(row.get("name") or row.get("key"))), _(str(row.get("about") or ""))
    name = join(score, tag("small", about), tag("small", note))
    interval_text = format_interval(row.get("low"), row.get("high"))
    value = join(tag("strong", format_number(row.get("value"))), tag("small", interval_text))
    return name, value, join(format_number(row.get("real")))


def _memorization(summary: RunSummary) -> Iterator[Html]:
    memorization = summary.memorization
    if not memorization:
        hint = _("This run has not been checked for copies of training pictures yet. To check it, type: ")
        yield tag("p", hint, tag("code", summary.evaluate_command))
        return
    yield tag("p", tag("strong", summary.copying_verdict[2] + "."), " ", str(memorization.get("text") or ""))
    measures = (
        (_("Near-copies of a training picture"), "near_copies", format_percent),
        (_("Median distance to the nearest training picture"), "median_distance", format_number),
    )
    rows = [
        (name, written(memorization.get(key)), written(memorization.get(f"baseline_{key}")))
        for name, key, written in measures
    ]
    yield table(rows, ("", _("Samples"), summary.baseline_name), _("Near-copies"))
    yield nearest_pairs(summary)


def _training(summary: RunSummary) -> Iterator[Html]:
    until = _("{phase} until {time}")
    phases = [until.format(phase=phase.name, time=format_duration(phase.end)) for phase in summary.history.phases]
    sentences = [_("Phases: {phases}.").format(phases=", ".join(phases))] if len(phases) > 1 else []
    yield tag("p", " ".join([*sentences, _(LOSSES_HINT)]), class_="soft")
    yield tag("div", *loss_charts(summary.history), class_="charts")
    histograms = logit_charts(summary.history)
    if histograms:
        yield tag("h3", _("What the discriminator thought"))
        yield tag("p", _(LOGITS_HINT), class_="soft")
        yield tag("div", *histograms, class_="charts")


def _notes(summary: RunSummary) -> Iterator[Html]:
    notes = list(summary.history.notes)
    if summary.history.unreadable_lines:
        text = _("Unreadable lines of events.jsonl, left out: {count:,}.")
        notes.append(text.format(count=summary.history.unreadable_lines))
    if notes:
        yield tag("ul", *(tag("li", _(note)) for note in notes))
    files = skipped_files(summary.run)
    if files:
        more = len(files) - MAX_LISTED_FILES
        lines = [tag("li", name, ": ", stored(reason)) for name, reason in files[:MAX_LISTED_FILES]]
        lines += [tag("li", _("and {count:,} more in skipped.txt").format(count=more))] if more > 0 else []
        heading = _("Files that were skipped: {count:,}").format(count=len(files))
        yield tag("details", tag("summary", heading), tag("ul", *lines))


def _reproduction(summary: RunSummary) -> Iterator[Html]:
    config = summary.config
    yield tag("pre", tag("code", f"{train_command(config, summary.run.folder)}\n{summary.evaluate_command}"))
    yield tag("p", _(MINUTE_BUDGET_HINT if config.total_images is None else IMAGE_BUDGET_HINT), class_="soft")
    rows = {_("Seed"): str(config.seed), _("Fingerprint of the pictures"): config.fingerprint or _("unknown")}
    yield definition_list(rows | {name.capitalize(): text for name, text in versions(summary).items()})
    config_json = json.dumps(to_dict(config), indent=2, ensure_ascii=False)
    yield tag("details", tag("summary", _("Full configuration")), tag("pre", tag("code", config_json)))


def definition_list(rows: dict[str, str]) -> Html:
    """Return names with their descriptions; those with an empty description are left out."""
    return tag("dl", *(join(tag("dt", name), tag("dd", text)) for name, text in rows.items() if text))
