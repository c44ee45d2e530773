"""Figures of a run as PNG: loss curves, sample grid, which factor each group holds, evidence, the table of eval."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ..data.types import TEST
from ..pool import to_bytes
from .bundle_decoder import BundleDecoder
from .evidence import one_each
from .pictures import shown_pictures
from .problem import Problem

STAGES = ("vae", "plain", "denoiser", "student")
SAMPLES = 12


def pyplot():
    """Matplotlib without a screen, loaded when a figure is drawn."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    return plt


def draw_run(problem: Problem, decoder: BundleDecoder, metrics: dict, out: Path) -> None:
    """losses.png, samples.png and selectivity.png in the run folder."""
    draw_losses(out)
    draw_samples(problem, decoder, out / "samples.png")
    models = {name: metrics[name] for name in ("groupVae", "plainVae") if "disentanglement" in metrics.get(name, {})}
    if models:
        draw_selectivity(models, out / "selectivity.png")


def draw_losses(out: Path) -> None:
    """One panel a stage, one line a term, from the stages' .jsonl."""
    found = [(name, history(out / f"{name}.jsonl")) for name in STAGES]
    found = [(name, lines) for name, lines in found if lines]
    if not found:
        return
    plt = pyplot()
    figure, axes = plt.subplots(1, len(found), figsize=(4 * len(found), 3), squeeze=False, layout="constrained")
    for axis, (name, lines) in zip(axes[0], found, strict=True):
        for term in [key for key in lines[0] if key != "step"]:
            axis.plot([line["step"] for line in lines], [line[term] for line in lines], label=term, linewidth=1)
        positive = all(line[term] > 0 for line in lines for term in line if term != "step")
        axis.set(title=name, xlabel="step", yscale="log" if positive else "symlog")
        axis.legend(fontsize=6)
    figure.savefig(out / "losses.png", dpi=120)
    plt.close(figure)


def history(path: Path) -> list[dict]:
    """The lines of a stage's figures."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def draw_samples(problem: Problem, decoder: BundleDecoder, path: Path) -> None:
    """A column a test stimulus: what was shown, then what one window of it decodes to with every number of steps, and a
    second noise sample with the last of a decoder that has noise."""
    drawn = one_each(problem.exported, TEST, problem.config.train.seed)
    stimulus, counts = drawn.stimulus.cpu(), drawn.counts.cpu().numpy()
    _, first = np.unique(stimulus.numpy(), return_index=True)
    first = first[:: max(1, len(first) // SAMPLES)][:SAMPLES]
    found, every = decoder.encode(counts[first]), slice(None)
    rows = [shown_pictures(problem.pictures.cpu(), stimulus[first])]
    rows += [torch.from_numpy(decoder.pictures(steps, found, every, [0])[:, 0]) for steps in decoder.steps]
    if decoder.seeded:
        rows.append(torch.from_numpy(decoder.pictures(decoder.steps[-1], found, every, [1])[:, 0]))
    save_grid(rows, path)


def save_grid(rows: Sequence[torch.Tensor], path: Path, smallest: int = 64) -> None:
    """Rows of pictures [N, 3, S, S] in [-1, 1] with white lines between, small pictures enlarged."""
    padded = [torch.nn.functional.pad(row, (2, 2, 2, 2), value=1.0) for row in rows]
    sheet = torch.cat([torch.cat(list(row), dim=2) for row in padded], dim=1)
    image = Image.fromarray(to_bytes(sheet).permute(1, 2, 0).cpu().numpy())
    scale = max(1, smallest // rows[0].shape[-1])
    image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST).save(path, optimize=True)


def draw_selectivity(models: dict[str, dict], path: Path) -> None:
    """How well each latent group alone predicts each factor, a panel a model."""
    plt = pyplot()
    figure, axes = plt.subplots(1, len(models), figsize=(5 * len(models), 4), squeeze=False, layout="constrained")
    for axis, (name, model) in zip(axes[0], models.items(), strict=True):
        found = model["disentanglement"]["selectivity"]
        matrix = np.array(found["matrix"])
        shown = axis.imshow(matrix, vmin=0, vmax=1, cmap="viridis", aspect="auto")
        axis.set_xticks(range(matrix.shape[1]), found["groups"], rotation=45, ha="right")
        axis.set_yticks(range(matrix.shape[0]), found["factors"])
        for (row, column), value in np.ndenumerate(matrix):
            axis.text(column, row, f"{value:.2f}", ha="center", va="center", color="w" if value < 0.6 else "k")
        axis.set_title(f"{name}: neural R² {model['neuralR2']:.3f}")
    figure.colorbar(shown, ax=axes[0].tolist(), label="held-out score (0 chance, 1 perfect)")
    figure.savefig(path, dpi=120)
    plt.close(figure)


def draw_eval(metrics: dict, path: Path) -> None:
    """Two-way identification and correlation against the number of steps, with the controls as lines."""
    plt = pyplot()
    found = metrics["pictures"]
    steps = [k for k in ("1", "2", "4") if k in found]
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for axis, name in zip(axes, ("twoWay", "correlation"), strict=True):
        axis.plot(steps, [found[k][name] for k in steps], "o-", label="mean of the samples")
        axis.plot(steps, [found[k][f"{name}Best"] for k in steps], "o--", label="best of the samples")
        for style, (control, values) in zip((":", "-.", "--"), found["controls"].items(), strict=True):
            axis.axhline(values[name], linestyle=style, color="grey", label=control)
        axis.set(xlabel="steps", title=f"{name} (N = {found['windows']} windows)")
        axis.legend(fontsize=7)
    figure.savefig(path, dpi=120)
    plt.close(figure)
