"""Cells of all parts of a data set put together: what table.json holds."""

import json
from pathlib import Path

import numpy as np

from .intervals import interval, pool
from .scores import Items

COLUMNS = {
    "twoWay": "two-way",
    "twoWayCentred": "two-way, less the mean",
    "nWay": "n-way by pixels",
    "judgeObject": "50-way object",
    "judgeCategory": "8-way category",
    "correlation": "correlation",
    "ssim": "SSIM",
    "videoCorrelation": "video correlation",
    "frameCorrelation": "frame correlation",
}
Cells = dict[str, dict[str, list[dict]]]
"""Data set -> method -> the cells of its parts."""


def read_cells(out: Path, methods: list[str]) -> Cells:
    """Every cell under `out`, methods in the given order."""
    found: Cells = {}
    for path in sorted((out / "cells").glob("*/*--*.json")):
        cell = json.loads(path.read_text())
        found.setdefault(cell["dataSet"], {}).setdefault(cell["method"], []).append(cell)
    return {name: {m: by[m] for m in methods if m in by} for name, by in found.items()}


def table_of(cells: Cells, absent: dict[str, str], seed: int) -> dict:
    """What table.json holds but for latencies."""
    sets = {name: data_set(by_method, seed) for name, by_method in cells.items()}
    return {"seed": seed, "dataSets": sets, "absent": absent}


def data_set(by_method: dict[str, list[dict]], seed: int) -> dict:
    """Rows of one data set, view by view, and its curves."""
    views = {view: [] for parts in by_method.values() for part in parts for view in part.get("views", {})}
    most = max(len(parts) for parts in by_method.values())
    for method, parts in by_method.items():
        trouble = next(((part[word], word) for word in ("refuses", "failed") for part in parts if word in part), None)
        for view, rows in views.items():
            about = {"method": method, "kind": parts[0]["kind"], "parts": len(parts), "of": most}
            if trouble:
                rows.append({**about, "why": trouble[0], "how": trouble[1]})
            else:
                rows.append({**about, **row(parts, view, seed)})
    whole = {m: parts for m, parts in by_method.items() if all("views" in part for part in parts)}
    return {
        "source": next(iter(by_method.values()))[0]["source"],
        "parts": most,
        "views": views,
        "curves": {method: curve(parts) for method, parts in whole.items() if any("curves" in part for part in parts)},
    }


def row(parts: list[dict], view: str, seed: int) -> dict:
    """Figures over the items of all parts, with their intervals; the shuffled control; what fitting took."""
    names = [name for name in COLUMNS if all(name in part["views"][view] for part in parts)]
    figures = {name: interval(pool([items(part["views"][view][name]) for part in parts]), seed) for name in names}
    lost = {
        name: interval(pool([items(part["shuffled"][view][name]) for part in parts]), seed)
        for name in parts[0]["shuffled"][view]
    }
    return {
        "figures": figures,
        "shuffled": lost,
        "ways": min(part["ways"][view] for part in parts),
        "judgeOnTrue": parts[0].get("judgeOnTrue", {}).get(view),
        "bundle": parts[0].get("bundle", False),
        "fitSeconds": round(sum(part["fitSeconds"] for part in parts), 1),
        "decodeMs": round(float(np.mean([part["decodeMs"] for part in parts])), 3),
        "trainTrials": round(float(np.mean([part["trainTrials"] for part in parts]))),
    }


def items(kept: dict) -> Items:
    return Items(np.array(kept["values"]), np.array(kept["cluster"]))


def curve(parts: list[dict]) -> list[dict]:
    """Every level with mean, least and most over the random subsets and the parts."""
    points: dict[tuple, list[dict]] = {}
    for part in parts:
        for point in part.get("curves", ()):
            points.setdefault((point["kind"], point["level"]), []).append(point)
    out = []
    for (kind, level), found in points.items():
        names = [name for name in COLUMNS if all(name in point for point in found)]
        values = {name: [point[name] for point in found] for name in names}
        spread = {
            name: {"mean": round(float(np.mean(v)), 4), "least": min(v), "most": max(v), "draws": len(v)}
            for name, v in values.items()
        }
        again = found[0]["refitted"]
        out.append({"kind": kind, "level": level, "value": found[0]["value"], "refitted": again, "figures": spread})
    return out
