"""Results of `npm run bench -- latency --json` or `bench -- decoders --json`, by the kind of the bundle."""

import json
from pathlib import Path

from ..data import DataError


def read_latency(paths: list[Path]) -> dict[str, list[dict]]:
    """Kind -> measurements {machine, bundle, p50, p99, frames, hz, steps, commit}: bin close to socket write."""
    out: dict[str, list[dict]] = {}
    for path in paths:
        try:
            found = json.loads(path.read_text())
            results = found["results"] if found["harness"] == "decoders" else [found]
            for result in results:
                out.setdefault(result["bundle"]["kind"].replace("-", "_"), []).append(measurement(result))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{path}: expected a result of npm run bench -- latency or decoders, got {error!r}"
            ) from None
    return out


def measurement(result: dict) -> dict:
    """The figures of one run that the table shows."""
    total, machine = result["spans"]["total"], result["machine"]
    steps = result["steps"]
    return {
        "machine": machine["gpu"] or f"{machine['cores']} cores",
        "bundle": result["bundle"]["name"],
        "p50": total["p50"],
        "p99": total["p99"],
        "frames": total["n"],
        "hz": result["wantedHz"],
        "steps": max(steps, key=steps.get) if steps else None,
        "late": result["late"],
        "missing": result["missing"],
        "commit": result["commit"],
    }
