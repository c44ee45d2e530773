"""The model card of the demo bundle, written from its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .stimuli import CATALOGUE, HUES, categories

if TYPE_CHECKING:
    from .demo import Run


def model_card(run: Run, metrics: dict) -> str:
    """Markdown."""
    parts = [INTRODUCTION, data(run), figures(metrics), evidence(metrics["evidence"]), LIMITS]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def data(run: Run) -> str:
    """What it was trained on."""
    rows = [f"| {name} | {count(name, 0)} | {count(name, 1)} |" for name in categories()]
    p = run.population
    return f"""## Data

Pictures: {len(run.objects.names)} objects from Microsoft's Fluent Emoji 3D (npm package `@lobehub/fluent-emoji-3d`, MIT),
drawn at 64x64 with random position, size, angle and a calm background; {run.options.train} training scenes, seed {run.options.seed}.
Emoji has few boats, aircraft and pieces of furniture: boats and planes were multiplied by turning their colours
(all colours of one emoji are on the same side of the split), planes include a rocket, a saucer, a satellite and a
parachute, furniture includes fittings, and `household` takes the place of the literature's tables.

| category | objects in training | objects never seen |
|---|---|---|
{chr(10).join(rows)}

Neurons: a simulated population of {len(p.baseline)} units, no animal. Each unit is linear-nonlinear in features of a small picture
network (trained on the training objects: category, object, pose) and in the coarse colours of the picture; baseline
2-10 Hz, onset latency 50-90 ms, a transient, shared gain (standard deviation {p.gain_sd}), Poisson spikes, {p.refractory:g} ms refractory.
Windows are single trials, 5 bins of 20 ms, at any offset to the stimulus; a window belongs to the stimulus that was on for
most of it, 70 ms earlier, else to a blank, whose picture is mid-grey."""


def count(category: str, part: int) -> int:
    """Objects of a category before (0) or after (1) the slash of the catalogue."""
    return len(CATALOGUE[category].split("/")[part].split()) * len(HUES.get(category, (0,)))


def figures(metrics: dict) -> str:
    """The table of both held-out pools."""
    pools = [metrics["heldOutRenderings"], metrics["neverSeenObjects"]]
    rows = [("windows (one a scene)", [f"{p['windows']}" for p in pools])]
    rows.append(("category top-1 of 8, from the spikes", [percent(p["categoryTop1"]) for p in pools]))
    for steps in ("4", "2", "1"):
        rows.append(
            (f"two-way identification, {steps} steps", [percent(p["pictures"][steps]["twoWay"]) for p in pools])
        )
        rows.append(
            (f"pixel correlation, {steps} steps", [f"{p['pictures'][steps]['correlation']:.3f}" for p in pools])
        )
        rows.append((f"SSIM, {steps} steps", [f"{p['pictures'][steps]['ssim']:.3f}" for p in pools]))
        rows.append(
            (
                f"category of the picture by a judge, {steps} steps",
                [percent(p["pictures"][steps]["judgeTop1"]) for p in pools],
            )
        )
    rows.append(("the judge on the true pictures", [percent(p["judgeOnTruePictures"]) for p in pools]))
    rows.append(("pixel correlation of the mean picture", [f"{p['meanPictureCorrelation']:.3f}" for p in pools]))
    rows.append(("units shuffled: category top-1", [percent(p["shuffled"]["categoryTop1"]) for p in pools]))
    rows.append(("units shuffled: two-way identification", [percent(p["shuffled"]["twoWay"]) for p in pools]))
    for name in ("x", "y", "size", "angle"):
        rows.append((f"R2 of {name}", [f"{p['poseR2'][name]:.2f}" for p in pools]))
    body = "\n".join(f"| {name} | {values[0]} | {values[1]} |" for name, values in rows)
    return f"""## Figures

Single trials, one 100 ms window inside the response, one fixed noise. Two-way: does the decoded picture correlate more with
its own true picture than with another held-out one (chance 50 %). The judge is the picture network inside the simulated
cortex, which the decoder never saw; on objects that no network saw, it errs on the true pictures too.

| | held-out renderings of training objects | never-seen objects |
|---|---|---|
{body}"""


def evidence(calibration: dict) -> str:
    """How often evidence refuses a window, and how well it tells the kinds apart."""
    r, n = calibration["rejected"], calibration["windows"]
    return f"""## Evidence

Thresholds from {n["real"]} windows inside responses, {n["blank"]} blank and {n["shuffled"]} unit-shuffled ones, all of held-out scenes. Refused as
`no-reconstruction`: {percent(r["real"])} of real, {percent(r["blank"])} of blank, {percent(r["shuffled"])} of shuffled windows. AUC: bits, real against blank,
{calibration["aucBitsRealBlank"]:.4f}; explained, real against shuffled, {calibration["aucExplainedRealShuffled"]:.4f}. The thresholds were set on the windows these shares are of."""


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


INTRODUCTION = """
# Phosphene demo

Decodes 192 simulated IT-like units into 64x64 pictures: a group-wise VAE (24 latents: pose, category, content-1,
content-2) and a conditional denoiser sampled in 1, 2 or 4 DDIM steps.

Intended use: trying Phosphene, testing rigs and viewers, measuring latency. It says nothing about any brain: the neurons
are simulated, and it decodes nothing but them. Apache-2.0; made by `phosphene-train demo`.
"""

LIMITS = """
## How it was trained, and limits

- VAE: evidence lower bound with a learned noise per unit, so that bits are bits; blank windows are drawn to the prior.
  Weak labels: position, size and angle (group pose), category (group category). All groups together also predict a
  coarse thumbnail of the picture in training, so that the latents keep what a picture needs; that head is not shipped.
- Denoiser: v-prediction on latents of single trials from the frozen VAE, weighted by min(SNR, 5) + 1; then tuned through the shipped
  1-, 2- and 4-step DDIM samplers on absolute error and a perceptual distance (a network trained on the same scenes). Few-step
  samples are therefore close to the best single guess, and vary little with the noise: they are no draws from a posterior.
- It has seen only the training objects. A never-seen object comes out as a mixture or as its nearest known neighbour, with the
  right background, place and often category: do not read detail into it.
- The evidence thresholds are for this population; another one needs its own bundle.
"""
