"""MODEL_CARD.md of the demo's linear bundle, from what was measured."""

from .animal import Animal


def card(name: str, animal: Animal, metrics: dict) -> str:
    """Markdown: what it is, data, figures, limits."""
    source, rejected = animal.manifest["name"], metrics["evidence"]["rejected"]
    units = animal.manifest["units"]["count"]
    lines = [
        f"# {name}",
        "",
        f"Linear decoder of {units} simulated units, those of bundle `{source}`: {how(metrics)} from 100 ms to",
        "latents (pose and category from labels, the rest principal components of the pictures), and a matrix from the",
        "latents to the picture. Blurred by nature: it shows the mean of all pictures that fit.",
        "`targets.json` knows the renderings of the session: with `adapt` on, the decoder goes on learning from them.",
        "",
        f"- Data: simulated spikes and rendered emoji only; `models/{source}/session` plays the same units.",
        "- Made by `phosphene-train demo-linear`; the manifest's provenance has every option.",
        "",
        "| one held-out window a scene | held-out renderings | never-seen objects |",
        "|---|--:|--:|",
        *(f"| {title} | {a} | {b} |" for title, a, b in rows(metrics)),
        "",
        "Frames refused by the evidence: " + ", ".join(f"{kind} {share:.3f}" for kind, share in rejected.items()) + ".",
        "",
        "Use: the baseline that every other decoder must beat, and the fastest path. Not for conclusions about real",
        "cortex.",
    ]
    return "\n".join(lines) + "\n"


def how(metrics: dict) -> str:
    """The method, told by what it chose."""
    return "receptive fields, inverted in closed form," if "smoothness" in metrics else "ridge regression"


def rows(metrics: dict) -> list[tuple[str, str, str]]:
    """(figure, value on renderings, value on never-seen objects)."""
    pools = (metrics["heldOutRenderings"], metrics["neverSeenObjects"])
    flat = {
        "windows": lambda p: str(p["windows"]),
        "category, top-1 (units shuffled)": lambda p: f"{p['categoryTop1']} ({p['unitShuffled']['categoryTop1']})",
        "x, y, size, angle, R²": lambda p: ", ".join(f"{v:.3f}" for v in p["poseR2"].values()),
        "two-way identification (units shuffled)": lambda p: f"{p['twoWay']} ({p['unitShuffled']['twoWay']})",
        "pixel correlation": lambda p: str(p["correlation"]),
        "SSIM": lambda p: str(p["ssim"]),
        "neural R², single windows": lambda p: str(p["neuralR2"]),
    }
    return [(title, *(value(pool) for pool in pools)) for title, value in flat.items()]
