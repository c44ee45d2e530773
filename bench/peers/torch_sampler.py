"""The sampler of a diffusion bundle alone, by every path of PyTorch: `python torch_sampler.py BUNDLE --json OUT`.

One call: noise, latents and guidance from the host to the device, k steps, the picture back on the host. Each path is
held to the bundle's golden pictures before it is timed. Cadence 0 is back to back; otherwise calls begin that many ms
apart, and a call that is not ready when the next is due delays no later one's place in time.
"""

import argparse
import gc
import json
import platform
import time
import traceback
from itertools import product
from pathlib import Path

import numpy as np
import torch
from torch_networks import PATHS, Runner, allow_tf32, make_sampler

from phosphene_train.golden import decode_array
from phosphene_train.load_bundle import LoadedBundle, load_bundle


def main() -> None:
    options = parse()
    allow_tf32()
    bundle, golden = load_bundle(options.bundle), json.loads((options.bundle / "golden.json").read_text())
    rows, failed = [], []
    # Compilers take minutes: what is quick comes first, and what was measured is kept.
    for path, dtype, k in product(*(text.split(",") for text in (options.paths, options.dtypes, options.steps))):
        try:
            rows += measure(bundle, golden, path, int(k), dtype, options)
        except Exception as error:
            # A compiler that fails is a finding; the other paths still count.
            traceback.print_exc()
            why = f"{type(error).__name__}: {error}"[:500]
            failed.append({"path": path, "k": int(k), "dtype": dtype, "why": why})
        torch._dynamo.reset()
        gc.collect()
        save(options.json, rows, failed, options)


def measure(
    bundle: LoadedBundle, golden: dict, path: str, k: int, dtype: str, options: argparse.Namespace
) -> list[dict]:
    """One row a cadence; every call after the warm-up counts."""
    side = bundle.denoiser.options.image
    cases = [
        (
            decode_array(c["noise"], 1, 3, side, side),
            decode_array(c["mu"], 1, -1),
            np.array([c["guidance"]], np.float32),
        )
        for c in golden["cases"]
    ]
    started = time.perf_counter()
    run = Runner(make_sampler(bundle, k, dtype, path.endswith("-prepared")), cases[0], path, options.device)
    ready_s = time.perf_counter() - started
    wanted = [decode_array(c["images"][str(k)], 1, 3, side, side) for c in golden["cases"]]
    difference = max(float(np.abs(run(*case)[0] - image).max()) for case, image in zip(cases, wanted, strict=True))
    tolerance = golden["halfTolerance" if dtype == "fp16" else "tolerance"]
    if not difference <= tolerance:
        raise ValueError(f"expected pictures within {tolerance} of the golden ones, got {difference}")
    rows = []
    for cadence_ms in map(float, options.cadences.split(",")):
        n = options.runs if cadence_ms == 0 else options.paced_runs
        ms = timed(run, cases, n, cadence_ms)
        row = {"path": f"torch-{path}", "k": k, "dtype": dtype, "cadenceMs": cadence_ms, "n": n, **percentiles(ms)}
        rows.append({**row, "difference": difference, "readyS": ready_s})
        print(json.dumps(rows[-1]), flush=True)
    return rows


def inputs_of(case: dict, side: int) -> tuple[np.ndarray, ...]:
    """Noise, latents and guidance of a golden case."""
    noise, mu = decode_array(case["noise"], 1, 3, side, side), decode_array(case["mu"], 1, -1)
    return noise, mu, np.array([case["guidance"]], np.float32)


def timed(run: Runner, cases: list[tuple[np.ndarray, ...]], n: int, cadence_ms: float) -> np.ndarray:
    """Duration of n calls, ms; another input each time."""
    for i in range(50):
        run(*cases[i % len(cases)])
    taken = np.empty(n)
    begin = time.perf_counter()
    for i in range(n):
        early = begin + i * cadence_ms / 1000 - time.perf_counter()
        if cadence_ms > 0 and early > 0:
            time.sleep(early)
        start = time.perf_counter()
        run(*cases[i % len(cases)])
        taken[i] = 1000 * (time.perf_counter() - start)
    return taken


def percentiles(ms: np.ndarray) -> dict:
    """Smallest value that so many percent of all do not exceed, as in percentiles.ts."""
    ranks = {"p50": 50, "p90": 90, "p99": 99, "p999": 99.9, "max": 100}
    return {name: float(np.percentile(ms, rank, method="inverted_cdf")) for name, rank in ranks.items()}


def save(path: Path | None, rows: list[dict], failed: list[dict], options: argparse.Namespace) -> None:
    if path is None:
        return
    device = torch.cuda.get_device_name() if options.device == "cuda" else platform.processor()
    about = {
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "python": platform.python_version(),
        "device": device,
    }
    result = {"harness": "torch-sampler", "bundle": str(options.bundle), "about": about, "rows": rows, "failed": failed}
    path.write_text(json.dumps(result, indent=1) + "\n")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--dtypes", default="fp16,fp32")
    parser.add_argument("--steps", default="4,2,1")
    parser.add_argument("--paths", default=",".join(PATHS))
    parser.add_argument("--cadences", default="0,20", help="ms, 0 for back to back")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--paced-runs", type=int, default=250)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
