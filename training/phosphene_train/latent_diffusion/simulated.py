"""The simulated fMRI experiment: scenes, voxels and scanner, and every trial's pattern as the live path reads it."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ..golden import Normalisation
from ..pool import Pool, Pools
from ..vision import Vision
from .bold import Noise, Paradigm, Scanner, background, make_scanner, run_of
from .hrf import window_weights
from .voxels import VoxelPopulation, make_voxels

TRIALS_A_RUN = 50
LEAD = 12


@dataclass(frozen=True)
class Trials:
    """Scenes (rows of a pool) and their patterns [N, A, V] (fp16, not standardised), one for each age of the window."""

    pool: Pool
    patterns: Tensor

    def __len__(self) -> int:
        return len(self.patterns)

    def best(self, p: Paradigm) -> Tensor:
        """Patterns [N, V] of the window that ends at the paradigm's age, float32."""
        return self.patterns[:, p.ages.index(p.age)].float()


@dataclass(frozen=True)
class Experiment:
    """Everything that makes trials. `mean` and `std` [V] are of one volume's intensity over runs."""

    paradigm: Paradigm
    noise: Noise
    voxels: VoxelPopulation
    scanner: Scanner
    weights: np.ndarray
    normalisation: Normalisation

    def trials(self, pool: Pool, seed: int) -> Trials:
        """One presentation of every scene, in runs."""
        generator = torch.Generator(self.scanner.baseline.device).manual_seed(seed)
        parts = []
        for at in range(0, len(pool), TRIALS_A_RUN):
            responses = self.voxels.respond(pool.images(slice(at, at + TRIALS_A_RUN)))
            volumes = run_of(self.paradigm, self.noise, self.scanner, responses, generator, LEAD)
            parts.append(self.read(self.normalised(volumes), LEAD, len(responses)))
        return Trials(pool, torch.cat(parts))

    def blanks(self, count: int, seed: int) -> Tensor:
        """Patterns [count, V] of a scanner that nobody shows a picture to."""
        generator = torch.Generator(self.scanner.baseline.device).manual_seed(seed)
        step, parts = round(self.paradigm.apart_s / self.paradigm.tr_s), []
        for at in range(0, count, TRIALS_A_RUN):
            some = min(TRIALS_A_RUN, count - at)
            level = background(self.paradigm, self.noise, self.scanner, LEAD + some * step + 16, generator)
            volumes = (self.scanner.baseline * (1 + level / 100)).round()
            parts.append(self.read(self.normalised(volumes), LEAD, some)[:, 0].float())
        return torch.cat(parts)

    def normalised(self, volumes: Tensor) -> Tensor:
        """z-scores as the daemon makes them."""
        mean, std = self.normalisation.on(volumes.device)
        return ((volumes - mean) / std).clamp(-self.normalisation.clip, self.normalisation.clip)

    def read(self, volumes: Tensor, lead: int, count: int) -> Tensor:
        """Patterns [count, A, V], fp16, of z-scored volumes [T, V] whose first onset is at `lead`."""
        p = self.paradigm
        onsets = lead + torch.arange(count, device=volumes.device) * round(p.apart_s / p.tr_s)
        back = torch.arange(p.volumes, device=volumes.device) - p.volumes
        at = onsets[:, None, None] + torch.tensor(p.ages, device=volumes.device)[None, :, None] + back
        weights = torch.from_numpy(self.weights).to(volumes)
        return sum(w * volumes[at[..., k]] for k, w in enumerate(weights)).half()


def make_experiment(
    vision: Vision, pools: Pools, voxels: int, seed: int, paradigm: Paradigm | None = None, noise: Noise | None = None
) -> Experiment:
    """Draw voxels and scanner; normalisation from eight runs of scenes of the animal's life."""
    paradigm, noise = paradigm or Paradigm(), noise or Noise()
    generator = np.random.default_rng(seed)
    known = pools.life.images(slice(0, 1024))
    population = make_voxels(vision, known, voxels, generator)
    scanner = make_scanner(voxels, noise, generator, known.device)
    p = paradigm
    weights = window_weights(p.volumes, p.tr_s, p.age * p.tr_s, p.on_s, p.apart_s).astype(np.float32)
    none = Normalisation(np.zeros(voxels), np.ones(voxels))
    draft = Experiment(paradigm, noise, population, scanner, weights, none)
    torch_generator = torch.Generator(known.device).manual_seed(seed)
    runs = []
    for at in range(8):
        responses = population.respond(known[at * TRIALS_A_RUN : (at + 1) * TRIALS_A_RUN])
        runs.append(run_of(paradigm, noise, scanner, responses, torch_generator, LEAD))
    volumes = torch.cat(runs).double()
    mean, std = (x.cpu().numpy().round(6) for x in (volumes.mean(0), volumes.std(0)))
    return replace(draft, normalisation=Normalisation(mean, std))
