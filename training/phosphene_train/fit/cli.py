"""The commands `phosphene-train fit` and `eval`; what they need is imported when they run."""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Register both commands on the sub-parsers of `phosphene-train`."""
    fit = commands.add_parser("fit", help="train a bundle from training data (see `import`), as a configuration says")
    fit.add_argument("config", type=Path, metavar="CONFIG", help="TOML file; docs/training.md lists its options")
    fit.add_argument("--out", type=Path, help="run folder (default: runs/<name>); a stopped run goes on from it")
    fit.add_argument("--data", type=Path, help="training data instead of the configuration's")
    fit.add_argument("--device", help="cpu or cuda, instead of the configuration's")
    fit.add_argument("--dry-run", action="store_true", help="print the resolved configuration and stop")
    fit.set_defaults(run=guarded(run_fit_command))
    measure = commands.add_parser("eval", help="measure a bundle on the test split of training data")
    measure.add_argument("bundle", type=Path, metavar="BUNDLE")
    measure.add_argument("data", type=Path, metavar="DATA", help="HDF5 of docs/training-data.md")
    measure.add_argument("--out", type=Path, help="folder for eval.json and eval.png (default: beside the bundle)")
    measure.add_argument("--windows", type=int, default=1000, help="test windows to encode")
    measure.add_argument("--pictures", type=int, default=200, help="how many of them to decode")
    measure.add_argument("--samples", type=int, default=4, help="noise samples of each")
    measure.add_argument("--seed", type=int, default=0)
    measure.set_defaults(run=guarded(run_eval_command))


def guarded(command: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """What a user can mend is one sentence on standard error and exit code 1; anything else keeps its trace."""

    def run(options: argparse.Namespace) -> int:
        import torch

        from ..data import DataError
        from .read_config import ConfigError

        try:
            return command(options)
        except (ConfigError, DataError) as error:
            print(error, file=sys.stderr)
        except (torch.OutOfMemoryError, torch.AcceleratorError) as error:
            # A tensor that is copied to a full GPU raises the driver's error, not PyTorch's own.
            if "out of memory" not in str(error):
                raise
            got = re.split(r"\. |\n", str(error), maxsplit=1)[0]
            print(
                f"GPU memory: expected room for this run, got {got}; make vae.batch, denoiser.batch or student.batch "
                "smaller and run the same command again: finished stages are kept",
                file=sys.stderr,
            )
        except MemoryError:
            print(
                "memory: expected room for this run, got none; take fewer sessions or smaller batches", file=sys.stderr
            )
        except OSError as error:
            where = error.filename or "files of the run"
            print(f"{where}: expected to be read or written, got {error.strerror or error}", file=sys.stderr)
        except KeyboardInterrupt:
            print("stopped; the same command goes on from the last checkpoint", file=sys.stderr)
            return 130
        return 1

    return run


def run_fit_command(options: argparse.Namespace) -> int:
    """Read, check, train; returns the exit code."""
    from dataclasses import replace

    from .read_config import read_config, resolved

    config = read_config(options.config)
    data = options.data or options.config.parent / config.data.file
    if options.device:
        config = replace(config, train=replace(config.train, device=options.device))
    if options.dry_run:
        from rich.console import Console

        Console().print_json(data=resolved(config))
        return 0
    from .run import run_fit

    out = options.out or Path("runs") / config.name
    metrics = run_fit(config, data, out)
    if metrics is not None:
        from rich.console import Console

        from .table import as_table

        Console().print(as_table(f"{config.name}: held-out windows", metrics["test"]))
        print(f"{out / 'bundle'}: verified; figures and metrics.json are in {out}")
    return 0


def run_eval_command(options: argparse.Namespace) -> int:
    """Measure by ONNX Runtime alone; a table, eval.json and eval.png."""
    from rich.console import Console

    from ..bundle import write_json
    from ..data import read_dataset
    from ..linear.decoder import open_decoder
    from .evaluate import EvalOptions, evaluate_bundle
    from .figures import draw_eval
    from .table import as_table

    sizes = EvalOptions(options.windows, options.pictures, options.samples, options.seed)
    decoder = open_decoder(options.bundle)
    metrics = evaluate_bundle(decoder, read_dataset(options.data), sizes)
    out = options.out or options.bundle.resolve().parent
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / "eval.json", metrics, indent=1)
    draw_eval(metrics, out / "eval.png")
    Console().print(as_table(f"{decoder.manifest['name']}: held-out windows", metrics))
    return 0
