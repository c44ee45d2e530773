"""table.json, table.md, sheet.png and curves.png from the cells of a run folder."""

from pathlib import Path

import torch

from ..bundle import write_json
from .document import write_document
from .figure import draw_curves
from .latency import read_latency
from .markdown import markdown
from .methods import all_methods
from .sheet import draw_sheet
from .table import read_cells, table_of

OWN_PICTURES = ("simulated",)
"""Data sets whose pictures are our own: those of the others may not be shown to anybody."""


def report(out: Path, absent: dict[str, str], latency: list[Path], seed: int, page: Path | None = None) -> list[str]:
    """Everything that is shown, and into a page where one is given; returns the methods that failed somewhere."""
    cells = read_cells(out, [method.name for method in all_methods()])
    table = table_of(cells, absent, seed)
    table["latency"] = read_latency(latency)
    judge = out / "judge.pt"
    if judge.is_file():
        table["judge"] = torch.load(judge, weights_only=True, map_location="cpu")["accuracy"]
    write_json(out / "table.json", table, indent=1)
    (out / "table.md").write_text(markdown(table, table["latency"]))
    draw_sheet(out, cells, out / "sheet.png")
    draw_sheet(out, cells, out / "sheet-own-pictures.png", OWN_PICTURES)
    draw_curves(table, out / "curves.png")
    if page is not None:
        write_document(page, table, out)
    return [method for by in cells.values() for method, parts in by.items() if any("failed" in part for part in parts)]
