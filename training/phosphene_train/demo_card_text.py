"""The words of the demo's model card."""

INTRODUCTION = """
# Phosphene demo

Decodes {units} simulated IT-like units into 64x64 pictures: a group-wise VAE (groups pose, category, content-1,
content-2) and a conditional denoiser for 1, 2 or 4 DDIM steps, its guidance weight {guidance:g} unless told otherwise.

Intended use: trying Phosphene, testing rigs and viewers, measuring latency. It says nothing about any brain: the
neurons are simulated, and it decodes nothing but them. Apache-2.0; made by `phosphene-train demo`.
docs/science.md says how every figure is made.
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

FIGURES = """
## Figures

Single trials, one 100 ms window inside the response, one fixed noise. Two-way: does the decoded picture correlate more
with its own true picture than with another held-out one. The judge is the picture network inside the simulated cortex,
which the decoder never saw and which knows all objects.

| | held-out renderings of training objects | never-seen objects |
|---|---|---|
"""

LADDER = """
## Quality against steps

{windows} held-out renderings, single trials. Fréchet distance in the features of the judge (not comparable with any
other network's) and perceptual distance over its layers: less is better. The teacher is the denoiser before
distillation.

| | steps | Fréchet | perceptual | two-way | SSIM |
|---|---|---|---|---|---|
"""

LATENTS = """
## Latents

Neural R2 on held-out renderings (share of the variance of window-averaged normalised counts, mean over units), of
single windows and of means over 8 trials, beside a VAE of the same size and training without labels, picture or
correlation terms.

| | R2 | plain VAE | R2 of means | plain VAE |
|---|---|---|---|---|
"""

SELECTIVITY = """What each group alone predicts on held-out scenes (R2, or accuracy above chance):

"""

SCORES = """
FactorVAE score {factorVae:.2f} by dimension and {factorVaeGroups:.2f} by group, SAP {sap:.2f}, MIG {mig:.2f}. The
posterior's variance was scaled on training scenes: its 68 % and 95 % intervals hold {before68} and {before95} of
held-out latents before and {after68} and {after95} after.
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

- Training took {seconds:.0f} s on the machine that made it, rendering and evaluation of the VAE included.
- VAE: evidence lower bound with a learned noise per unit, so that bits are bits; blank windows are drawn to the prior.
  Weak labels: position, size and angle (group pose), category (group category). All groups together also predict a
  coarse thumbnail in training, so that the latents keep what a picture needs; that head is not shipped.
- Teacher: a small transformer that estimates the clean picture from latents of single trials of the frozen VAE,
  weighted by min(SNR, 5) + 1, latents withheld in a tenth. Student: the same network trained to name, from the noise
  and from the states that its own few steps visit, the end of the teacher's guided trajectory, by absolute error and a
  perceptual distance (a network trained on the same scenes, not the judge). The guidance weight was chosen by Fréchet
  distance on renderings of their own.
- It knows only the training objects. A never-seen object comes out as a mixture of them or as its nearest neighbour,
  with the right background, place and often category: do not read detail into it.
- The evidence tells windows without a stimulus from windows with one. It cannot tell pictures that the decoder knows
  from others: windows of the animal looking at noise pass as real.
- The thresholds are for this population; another one needs its own bundle.
"""
