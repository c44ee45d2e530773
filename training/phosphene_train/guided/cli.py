"""`phosphene-train guided`: train the guided decoder of the demo population."""

import argparse
from dataclasses import fields, replace
from pathlib import Path


def add_guided(commands: argparse._SubParsersAction, emoji: Path) -> None:
    """The command and its options."""
    guided = commands.add_parser("guided", help="train the guided decoder: density ratios, exact edits, student")
    guided.add_argument("--demo", type=Path, default=None, help="run folder of `phosphene-train demo`")
    guided.add_argument("--out", type=Path, default=Path("runs/guided"), help="run folder (default: %(default)s)")
    guided.add_argument("--device", default=None, help="cuda or cpu (default: cuda where there is one)")
    guided.add_argument("--emoji", type=Path, default=emoji, help="folder of <code point>.webp, or a file of pack")
    guided.add_argument("--resume", type=Path, default=None, help="run folder whose finished stages are kept")
    guided.add_argument("--seconds", type=float, default=0.0, help="time for all of it (default: no limit)")
    guided.add_argument("--eta", type=float, default=None, help="default guidance weight (default: chosen by a sweep)")
    guided.add_argument("--smoke", action="store_true", help="a few steps of everything, without a demo's run folder")
    guided.add_argument("--set", action="append", default=[], metavar="NAME=N", help="override an option")
    guided.set_defaults(run=run_guided_command)
    demo = commands.add_parser("demo-guided", help="the guided bundle of a run of `guided`")
    demo.add_argument("out", type=Path, metavar="OUT", help="bundle folder to write; its name is the bundle's")
    demo.add_argument("--run", dest="guided", type=Path, default=Path("runs/guided"), help="its folder (%(default)s)")
    demo.add_argument("--bundle", type=Path, default=Path("../models/demo"), help="with a session (%(default)s)")
    demo.add_argument("--emoji", type=Path, default=emoji, help="folder of <code point>.webp, or a file of pack")
    demo.add_argument("--exact", type=Path, default=None, metavar="DEMO", help="with the exact way's graphs too: run "
                      "folder of `phosphene-train demo`")  # fmt: skip
    demo.add_argument("--test", type=int, default=512, help="held-out scenes of each kind (%(default)s)")
    demo.set_defaults(run=run_demo_command)
    reports = commands.add_parser("report", help="figures of finished runs").add_subparsers(required=True)
    groups = reports.add_parser("groups", help="what each latent group changes: traversals, selectivity, figure")
    groups.add_argument("--run", dest="guided", type=Path, default=Path("runs/guided"), help="folder of `guided`")
    groups.add_argument("--out", type=Path, default=None, help="figure to write (default: RUN/groups.png)")
    groups.add_argument("--page", type=Path, default=None, help="page whose table between the marks is replaced")
    groups.set_defaults(run=run_groups_command)


def run_demo_command(options: argparse.Namespace) -> int:
    from rich.console import Console

    from .demo import write_demo_guided

    metrics = write_demo_guided(
        options.bundle, options.emoji, options.guided, options.out, options.exact, options.test
    )  # fmt: skip
    Console().print_json(data={name: metrics[name] for name in ("heldOutRenderings", "neverSeenObjects")})
    return 0


def run_groups_command(options: argparse.Namespace) -> int:
    import json

    from rich.console import Console

    from .groups_figure import draw_groups
    from .groups_table import groups_table, write_page

    figures = json.loads((options.guided / "guided.json").read_text())["report"]
    out = options.out or options.guided / "groups.png"
    draw_groups(figures, options.guided / "report", out)
    Console().print(groups_table(figures))
    print(f"{out}: written")
    if options.page:
        write_page(figures, options.page)
    return 0


def run_guided_command(options: argparse.Namespace) -> int:
    import torch

    from .run import SMALL, GuidedOptions
    from .train import run_guided

    if not options.smoke and options.demo is None:
        raise SystemExit("guided: expected --demo, the run folder of `phosphene-train demo`, or --smoke")
    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    sizes = with_changes(SMALL if options.smoke else GuidedOptions(), options.set)
    sizes = replace(sizes, seconds=options.seconds)
    run_guided(options.emoji, None if options.smoke else options.demo, options.out, device, sizes, options.resume,
               options.eta)  # fmt: skip
    return 0


def with_changes(sizes, changes: list[str]):
    """NAME=N of the options, edit.NAME=N of the edits."""
    for pair in changes:
        name, value = pair.split("=")
        if name.startswith("edit."):
            sizes = replace(sizes, edit=with_changes(sizes.edit, [pair.removeprefix("edit.")]))
        else:
            kind = next(field.type for field in fields(sizes) if field.name == name)
            cast = {"int": int, "float": float, "bool": lambda v: v == "1"}
            kind = kind if isinstance(kind, str) else kind.__name__
            sizes = replace(sizes, **{name: cast[kind](value)})
    return sizes
