"""The table: figures of the folds pooled, what is gained over the ridge baseline, and how it is shown."""

from rich.console import Console
from rich.table import Table

from .ladder import SAMPLES

COLUMNS = {
    "ridge": "ridge baseline",
    "posterior mean": "network",
    f"mean of {SAMPLES}": f"mean of {SAMPLES} samples",
    f"best of {SAMPLES}": f"best of {SAMPLES} samples",
    "one sample": "one sample",
    "identifying": "identifying network",
    "with kernel ridge": "identifying network and kernel ridge",
    "nearest": "nearest training image",
    "shuffled": "shuffled responses",
}
HEADLINE = "identifying network and kernel ridge"
"""Chosen after all folds were seen, over the identifying network alone: docs/science/v4.md gives both."""
TARGETS = {"201025": 0.86, "210325 single": 0.74}
GAIN = 0.03


def pool_folds(folds: dict[str, dict]) -> dict[str, dict]:
    """{fold: {task: figures}} -> {task: figures}, each fold weighted by its rows."""
    out: dict[str, dict] = {}
    for task in next(iter(folds.values())):
        parts = [fold[task] for fold in folds.values()]
        rows = [part["rows"] for part in parts]
        out[task] = {
            "rows": sum(rows),
            "pictures": sum(part["pictures"] for part in parts),
            "units": parts[0]["units"],
            "encodingR": weighted([part["encodingR"] for part in parts], rows),
            "decoders": {
                name: weighted([part["decoders"][name] for part in parts], rows) for name in parts[0]["decoders"]
            },
        }
    return out


def weighted(figures: list[dict[str, float]], weights: list[int]) -> dict[str, float]:
    """Mean of each figure."""
    total = sum(weights)
    return {key: round(sum(f[key] * w for f, w in zip(figures, weights, strict=True)) / total, 4) for key in figures[0]}


def summary(tasks: dict[str, dict]) -> dict:
    """Gains over ridge by decoder (median over the sessions' averaged counts), and whether the targets are met."""
    averaged = {name: task["decoders"] for name, task in tasks.items() if "single" not in name}
    gains = {}
    for decoder in next(iter(averaged.values())):
        found = [d[decoder]["centred"] - d["ridge baseline"]["centred"] for d in averaged.values() if decoder in d]
        if len(found) == len(averaged):
            gains[decoder] = round(median(found), 4)
    reached = {
        name: {"target": target, "reached": tasks[name]["decoders"][HEADLINE]["centred"]}
        for name, target in TARGETS.items()
        if name in tasks
    }
    return {"medianGain": gains, "targets": {**reached, "median gain": {"target": GAIN, "reached": gains[HEADLINE]}}}


def median(values: list[float]) -> float:
    """Middle value, or the mean of the two."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def show(tasks: dict[str, dict], console: Console, folds: int) -> None:
    """The main table and the ladder."""
    main = Table(
        "session", "N", *COLUMNS, title=f"two-way identification, 64 x 64 pixels, held-out pictures, {folds} folds"
    )
    for name, task in tasks.items():
        main.add_row(name, str(task["rows"]), *(f"{task['decoders'][d]['centred']:.3f}" for d in COLUMNS.values()))
    console.print(main)
    ladder = Table("decoder", *tasks, title="all that was tried (centred)")
    for decoder in dict.fromkeys(d for task in tasks.values() for d in task["decoders"]):
        cells = [task["decoders"].get(decoder) for task in tasks.values()]
        ladder.add_row(decoder, *(f"{cell['centred']:.4f}" if cell else "" for cell in cells))
    console.print(ladder)
