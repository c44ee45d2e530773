"""The model card of the demo bundle, written from its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .catalogue import object_counts

if TYPE_CHECKING:
    from .demo_run import DemoOptions
    from .population import Population


def model_card(options: DemoOptions, population: Population, metrics: dict) -> str:
    """Markdown."""
    parts = [INTRODUCTION, data(options, population), figures(metrics), evidence(metrics["evidence"]), LIMITS]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def data(options: DemoOptions, p: Population) -> str:
    """What it was trained on."""
    counts = object_counts()
    rows = [f"| {name} | {seen} | {unseen} |" for name, (seen, unseen) in counts.items()]
    total = sum(seen + unseen for seen, unseen in counts.values())
    return DATA.format(
        objects=total,
        scenes=f"{options.train:,}",
        seed=options.seed,
        rows="\n".join(rows),
        units=len(p.baseline),
        gain=p.gain_sd,
        refractory=p.refractory,
        on=p.on,
        off=p.off,
    )


def figures(metrics: dict) -> str:
    """The table of both held-out pools."""
    pools = [metrics["heldOutRenderings"], metrics["neverSeenObjects"]]
    columns = [figure_column(pool) for pool in pools]
    rows = [f"| {name} | {columns[0][name]} | {columns[1][name]} |" for name in columns[0]]
    return FIGURES + "\n".join(rows)


def figure_column(pool: dict) -> dict[str, str]:
    """Row title -> figure, of one pool."""
    out = {"windows (one a scene)": str(pool["windows"])}
    out["category top-1 of 8, from the spikes"] = percent(pool["categoryTop1"])
    for steps in ("4", "2", "1"):
        picture, title = pool["pictures"][steps], f"{steps} step{'s' if steps != '1' else ''}"
        out[f"two-way identification, {title}"] = percent(picture["twoWay"])
        out[f"pixel correlation, {title}"] = f"{picture['correlation']:.3f}"
        out[f"SSIM, {title}"] = f"{picture['ssim']:.3f}"
        out[f"category of the picture by a judge, {title}"] = percent(picture["judgeTop1"])
    out["the judge on the true pictures"] = percent(pool["judgeOnTruePictures"])
    out["pixel correlation of the mean picture"] = f"{pool['meanPictureCorrelation']:.3f}"
    out["units shuffled: category top-1 (chance 12.5 %)"] = percent(pool["shuffled"]["categoryTop1"])
    out["units shuffled: two-way (chance 50 %)"] = percent(pool["shuffled"]["twoWay"])
    for name in ("x", "y", "size", "angle"):
        out[f"R2 of {name}"] = f"{pool['poseR2'][name]:.2f}"
    return out


def evidence(calibration: dict) -> str:
    """How often evidence refuses a window, and how well it tells the kinds apart."""
    rows = []
    for kind, count in calibration["windows"].items():
        areas = calibration["auc"].get(kind, {})
        cells = [f"{areas[name]:.3f}" if areas else "" for name in ("bits", "explained", "atypicality", "joint")]
        rows.append(f"| {kind} | {count} | {percent(calibration['rejected'][kind])} | {' | '.join(cells)} |")
    return EVIDENCE + "\n".join(rows)


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


INTRODUCTION = """
# Phosphene demo

Decodes 192 simulated IT-like units into 64x64 pictures: a group-wise VAE (24 latents: pose, category, content-1,
content-2) and a conditional denoiser of 4.8 M parameters, sampled in 1, 2 or 4 DDIM steps.

Intended use: trying Phosphene, testing rigs and viewers, measuring latency. It says nothing about any brain: the
neurons are simulated, and it decodes nothing but them. Apache-2.0; made by `phosphene-train demo`.
"""

DATA = """
## Data

Pictures: {objects} objects from Microsoft's Fluent Emoji 3D (npm package `@lobehub/fluent-emoji-3d`, MIT), drawn at
64x64 with random position, size, angle and a calm background; {scenes} training scenes, seed {seed}. The objects that
the decoder never sees were drawn at random with a fixed seed; some have a near relative among the others (a mirrored
hand, another goat).

| category | objects in training | objects never seen |
|---|---|---|
{rows}

Neurons: a simulated population of {units} units. Each is linear-nonlinear in features of a small picture network
(category, object, pose) and in the coarse colours of the picture. That network, the animal's own, has learned all
objects, also those that the decoder never sees, from other scenes: an animal has seen things that its decoder has not.
Baseline 1-6 Hz; onset latency 50-90 ms, rise and transient of its own for each unit; adaptation to the stimulus
before; a shared gain (standard deviation {gain}), two shared factors and slow drift; Poisson spikes, {refractory:g} ms
refractory. Windows are single trials, 5 bins of 20 ms, at any offset in a stream of {on:g} ms pictures and {off:g} ms
blanks; a window belongs to the stimulus that was on for at least half of it, 70 ms earlier, else to a blank, whose
picture is mid-grey.
"""

FIGURES = """## Figures

Single trials, one 100 ms window inside the response, one fixed noise. Two-way: does the decoded picture correlate more
with its own true picture than with another held-out one. The judge is the picture network inside the simulated cortex,
which the decoder never saw and which knows all objects.

| | held-out renderings of training objects | never-seen objects |
|---|---|---|
"""

EVIDENCE = """
## Evidence

Thresholds were set on these very windows of held-out scenes. Areas under the ROC curve are of real windows against each
kind. Unit-shuffled: units in another order. Time-shuffled: every unit's bins from another moment. Foreign: the same
animal looks at colour noise.

| windows | N | refused | AUC bits | explained | typicality | all three |
|---|---|---|---|---|---|---|
"""

LIMITS = """
## How it was trained, and limits

- VAE: evidence lower bound with a learned noise per unit, so that bits are bits; blank windows are drawn to the prior.
  Weak labels: position, size and angle (group pose), category (group category). All groups together also predict a
  coarse thumbnail in training, so that the latents keep what a picture needs; that head is not shipped.
- Denoiser: v-prediction on latents of single trials from the frozen VAE, weighted by min(SNR, 5) + 1; then tuned
  through the shipped 1-, 2- and 4-step DDIM samplers on absolute error and a perceptual distance (a network trained on
  the same scenes); the weights are 0.6 of the tuned and 0.4 of the untuned model, a share chosen by eye on 32 held-out
  scenes (other ones than the figures are of). Few-step samples are close to the best single guess and vary little with
  the noise: they are no draws from a posterior.
- Pictures are recognisable and soft: edges are ragged, small parts (spokes, handles, legs) are lost, and one step shows
  some grain. In part it is the spikes (100 ms leave about 1.5 pixels and 6 degrees open), in part the network.
- It knows only the training objects. A never-seen object comes out as a mixture of them or as its nearest neighbour,
  with the right background, place and often category: do not read detail into it.
- The evidence thresholds are for this population; another one needs its own bundle.
"""
