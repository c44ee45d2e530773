"""The curves of macaque IT as a picture: numbers only."""

from collections import defaultdict
from pathlib import Path

CHANCE = {"object": 1 / 7, "position": 1 / 3}
COLOURS = {"object": "#1f4fbf", "position": "#c2611f"}


def draw(curve: list[dict], path: Path) -> None:
    """Accuracy against window length; object and position against the window's end, a line for each length."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"font.size": 8}):
        figure = Figure(figsize=(10, 3.3), layout="constrained")
        panels = figure.subplots(1, 3, sharey=True)
        by_length(panels[0], curve)
        for axes, name in zip(panels[1:], CHANCE, strict=True):
            by_end(axes, curve, name)
        panels[0].set_ylabel("share right, held-out pseudo-trials")
        panels[2].legend(frameon=False, title="window", ncols=2)
        figure.savefig(path, dpi=100)


def lengths(curve: list[dict]) -> dict[int, list[dict]]:
    """The rows of each window length, shortest first."""
    rows = defaultdict(list)
    for row in sorted(curve, key=lambda row: row["windowMs"]):
        rows[row["windowMs"]].append(row)
    return rows


def by_length(axes, curve: list[dict]) -> None:
    """A dot for each seed, a line through their mean; dotted: chance; crosses: units shuffled."""
    rows = lengths(curve)
    for name, colour in COLOURS.items():
        means = [mean([row[name] for row in same]) for same in rows.values()]
        axes.plot(list(rows), means, color=colour, label=name)
        axes.plot([row["windowMs"] for row in curve], [row[name] for row in curve], "o", color=colour, markersize=3)
        mixed = [row["unitShuffled"][name] for row in curve]
        axes.plot([row["windowMs"] for row in curve], mixed, "x", color=colour, markersize=4)
        axes.axhline(CHANCE[name], color=colour, linewidth=0.8, linestyle=":")
    axes.set_title("against window length")
    axes.set_xlabel("window, ms (crosses: units shuffled)")
    axes.set_ylim(0, 1)
    axes.legend(frameon=False, loc="center right")


def by_end(axes, curve: list[dict], name: str) -> None:
    """A line for each length, the mean of its seeds, from stimulus onset on."""
    from matplotlib import colormaps

    rows = lengths(curve)
    for i, (length, same) in enumerate(rows.items()):
        ends = [point["endMs"] for point in same[0]["stream"]]
        values = [mean([row["stream"][k][name] for row in same]) for k in range(len(ends))]
        axes.plot(ends, values, color=colormaps["viridis"](i / len(rows)), linewidth=1.2, label=f"{length} ms")
    axes.axhline(CHANCE[name], color="black", linewidth=0.8, linestyle=":")
    axes.set_title(f"{name}, streamed")
    axes.set_xlabel("end of the window, ms after onset")


def mean(values: list[float]) -> float:
    return sum(values) / len(values)
