"""The evidence of a fitted bundle: calibrated posterior, and thresholds from real windows against what is none."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from ..calibration import Repeats, describe, fold, moments, poisson_deviance_explained, temperatures
from ..data.types import TEST, VALIDATION
from ..evidence import Evidence, Scores, pearson, score
from ..evidence_kinds import calibrate_kinds
from ..half import round_to_half
from ..vae import GroupVae
from ..windows import normalise, shuffle_moments, shuffle_units
from .problem import FOREIGN, Problem, Recording
from .windows import Windows, repeat_draw


@torch.no_grad()
def calibrate_posterior(problem: Problem, vae: GroupVae) -> dict:
    """Fit a temperature for each group on validation windows, fold it into `vae`; before and after on test windows."""
    groups, test = vae.options.groups, repeats(problem, vae, TEST)
    fitted = moments(repeats(problem, vae, VALIDATION))
    factors = temperatures(fitted, groups)
    report = {"temperature": {name: round(c, 4) for (name, _), c in zip(groups, factors, strict=True)}}
    if fitted is None:
        return {**report, "how": "not calibrated: the validation split presents fewer than two stimuli more than once"}
    report |= {"validationWindows": fitted.windows, "testBefore": describe(test, fitted, groups)}
    fold(vae, factors)
    round_to_half(vae)
    return {**report, "testAfter": describe(repeats(problem, vae, TEST), fitted, groups)}


def repeats(problem: Problem, vae: GroupVae, split: int) -> Repeats:
    """One window inside the response of every presentation of the split that has room for one."""
    recording = problem.exported
    drawn = one_each(recording, split, problem.config.train.seed)
    return Repeats(*vae.encode(normalise(drawn.counts, recording.norm)), drawn.stimulus)


def one_each(recording: Recording, split: int, seed: int, kind: str = "inside") -> Windows:
    """For every presentation of the split the first of many random windows that falls into it, in order of time."""
    generator = torch.Generator(recording.source.stimulus.device).manual_seed(seed + 50)
    count = 20 * max(50, int((recording.split == split).sum()))
    drawn = repeat_draw(recording.source, split, kind, count, generator)
    shown = drawn.presentation.cpu().numpy()
    _, first = np.unique(shown, return_index=True)
    first = torch.from_numpy(first[shown[first] >= 0]).to(drawn.counts.device)
    return Windows(drawn.counts[first], drawn.stimulus[first], drawn.presentation[first])


def fit_evidence(problem: Problem, vae: GroupVae) -> Evidence:
    """Thresholds from validation and test windows of the exported session (fit/evidence.py: kinds_of)."""
    real, others = kinds_of(problem, vae)
    return calibrate_kinds(real, others, problem.config.evidence.loss)


@torch.no_grad()
def kinds_of(problem: Problem, vae: GroupVae) -> tuple[Scores, dict[str, Scores]]:
    """Scores of real windows and of the other kinds, by name.

    real           inside the responses to held-out presentations
    blank          between responses (spikes only)
    unitShuffled   real, each window's units in another order
    timeShuffled   each unit's bins from another moment of the stream: its own statistics, no common cause
    otherStimulus  real, but held against the latents of a window of another stimulus: `explained` alone can tell
    foreign        responses to stimuli of a kind that training never saw (data.foreign)
    """
    recording, count = problem.exported, problem.config.evidence.windows
    source, seed = recording.source, problem.config.train.seed
    generator = torch.Generator(problem.device).manual_seed(seed + 60)
    real = held_out(recording, "inside", count, generator)
    others = {"unitShuffled": shuffle_units(real.counts, generator)}
    others["timeShuffled"] = shuffle_moments(held_out(recording, "stream", count, generator).counts, generator)
    if source.has(TEST, "blank"):
        others["blank"] = held_out(recording, "blank", count, generator).counts
    if source.has(FOREIGN, "inside"):
        others["foreign"] = repeat_draw(source, FOREIGN, "inside", count, generator).counts
    scores = {name: scored(recording, vae, counts) for name, counts in others.items()}
    if len(real.stimulus.unique()) > 1:
        scores["otherStimulus"] = exchanged(recording, vae, real, generator)
    return scored(recording, vae, real.counts), scores


def held_out(recording: Recording, kind: str, count: int, generator: torch.Generator) -> Windows:
    """Half of the windows from validation, half from test, as far as they have that kind."""
    splits = [split for split in (VALIDATION, TEST) if recording.source.has(split, kind)]
    drawn = [repeat_draw(recording.source, split, kind, count // len(splits), generator) for split in splits]
    return Windows(*(torch.cat([getattr(d, name) for d in drawn]) for name in ("counts", "stimulus", "presentation")))


def scored(recording: Recording, vae: GroupVae, counts: Tensor) -> Scores:
    """Scores of raw windows, with the explained Poisson deviance where counts are counts."""
    window = normalise(counts, recording.norm)
    found = score(vae, window)
    total = counts.sum(1).cpu().numpy()
    if (total < 0).any():
        return found
    norm, bins = recording.norm, counts.shape[1]
    expected = vae.decoder(vae.encode(window)[0]).cpu().numpy() * norm.std + norm.mean
    return replace(found, deviance=poisson_deviance_explained(total, expected * bins, norm.mean * bins))


def exchanged(recording: Recording, vae: GroupVae, real: Windows, generator: torch.Generator) -> Scores:
    """Latents of one window, activity of another that shows another stimulus."""
    order = torch.randperm(len(real.counts), generator=generator, device=real.counts.device)
    apart = real.stimulus[order] != real.stimulus
    own, other = (normalise(c[apart], recording.norm) for c in (real.counts, real.counts[order]))
    found = score(vae, own)
    explained = pearson(other.mean(1), vae.decoder(vae.encode(own)[0]))
    return replace(found, explained=explained.float().cpu().numpy())
