"""`latent-diffusion bundle`: what a run left behind -> a bundle folder with a session, checked."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..session import Stimulus
from ..sheets import save_pairs
from ..verify import verify_bundle
from .bold import Paradigm, run_of
from .bundle import Bundle, evidence_manifest, write_bundle
from .decode import Way, decode
from .session import BoldSession, voxel_labels, write_bold_session
from .simulated import LEAD
from .state import Run, load_run

GOLDEN = 2


def make_bundle(run_folder: Path, out: Path) -> list[str]:
    """Write the bundle; returns the names of the checks that fail, none if all is well."""
    run = load_run(run_folder)
    metrics, p = run.known["metrics"], run.paradigm
    session = session_of(run, out.name)
    counts = golden_counts(run, session.responses)
    found = metrics["evidence"]
    evidence = evidence_manifest(
        found["explained"], found["atypicality"], np.array(found["mean"]), np.array(found["std"]), found["calibration"]
    )
    bundle = Bundle(
        out.name, run.fitted, session.labels, run.normalisation, run.weights, p.tr_s, p.age * p.tr_s, evidence, counts,
        metrics["guidance"], provenance(run), {k: metrics[k] for k in run.known["tests"]}, 0,
    )  # fmt: skip
    write_bundle(bundle, out)
    write_bold_session(out / "session", session)
    (out / "MODEL_CARD.md").write_text(card(run, out.name))
    return [check.name for check in verify_bundle(out) if not check.ok]


def provenance(run: Run) -> dict:
    metrics = run.known["metrics"]
    return {
        "generator": "phosphene-train", "seed": metrics["options"]["seed"], "licence": "Apache-2.0",
        "data": "simulated voxels that look at emoji of @lobehub/fluent-emoji-3d (MIT)",
        "command": "phosphene-train latent-diffusion fit", "options": metrics["options"],
    }  # fmt: skip


def session_of(run: Run, name: str) -> BoldSession:
    """The kept held-out scenes of both kinds, with what the simulated voxels answer."""
    stimuli, responses = [], []
    for kind in run.known["tests"]:
        pictures, category = (run.tensors[f"stimuli/{kind}/{part}"] for part in ("pictures", "category"))
        responses.append(run.tensors[f"stimuli/{kind}/responses"])
        for at, (picture, label) in enumerate(zip(pictures, category.tolist(), strict=True)):
            word, shape = run.fitted.classes[label], picture.permute(1, 2, 0).numpy()
            stimuli.append(Stimulus(f"{word}-{kind[:4]}-{at}", word, {"heldOut": kind}, shape))
    labels = voxel_labels(run.known["voxels"])
    return BoldSession(name, labels, stimuli, torch.cat(responses), run.paradigm, run.noise, run.scanner)


def golden_counts(run: Run, responses: Tensor) -> np.ndarray:
    """Intensities [GOLDEN, W, V] of windows that end at the paradigm's age, from a run of the session's stimuli."""
    p = run.paradigm
    volumes = run_of(p, run.noise, run.scanner, responses[: GOLDEN + 2], torch.Generator().manual_seed(0), LEAD)
    return np.stack([window(p, volumes, at).numpy() for at in range(1, GOLDEN + 1)])


def window(p: Paradigm, volumes: Tensor, trial: int) -> Tensor:
    """The volumes [W, V] of the trial's best window."""
    end = LEAD + trial * round(p.apart_s / p.tr_s) + p.age
    return volumes[end - p.volumes : end]


@torch.no_grad()
def sheet(run_folder: Path, path: Path, samples: int = 5, each: int = 16) -> None:
    """Of a new presentation of `each` stimuli of each kind: the true picture, three samples of four steps, and the mean
    of all samples."""
    run = load_run(run_folder)
    session, p = session_of(run, "sheet"), run.paradigm
    volumes = run_of(p, run.noise, run.scanner, session.responses, torch.Generator().manual_seed(1), LEAD)
    windows = torch.stack([window(p, volumes, at) for at in range(len(session.stimuli))])
    mean, std = run.normalisation.on(windows.device)
    patterns = torch.einsum("w,nwv->nv", torch.from_numpy(run.weights), ((windows - mean) / std).clamp(-8, 8))
    pictures = decode(run.fitted, patterns, Way("4", run.known["metrics"]["guidance"]), samples)
    true = torch.stack([torch.from_numpy(s.picture).permute(2, 0, 1) for s in session.stimuli]).float() / 127.5 - 1
    beside = torch.cat([*pictures[:, :3].unbind(1), pictures.mean(1)], 3)
    kept = torch.arange(len(true)) % (len(true) // len(run.known["tests"])) < each
    save_pairs(true[kept], beside[kept], path, columns=4)


def card(run: Run, name: str) -> str:
    """The bundle's MODEL_CARD.md."""
    metrics, lines = run.known["metrics"], []
    for kind in run.known["tests"]:
        rows = metrics[kind]
        for row in ("student-1", "student-2", "student-4", "shuffled", "ridge", "nearestTraining"):
            if row in rows:
                found = [rows[row].get(key, "") for key in ("nWay", "nWayBest", "twoWay", "correlation")]
                lines.append(f"| {kind} | {row} | " + " | ".join(str(x) for x in found) + " |")
    options, four = metrics["options"], rows["student-4"]
    return f"""# {name}

Latent diffusion from simulated fMRI (arXiv 2305.17214, small): {options["voxels"]} voxels of V1, V2, V3 and ventral
temporal cortex that look at emoji scenes, {options["trials"]} trials with pictures, {options["unlabelled"]} without.
No brain was recorded.

| held out | | n-way top-1, mean of samples | best of samples | two-way identification | pixel correlation |
|---|---|---|---|---|---|
{chr(10).join(lines)}

n is {four["ways"]} (chance {four["chance"]}), 1,000 trials; the judge is a picture network of ours that knows all
objects. The best of the samples is chosen by the judge: no decoder can choose so.

Limits: it decodes this simulated scanner and no other; objects that it has not seen come out as ones that it has. Bits
are missing: the embedding has no posterior. Not for medical use.
"""
