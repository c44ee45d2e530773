"""MODEL_CARD.md of the demo's direct bundle, from what was measured."""

from ..linear.animal import Animal
from ..linear.demo_card import rows


def card(name: str, animal: Animal, metrics: dict) -> str:
    """Markdown: what it is, data, figures, limits."""
    source, rejected = animal.manifest["name"], metrics["evidence"]["rejected"]
    change = {name: found["picture"] for name, found in metrics["steering"]["groups"].items()}
    lines = [
        f"# {name}",
        "",
        f"Feed-forward decoder of {animal.manifest['units']['count']} simulated units, those of bundle `{source}`: "
        "every unit adds the picture that",
        "excites it most, as much as it responds; a small convolutional network, modulated by the latents, makes the",
        f"picture of it (after MEIcoder, arXiv 2510.20762). Latents, readouts and evidence are those of `{source}`'s",
        "encoder, rounded to 8 bits. Trained on the picture itself, with structural and perceptual terms: where the",
        "spikes do not tell, it is soft.",
        "",
        f"- Data: simulated spikes and rendered emoji only; `models/{source}/session` plays the same units.",
        "- Made by `phosphene-train demo-direct`; the manifest's provenance has every option.",
        "",
        "| one held-out window a scene | held-out renderings | never-seen objects |",
        "|---|--:|--:|",
        *(f"| {title} | {a} | {b} |" for title, a, b in rows(metrics)),
        "",
        "Frames refused by the evidence: " + ", ".join(f"{kind} {share:.3f}" for kind, share in rejected.items()) + ".",
        "",
        "Steering by -2 and +2 changes the picture by (root mean square, pictures from -1 to 1): "
        + ", ".join(f"{group} {low:.3f} and {high:.3f}" for group, (low, high) in change.items())
        + ".",
        "",
        "Use: pictures in one run of one small graph, on two cores as well. It knows pictures like the training",
        "pictures, and draws others as such. Not for conclusions about real cortex.",
    ]
    return "\n".join(lines) + "\n"
