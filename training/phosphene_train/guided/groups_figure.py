"""The figure of `report groups`: traversals of every latent group, and which factor each group changes."""

from pathlib import Path

import numpy as np

GROUPS = ("pose", "category", "content-1", "content-2")
FACTORS = ("pose", "category", "content")
TITLES = {
    "information": "MI guidance, exact",
    "student-2": "student, 2 steps",
    "plain": "conditional decoder",
    "likelihood": "without negatives",
    "activation": "activation guidance",
    "published": "published update",
}
PICTURED = ("information", "student-2", "plain")
FRAME = 2


def draw_groups(figures: dict, folder: Path, path: Path, starts: int = 2) -> None:
    """Above: for each group the traversals of some start pictures; below: selectivity matrices of every way."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    ways = [name for name in TITLES if name in figures]
    figure = pyplot.figure(figsize=(13, 10.5), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(3, 1.15))
    pictured = [name for name in PICTURED if name in figures]
    axes = above.subplots(len(GROUPS), len(pictured), squeeze=False)
    for column, name in enumerate(pictured):
        with np.load(folder / f"{name}.npz") as kept:
            gammas, pictures = kept["gammas"], kept["pictures"]
        for row, group in enumerate(GROUPS):
            axes[row, column].imshow(traversal(pictures[row, :, :starts], gammas))
            axes[row, column].set(xticks=[], yticks=[])
            if column == 0:
                axes[row, column].set_ylabel(group)
        shown = ", ".join(f"{g:+g}" if g else "0" for g in sorted([*gammas.tolist(), 0.0]))
        axes[0, column].set_title(f"{TITLES[name]} (gamma {shown})", fontsize=9)
    for axis, name in zip(np.atleast_1d(below.subplots(1, len(ways))), ways, strict=True):
        draw_matrix(axis, figures[name], TITLES[name])
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)
    pyplot.close(figure)


def traversal(pictures: np.ndarray, gammas: np.ndarray) -> np.ndarray:
    """uint8 [1 + V, S, 3, H, W], the first of gamma 0 -> a sheet [S rows, columns by gamma, 3]."""
    order = np.argsort([0.0, *gammas.tolist()], kind="stable")
    framed = np.pad(pictures[order], ((0, 0), (0, 0), (0, 0), (FRAME, FRAME), (FRAME, FRAME)), constant_values=255)
    rows = [np.concatenate(list(framed[:, s]), axis=2) for s in range(framed.shape[1])]
    return np.concatenate(rows, axis=1).transpose(1, 2, 0)


def draw_matrix(axis, found: dict, title: str) -> None:
    """Change in each factor, in units of what two unrelated scenes differ by; colours by factor, its largest is 1."""
    matrix, colour = np.array(found["matrix"]), np.array(found["normalised"])
    axis.imshow(colour, vmin=0, vmax=1, cmap="viridis")
    axis.set_xticks(range(len(FACTORS)), labels=FACTORS, fontsize=8)
    axis.set_yticks(range(len(GROUPS)), labels=GROUPS, fontsize=8)
    for row, column in np.ndindex(matrix.shape):
        dark = colour[row, column] > 0.6
        axis.text(column, row, f"{matrix[row, column]:.2f}", ha="center", va="center", fontsize=8,
                  color="black" if dark else "white")  # fmt: skip
    verdict = "diagonal" if found["dominance"]["holds"] else "not diagonal"
    axis.set_title(f"{title}\n{verdict} ({100 * found['dominantShare']:.0f} % of draws)", fontsize=8)
