"""Cells of all parts of a data set put together: table.json, and the same for readers in table.md."""

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
        "curves": {method: curve(parts) for method, parts in whole.items() if all("curves" in part for part in parts)},
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
        for point in part["curves"]:
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


def markdown(table: dict, latency: dict[str, list[dict]]) -> str:
    """Every table, for readers."""
    parts = []
    for name, found in table["dataSets"].items():
        for view, rows in found["views"].items():
            parts += [
                f"### {name}{', ' + view if view else ''}",
                "",
                f"{found['source']}.",
                "",
                *lines(rows, latency),
                "",
            ]
        parts += [*curve_lines(found["curves"]), ""]
    parts += [f"- skipped {sentence}" for sentence in table["absent"].values()]
    return "\n".join(parts) + "\n"


def lines(rows: list[dict], latency: dict[str, list[dict]]) -> list[str]:
    """One view: a row a method, with 95 % intervals where the column is what the method is judged by."""
    there = [column for column in COLUMNS if any(column in row.get("figures", {}) for row in rows)]
    timed = {row["method"]: latency.get(row["kind"].replace("-", "_"), []) for row in rows}
    heads = ["method", *(COLUMNS[column] for column in there), "units shuffled, two-way", "fitted on, in"]
    heads += ["latency p50 / p99, ms"] if any(timed.values()) else []
    out = ["| " + " | ".join(heads) + " |", "|---" + "|--:" * (len(heads) - 1) + "|"]
    for row in rows:
        if "why" in row:
            out.append(f"| {row['method']} | {row['why']} |" + " |" * (len(heads) - 2))
            continue
        figures = [shown(row["figures"].get(column), column in ("twoWay", "videoCorrelation")) for column in there]
        fitted = f"{row['trainTrials']} trials, {row['fitSeconds']:.0f} s"
        part = f" ({row['parts']} of {row['of']} parts)" if row["parts"] < row["of"] else ""
        cells = [row["method"] + part, *figures, shown(row["shuffled"]["twoWay"], False), fitted]
        cells += ["; ".join(map(said, timed[row["method"]]))] if any(timed.values()) else []
        out.append("| " + " | ".join(cells) + " |")
    first = next((row for row in rows if "figures" in row), None)
    return out + (["", note(first)] if first else [])


def note(row: dict) -> str:
    """How many trials, what chance is, what the judge makes of the true pictures."""
    counted, true = row["figures"]["twoWay"], row["judgeOnTrue"]
    ways = f"n-way by pixels: n = {row['ways']}, by luck {number(1 / row['ways'])}"
    said = f"{counted['items']} trials in {counted['clusters']} clusters (pictures or clips); {ways}"
    if true:
        objects, category = (number(true[name]) for name in ("judgeObject", "judgeCategory"))
        said += f"; the judge on the true pictures: {objects} of 50 objects, {category} of 8 categories"
    return said + "."


def shown(figure: dict | None, interval_too: bool) -> str:
    if figure is None:
        return ""
    text = number(figure["mean"])
    return f"{text} ({number(figure['low'])} to {number(figure['high'])})" if interval_too else text


def number(value: float) -> str:
    """.123, as the other pages have it."""
    return f"{value:.3f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.3f}"


def said(found: dict) -> str:
    """One measurement of `npm run bench -- latency`."""
    return f"{found['machine']}: {found['p50']:.2f} / {found['p99']:.2f} (N {found['frames']}, {found['hz']:g}/s)"


def curve_lines(curves: dict[str, list[dict]]) -> list[str]:
    """Two tables: two-way identification by share of the units, and by noise; least to most of the draws."""
    out = []
    for kind, title in (("units", "Units left"), ("noise", "Noise")):
        values = {p["level"]: p["value"] for points in curves.values() for p in points if p["kind"] == kind}
        levels = sorted(values, key=values.get, reverse=True)
        if len(levels) < 2:
            continue
        out += [f"| {title}, two-way | " + " | ".join(levels) + " |", "|---" + "|--:" * len(levels) + "|"]
        for method, points in curves.items():
            at = {p["level"]: p for p in points if p["kind"] == kind}
            refits = kind == "units" and any(p["refitted"] for p in at.values())
            name = f"{method} ({'refitted' if refits else 'silenced'})" if kind == "units" else method
            out.append(f"| {name} | " + " | ".join(ranged(at.get(level)) for level in levels) + " |")
        out.append("")
    return out


def ranged(point: dict | None) -> str:
    if point is None:
        return ""
    figure = point["figures"]["twoWay"]
    spread = f" ({number(figure['least'])} to {number(figure['most'])})" if figure["draws"] > 1 else ""
    return number(figure["mean"]) + spread
