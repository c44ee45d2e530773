"""The command `phosphene-train latent-diffusion`; what it needs is imported when it runs."""

import argparse
from pathlib import Path

from ..fit.cli import guarded


def add_latent_diffusion(commands: argparse._SubParsersAction, emoji: Path) -> None:
    """Register the command and its sub-commands on the sub-parsers of `phosphene-train`."""
    parser = commands.add_parser("latent-diffusion", help="decoding of fMRI by latent diffusion: train and measure")
    kinds = parser.add_subparsers(required=True, metavar="WHAT")
    simulated = kinds.add_parser("fit", help="simulated voxels: scenes, trials, every stage, figures")
    simulated.add_argument("--out", type=Path, default=Path("runs/latent-diffusion"), help="run folder (%(default)s)")
    simulated.add_argument("--emoji", type=Path, default=emoji, help="folder of <code point>.webp, or made by pack")
    simulated.add_argument("--kept", type=Path, help="folder with cortex.pt and critic.pt of a demo run")
    simulated.add_argument("--ablations", action="store_true", help="without phase 1, without phase 2, without both")
    simulated.set_defaults(run=guarded(run_fit))
    digits = kinds.add_parser("digits", help="real fMRI: ten folds of handwritten 6 and 9")
    digits.add_argument("--data", type=Path, default=Path("../../shared/data/fmri_digits69"))
    digits.add_argument("--out", type=Path, default=Path("runs/fmri-digits"), help="run folder (%(default)s)")
    digits.add_argument("--folds", type=int, default=10)
    digits.set_defaults(run=guarded(run_digits_command))
    bundle = kinds.add_parser("bundle", help="a bundle folder from what `fit` left in its run folder")
    bundle.add_argument("folder", type=Path, metavar="RUN")
    bundle.add_argument("out", type=Path, metavar="OUT", help="bundle folder to write; its name is the bundle's")
    bundle.add_argument("--sheet", type=Path, help="also a sheet of true and decoded pictures of the session's stimuli")
    bundle.set_defaults(run=guarded(run_bundle))
    for each in (simulated, digits):
        each.add_argument("--device", default=None, help="cuda or cpu (default: cuda where there is one)")
        each.add_argument("--seconds", type=float, default=480, help="end in about this time (%(default)s)")
        each.add_argument("--seed", type=int, default=31)
        each.add_argument("--smoke", action="store_true", help="a step of everything, on a CPU, in seconds")


def device_of(options: argparse.Namespace) -> str:
    import torch

    return options.device or ("cuda" if torch.cuda.is_available() else "cpu")


def run_fit(options: argparse.Namespace) -> int:
    """Train, measure, write; returns the exit code."""
    from dataclasses import replace

    from rich.console import Console

    from .run import SMOKE, SimulatedOptions, run_simulated
    from .sizes import SMOKE as SMALL_STEPS
    from .sizes import Sizes

    sizes = SMALL_STEPS if options.smoke else Sizes()
    setting = replace(SMOKE if options.smoke else SimulatedOptions(), seed=options.seed)
    seconds = 0.0 if options.smoke else options.seconds
    metrics = run_simulated(
        options.emoji, options.kept, options.out, device_of(options), seconds, setting, sizes, options.ablations
    )
    Console().print_json(data={k: v for k, v in metrics.items() if k not in ("sizes", "options")})
    return 0


def run_bundle(options: argparse.Namespace) -> int:
    """Write and check; returns the exit code."""
    from .make_bundle import make_bundle, sheet

    failed = make_bundle(options.folder, options.out)
    if options.sheet:
        sheet(options.folder, options.sheet)
    print(f"{options.out}: " + (f"FAILED {', '.join(failed)}" if failed else "verified"))
    return 1 if failed else 0


def run_digits_command(options: argparse.Namespace) -> int:
    """All folds; returns the exit code."""
    from dataclasses import replace

    from rich.console import Console

    from .digits import run_digits
    from .sizes import FEW, SMALL

    sizes = replace(SMALL, steps=FEW, trajectories=64, samples=2) if options.smoke else SMALL
    seconds = 0.0 if options.smoke else options.seconds
    metrics = run_digits(options.data, options.out, device_of(options), seconds, options.folds, options.seed, sizes)
    Console().print_json(data=metrics)
    return 0
