"""The simulated animal of a bundle's session: its encoding model gives the rates of any picture."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..data import DataError
from ..golden import Normalisation
from ..pool import Pool
from ..population import Population
from ..verify import open_graph


@dataclass(frozen=True)
class Animal:
    """A bundle of simulated spikes: its manifest, how its units fire, and its encoding model."""

    manifest: dict
    population: Population
    encoding: Path

    @property
    def normalisation(self) -> Normalisation:
        norm = self.manifest["normalisation"]
        return Normalisation(np.array(norm["mean"]), np.array(norm["std"]), norm["clip"])

    def driven(self, pool: Pool) -> Tensor:
        """Driven rates of every scene [N, U], Hz, one picture at a time as the graph takes them."""
        graph = open_graph(self.encoding, threads=2)
        rates = [graph.run(None, {"image": pool.images(slice(at, at + 1)).numpy()})[0] for at in range(len(pool))]
        return torch.from_numpy(np.concatenate(rates))


def read_animal(folder: Path) -> Animal:
    """The animal of a bundle folder with a simulated session; DataError in one sentence where there is none."""
    manifest, session = (read(folder / name) for name in ("manifest.json", "session/session.json"))
    if session.get("format") != 2 or session.get("kind") != "simulated" or "encoding" not in session:
        raise DataError(
            f"{folder}/session: expected a simulated session of format 2 with an encoding model, found none"
        )
    encoding = folder / "session" / session["encoding"]["file"]
    if hashlib.sha256(encoding.read_bytes()).hexdigest() != session["encoding"]["sha256"]:
        raise DataError(f"{encoding}: expected the SHA-256 of session.json, got another")
    labels = [unit["label"] for unit in session["units"]]
    if labels != manifest["units"]["labels"]:
        raise DataError(f"{folder}/session: expected the units of the bundle, got others")
    return Animal(manifest, population(session["population"], session["presentation"]), encoding)


def read(path: Path) -> dict:
    """JSON of a file that must be there."""
    if not path.is_file():
        raise DataError(f"{path}: expected a bundle with a simulated session, found no such file")
    return json.loads(path.read_text())


def population(p: dict, presentation: dict) -> Population:
    """The inverse of Population.manifest."""
    tensor = lambda values: torch.tensor(values, dtype=torch.float32)  # noqa: E731
    return Population(
        baseline=tensor(p["baselineHz"]), latency=tensor(p["latencyMs"]), rise=tensor(p["riseMs"]),
        transient=tensor(p["transient"]), adaptation=tensor(p["adaptation"]),
        loadings=tensor([factor["loadings"] for factor in p["factors"]]),
        factor_taus=tuple(factor["tauMs"] for factor in p["factors"]),
        adaptation_hz=p["adaptationHz"], transient_decay=p["transientDecayMs"], off_decay=p["offDecayMs"],
        gain_sd=p["gainSd"], gain_tau=p["gainTauMs"], drift_sd=p["driftSd"], drift_tau=p["driftTauMs"],
        refractory=p["refractoryMs"], on=presentation["onMs"], off=presentation["offMs"],
    )  # fmt: skip
