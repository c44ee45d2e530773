"""Train the guided decoder end to end: `phosphene-train guided`."""

import time
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor

from ..demo_run import fit_vision
from ..denoiser import Denoiser
from ..diffusion import TIMESTEPS
from ..stage_files import save_state
from ..vision import perceptual_distance
from ..windows import normalise, sample_windows
from .carry import resume_state, save_compact
from .edit import edit_times, invert
from .figure import save_traversals
from .guide import Guide
from .matrix import Edit, Traversal, bootstrap, dominance, selectivity_matrix, traverse
from .measure import Judge
from .network import Editor, noise_of
from .objective import shifted
from .pairs import EditOptions, edit, make_edits, make_plain, start_pictures
from .run import GuidedOptions, GuidedRun, fit_guide, fit_judge, free_denoiser, new_student, prepare_guided
from .student import EditorTraining, distil_edits, draw_edits
from .sweep import choose_eta, sweep

SHOWN_GAMMAS = (-2.0, -1.0, 0.0, 1.0, 2.0)


def run_guided(
    emoji: Path, demo: Path | None, out: Path, device: str, o: GuidedOptions, resume: Path | None = None,
    eta: float | None = None,
) -> GuidedRun:  # fmt: skip
    """Everything but the bundle; `eta` is the guidance weight of the student's default, else chosen by the sweep."""
    g = prepare_guided(emoji, demo, out, device, o, resume, smoke=demo is None)
    g.say("prepared")
    free = free_denoiser(g)
    guide, judge = fit_guide(g, free), fit_judge(g)
    g.say("guide and judge")
    carry(g, free, guide, judge)
    noise, cond = held_windows(g, o.measured)
    start = start_pictures(g.teacher, noise, cond, o.edit)
    eta = eta if eta is not None else sweep_etas(g, free, guide, judge, start, cond)
    chosen = replace(o.edit, eta=2 * eta)
    g.log(eta=eta, edit=asdict(chosen))
    measure_plain(g, judge, noise, cond)
    sheets(g, judge, "exact", exact(g, free, guide, start, cond, chosen, eta))
    student = fit_student(g, free, guide, chosen)
    measure_student(g, judge, student, noise, cond, eta)
    save_compact(student, g.out / "carry" / "editor.compact.pt")
    g.say("done")
    return g


def held_windows(g: GuidedRun, count: int) -> tuple[Tensor, Tensor]:
    """(noise, latents) of one window inside the response to each of `count` held-out renderings."""
    subject, generator = g.demo.main, g.demo.generator(80)
    index = torch.arange(min(count, len(g.demo.pools.rendering)), device=g.device)
    counts = sample_windows(
        subject.population, subject.driven(g.demo.pools.rendering), index, "inside", generator
    ).counts
    cond = g.vae.encode(normalise(counts, subject.normalisation))[0]
    return torch.randn(len(cond), 3, 64, 64, device=g.device, generator=generator), cond


def sweep_etas(g: GuidedRun, free: Denoiser, guide: Guide, judge: Judge, start: Tensor, cond: Tensor) -> float:
    """Judged edits over a range of eta, with the other groups held and not, and of the paper's other objectives."""
    found = {}
    for name, hold, objective in (
        ("held", True, "information"), ("alone", False, "information"),
        ("likelihood", False, "likelihood"), ("activation", False, "activation"),
    ):  # fmt: skip
        o = replace(g.options.edit, hold=hold)
        found[name] = sweep(free, guide, judge, start, cond, o, g.options.etas, objective=objective)
        g.say(f"swept {name}")
    g.log(sweep=found)
    return choose_eta(found["held" if g.options.edit.hold else "alone"])


def exact(g: GuidedRun, free: Denoiser, guide: Guide, start: Tensor, cond: Tensor, o: EditOptions, eta: float) -> Edit:
    """The exact way from the start pictures."""
    state = invert(noise_of(free), start, edit_times(o.steps), o.refine)

    def draw(rows: Tensor, gamma: Tensor) -> Tensor:
        weight = torch.full((len(rows),), eta, device=g.device)
        return edit(free, guide, start[rows], cond[rows], gamma, weight, o, state=state[rows])

    return draw


def sheets(g: GuidedRun, judge: Judge, name: str, draw: Edit, many: int = 8) -> None:
    """<name>-<group>.png: a row for each start picture, a column for each gamma."""
    many = min(many, g.options.measured)
    walk = traverse(draw, judge, many, cond_groups(g), SHOWN_GAMMAS, g.device)
    for (group, _), pictures in zip(g.vae.options.groups, walk.pictures, strict=True):
        save_traversals(pictures.transpose(0, 1), g.out / "sheets" / f"{name}-{group}.png")


def fit_student(g: GuidedRun, free: Denoiser, guide: Guide, edits: EditOptions) -> Editor:
    """Edits made the exact way, then distillation; or read."""
    o = g.options
    student = new_student(replace_edit(g, edits))
    if not resume_state(student, "editor", g.resume):
        most = time.monotonic()
        made = make_edits(g.teacher, free, guide, g.pairs, edits, g.clock("edits"), o.edits_each, o.starts)
        plain = make_plain(g.teacher, g.pairs, edits, len(guide.options.groups), g.clock("plain"), o.plain)
        g.say(f"{len(made)} edits, {len(plain)} unedited pictures in {time.monotonic() - most:.0f} s")
        critic = fit_vision(
            g.demo.objects, lambda: g.demo.pools.train, g.demo.options, "critic", 8, g.out, demo_folder(g)
        )
        training = EditorTraining(o.student_steps, o.batch, seconds=g.seconds("student"))

        def distance(a: Tensor, b: Tensor) -> Tensor:
            return perceptual_distance(critic, a, b)

        student = distil_edits(student, made, plain, training, TIMESTEPS, distance, g.out)
    save_state(student, "editor", g.out)
    return student.eval().requires_grad_(False)


def replace_edit(g: GuidedRun, edits: EditOptions) -> GuidedRun:
    """The run with the ranges that were chosen."""
    return replace(g, options=replace(g.options, edit=edits))


def demo_folder(g: GuidedRun) -> Path | None:
    return g.demo.resume


@torch.no_grad()
def measure_plain(g: GuidedRun, judge: Judge, noise: Tensor, cond: Tensor) -> None:
    """The paper's plainest baseline: the conditional decoder, its latents shifted."""

    def draw(rows: Tensor, gamma: Tensor) -> Tensor:
        target = shifted(cond[rows], gamma, g.teacher.options.groups)
        return start_pictures(g.teacher, noise[rows], target, g.options.edit)

    walk = traverse(draw, judge, len(cond), cond_groups(g), (-2.0, 2.0), g.device)
    g.log(plain=judged(walk))
    sheets(g, judge, "plain", draw)


def judged(walk: Traversal) -> dict:
    """The figures of a traversal."""
    matrix = selectivity_matrix(walk.changes)
    return {
        "matrix": [[round(v, 3) for v in row] for row in matrix.tolist()],
        "dominance": dominance(matrix),
        "dominantShare": bootstrap(walk.changes, 200)["dominantShare"],
        "confidence": round(walk.confidence, 4),
    }


@torch.no_grad()
def measure_student(g: GuidedRun, judge: Judge, student: Editor, noise: Tensor, cond: Tensor, eta: float) -> None:
    """The student's own selectivity matrix, for every number of steps, and its sheets."""
    found = {}
    for steps, times in TIMESTEPS.items():

        def run(rows: Tensor, gamma: Tensor, times: list[float] = times) -> Tensor:
            weight = torch.full((len(rows),), eta, device=g.device)
            return draw_edits(student, noise[rows], cond[rows], gamma, weight, times)

        walk = traverse(run, judge, len(cond), cond_groups(g), (-2.0, 2.0), g.device)
        found[steps] = judged(walk)
        sheets(g, judge, f"student-{steps}", run)
    g.log(student=found)


def cond_groups(g: GuidedRun) -> int:
    return len(g.vae.options.groups)


def carry(g: GuidedRun, free: Denoiser, guide: Guide, judge: Judge) -> None:
    """<out>/carry: the networks in few bytes, for a run on another machine to resume from."""
    folder = g.out / "carry"
    folder.mkdir(exist_ok=True)
    save_compact(free, folder / "free.compact.pt", base=g.teacher)
    for name, model in (("guide", guide), ("judge", judge.vision)):
        save_compact(model, folder / f"{name}.compact.pt")
