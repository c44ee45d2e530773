"""The command line: phosphene-train demo | verify | tiny."""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table


def main(arguments: list[str] | None = None) -> int:
    """Parse and run; returns the exit code."""
    options = parser().parse_args(arguments)
    return options.run(options)


def parser() -> argparse.ArgumentParser:
    """The three commands and their options."""
    root = argparse.ArgumentParser(prog="phosphene-train", description="Train, check and make Phosphene bundles.")
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    tiny = commands.add_parser("tiny", help="write a bundle of random weights")
    tiny.add_argument("out", type=Path, metavar="OUT")
    tiny.add_argument("--demo-size", action="store_true", help="with the demo's shapes, for timing")
    tiny.set_defaults(run=run_tiny)
    verify = commands.add_parser("verify", help="check a bundle's digests and golden outputs with ONNX Runtime")
    verify.add_argument("bundle", type=Path, metavar="BUNDLE")
    verify.set_defaults(run=run_verify)
    return root


def run_tiny(options: argparse.Namespace) -> int:
    from .random_bundle import demo_options, tiny_options, write_random_bundle

    shapes, name = (demo_options(), "random-demo") if options.demo_size else (tiny_options(), "tiny")
    write_random_bundle(options.out, shapes, name)
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
