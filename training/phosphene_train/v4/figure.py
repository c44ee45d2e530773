"""The table as a picture: numbers only, no pictures of the data set."""

from pathlib import Path

BARS = {
    "ridge baseline": "#9aa4b2",
    "nearest training image": "#c9b79c",
    "network": "#5b8def",
    "identifying network and kernel ridge": "#1f4fbf",
    "shuffled responses": "#d66a6a",
}


def draw(tasks: dict[str, dict], path: Path) -> None:
    """Bars of two-way identification by session."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"font.size": 9}):
        figure = Figure(figsize=(9, 3.4), layout="constrained")
        axes = figure.subplots()
        width = 0.8 / len(BARS)
        for i, (decoder, colour) in enumerate(BARS.items()):
            places = [k + (i - (len(BARS) - 1) / 2) * width for k in range(len(tasks))]
            heights = [task["decoders"][decoder]["centred"] for task in tasks.values()]
            axes.bar(places, heights, width, color=colour, label=decoder)
        axes.axhline(0.5, color="black", linewidth=0.8, linestyle=":")
        axes.set_xticks(range(len(tasks)), list(tasks))
        axes.set_ylim(0.4, 1.0)
        axes.set_ylabel("two-way identification")
        axes.legend(ncols=3, frameon=False, loc="upper left")
        figure.savefig(path, dpi=110)
