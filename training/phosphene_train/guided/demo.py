"""The demo's guided bundles, of a finished run: models/demo-guided, and the one with the exact way."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor

from ..denoiser import Denoiser
from ..diffusion import TIMESTEPS
from ..direct.demo_bundle import fit_evidence
from ..direct.demo_data import Scenes, scenes_of_bundle
from ..direct.quantise import round_to_int8
from ..evaluate import session_noise
from ..fit.folder import whole_folder
from ..linear.scenes import draw
from ..load_bundle import Weights, load_encoder
from ..metrics import own_correlation, r2, structural_similarity, top1, two_way
from ..pool import make_pool
from ..random_bundle import demo_options
from ..stage_files import load_state
from ..stimuli import balanced, load_objects
from ..vae import GroupVae
from ..verify import verify_bundle
from ..windows import BIN_MS, sample_windows
from .bundle import Exact, GuidedBundle, write_guided_bundle
from .carry import resume_state
from .demo_card import card
from .guide import Guide, GuideOptions
from .network import Editor
from .pairs import EditOptions, Networks
from .push import Spectrum
from .run import GuidedOptions, teacher_shape
from .student import draw_edits

POSES = ("x", "y", "size", "angle")


@dataclass(frozen=True)
class Finished:
    """A run's folder: its options, how it edits, its default eta, its figures."""

    folder: Path
    options: GuidedOptions
    edit: EditOptions
    eta: float
    figures: dict

    @staticmethod
    def read(folder: Path) -> "Finished":
        figures = json.loads((folder / "guided.json").read_text())
        known = dict(figures["options"])
        known["edit"] = EditOptions(**known["edit"])
        known = {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}
        return Finished(folder, GuidedOptions(**known), EditOptions(**figures["edit"]), figures["eta"], figures)

    def student(self) -> Editor:
        """The few-step editor."""
        o = self.options
        shape = replace(
            demo_options()[1], width=o.student_width, blocks=o.student_blocks, heads=max(1, o.student_width // 46)
        )
        return self.filled(Editor(shape, self.edit.gamma, self.edit.eta), "editor")

    def networks(self, demo: Path, objects: int, categories: int, pictures: Tensor) -> Networks:
        """The exact way's; `demo` is the run folder whose teacher the prior began as."""
        o = self.options
        teacher = Denoiser(teacher_shape(o))
        if not load_state(teacher, "teacher", demo):
            raise FileNotFoundError(f"{demo}: expected teacher.pt")
        prior = self.filled(Denoiser(teacher_shape(o)), "prior", teacher)
        groups = teacher.options.groups
        shape = GuideOptions(groups, categories, objects, features=o.guide_features, widths=o.guide_widths)
        spectrum = Spectrum(teacher.options.image).fit(pictures)
        return Networks(prior, self.filled(Guide(shape), "guide"), spectrum)

    def filled(self, model: torch.nn.Module, name: str, base: torch.nn.Module | None = None):
        for folder in (self.folder / "carry", self.folder):
            if resume_state(model, name, folder, base):
                return model.eval().requires_grad_(False)
        raise FileNotFoundError(f"{self.folder}: expected {name}.pt or carry/{name}.compact.pt")


def write_demo_guided(
    source: Path, emoji: Path, run: Path, out: Path, demo: Path | None, test: int = 512, seed: int = 7
) -> dict:  # fmt: skip
    """Read, round, measure, write `out` whole and verified; with `demo` it has the exact way's graphs too."""
    finished, encode = Finished.read(run), json.loads((source / "manifest.json").read_text())
    vae = load_encoder(encode, Weights.of(source / encode["files"]["encode"]["path"]))
    student = finished.student()
    for model in (vae, student):
        round_to_int8(model)
    scenes = scenes_of_bundle(source, emoji, 64, test, seed + 20)
    metrics = measure(scenes, vae, student, finished.eta, seed)
    evidence = fit_evidence(scenes, SimpleNamespace(vae=vae), seed)
    kept = ("informationNats", "informationPairs", "roundTrip", "rising", "report")
    metrics |= {"evidence": evidence.calibration, **{k: finished.figures[k] for k in kept if k in finished.figures}}
    exact = None
    if demo:
        objects = load_objects(emoji)
        pictures = make_pool(objects, balanced(objects, True), 4096, encode["image"]["height"], seed).images(
            slice(None)
        )
        classes = len(encode["readouts"][0]["labels"])
        exact = Exact(finished.networks(demo, len(objects.names), classes, pictures), finished.edit)
    bundle = GuidedBundle(
        out.name, vae, student, exact, encode["units"]["labels"], scenes.animal.normalisation, BIN_MS, finished.eta,
        evidence, golden_counts(scenes, seed), provenance(encode["name"], finished, seed), metrics, seed,
    )  # fmt: skip
    with whole_folder(out) as draft:
        write_guided_bundle(bundle, draft)
        (draft / "MODEL_CARD.md").write_text(card(out.name, encode, metrics, bundle.eta))
        for check in verify_bundle(draft):
            if not check.ok:
                raise ValueError(f"bundle: expected {check.name} to hold, got an error of {check.error:.2e}")
    return metrics


@torch.no_grad()
def measure(scenes: Scenes, vae: GroupVae, student: Editor, eta: float, seed: int) -> dict:
    """Figures of the unsteered student on held-out scenes, one 100 ms window inside the response of each."""
    out: dict = {}
    noise = session_noise(student.inner.options.image, torch.device("cpu"))
    for at, (name, held) in enumerate(scenes.held.items()):
        window = draw(scenes.animal, held, "inside", torch.Generator().manual_seed(seed + 10 + at))
        mu, _, _, category, place, angle = vae(window)
        true = held.pool.images(slice(None))
        row: dict = {
            "windows": len(window),
            "categoryTop1": round(top1(category, held.pool.category), 4),
            "poseR2": dict(zip(POSES, r2(torch.cat([place, angle], 1), held.pool.pose), strict=True)),
            "pictures": {},
        }
        for steps, times in TIMESTEPS.items():
            decoded = unsteered(student, noise, mu, eta, times)
            row["pictures"][steps] = {
                "twoWay": round(two_way(decoded, true), 4),
                "correlation": round(own_correlation(decoded, true), 4),
                "ssim": round(structural_similarity(decoded, true), 4),
            }
        out[name] = row
    return out


def unsteered(student: Editor, noise: Tensor, mu: Tensor, eta: float, times: list[float]) -> Tensor:
    """Pictures of latents [N, D] from one noise [3, S, S]."""
    parts = []
    for part in mu.split(64):
        gamma, weight = torch.zeros(len(part), len(student.groups)), torch.full((len(part),), eta)
        parts.append(draw_edits(student, noise.expand(len(part), -1, -1, -1), part, gamma, weight, times))
    return torch.cat(parts)


def golden_counts(scenes: Scenes, seed: int) -> np.ndarray:
    """One window inside a response: pictures weigh as much as weights."""
    generator, index = torch.Generator().manual_seed(seed), torch.zeros(1, dtype=torch.long)
    driven = scenes.held["heldOutRenderings"].driven
    return sample_windows(scenes.animal.population, driven, index, "inside", generator).counts.numpy()


def provenance(source: str, finished: Finished, seed: int) -> dict:
    """Where the bundle comes from."""
    return {
        "generator": "phosphene-train 0.1.0",
        "seed": seed,
        "data": f"simulated spikes of the session of bundle {source}, whose encoder it has; pictures from "
        "@lobehub/fluent-emoji-3d 1.1.0 (MIT, Microsoft Fluent Emoji)",
        "licence": "Apache-2.0",
        "command": "phosphene-train guided, then demo-guided",
        "options": asdict(finished.options) | {"edit": asdict(finished.edit)},
    }
