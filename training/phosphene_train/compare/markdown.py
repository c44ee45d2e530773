"""The table for readers: Markdown of what table.json holds."""

from .table import COLUMNS

CENTRED = ("v4", "v4-trials")
"""Data sets whose published figures are less the mean picture."""


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
        parts += [*curve_lines(found["curves"], measure_of(name)), ""]
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
            if row["how"] == "failed":
                out.append(f"| {row['method']} | failed: {row['why']} |" + " |" * (len(heads) - 2))
            continue
        figures = [shown(row["figures"].get(column), column in ("twoWay", "videoCorrelation")) for column in there]
        fitted = "shipped bundle" if row["bundle"] else f"{row['trainTrials']} trials, {row['fitSeconds']:.0f} s"
        part = f" ({row['parts']} of {row['of']} parts)" if row["parts"] < row["of"] else ""
        cells = [row["method"] + part, *figures, shown(row["shuffled"]["twoWay"], False), fitted]
        cells += ["; ".join(map(said, timed[row["method"]]))] if any(timed.values()) else []
        out.append("| " + " | ".join(cells) + " |")
    first = next((row for row in rows if "figures" in row), None)
    return out + (["", note(first), *refused(rows)] if first else [])


def refused(rows: list[dict]) -> list[str]:
    """Methods that make no sense there, by reason."""
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.get("how") == "refuses":
            reasons.setdefault(row["why"], []).append(row["method"])
    told = "; ".join(f"{', '.join(methods)}: {why}" for why, methods in reasons.items())
    return [f"Not there: {told}."] if told else []


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


def measure_of(name: str) -> str:
    """Which identification is compared: of V4 what its published figures are."""
    return "twoWayCentred" if name in CENTRED else "twoWay"


def curve_lines(curves: dict[str, list[dict]], measure: str) -> list[str]:
    """Two tables: identification by share of the units, and by noise; least to most of the draws and folds."""
    out = []
    for kind, title in (("units", "Units left"), ("noise", "Noise")):
        values = {p["level"]: p["value"] for points in curves.values() for p in points if p["kind"] == kind}
        levels = sorted(values, key=values.get, reverse=True)
        if len(levels) < 2:
            continue
        out += [f"| {title}, {COLUMNS[measure]} | " + " | ".join(levels) + " |", "|---" + "|--:" * len(levels) + "|"]
        for method, points in curves.items():
            at = {p["level"]: p for p in points if p["kind"] == kind}
            refits = kind == "units" and any(p["refitted"] for p in at.values())
            name = f"{method} ({'refitted' if refits else 'silenced'})" if kind == "units" else method
            out.append(f"| {name} | " + " | ".join(ranged(at.get(level), measure) for level in levels) + " |")
        out.append("")
    return out


def ranged(point: dict | None, measure: str) -> str:
    if point is None:
        return ""
    figure = point["figures"][measure]
    spread = f" ({number(figure['least'])} to {number(figure['most'])})" if figure["draws"] > 1 else ""
    return number(figure["mean"]) + spread
