"""A linear bundle for the simulated animal of another bundle: same units, same rig, so that the two can be compared."""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from ..catalogue import categories
from ..data import DataError
from ..demo_data import VAE_MIXTURE
from ..evidence import score
from ..evidence_kinds import calibrate_kinds
from ..fit.folder import whole_folder
from ..pool import Pool, Pools
from ..random_bundle import GROUPS, readouts
from ..stimuli import load_objects
from ..verify import verify_bundle
from ..windows import BIN_MS, BINS, normalise, sample_mixture, sample_windows, shuffle_moments, shuffle_units
from .animal import Animal, read_animal
from .bundle import LinearBundle, write_linear_bundle
from .demo_card import card
from .demo_measure import measure
from .fit import Examples, fit_linear
from .known import Known, read_known, residue
from .method import METHODS, by_receptive_fields, by_ridge
from .model import LinearModel
from .scenes import CHUNK, Held, draw
from .targets import Labels, make_targets


@dataclass(frozen=True)
class DemoLinearOptions:
    """scenes: training pictures; windows of them; test: held-out scenes of each kind; content: latents of each of the
    two groups without labels."""

    scenes: int = 16_384
    windows: int = 65_536
    test: int = 1024
    content: int = 16
    method: str = "ridge"
    seed: int = 7


def run_demo_linear(source: Path, emoji: Path, out: Path, options: DemoLinearOptions) -> dict:
    """Scenes as the demo draws them, windows of single trials, closed-form fit, bundle; returns the metrics."""
    animal = read_animal(source)
    side, bins = animal.manifest["image"]["height"], animal.manifest["bins"]
    if (bins["widthMs"], bins["window"]) != (BIN_MS, BINS):
        raise DataError(f"{source}: expected {BINS} bins of {BIN_MS} ms, got {bins['window']} of {bins['widthMs']:g}")
    pools = Pools(load_objects(emoji), options.scenes, options.test, side, options.seed)
    say(f"rates of {options.scenes} training and 2 x {options.test} held-out scenes")
    train, *held = (Held(pool, animal.driven(pool)) for pool in (pools.train, pools.rendering, pools.unseen))
    say(f"{options.windows} windows")
    shown = read_known(source / "session", side)
    labels = demo_labels(train.pool, shown)
    sizes = dict(zip(GROUPS, (8, 8, options.content, options.content), strict=True))
    pictures = torch.cat([train.pool.pictures, shown.pictures])
    targets = make_targets(pictures, torch.arange(len(train.pool)), tuple(sizes.items()), labels)
    method = by_receptive_fields(train.pool.images(slice(None))) if options.method == METHODS[1] else by_ridge
    model, estimate = fit_linear(examples(animal, train, options), targets, labels, side, options.seed, method)
    say(f"evidence and figures; {estimate.chosen}")
    metrics = estimate.chosen | measure(
        animal, model, dict(zip(("heldOutRenderings", "neverSeenObjects"), held, strict=True)), options.seed
    )
    known = shown.targets(targets.latents[len(train.pool) :], residue(model.picture, targets.latents, pictures))
    return write(animal, model, held, metrics, options, known, out)


def demo_labels(pool: Pool, shown: Known) -> list[Labels]:
    """Category, position and size, and rotation of every scene, then of the session's pictures."""
    category, place, angle = readouts(categories())
    ids, pose = torch.cat([pool.category, shown.category]), torch.cat([pool.pose, shown.pose])
    return [Labels(category, ids), Labels(place, pose[:, :3]), Labels(angle, pose[:, 3:])]


def examples(animal: Animal, train: Held, options: DemoLinearOptions) -> Examples:
    """Single trials anywhere in a stream and inside responses, as the demo's VAE has them."""
    generator = torch.Generator().manual_seed(options.seed)
    parts = [
        sample_mixture(animal.population, train.driven, VAE_MIXTURE, min(CHUNK, options.windows - at), generator)
        for at in range(0, options.windows, CHUNK)
    ]
    counts, stimulus, shown = (torch.cat([getattr(p, name) for p in parts]) for name in ("counts", "stimulus", "shown"))
    picture = torch.where(shown > 0, stimulus, -1)
    return Examples(normalise(counts, animal.normalisation), picture, picture)


def write(
    animal: Animal,
    model: LinearModel,
    held: list[Held],
    metrics: dict,
    options: DemoLinearOptions,
    known: dict,
    out: Path,
) -> dict:
    """Thresholds, bundle and card, whole or not at all; the session stays with the bundle that it came from."""
    evidence = fit_evidence(animal, model, held, options.seed)
    metrics["evidence"] = evidence.calibration
    generator = torch.Generator().manual_seed(options.seed)
    index = torch.zeros(1, dtype=torch.long)
    kinds = ("inside", "blank")
    golden = [sample_windows(animal.population, held[0].driven, index, kind, generator).counts for kind in kinds]
    bundle = LinearBundle(
        out.name, model, animal.manifest["units"]["labels"], animal.normalisation, BIN_MS, evidence,
        torch.cat(golden).numpy(), provenance(animal, options), metrics, known,
    )  # fmt: skip
    with whole_folder(out) as draft:
        write_linear_bundle(bundle, draft)
        (draft / "MODEL_CARD.md").write_text(card(out.name, animal, metrics))
        for check in verify_bundle(draft):
            if not check.ok:
                raise ValueError(f"bundle: expected {check.name} to hold, got an error of {check.error:.2e}")
    return metrics


def provenance(animal: Animal, options: DemoLinearOptions) -> dict:
    """Where the bundle comes from."""
    return {
        "generator": "phosphene-train 0.1.0",
        "seed": options.seed,
        "data": f"simulated spikes of the session of bundle {animal.manifest['name']}; pictures from "
        "@lobehub/fluent-emoji-3d 1.1.0 (MIT, Microsoft Fluent Emoji)",
        "licence": "Apache-2.0",
        "command": "phosphene-train demo-linear",
        "options": asdict(options),
    }


@torch.no_grad()
def fit_evidence(animal: Animal, model: LinearModel, held: list[Held], seed: int):
    """Thresholds from both held-out pools against blank, unit-shuffled and time-shuffled windows."""
    generator = torch.Generator().manual_seed(seed + 60)
    real, blank, stream = (
        torch.cat([draw(animal, each, kind, generator) for each in held]) for kind in ("inside", "blank", "stream")
    )
    kinds = {
        "blank": blank,
        "unitShuffled": shuffle_units(real, generator),
        "timeShuffled": shuffle_moments(stream, generator),
    }
    return calibrate_kinds(score(model, real), {name: score(model, window) for name, window in kinds.items()})


def say(text: str) -> None:
    print(f"demo-linear: {text}", flush=True)
