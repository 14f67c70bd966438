"""Draw the rooms of the package and their imports into docs/images/architecture.svg.

Rows are the layers of the import contract in pyproject.toml; an arrow says that one room imports another. Arrows that
follow from others are left out, so that the picture stays readable.
"""

import ast
import tomllib
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "ganvas"
PICTURE = ROOT / "docs" / "images" / "architecture.svg"
WIDTH, ROW, BOX_HEIGHT, GAP = 960, 84, 50, 16
STYLE = (
    "text{font-family:system-ui,sans-serif;fill:#1b1f24}.name{font-size:14px;font-weight:600}.about{font-size:10px;fill:#57606a}"
    "rect{fill:#fff;stroke:#8c959f}path{fill:none;stroke:#8c959f;stroke-opacity:.75}"
)


def layers() -> list[list[str]]:
    """Return the rooms of each layer, top to bottom."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ][0]
    return [layer.split(" | ") for layer in contract["layers"]]


def imports() -> dict[str, set[str]]:
    """Return, for each room, the rooms that it imports."""
    rooms = {room for layer in layers() for room in layer}
    found: dict[str, set[str]] = {room: set() for room in rooms}
    for file in SOURCE.rglob("*.py"):
        place = file.relative_to(SOURCE).with_suffix("").parts
        if place[0] not in rooms:
            continue
        package = ["ganvas", *place[:-1]]
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not node.level:
                continue
            base = package[: len(package) - node.level + 1] + (node.module or "").split(".") * bool(node.module)
            targets = [base[1]] if len(base) > 1 else [alias.name for alias in node.names]
            found[place[0]] |= {target for target in targets if target in rooms and target != place[0]}
    return found


def reduced(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the graph without the arrows that follow from others."""

    def reach(room: str) -> set[str]:
        return graph[room].union(*(reach(other) for other in graph[room]))

    return {
        room: {other for other in others if not any(other in reach(between) for between in others - {other})}
        for room, others in graph.items()
    }


def about(room: str) -> str:
    """Return what a room is for: the beginning of its docstring's first line."""
    file = SOURCE / room / "__init__.py" if (SOURCE / room).is_dir() else SOURCE / f"{room}.py"
    line = (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").split("\n")[0]
    return line.split(". ")[0].rstrip(".")


def draw() -> str:
    """Return the picture as SVG."""
    rows, graph = layers(), reduced(imports())
    boxes: dict[str, tuple[float, float, float]] = {}  # left, top, width
    for number, row in enumerate(rows):
        width = min(300.0, (WIDTH - 2 * GAP - GAP * (len(row) - 1)) / len(row))
        left = (WIDTH - width * len(row) - GAP * (len(row) - 1)) / 2
        for place, room in enumerate(row):
            boxes[room] = (left + place * (width + GAP), GAP + number * ROW, width)
    height = GAP + len(rows) * ROW
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>The rooms of ganvas and their imports</title><style>{STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8" style="fill:#8c959f"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{height}" style="fill:#f6f8fa;stroke:none"/>',
    ]
    for room, others in sorted(graph.items()):
        left, top, width = boxes[room]
        for other in sorted(others):
            other_left, other_top, other_width = boxes[other]
            x, y = left + width / 2, top + BOX_HEIGHT
            aside = max(-0.4, min(0.4, (x - WIDTH / 2) / WIDTH))  # arrows from one side end on that side
            to_x, middle = other_left + other_width * (0.5 + aside), (y + other_top) / 2
            curve = f"M{x:.0f} {y:.0f}C{x:.0f} {middle:.0f} {to_x:.0f} {middle:.0f} {to_x:.0f} {other_top:.0f}"
            parts.append(f'<path d="{curve}" marker-end="url(#tip)"/>')
    for room, (left, top, width) in boxes.items():
        parts.append(f'<rect x="{left:.0f}" y="{top:.0f}" width="{width:.0f}" height="{BOX_HEIGHT}" rx="6"/>')
        parts.append(f'<text class="name" x="{left + 10:.0f}" y="{top + 20:.0f}">{escape(room)}</text>')
        room_for = int((width - 20) / 5.5)
        text = about(room)
        text = text if len(text) <= room_for else text[: room_for - 1].rsplit(" ", 1)[0].rstrip(",:;") + " …"
        parts.append(f'<text class="about" x="{left + 10:.0f}" y="{top + 38:.0f}">{escape(text)}</text>')
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
