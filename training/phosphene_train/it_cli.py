"""The commands `phosphene-train it-objects` and `it-curves`; what it needs is imported when it runs."""

import argparse
from pathlib import Path


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Register the commands on the sub-parsers of `phosphene-train`."""
    add_curves(commands)
    parser = commands.add_parser("it-objects", help="train a bundle from macaque IT rasters (7 objects x 3 positions)")
    parser.add_argument(
        "recording", type=Path, metavar="RECORDING", help="folder of *_raster_data.mat, or a packed .npz"
    )
    parser.add_argument("--out", type=Path, default=Path("runs/it-objects"))
    parser.add_argument("--device", help="default: cuda where there is one, else cpu")
    parser.add_argument("--bins", type=int, default=5, help="bins of 20 ms in a window (default 5: 100 ms)")
    parser.add_argument("--steps", type=float, default=1.0, help="factor on the number of training steps")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--emoji", type=Path, help="folder of the emoji, if not the npm package's")
    parser.add_argument("--each", type=int, default=100, help="held-out windows of a condition to measure with")
    parser.add_argument("--no-curves", action="store_true", help="leave out the label-shuffled and window-length runs")
    parser.set_defaults(run=run)


def add_curves(commands: argparse._SubParsersAction) -> None:
    """Register `it-curves`: readouts only, no pictures and no bundle."""
    parser = commands.add_parser("it-curves", help="object and position in macaque IT against window length and time")
    parser.add_argument("recording", type=Path, metavar="RECORDING", help="as of it-objects")
    parser.add_argument("--out", type=Path, default=Path("runs/it-curves"), help="gets curves.json and curves.png")
    parser.add_argument("--device", help="default: cuda where there is one, else cpu")
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each length (default %(default)s)")
    parser.add_argument("--steps", type=float, default=1.0, help="factor on the number of training steps")
    parser.add_argument("--each", type=int, default=100, help="held-out windows of a condition to measure with")
    parser.set_defaults(run=run_curves)


def run_curves(options: argparse.Namespace) -> int:
    """Train a VAE for each window length and seed, write the figures and the picture; returns the exit code."""
    import torch

    from .bundle import write_json
    from .it_curves import length_curve
    from .it_figure import draw
    from .it_fit import FitOptions
    from .it_recording import load_recording
    from .it_windows import select

    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    recording = load_recording(options.recording)
    sides = select(recording, ~recording.held_out, device), select(recording, recording.held_out, device)
    fit = FitOptions(vae_steps=max(1, round(FitOptions.vae_steps * options.steps)))
    curve = length_curve(sides, fit, options.each, options.seeds)
    options.out.mkdir(parents=True, exist_ok=True)
    write_json(options.out / "curves.json", {"windowsEach": 21 * options.each, "curve": curve}, indent=1)
    draw(curve, options.out / "curves.png")
    return 0


def run(options: argparse.Namespace) -> int:
    """Train, write, and check what was written; returns the exit code."""
    from .it_objects import run as train
    from .verify import verify_bundle

    train(options)
    return 0 if all(check.ok for check in verify_bundle(options.out)) else 1
