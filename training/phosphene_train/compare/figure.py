"""curves.png: identification against the share of the units, and against noise; a panel a data set."""

from pathlib import Path

from .markdown import measure_of

COLOURS = (
    "#1f4fbf",
    "#d66a6a",
    "#2f9e6e",
    "#c98a1b",
    "#7b52c9",
    "#3aa7c9",
    "#8b8f98",
    "#b5477f",
    "#5f6b2f",
    "#a35c2b",
    "#111111",
    "#e07bd0",
)


def draw_curves(table: dict, path: Path, only: tuple[str, ...] = ()) -> None:
    """Lines: mean over the random subsets and the parts; band: least to most. No pictures of any data set."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    sets = {n: s["curves"] for n, s in table["dataSets"].items() if s["curves"] and (not only or n in only)}
    if not sets:
        return
    names = list(dict.fromkeys(method for curves in sets.values() for method in curves))
    colour = {name: COLOURS[at % len(COLOURS)] for at, name in enumerate(names)}
    with rc_context({"font.size": 9}):
        figure = Figure(figsize=(3.4 * len(sets), 6.6), layout="constrained")
        axes = figure.subplots(2, len(sets), squeeze=False, sharey="col")
        for column, (name, curves) in enumerate(sets.items()):
            for row, kind in enumerate(("units", "noise")):
                draw_panel(axes[row][column], curves, kind, colour, measure_of(name))
            axes[0][column].set_title(name)
        axes[0][0].set_ylabel("two-way identification")
        axes[1][0].set_ylabel("two-way identification")
        handles = [axes[0][0].plot([], [], "o-", color=colour[name], markersize=3)[0] for name in names]
        figure.legend(handles, names, loc="outside lower center", ncols=2 * len(sets), frameon=False)
        figure.savefig(path, dpi=110)


def draw_panel(axis, curves: dict[str, list[dict]], kind: str, colour: dict[str, str], measure: str) -> None:
    """One data set: share of the units from all to an eighth, or noise from means of trials to a quarter of spikes."""
    ticks: dict[float, str] = {}
    for method, points in curves.items():
        own = sorted((p for p in points if p["kind"] == kind), key=lambda p: -p["value"])
        figures = [p["figures"][measure] for p in own]
        x = [p["value"] for p in own]
        ticks |= {p["value"]: p["level"] for p in own}
        axis.plot(x, [f["mean"] for f in figures], "o-", color=colour[method], markersize=3, linewidth=1.2)
        low, high = ([f[end] for f in figures] for end in ("least", "most"))
        axis.fill_between(x, low, high, color=colour[method], alpha=0.15, linewidth=0)
    axis.axhline(0.5, color="black", linewidth=0.8, linestyle=":")
    axis.set_xscale("log", base=2)
    axis.set_xticks(list(ticks), [label.replace(" of spikes", "").replace(".0%", "%") for label in ticks.values()])
    axis.minorticks_off()
    axis.invert_xaxis()
    axis.tick_params(axis="x", rotation=30)
    axis.set_xlabel("units left" if kind == "units" else "mean of trials, single, share of spikes")
