"""The command line of phosphene-train: data, training, measuring, bundles."""

import argparse
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from .compare.cli import add_compare
from .data.cli import add_parsers as add_data
from .direct.cli import add_direct
from .fit.cli import add_parser as add_fit
from .guided.cli import add_guided
from .it_cli import add_parser as add_it_objects
from .latent_diffusion.cli import add_latent_diffusion
from .linear.cli import add_parsers as add_linear
from .optimise.cli import add_optimise
from .v4.cli import add_parser as add_v4

GRAPH_KINDS = ("direct", "optimise", "guided", "latent-diffusion")
"""Each has a package of its name whose module `tiny` has `write_tiny(folder)`."""
EMOJI = Path(__file__).parents[2] / "node_modules/@lobehub/fluent-emoji-3d/assets"


def main(arguments: list[str] | None = None) -> int:
    """Parse and run; returns the exit code."""
    options = parser().parse_args(arguments)
    return options.run(options)


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    root = argparse.ArgumentParser(prog="phosphene-train", description="Train, check and make Phosphene bundles.")
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    tiny = commands.add_parser("tiny", help="write a bundle of random weights")
    tiny.add_argument("out", type=Path, metavar="OUT")
    tiny.add_argument("--demo-size", action="store_true", help="with the demo's shapes, for timing")
    tiny.add_argument("--linear", action="store_true", help="of kind linear")
    tiny.add_argument("--kind", choices=GRAPH_KINDS, help="of another kind: the fixture of its tests")
    tiny.add_argument("--sizes", metavar="U,D,S", help="with --linear: units, latents, side of the picture")
    tiny.add_argument("--image", type=int, default=None, metavar="N", help="with pictures of N x N instead")
    tiny.set_defaults(run=run_tiny)
    fused = commands.add_parser("fuse", help="copy a bundle with the fp16 graphs in fused operators, for GPUs")
    fused.add_argument("bundle", type=Path, metavar="BUNDLE")
    fused.add_argument("out", type=Path, metavar="OUT")
    fused.set_defaults(run=run_fuse)
    demo = commands.add_parser("demo", help="train the demo bundle: stimuli, simulated cortex, VAE, denoiser")
    demo.add_argument("--out", type=Path, default=Path("runs/demo"), help="run folder (default: %(default)s)")
    demo.add_argument("--device", default=None, help="cuda or cpu (default: cuda where there is one)")
    demo.add_argument("--smoke", action="store_true", help="a few steps of everything, on a CPU, in under a minute")
    demo.add_argument("--emoji", type=Path, default=EMOJI, help="folder of <code point>.webp, or a file made by pack")
    demo.add_argument("--resume", type=Path, default=None, help="run folder whose finished stages are kept")
    demo.add_argument("--set", action="append", default=[], metavar="NAME=N", help="override one of options.json")
    demo.set_defaults(run=run_demo_command)
    pack = commands.add_parser(
        "pack", help="pack the demo's emoji into one .npz, for a machine without the npm package"
    )
    pack.add_argument("out", type=Path, metavar="OUT")
    pack.add_argument("--emoji", type=Path, default=EMOJI)
    pack.set_defaults(run=run_pack)
    verify = commands.add_parser("verify", help="check a bundle's digests and golden outputs with ONNX Runtime")
    verify.add_argument("bundle", type=Path, metavar="BUNDLE")
    verify.set_defaults(run=run_verify)
    add_fit(commands)
    add_linear(commands, EMOJI)
    add_optimise(commands, EMOJI)
    add_direct(commands, EMOJI)
    add_latent_diffusion(commands, EMOJI)
    add_it_objects(commands)
    add_v4(commands)
    add_compare(commands, EMOJI)
    add_guided(commands, EMOJI)
    add_data(commands)
    return root


def run_demo_command(options: argparse.Namespace) -> int:
    import torch

    from .demo import run_demo
    from .demo_run import SMOKE, DemoOptions

    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    changes = {name: int(value) for name, value in (pair.split("=") for pair in options.set)}
    sizes = replace(SMOKE if options.smoke else DemoOptions(), **changes)
    metrics = run_demo(options.emoji, options.out, device, sizes, options.resume)
    Console().print_json(data=metrics)
    return run_verify(argparse.Namespace(bundle=options.out / "bundle"))


def run_pack(options: argparse.Namespace) -> int:
    from .stimuli import pack_emoji

    pack_emoji(options.emoji, options.out)
    return 0


def run_tiny(options: argparse.Namespace) -> int:
    if options.kind is not None:
        import_module(f"{__package__}.{options.kind.replace('-', '_')}.tiny").write_tiny(options.out)
        return run_verify(argparse.Namespace(bundle=options.out))
    if options.linear:
        from .linear.random import RandomOptions, write_random_linear

        units, latents, side = (int(n) for n in (options.sizes or "8,8,8").split(","))
        name = "random-linear" if options.sizes else "tiny-linear"
        write_random_linear(options.out, RandomOptions(units, latents=latents, side=side), name)
        return run_verify(argparse.Namespace(bundle=options.out))
    from .random_bundle import demo_options, tiny_options, write_random_bundle

    (vae, denoiser), name = (demo_options(), "random-demo") if options.demo_size else (tiny_options(), "tiny")
    if options.image is not None:
        denoiser, name = replace(denoiser, image=options.image), f"{name}-{options.image}"
    write_random_bundle(options.out, (vae, denoiser), name)
    return run_verify(argparse.Namespace(bundle=options.out))


def run_fuse(options: argparse.Namespace) -> int:
    from .fuse_bundle import fuse_bundle

    for name, (before, after) in fuse_bundle(options.bundle, options.out).items():
        Console().print(f"{name}: {before} nodes, now {after}")
    return run_verify(argparse.Namespace(bundle=options.out))


def run_verify(options: argparse.Namespace) -> int:
    from .verify import verify_bundle

    checks = verify_bundle(options.bundle)
    table = Table("check", "max abs error", "holds")
    for check in checks:
        table.add_row(check.name, f"{check.error:.2e}", "yes" if check.ok else "NO")
    Console().print(table)
    return 0 if all(check.ok for check in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
