"""What `family.py` found, shown: tables of its rows, and the random sheets of all recipes on one picture."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import mean

from PIL import Image, ImageDraw

from family_cases import CASES
from rows import Row
from speedrun import with_interval

AUTO = "auto"
SHOWN, CROP, ACROSS, LABEL = 8, 4, 6, 18  # pictures along a sheet and along its crop, crops in a row, pixels of a name


def distance(rows: Sequence[Row]) -> float:
    """Return the mean distance of a recipe's seeds."""
    return mean(float(row["frechet_corrected"]) for row in rows)


def by_distance(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return the rows that have scores by their recipe, the nearest to the real pictures first."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if "frechet_corrected" in row:
            found.setdefault(str(row["recipe"]), []).append(row)
    return dict(sorted(found.items(), key=lambda each: distance(each[1])))


def cells(recipe: str, rows: list[Row]) -> list[str]:
    """Write what stands in the table about the seeds of a recipe."""

    def middle(score: str) -> float:
        return mean(float(row[score]) for row in rows)

    share = f"{middle('share'):.0%}" if all("share" in row for row in rows) else ""
    rate = f"{middle('rate') / 1e9:.0f}"  # tells machines apart, and cores that were shared
    chosen = "/".join(sorted({str(row["chosen"]) for row in rows}))
    coach = sorted({f"{row['verdict']}, treatments: {row['treatments']}" for row in rows})
    copies = f"{middle('near_copies'):.1%} ({middle('near_copies_real'):.1%})"
    return [
        f"{recipe} ({chosen})" if recipe == AUTO else recipe, f"{CASES[str(rows[0]['case'])][1]} px",
        with_interval(rows, "frechet_corrected", 0),
        f"{middle('coverage'):.2f}", f"{middle('diversity'):.2f}", copies, f"{middle('pictures_per_second'):.0f}",
        rate, share, f"{middle('peak_mb'):.0f} MB", " / ".join(coach),
    ]  # fmt: skip


def verdict_on_auto(found: Mapping[str, list[Row]]) -> list[str]:
    """Say what auto chose, and how far its pictures are beside the nearest of the family; nothing if it has not run."""
    family = [recipe for recipe in found if recipe != AUTO]
    if AUTO not in found or not family:
        return []
    chosen = " and ".join(f"`{recipe}`" for recipe in sorted({str(row["chosen"]) for row in found[AUTO]}))
    times = distance(found[AUTO]) / distance(found[family[0]])
    return ["", f"`auto` chose {chosen}: {times:.2f} times the distance of the best of the family, `{family[0]}`."]


def table(rows: Sequence[Row]) -> str:
    """Return the results as markdown: for each case and budget, the recipes with the nearest pictures first."""
    titles = ["recipe", "at", "Frechet (95 %)", "coverage", "diversity", "near-copies (real)", "pictures/s"]
    titles += ["machine, GFLOP/s", "share of it", "peak memory", "coach"]
    lines = []
    groups = {(str(row["case"]), float(row["minutes"]), int(row["threads"])) for row in rows}
    for case, minutes, threads in sorted(groups):
        same = [r for r in rows if (r["case"], r["minutes"], r["threads"]) == (case, minutes, threads)]
        found = by_distance(same)
        lines += [f"**{case}, {minutes:g} minutes, {threads} thread{'s' if threads > 1 else ''}**", ""]
        lines += [f"| {' | '.join(titles)} |", "| --- " + "| ---: " * 9 + "| --- |"]
        lines += [f"| {' | '.join(cells(recipe, seeds))} |" for recipe, seeds in found.items()]
        errors = {str(row["recipe"]): str(row["error"]).splitlines()[0] for row in same if "error" in row}
        lines += [f"| {recipe} | {text} |{' |' * 9}" for recipe, text in sorted(errors.items()) if recipe not in found]
        lines += [*verdict_on_auto(found), ""]
    return "\n".join(lines)


def join(sheets: Mapping[str, Image.Image]) -> Image.Image:
    """Return the upper left corners of sheets of one size, twice enlarged, side by side, each under its name."""
    side = 2 * (CROP * (next(iter(sheets.values())).width - 2) // SHOWN + 2)  # a sheet has 2 pixels round each picture
    rows = -(-len(sheets) // ACROSS)
    whole = Image.new("RGB", (min(len(sheets), ACROSS) * side, rows * (side + LABEL)), "white")
    for index, (name, sheet) in enumerate(sheets.items()):
        left, top = index % ACROSS * side, index // ACROSS * (side + LABEL)
        ImageDraw.Draw(whole).text((left + 4, top + 3), name, fill="black")
        corner = sheet.convert("RGB").crop((0, 0, side // 2, side // 2))
        whole.paste(corner.resize((side, side), Image.Resampling.NEAREST), (left, top + LABEL))
    return whole
