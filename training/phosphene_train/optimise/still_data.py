"""What an encoding model of still pictures is fitted to: pictures, and the counts of a window in a single trial."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..demo_subjects import Subject
from ..pool import Pool
from ..windows import sample_mixture, sample_windows

MIXTURE = {"inside": 0.95, "blank": 0.05}
"""Windows within a response, and windows of blanks, to which mid-grey belongs: a descent begins with it."""


@dataclass(frozen=True)
class StillData:
    """Pictures of a pool by number [M], whether they were shown (1) or a blank was (0) [M], counts [M, U] uint8."""

    pool: Pool
    stimulus: Tensor
    shown: Tensor
    counts: Tensor

    def draw(self, size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Pictures [B, C, H, W] in [-1, 1] and counts [B, U]."""
        at = torch.randint(len(self.counts), (size,), generator=generator, device=self.counts.device)
        pictures = self.pool.images(self.stimulus[at]) * self.shown[at][:, None, None, None]
        return pictures, self.counts[at].float()


@torch.no_grad()
def record(subject: Subject, pool: Pool, windows: int, seed: int) -> StillData:
    """Single trials of a simulated animal."""
    generator, parts = torch.Generator(pool.pictures.device).manual_seed(seed), []
    driven, chunk = subject.driven(pool), min(windows, 4096)
    for _ in range(max(1, windows // chunk)):
        sampled = sample_mixture(subject.population, driven, MIXTURE, chunk, generator)
        counts = sampled.counts.sum(1).clamp(max=255).byte()
        # Blanks are windows between pictures: the next one has not driven anything yet.
        parts.append((sampled.stimulus, blank_last(sampled.shown, chunk), counts))
    return StillData(pool, *(torch.cat(column) for column in zip(*parts, strict=True)))


def blank_last(shown: Tensor, chunk: int) -> Tensor:
    """1 for the windows inside responses, which `sample_mixture` puts first, 0 for the blanks."""
    inside = round(MIXTURE["inside"] * chunk)
    return torch.cat([torch.ones_like(shown[:inside]), torch.zeros_like(shown[inside:])])


@torch.no_grad()
def trials(subject: Subject, pool: Pool, seed: int) -> Tensor:
    """One window of every scene of a pool, in the middle of responses: counts [N, W, U]."""
    generator = torch.Generator(pool.pictures.device).manual_seed(seed)
    index = torch.arange(len(pool), device=pool.pictures.device)
    return sample_windows(subject.population, subject.driven(pool), index, "inside", generator).counts
