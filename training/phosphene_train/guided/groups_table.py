"""The table of `report groups`."""

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
