"""A direct bundle for the simulated animal of another bundle, with that bundle's latents: same units, same sliders."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from ..bundle import write_json
from ..catalogue import categories
from ..demo_run import IMAGE, DemoOptions, fit_vision
from ..load_bundle import Weights as GraphWeights
from ..load_bundle import load_encoder
from ..stage_files import load_state, load_tensors, save_state, save_tensors
from ..stimuli import load_objects
from ..train_vision import train_vision
from ..vision import Vision, perceptual_distance
from .demo_data import Scenes, scenes_of_bundle, scenes_of_run
from .demo_measure import measure, steering_effect
from .demo_sheets import draw_sheets
from .mei import MeiOptions, fit_maps
from .model import DirectModel, DirectOptions
from .objective import Distance, Weights
from .painter import PainterOptions
from .quantise import round_to_int8
from .steered import mixed, read_teacher, steered_examples
from .train import DirectTraining, NextPair, train_direct

STEERED_SHARE = 3 / 16
"""Of a batch."""


@dataclass(frozen=True)
class DemoDirectOptions:
    """Sizes of a run: training scenes and held-out ones of each kind, pictures that the maps are fitted to, steps and
    batch, seconds after which training ends (0: never), steps of the judge of the perceptual distance where the run of
    the demo has none, steps of the encoding network, channels of the painter, ways in which a unit is read, peak
    learning rate, weight of the perceptual distance, steered examples (only with the run of the demo)."""

    scenes: int = 16_384
    test: int = 1024
    seen: int = 16_384
    steps: int = 3000
    batch: int = 64
    seconds: int = 0
    critic_steps: int = 600
    encoding_steps: int = 1500
    widths: tuple[int, int, int, int] = (128, 96, 48, 20)
    latent: int = 16
    context: int = 10
    rate: float = 1e-3
    perceptual: float = 0.06
    steered: int = 24_576
    seed: int = 7


@dataclass(frozen=True)
class Trained:
    """Scenes, the trained and rounded model, its figures, and the options that it was trained with."""

    scenes: Scenes
    model: DirectModel
    metrics: dict
    options: dict


def train_demo_direct(
    source: Path, emoji: Path, work: Path, options: DemoDirectOptions, device: str, run: Path | None
) -> Trained:
    """Everything but the bundle; finished stages are read from `work`, and then the options are those of then."""
    work.mkdir(parents=True, exist_ok=True)
    torch.set_float32_matmul_precision("high")
    o, scenes = options, scenes_of(source, emoji, work, options, device, run)
    model, maps = new_model(scenes, source, options, work)
    trained = load_state(model, "direct", work)
    if not trained:
        write_json(work / "options.json", asdict(o), indent=1)
        critic = fit_critic(emoji, scenes, options, device, work, run)
        training = DirectTraining(o.steps, o.rate, seconds=o.seconds, weights=Weights(perceptual=o.perceptual))
        distance = distance_of(critic) if critic else None
        load_state(model, "start", work)
        model = train_direct(model, source_of(scenes, model, run, o), training, distance, work)
        save_state(model, "direct", work)
    round_to_int8(model.eval().requires_grad_(False))
    kept = json.loads((work / "options.json").read_text())
    judge = judge_of(emoji, run, work, device)
    metrics = {"maps": maps, **measure(scenes, model, judge, o.seed)}
    metrics["steering"] = steering_effect(scenes, model, judge, o.seed)
    write_json(work / "metrics.json", {"options": kept, **metrics}, indent=1)
    draw_sheets(scenes, model, work, o.seed)
    return Trained(scenes, model, metrics, kept)


def scenes_of(
    source: Path, emoji: Path, work: Path, options: DemoDirectOptions, device: str, run: Path | None
) -> Scenes:
    """Scenes with the rates that they drive, by the cortex of a run where there is one."""
    say(f"rates of {options.scenes} training and 2 x {options.test} held-out scenes")
    sizes = (options.scenes, options.test, options.seed)
    return scenes_of_run(source, emoji, run, work, device, *sizes) if run else scenes_of_bundle(source, emoji, *sizes)


def source_of(scenes: Scenes, model: DirectModel, run: Path | None, o: DemoDirectOptions) -> NextPair:
    """Windows with pictures, some of them steered where the run of the demo has its many-step sampler."""
    pairs = scenes.pairs(o.batch, o.seed)
    if run is None or not o.steered:
        return pairs
    teacher = read_teacher(run, str(scenes.device))
    return mixed(pairs, steered_examples(scenes, model.vae, teacher, o.steered, o.seed + 2), STEERED_SHARE)


def new_model(scenes: Scenes, source: Path, o: DemoDirectOptions, work: Path) -> tuple[DirectModel, dict]:
    """The source's VAE, units' maps fitted to spikes (or read), and an untrained painter."""
    manifest = scenes.animal.manifest
    vae = load_encoder(manifest, GraphWeights.of(source / manifest["files"]["encode"]["path"])).to(scenes.device)
    painter = PainterOptions(manifest["image"]["height"], 3, o.widths, o.latent)
    kept, found = load_tensors("maps", work, str(scenes.device)), read(work / "maps.json")
    if kept is None:
        say("most exciting inputs")
        pictures, responses = scenes.responses(o.seen, o.seed + 1)
        mei = MeiOptions(o.encoding_steps, min(512, o.seen), seed=o.seed)
        maps, found = fit_maps(pictures, responses, painter.map_side, mei)
        kept = {"maps": maps}
        save_tensors(kept, "maps", work)
        write_json(work / "maps.json", found)
    torch.manual_seed(o.seed)
    model = DirectModel(vae, kept["maps"].cpu(), DirectOptions(painter, o.context))
    return model.to(scenes.device), found


def read(path: Path) -> dict:
    """JSON, {} where there is none yet."""
    return json.loads(path.read_text()) if path.exists() else {}


def fit_critic(
    emoji: Path, scenes: Scenes, o: DemoDirectOptions, device: str, work: Path, run: Path | None
) -> Vision | None:
    """The network of the perceptual distance, as the demo has it: it never sees the held-out objects. None for pictures
    of another size than it takes."""
    if scenes.train.pool.pictures.shape[-1] != IMAGE:
        return None
    objects = load_objects(emoji).to(device)
    if run:
        demo = DemoOptions(o.seed, vision_steps=o.critic_steps)
        return fit_vision(objects, lambda: scenes.train.pool, demo, "critic", o.seed + 1, work, run)
    return train_vision(
        scenes.train.pool, len(categories()), len(objects.names), o.critic_steps, min(512, o.batch), o.seed + 1
    )


def distance_of(critic: Vision) -> Distance:
    """The perceptual distance by a network, of half of the batch, both pictures moved by the same few pixels: where the
    network's strides fall must not show in the decoded picture as a comb."""

    def distance(decoded: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
        some, side = slice(0, max(1, len(decoded) // 2)), true.shape[-1]
        # Index tensors and not torch.roll: a number that changes would be compiled anew each time.
        rows, columns = (torch.arange(side, device=true.device) + torch.randint(8, (2, 1), device=true.device)) % side
        a, b = (x[some].index_select(2, rows).index_select(3, columns) for x in (decoded, true))
        return perceptual_distance(critic, a, b)

    return distance


def judge_of(emoji: Path, run: Path | None, work: Path, device: str) -> Vision | None:
    """The picture network inside the simulated cortex, where the run of the demo has it."""
    if run is None:
        return None
    judge = Vision(len(categories()), len(load_objects(emoji).names)).to(device).eval().requires_grad_(False)
    return judge if load_state(judge, "cortex", run) else None


def smoke(options: DemoDirectOptions) -> DemoDirectOptions:
    """A few steps of everything."""
    return replace(
        options, scenes=192, test=32, seen=192, steps=4, batch=8, critic_steps=2, encoding_steps=4, steered=4
    )


def say(text: str) -> None:
    print(f"demo-direct: {text}", flush=True)
