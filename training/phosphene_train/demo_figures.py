"""Figures of a demo run: the quality ladder and the factor-by-group matrix."""

from pathlib import Path

import numpy as np

SERIES = {("teacher", "ddim"): "teacher, DDIM", ("teacher", "ipndm"): "teacher, iPNDM", ("student", "ddim"): "student"}


def draw_figures(metrics: dict, out: Path) -> None:
    """ladder.png and selectivity.png. matplotlib is imported here: only figures need it."""
    import matplotlib

    matplotlib.use("Agg")
    draw_ladder(metrics["ladder"]["rows"], metrics["guidance"], out / "ladder.png")
    draw_selectivity(metrics["disentanglement"]["selectivity"], out / "selectivity.png")


def draw_ladder(rows: list[dict], guidance: float, path: Path) -> None:
    """Frechet and perceptual distance against the number of steps."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for (model, solver), label in SERIES.items():
        own = [
            r for r in rows if (r["model"], r["solver"]) == (model, solver) and r.get("guidance", guidance) == guidance
        ]
        for axis, measure in zip(axes, ("frechet", "perceptual"), strict=True):
            axis.plot([r["steps"] for r in own], [r[measure] for r in own], "o-", label=label)
    for axis, title in zip(axes, ("Fréchet distance", "perceptual distance"), strict=True):
        axis.set(xscale="log", yscale="log", xlabel="steps", title=title)
        axis.set_xticks([1, 2, 4, 10, 20], labels=["1", "2", "4", "10", "20"])
        axis.grid(alpha=0.3)
    axes[0].legend()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def draw_selectivity(found: dict, path: Path) -> None:
    """Which latent group alone predicts which factor."""
    from matplotlib import pyplot

    matrix = np.array(found["matrix"])
    figure, axis = pyplot.subplots(figsize=(4.6, 3.6), layout="constrained")
    image = axis.imshow(matrix, vmin=0, vmax=1, cmap="viridis")
    axis.set_xticks(range(matrix.shape[1]), labels=found["groups"], rotation=20)
    axis.set_yticks(range(matrix.shape[0]), labels=found["factors"])
    for row, column in np.ndindex(matrix.shape):
        value = matrix[row, column]
        axis.text(column, row, f"{value:.2f}", ha="center", va="center", color="black" if value > 0.6 else "white")
    figure.colorbar(image, label="predicted from this group alone")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
