"""Train the guided decoder end to end: `phosphene-train guided`."""

import json
import time
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor

from ..demo_run import fit_vision
from ..diffusion import TIMESTEPS
from ..metrics import own_correlation
from ..stage_files import save_state
from ..vision import perceptual_distance
from ..windows import normalise, sample_windows
from .carry import resume_state, save_compact
from .measure import Judge
from .network import Editor
from .pairs import EditOptions, Networks, edit, make_edits, make_plain, start_pictures
from .push import Spectrum
from .report import report, rising, ways
from .run import GuidedOptions, GuidedRun, fit_guide, fit_judge, fit_prior, new_student, prepare_guided
from .student import EditorTraining, distil_edits
from .sweep import choose, sweep


def run_guided(
    emoji: Path, demo: Path | None, out: Path, device: str, o: GuidedOptions, resume: Path | None = None,
    eta: float | None = None,
) -> GuidedRun:  # fmt: skip
    """Everything but the bundle; `eta` is the guidance weight of the student's default, else chosen by the sweep."""
    g = prepare_guided(emoji, demo, out, device, o, resume, smoke=demo is None)
    g.say("prepared")
    prior = fit_prior(g)
    g.say("prior")
    nets, judge = Networks(prior, fit_guide(g, prior), fit_spectrum(g)), fit_judge(g)
    g.say("guide and judge")
    carry(g, nets, judge)
    noise, cond = held_windows(g, o.measured)
    start = start_pictures(g.teacher, noise, cond, o.edit)
    edits, eta = (o.edit, eta) if eta is not None else sweep_ways(g, nets, judge, start, cond)
    edits = replace(edits, eta=2 * eta)
    g.log(eta=eta, edit=asdict(edits))
    check_exact(g, nets, start, cond, edits, eta)
    student = fit_student(g, nets, edits)
    save_compact(student, g.out / "carry" / "editor.compact.pt")
    report_groups(g, nets, judge, student, edits, eta)
    g.say("done")
    return g


def fit_spectrum(g: GuidedRun) -> Spectrum:
    """Of training scenes; not learned, so it is measured again where it is needed."""
    return Spectrum(g.teacher.options.image).to(g.device).fit(g.demo.pools.train.images(slice(0, 4096)))


def held_windows(g: GuidedRun, count: int) -> tuple[Tensor, Tensor]:
    """(noise, latents) of one window inside the response to each of `count` held-out renderings."""
    subject, generator = g.demo.main, g.demo.generator(80)
    index = torch.arange(min(count, len(g.demo.pools.rendering)), device=g.device)
    counts = sample_windows(
        subject.population, subject.driven(g.demo.pools.rendering), index, "inside", generator
    ).counts
    cond = g.vae.encode(normalise(counts, subject.normalisation))[0]
    return torch.randn(len(cond), 3, 64, 64, device=g.device, generator=generator), cond


def sweep_ways(
    g: GuidedRun, nets: Networks, judge: Judge, start: Tensor, cond: Tensor
) -> tuple[EditOptions, float]:  # fmt: skip
    """Judged edits over a range of eta: our ways (what is held, what the prior knows), the paper's, and baselines."""
    found, ways = {}, {}
    for others in (True, False):
        for hold in (True, False):
            name = f"{'others' if others else 'alone'}-{'held' if hold else 'free'}"
            ways[name] = replace(g.options.edit, others=others, hold=hold, push="shaped")
            found[name] = sweep(nets, judge, start, cond, ways[name], g.options.etas)
    name, eta = choose(found)
    g.say(f"chosen: {name}, eta {eta}")
    baselines = {
        "likelihood": sweep(nets, judge, start, cond, ways[name], g.options.etas, objective="likelihood"),
        "activation": sweep(nets, judge, start, cond, ways[name], g.options.etas, objective="activation"),
        "published": sweep(nets, judge, start, cond, replace(ways["alone-free"], push="published"), g.options.etas[:2]),
    }
    g.log(sweep=found | baselines, chosen=name)
    g.say("swept the baselines")
    return ways[name], eta


@torch.no_grad()
def check_exact(
    g: GuidedRun, nets: Networks, start: Tensor, cond: Tensor, o: EditOptions, eta: float
) -> None:  # fmt: skip
    """How well inversion alone returns the picture, and whether a larger eta raises the score."""
    none = torch.zeros(len(cond), len(g.vae.options.groups), device=g.device)
    back = edit(nets, start, cond, none, none[:, 0], o)
    trip = {"correlation": round(own_correlation(back, start), 4), "rms": round(float((back - start).std()), 4)}
    up = rising(nets, start, cond, o, (0.0, eta / 4, eta / 2, eta, 2 * eta))
    g.log(roundTrip=trip, rising=up)
    g.say(f"round trip {trip}, rising {[row['score'] for row in up]}")


@torch.no_grad()
def report_groups(
    g: GuidedRun, nets: Networks, judge: Judge, student: Editor, o: EditOptions, eta: float
) -> None:  # fmt: skip
    """Every way from many start pictures: report/ and the figures in guided.json."""
    noise, cond = held_windows(g, g.options.reported)
    known = json.loads((g.out / "guided.json").read_text()).get("sweep", {})
    etas = {name: choose({name: known[name]})[1] for name in ("likelihood", "activation", "published") if name in known}
    found = ways(g.teacher, nets, student, noise, cond, o, eta, etas)
    figures = report(found, judge, len(cond), len(g.vae.options.groups), g.out / "report")
    g.log(report=figures, baselineEtas=etas)
    for name, row in figures.items():
        g.say(f"{name}: {row['normalised']} holds {row['dominance']['holds']} sure {row['confidence']}")


def fit_student(g: GuidedRun, nets: Networks, edits: EditOptions) -> Editor:
    """Edits made the exact way, then distillation; or read."""
    o = g.options
    student = new_student(replace_edit(g, edits))
    if not resume_state(student, "editor", g.resume) or o.student_again:
        most = time.monotonic()
        made = make_edits(g.teacher, nets, g.pairs, edits, g.clock("edits"), o.edits_each, o.starts)
        plain = make_plain(g.teacher, g.pairs, edits, len(g.vae.options.groups), g.clock("plain"), o.plain)
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


def carry(g: GuidedRun, nets: Networks, judge: Judge) -> None:
    """<out>/carry: the networks in few bytes, for a run on another machine to resume from."""
    folder = g.out / "carry"
    folder.mkdir(exist_ok=True)
    save_compact(nets.prior, folder / "prior.compact.pt", base=g.teacher)
    for name, model in (("guide", nets.guide), ("judge", judge.vision)):
        save_compact(model, folder / f"{name}.compact.pt")
