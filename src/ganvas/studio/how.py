"""How something was made: its metadata as lines to read, and as the page's settings with which it is made again.

Metadata may be a stranger's: they are shown as text, and a path in them counts only if it leads to what is here.
"""

from typing import Any

from ..errors import GanvasError
from ..translation import N_, _, stored
from ..typed_json import parse_json
from .made import Made
from .picture_files import id_of, title_of
from .workspace import NAME, Workspace

SHOWN = {  # metadata that are shown as they are, and what they are called
    "run": N_("Training"),
    "seed": N_("Seed"),
    "index": N_("Number"),
    "seeds": N_("Seeds"),
    "truncation": N_("Truncation"),
    "direction": N_("Directions"),
    "label": N_("Class"),
    "layers": N_("Layers"),
    "rows": N_("Rows"),
    "columns": N_("Columns"),
    "corners": N_("Corners"),
    "fps": N_("Frames a second"),
    "software": N_("Made by"),
}
COLORS = {  # where the colors of a painting are from
    "free": N_("of the painting"),
    "luma": N_("of the picture"),
    "covariance": N_("in between"),
    "oklab": N_("in between"),
}
MOST = 200  # characters of a line
Lines = list[tuple[str, str]]


def describe(workspace: Workspace, made: Made) -> tuple[Lines, dict[str, Any]]:
    """Return lines (what, value) to read, and what the page is opened with to make it again; empty if nobody knows."""
    if made.kind == "painting":
        return _painting(workspace, made)
    point = _parsed(made.facts.get("point", ""))
    lines = [(_(title), made.facts[key][:MOST]) for key, title in SHOWN.items() if made.facts.get(key)]
    if point:
        lines.insert(1, (_("How"), point_text(point)))
    return lines, _explored(workspace, made, point)


def _explored(workspace: Workspace, made: Made, point: dict[str, Any] | None) -> dict[str, Any]:
    """Return what opens the page Explore at a picture."""
    run = made.facts.get("run", "")
    if not NAME.fullmatch(run) or not workspace.run(run).exists():
        return {}
    truncation = _number(made.facts.get("truncation", ""), 1.0)
    again: dict[str, Any] = {"page": "explore", "run": run, "truncation": truncation}
    if made.kind == "film":
        seeds = made.facts.get("seeds", "").split(",")
        points = [{"kind": "seed", "seed": int(each)} for each in seeds if each.isascii() and each.isdigit()]
        return again | {"pins": points} if points else {}
    seed = made.facts.get("seed", "")
    if (
        point is None
        and "latent" not in made.facts
        and seed.isascii()
        and seed.isdigit()
        and made.facts.get("index") == "0"
    ):
        point = {"kind": "seed", "seed": int(seed), "label": made.facts.get("label")}
    if made.kind in ("sample", "mix"):
        return again | {"point": point or {"kind": "made", "name": made.path.name}}
    return {}


def _painting(workspace: Workspace, made: Made) -> tuple[Lines, dict[str, Any]]:
    """Return how a painting was made."""
    from ..style.reuse import parse_settings

    try:
        settings = parse_settings(made.facts, made.path)
    except GanvasError:
        return [], {}
    config = settings.config
    names = ", ".join(title_of(path) for path in settings.styles if path != settings.content)
    lines = [
        (_("Picture"), title_of(settings.content)),
        (_("Painted like"), names),
        (_("Strength"), f"{config.strength:g}"),
        (_("Size of the strokes"), f"{config.style_scale:g}"),
        (_("Colors"), _(COLORS[config.colors])),
        (_("Size"), f"{config.size} px"),
    ]
    if settings.masks:
        lines.append((_("Masks"), str(len(settings.masks))))
    if made.facts.get("reason") != "finished":
        lines.append((_("State"), stored(made.facts.get("reason", ""))))
    lines.append((_("Made by"), made.facts.get("software", "")))
    again = {
        "page": "repaint",
        "content": id_of(workspace, settings.content),
        "styles": [id_of(workspace, path) for path in settings.styles],
        "masks": [id_of(workspace, path) for path in settings.masks],
        "strength": config.strength,
        "stroke": config.style_scale,
        "colors": config.colors,
        "size": config.size,
    }
    return [(title, text[:MOST]) for title, text in lines], again


def point_text(point: Any) -> str:
    """Return a point in words."""
    match point:
        case {"kind": "seed", "seed": seed}:
            return _("seed {seed}").format(seed=seed)
        case {"kind": "made", "name": name}:
            return str(name)
        case {"kind": "mix", "one": one, "other": other, **rest}:
            if rest.get("layers"):
                return _("{one} with what is {layers} of {other}").format(
                    one=point_text(one), other=point_text(other), layers=_(str(rest["layers"]))
                )
            share = _number(rest.get("share", 0.5), 0.5)
            return _("{share:.0%} of the way from {one} to {other}").format(
                share=share, one=point_text(one), other=point_text(other)
            )
        case {"kind": "moved", "of": of, "moves": dict(moves)}:
            ways = ", ".join(f"{name} {_number(strength, 0):+g}" for name, strength in moves.items())
            return _("{of}, moved: {ways}").format(of=point_text(of), ways=ways)
    return "?"


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        record = parse_json(text) if text else None
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _number(value: Any, default: float) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return default
