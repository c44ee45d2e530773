"""The table of `report groups`."""

from pathlib import Path

from rich.table import Table

from .groups_figure import GROUPS, TITLES


def groups_table(figures: dict) -> Table:
    """A row for each way: every group's own factor beside the largest other, and whether the matrix is diagonal."""
    starts = next(iter(figures.values()))["starts"]
    table = Table("way", *GROUPS, "smallest margin", "diagonal", "of draws", "judge sure", title=f"N = {starts} starts")
    for name, found in figures.items():
        matrix, spread = found["matrix"], found["spread"]
        cells = []
        for row, errors in zip(matrix, spread, strict=True):
            pairs = zip(row, errors, strict=True)
            cells.append(" ".join(f"{value:.2f}±{error:.2f}" for value, error in pairs))
        margin = min(found["dominance"]["rows"] + found["dominance"]["columns"])
        holds = "yes" if found["dominance"]["holds"] else "NO"
        share = f"{100 * found['dominantShare']:.0f} %"
        table.add_row(TITLES.get(name, name), *cells, f"{margin:+.2f}", holds, share, f"{found['confidence']:.2f}")
    return table


BEGIN, END = "<!-- guided: begin -->", "<!-- guided: end -->"


def page_table(figures: dict) -> str:
    """The same as Markdown: pose / category / content of each group, and how far both ends of gamma are opposite."""
    head = ["", *(f"`{group}`" for group in GROUPS), "diagonal (of draws)", "smallest margin", "judge sure", "cosine"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for name, found in figures.items():
        if name not in TITLES:
            continue
        cells = [
            " / ".join(f"{value:.2f}" for value in row) + f" ±{max(errors):.2f}"
            for row, errors in zip(found["matrix"], found["spread"], strict=True)
        ]
        holds = f"{'yes' if found['dominance']['holds'] else 'no'} ({100 * found['dominantShare']:.0f} %)"
        margin = min(found["dominance"]["rows"] + found["dominance"]["columns"])
        rest = [holds, f"{margin:+.2f}", f"{found['confidence']:.2f}", f"{found['opposite'][0]:+.2f}"]
        lines.append(f"| {' | '.join([TITLES[name], *cells, *rest])} |")
    return "\n".join(lines)


def write_page(figures: dict, path: Path) -> None:
    """Put the table between its marks in a page."""
    text = path.read_text()
    before, rest = text.split(BEGIN)
    path.write_text(f"{before}{BEGIN}\n\n{page_table(figures)}\n\n{END}{rest.split(END)[1]}")
