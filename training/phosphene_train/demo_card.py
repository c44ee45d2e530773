"""The model card of the demo bundle, written from its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import demo_card_text as text
from .catalogue import object_counts

if TYPE_CHECKING:
    from .demo_run import DemoOptions
    from .population import Population

POSES = ("x", "y", "size", "angle")
STEPS = ("1", "2", "4")


def model_card(options: DemoOptions, population: Population, metrics: dict) -> str:
    """Markdown."""
    parts = [
        text.INTRODUCTION.format(units=population.units, guidance=metrics["guidance"]),
        data(options, population),
        text.FIGURES + figures(metrics),
        text.LADDER.format(windows=metrics["ladder"]["windows"]) + ladder(metrics["ladder"]["rows"]),
        text.LATENTS + latents(metrics),
        text.EVIDENCE + evidence(metrics["evidence"]),
        text.LIMITS.format(seconds=metrics["trainingSeconds"]),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def data(options: DemoOptions, p: Population) -> str:
    """What it was trained on."""
    counts = object_counts()
    rows = [f"| {name} | {seen} | {unseen} |" for name, (seen, unseen) in counts.items()]
    return text.DATA.format(
        objects=sum(seen + unseen for seen, unseen in counts.values()),
        scenes=f"{options.train:,}",
        seed=options.seed,
        rows="\n".join(rows),
        units=p.units,
        gain=p.gain_sd,
        refractory=p.refractory,
        on=p.on,
        off=p.off,
    )


def figures(metrics: dict) -> str:
    """The rows of both held-out pools."""
    columns = [figure_column(metrics[pool]) for pool in ("heldOutRenderings", "neverSeenObjects")]
    return "\n".join(f"| {name} | {columns[0][name]} | {columns[1][name]} |" for name in columns[0])


def figure_column(pool: dict) -> dict[str, str]:
    """Row title -> figure, of one pool."""
    out = {"windows (one a scene)": str(pool["windows"])}
    out["category top-1 of 8, from the spikes"] = percent(pool["categoryTop1"])
    out |= {f"R2 of {name}, from the spikes": f"{pool['poseR2'][name]:.2f}" for name in POSES}
    for steps in STEPS:
        picture, title = pool["pictures"][steps], f"{steps} step{'s' if steps != '1' else ''}"
        out[f"two-way identification, {title}"] = percent(picture["twoWay"])
        out[f"pixel correlation, {title}"] = f"{picture['correlation']:.3f}"
        out[f"SSIM, {title}"] = f"{picture['ssim']:.3f}"
        out[f"category of the picture by a judge, {title}"] = percent(picture["judgeTop1"])
    out["the judge on the true pictures"] = percent(pool["judgeOnTruePictures"])
    out["pixel correlation of the mean picture"] = f"{pool['meanPictureCorrelation']:.3f}"
    out["units shuffled: category top-1 (chance 12.5 %)"] = percent(pool["shuffled"]["categoryTop1"])
    out["units shuffled: two-way (chance 50 %)"] = percent(pool["shuffled"]["twoWay"])
    return out


def ladder(rows: list[dict]) -> str:
    """One row a rung."""
    lines = []
    for row in rows:
        solver = {"ddim": "DDIM", "ipndm": "iPNDM"}[row["solver"]]
        name = f"student, guidance {row['guidance']:g}" if row["model"] == "student" else f"teacher, {solver}"
        figures = (f"{row['frechet']:.1f}", f"{row['perceptual']:.3f}", percent(row["twoWay"]), f"{row['ssim']:.3f}")
        lines.append(f"| {name} | {row['steps']} | {' | '.join(figures)} |")
    return "\n".join(lines)


def latents(metrics: dict) -> str:
    """Neural R^2, what each group holds, how true the posterior's variance is."""
    rows = []
    for name, row in metrics["neural"].items():
        cells = [f"{row[m][k]:.3f}" for k in ("r2", "r2RepeatAveraged") for m in ("groupVae", "plainVae")]
        rows.append(f"| {name}, {row['units']} units | {' | '.join(cells)} |")
    found, posterior = metrics["disentanglement"], metrics["posterior"]
    selectivity, before, after = found["selectivity"], posterior["heldOutBefore"], posterior["heldOutAfter"]
    matrix = [f"| | {' | '.join(selectivity['groups'])} |", "|---" * (1 + len(selectivity["groups"])) + "|"]
    for factor, values in zip(selectivity["factors"], selectivity["matrix"], strict=True):
        matrix.append(f"| {factor} | {' | '.join(f'{value:.2f}' for value in values)} |")
    scores = text.SCORES.format(
        **{name: found[name] for name in ("factorVae", "factorVaeGroups", "sap", "mig")},
        before68=coverage(before, "68"),
        before95=coverage(before, "95"),
        after68=coverage(after, "68"),
        after95=coverage(after, "95"),
    )
    return "\n".join(rows) + "\n\n" + text.SELECTIVITY + "\n".join(matrix) + "\n" + scores


def coverage(posterior: dict, interval: str) -> str:
    """Nothing was covered or missed where no latent carries a signal."""
    share = posterior.get(f"coverage{interval}")
    return "none" if share is None else percent(share)


def evidence(calibration: dict) -> str:
    """How often evidence refuses a window, and how well it tells the kinds apart."""
    rows = []
    for kind, count in calibration["windows"].items():
        areas = calibration["auc"].get(kind, {})
        cells = [f"{areas[name]:.3f}" if areas else "" for name in ("bits", "explained", "atypicality", "joint")]
        rows.append(f"| {kind} | {count} | {percent(calibration['rejected'][kind])} | {' | '.join(cells)} |")
    return "\n".join(rows)


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"
