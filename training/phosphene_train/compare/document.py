"""The table inside a page: what stands between two marks of docs/decoders.md is replaced, and its pictures."""

import shutil
from pathlib import Path

from ..data import DataError
from .markdown import lines, measure_of, number

BEGIN, END = "<!-- compare: begin -->", "<!-- compare: end -->"
PICTURES = {"sheet-own-pictures.png": "decoders-sheet.png", "curves.png": "decoders-curves.png"}


def write_document(page: Path, table: dict, out: Path) -> None:
    """The page with this table in it; DataError where the page has no place for one."""
    text = page.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise DataError(f"{page}: expected the marks {BEGIN} and {END} once each")
    before, rest = text.split(BEGIN)
    page.write_text(before + BEGIN + "\n" + section(table) + END + rest.split(END)[1])
    for source, name in PICTURES.items():
        if (out / source).is_file():
            shutil.copyfile(out / source, page.parent / "pictures" / name)


def section(table: dict) -> str:
    """The overview, then every data set."""
    parts = [*overview(table), ""]
    for name, found in table["dataSets"].items():
        for view, rows in found["views"].items():
            heading = f"### `{name}`{': ' + view if view else ''}"
            parts += [heading, "", f"{found['source']}.", "", *lines(rows, table["latency"]), ""]
    return "\n".join(parts)


def overview(table: dict) -> list[str]:
    """Methods down, data sets across: two-way identification, and beside a method what it makes of shuffled units."""
    columns = [(name, view) for name, found in table["dataSets"].items() for view in found["views"]]
    cells: dict[str, dict[tuple[str, str], dict]] = {}
    for name, view in columns:
        for row in table["dataSets"][name]["views"][view]:
            cells.setdefault(row["method"], {})[name, view] = row
    centred = {name: ", less the mean" for name, _ in columns if measure_of(name) == "twoWayCentred"}
    heads = [f"{name}{', ' + view if view else ''}{centred.get(name, '')}" for name, view in columns]
    out = ["| two-way identification (.500 by luck) | " + " | ".join(heads) + " |", "|---" + "|--:" * len(heads) + "|"]
    for method, found in cells.items():
        out.append(f"| {method} | " + " | ".join(cell(found.get(column), column[0]) for column in columns) + " |")
    return out


def cell(row: dict | None, name: str) -> str:
    if row is None or "why" in row:
        return "failed" if row and row["how"] == "failed" else "-"
    figure = row["figures"][measure_of(name)]
    part = f" ({row['parts']} of {row['of']} folds)" if row["parts"] < row["of"] else ""
    return number(figure["mean"]) + part
