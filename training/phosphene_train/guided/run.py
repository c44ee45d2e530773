"""A run of the guided decoder: free denoiser, guide, judge, edits, student. Finished stages are read again."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch

from ..catalogue import categories
from ..demo_data import LatentPool, latent_pool
from ..demo_run import SMOKE, DemoOptions, Run, fit_vision, prepare
from ..demo_stages import fit_vae
from ..denoiser import Denoiser, DenoiserOptions
from ..multi_session import single
from ..progress import console
from ..random_bundle import demo_options
from ..stage_files import load_state, save_state
from ..vae import GroupVae
from ..vision import Vision
from .carry import resume_state
from .guide import Guide, GuideOptions
from .measure import Judge, make_judge
from .network import Editor
from .pairs import EditOptions
from .train_guide import GuideTraining, Shown, measured_information, train_guide
from .train_prior import PriorTraining, train_prior


@dataclass(frozen=True)
class GuidedOptions:
    """Sizes of a run; `seconds` for all of it (0: as many steps as said), of which each stage may take its share: the
    rest is for the scenes and for measuring. `student_again`: a student that is read is trained on."""

    seed: int = 11
    seconds: float = 0.0
    scenes: int = 120_000
    windows: int = 300_000
    batch: int = 512
    teacher_width: int = 384
    teacher_blocks: int = 6
    prior_steps: int = 6000
    guide_steps: int = 8000
    judge_steps: int = 1500
    starts: int = 24_000
    edits_each: int = 3
    plain: int = 24_000
    student_steps: int = 12_000
    student_width: int = 184
    student_blocks: int = 4
    measured: int = 48
    reported: int = 160
    guide_features: int = 256
    guide_widths: tuple[int, ...] = (32, 64, 128, 192)
    etas: tuple[float, ...] = (0.3, 1.0, 3.0, 10.0, 30.0)
    """Guidance weights that the sweep tries, weakest first."""
    prior_share: float = 0.17
    guide_share: float = 0.13
    edits_share: float = 0.13
    plain_share: float = 0.03
    student_share: float = 0.32
    student_again: bool = False
    edit: EditOptions = field(default_factory=EditOptions)


SMALL = GuidedOptions(
    scenes=48, windows=64, batch=4, teacher_width=64, teacher_blocks=2, prior_steps=2, guide_steps=2, judge_steps=2,
    starts=4, edits_each=1, plain=4, student_steps=3, student_width=32, student_blocks=2, measured=2, reported=2,
    guide_features=16, guide_widths=(8, 8, 16, 16), etas=(1.0,), edit=EditOptions(steps=2, start_steps=2),
)  # fmt: skip


@dataclass
class GuidedRun:
    """What the stages share: the demo's scenes, animals and VAE, its teacher, and the clock."""

    options: GuidedOptions
    demo: Run
    vae: GroupVae
    teacher: Denoiser
    pairs: LatentPool
    out: Path
    resume: Path | None
    started: float

    @property
    def device(self) -> torch.device:
        return self.demo.device

    def seconds(self, stage: str) -> float:
        """What a stage may take; 0 where the run has no limit."""
        return getattr(self.options, f"{stage}_share") * self.options.seconds

    def clock(self, stage: str) -> Callable[[], bool]:
        """Says when the time of a stage that begins now is up."""
        began, most = time.monotonic(), self.seconds(stage)
        return lambda: most > 0 and time.monotonic() - began > most

    def say(self, what: str) -> None:
        console.print(f"{time.monotonic() - self.started:6.1f} s  {what}")

    def log(self, **figures: object) -> None:
        """Add to <out>/guided.json."""
        path = self.out / "guided.json"
        known = json.loads(path.read_text()) if path.exists() else {"options": asdict(self.options)}
        path.write_text(json.dumps(known | figures, indent=1) + "\n")


def prepare_guided(
    emoji: Path, demo: Path, out: Path, device: str, o: GuidedOptions, resume: Path | None, smoke: bool = False
) -> GuidedRun:
    """Read the demo's run folder; `smoke` trains what it lacks in a few steps."""
    started = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    torch.set_float32_matmul_precision("high")
    sizes = replace(SMOKE if smoke else DemoOptions(), train=o.scenes, batch=o.batch)
    if smoke:
        sizes = replace(sizes, vision_steps=1, vae_steps=1, animals=1, test=16)
    run = prepare(emoji, out, device, sizes, demo)
    shared = fit_vae(run)
    vae = single(shared, run.subjects.index(run.main)).eval().requires_grad_(False)
    teacher = Denoiser(teacher_shape(o)).to(run.device)
    if not any(load_state(teacher, name, demo) for name in ("teacher", "teacher-half")) and not smoke:
        raise FileNotFoundError(f"{demo}: expected teacher.pt or teacher-half.pt")
    pairs = latent_pool(vae, run.pools.train, run.main, o.windows, o.batch, o.seed)
    teacher = teacher.eval().requires_grad_(False)
    return GuidedRun(o, run, vae, teacher, pairs, out, resume, started)


def teacher_shape(o: GuidedOptions) -> DenoiserOptions:
    return replace(
        demo_options()[1], width=o.teacher_width, blocks=o.teacher_blocks, heads=max(1, o.teacher_width // 64)
    )


def fit_prior(g: GuidedRun) -> Denoiser:
    """The teacher, trained on with any of the groups withheld: what inversion and guidance go through."""
    torch.manual_seed(g.options.seed)
    model = Denoiser(teacher_shape(g.options)).to(g.device)
    if not resume_state(model, "prior", g.resume, g.teacher):
        model.load_state_dict(g.teacher.state_dict())
        training = PriorTraining(g.options.prior_steps, seconds=g.seconds("prior"))
        model = train_prior(model.requires_grad_(True), g.pairs, training, g.out)
    save_state(model, "prior", g.out)
    return model.eval().requires_grad_(False)


def fit_guide(g: GuidedRun, prior: Denoiser) -> Guide:
    """Picture network and scorers, with the bound of the information that they find on held-out windows."""
    o = g.options
    torch.manual_seed(o.seed + 1)
    objects = g.demo.objects
    categories = int(objects.category.max()) + 1
    shape = GuideOptions(
        g.teacher.options.groups, categories, len(objects.names), features=o.guide_features, widths=o.guide_widths
    )
    guide = Guide(shape).to(g.device)
    shown = Shown(g.pairs)
    if not resume_state(guide, "guide", g.resume):
        training = GuideTraining(o.guide_steps, 2 * o.batch, seconds=g.seconds("guide"))
        guide = train_guide(guide, prior, shown, training)
    save_state(guide, "guide", g.out)
    held = latent_pool(g.vae, g.demo.pools.rendering, g.demo.main, min(4096, o.windows), o.batch, o.seed + 2)
    pictures, z, _ = Shown(held).draw(min(1024, 2 * len(g.demo.pools.rendering)))
    names = [name for name, _ in g.vae.options.groups]
    found = dict(zip(names, measured_information(guide, pictures, z), strict=True))
    g.log(informationNats=found, informationPairs=len(z))
    g.say(f"information: {found}")
    return guide.eval().requires_grad_(False)


def fit_judge(g: GuidedRun) -> Judge:
    """A picture network from other scenes and another seed than the guide's, the cortex's and the critic's."""
    o = replace(g.demo.options, vision_steps=g.options.judge_steps)
    objects, seed = g.demo.objects, g.options.seed + 3
    vision = Vision(len(categories()), len(objects.names)).to(g.device).eval().requires_grad_(False)
    if not resume_state(vision, "judge", g.resume):
        vision = fit_vision(objects, lambda: g.demo.pools.life, o, "judge", seed, g.out, None)
    return make_judge(vision, g.demo.objects.category.to(g.device), g.demo.pools.rendering)


def new_student(g: GuidedRun) -> Editor:
    o = g.options
    torch.manual_seed(o.seed + 4)
    shape = replace(
        demo_options()[1], width=o.student_width, blocks=o.student_blocks, heads=max(1, o.student_width // 46)
    )
    return Editor(shape, o.edit.gamma, o.edit.eta).to(g.device)
