"""MODEL_CARD.md of the demo's guided bundle, from what was measured."""


def card(name: str, source: dict, metrics: dict, eta: float) -> str:
    """Markdown: what it is, data, figures, limits."""
    held, unseen = metrics["heldOutRenderings"], metrics["neverSeenObjects"]
    lines = [
        f"# {name}",
        "",
        "Few-step student of mutual-information-guided edits (MIG-Vis, arXiv 2510.02182) for",
        f"{source['units']['count']} simulated units, those of bundle `{source['name']}`, with that bundle's latents,",
        "in 8 bits. A slider is gamma, added to every latent of its group (prior standard deviations). Guidance",
        f"is eta, the weight of the edit; {eta:g} unless told otherwise. docs/decoders.md has the method.",
        "",
        f"- Data: simulated spikes and rendered emoji only; `models/{source['name']}/session` plays the same units.",
        "- Made by `phosphene-train guided` and `demo-guided`; the manifest's provenance has every option.",
        "",
        "| one held-out window a scene, no slider touched | held-out renderings | never-seen objects |",
        "|---|--:|--:|",
        f"| category top-1 | {held['categoryTop1']} | {unseen['categoryTop1']} |",
        *(
            f"| {title}, {steps} steps | {held['pictures'][steps][key]} | {unseen['pictures'][steps][key]} |"
            for steps in held["pictures"]
            for title, key in (("two-way", "twoWay"), ("pixel correlation", "correlation"), ("SSIM", "ssim"))
        ),
        "",
        "Frames refused by the evidence: "
        + ", ".join(f"{kind} {share:.3f}" for kind, share in metrics["evidence"]["rejected"].items())
        + ".",
        "",
        "Limits: soft, and taught shifts of a group up to 3 only. Pose and category move most by their own",
        "sliders, content more by `category` than by its own (`phosphene-train report groups`).",
        "",
        "Use: asking what a group of latents stands for, live. Not for conclusions about real cortex.",
    ]
    return "\n".join(lines) + "\n"
