"""`phosphene-train optimise demo`, `bundle` and `live`: what is about the simulated animal of models/demo."""

import argparse
from pathlib import Path

from rich.console import Console

from .cli_common import common


def add_demo(sub, emoji: Path) -> None:
    demo = sub.add_parser("demo", help="encoders of the demo's animal, a prior, and how held-out scenes come back")
    common(demo, emoji, "runs/optimise-demo")
    demo.add_argument("--resume", type=Path, default=None, help="run folder of the demo, and of this command")
    demo.set_defaults(run=run_demo_command)


def run_demo_command(options: argparse.Namespace) -> int:
    from dataclasses import replace

    import torch

    from ..demo_run import SMOKE, DemoOptions, prepare
    from .demo_run import DemoSizes, run_demo
    from .still_train import StillTraining

    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    options.out.mkdir(parents=True, exist_ok=True)
    scenes, sizes = replace(DemoOptions(), animals=1), DemoSizes()
    if options.smoke:
        scenes = replace(SMOKE, animals=1)
        sizes = DemoSizes(2, 96, StillTraining(4, 16), ((4, 5, 4), (6, 3, 4)), 12, (32, 2, 3, 8))
    run = prepare(options.emoji, options.out, device, scenes, options.resume)
    Console().print_json(data=run_demo(run, sizes, options.seconds))
    return 0


def add_bundle(sub, emoji: Path) -> None:
    bundle = sub.add_parser("bundle", help="the demo animal's bundle, from what `demo` of this command has fitted")
    common(bundle, emoji, "runs/demo-optimise")
    bundle.add_argument("--animal", type=Path, required=True, help="run folder of `phosphene-train demo`")
    bundle.add_argument("--fitted", type=Path, required=True, help="run folder of `phosphene-train optimise demo`")
    bundle.add_argument("--prior", action="store_true", help="with the diffusion prior")
    bundle.add_argument("--encoders", type=int, default=2, help="of the ensemble (default: %(default)s)")
    bundle.add_argument("--windows", type=int, default=512, help="for the figures (default: %(default)s)")
    bundle.add_argument(
        "--like", type=Path, default=None, help="manifest.json of the same bundle, for what is measured"
    )
    bundle.set_defaults(run=run_bundle_command)


def run_bundle_command(options: argparse.Namespace) -> int:
    from dataclasses import replace

    import torch

    from ..demo_run import DemoOptions, prepare
    from ..verify import verify_bundle
    from .demo_bundle import BundleSizes, write_demo_bundle
    from .demo_run import DemoSizes, fit_demo, fit_prior

    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    work = options.out.with_name(options.out.name + "-work")
    work.mkdir(parents=True, exist_ok=True)
    scenes = replace(DemoOptions(), animals=1, train=16, test=options.windows)
    run = prepare(options.emoji, work, device, scenes, options.animal)
    run.resume = options.fitted
    models = fit_demo(run, replace(DemoSizes(), models=options.encoders), 0)
    prior = fit_prior(run, DemoSizes(), 0) if options.prior else None
    sizes = BundleSizes(options.encoders, windows=options.windows)
    command = f"phosphene-train optimise bundle{' --prior' if options.prior else ''}"
    Console().print_json(data=write_demo_bundle(run, models, prior, sizes, options.out, command, options.like))
    return 0 if all(check.ok for check in verify_bundle(options.out)) else 1


def add_live(sub, emoji: Path) -> None:
    live = sub.add_parser("live", help="live frames of the demo's animal against what it sees, by iterations a frame")
    common(live, emoji, "runs/optimise-live")
    live.add_argument("bundle", type=Path, metavar="BUNDLE")
    live.add_argument("--animal", type=Path, required=True, help="run folder of `phosphene-train demo`")
    live.add_argument("--scenes", type=int, default=64)
    live.add_argument("--iterations", type=int, default=512, help="of the oracle (default: %(default)s)")
    live.set_defaults(run=run_live_command)


def run_live_command(options: argparse.Namespace) -> int:
    from dataclasses import replace

    from ..demo_run import DemoOptions, prepare
    from .live import compare_live

    options.out.mkdir(parents=True, exist_ok=True)
    scenes = replace(DemoOptions(), animals=1, train=16, test=options.scenes + 2)
    run = prepare(options.emoji, options.out, options.device or "cpu", scenes, options.animal)
    Console().print_json(data=compare_live(run, options.bundle, options.scenes, options.iterations))
    return 0
